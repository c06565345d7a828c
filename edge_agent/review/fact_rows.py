"""A table of facts that a rep's claims are held against: closed rows, and which of them cover a claim.

A row says what is so for one `subject` (code of a product or brand, `*` = everything without a row of its own, `rival/product`
for a competitor's product) from `valid_from` to `valid_until`, both included. Values are compared in one unit (`measured`);
different units are never converted into each other but where that is exact (two years are 24 months, no number of days).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge_agent.lexicon.notation import fold

Kind = Literal["stock", "price", "discount", "parameter", "delivery"]
Rule = Literal["", "equal", "at-most", "at-least"]
RowId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)", max_length=64)]
Subject = Annotated[str, Meta(pattern=r"^(\*|[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)?)$(?!\n)", max_length=65)]
Attribute = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]*)?$(?!\n)", max_length=32)]
Word = Annotated[str, Meta(min_length=2, max_length=32)]
Unit = Annotated[str, Meta(max_length=16)]
Amount = Annotated[float, Meta(ge=0, le=1e12)]

FRESH_H: Final = 24.0
"""A count of stock is of use for so long, unless its row says otherwise; other rows do not age by themselves."""
AHEAD: Final = timedelta(hours=1)
"""A row that is so much newer than the talk says nothing about what was so then."""

_EVEN: Final = {"%": "%", "百分点": "%", "个点": "%", "折": "折"}
_UNITS: Final[dict[str, tuple[float, str]]] = {
    "年": (12, "month"), "个月": (1, "month"), "月": (1, "month"), "month": (1, "month"), "季度": (3, "month"),
    "天": (24, "hour"), "日": (24, "hour"), "d": (24, "hour"), "day": (24, "hour"), "周": (168, "hour"), "星期": (168, "hour"),
    "礼拜": (168, "hour"), "小时": (1, "hour"), "钟头": (1, "hour"), "h": (1, "hour"), "hour": (1, "hour"),
    "分钟": (1 / 60, "hour"),
    "工作日": (1, "workday"), "workday": (1, "workday"),
    "元": (1, "CNY"), "块": (1, "CNY"), "人民币": (1, "CNY"), "cny": (1, "CNY"), "rmb": (1, "CNY"),
    "公斤": (1, "kg"), "千克": (1, "kg"), "kg": (1, "kg"), "斤": (0.5, "kg"), "克": (0.001, "kg"), "g": (0.001, "kg"),
    "吨": (1000, "kg"), "升": (1, "L"), "l": (1, "L"), "毫升": (0.001, "L"), "ml": (0.001, "L"), "瓦": (1, "W"), "w": (1, "W"),
    "千瓦": (1000, "W"), "kw": (1000, "W"), "公里": (1, "km"), "千米": (1, "km"), "km": (1, "km"), "米": (0.001, "km"),
    "厘米": (1, "cm"), "公分": (1, "cm"), "cm": (1, "cm"), "毫米": (0.1, "cm"), "mm": (0.1, "cm"),
    "分贝": (1, "dB"), "db": (1, "dB"), "度": (1, "度"), "寸": (1, "寸"), "英寸": (1, "寸"),
    "平米": (1, "平方米"), "平": (1, "平方米"),
    "平方": (1, "平方米"), "平方米": (1, "平方米"), "次": (1, "次"), "种": (1, "种"), "项": (1, "种"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A value in a unit that others are compared in."""

    value: float
    unit: str


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fact. `words` are how a parameter or a special price is called, besides what its `attribute` is called anyway.

    `value`: a number in `unit`; for stock also true or false (whether there is any); for delivery also the day of arrival.
    `tolerance` is in the row's own unit. `rule`: when a claim is right - `equal` to the value, `at-most` or `at-least` it; left
    out, stock and delivery go by their kind (see `verdicts`), all else by `equal`.
    """

    id: RowId
    kind: Kind
    subject: Subject
    value: bool | Amount | date
    unit: Unit = ""
    attribute: Attribute = ""
    words: list[Word] = []
    tolerance: Amount = 0.0
    rule: Rule = ""
    valid_from: date | None = None
    valid_until: date | None = None
    as_of: datetime | None = None
    """When this was so; without an offset it is the talk's own local time."""
    fresh_h: Annotated[float, Meta(gt=0, le=100_000)] | None = None

    @property
    def measure(self) -> Measure | None:
        """The value and unit to compare in; None for a day or a yes and no."""
        if isinstance(self.value, bool | date):
            return None
        if self.kind == "discount":
            return off(float(self.value), self.unit)
        return measured(float(self.value), self.unit)

    def in_force(self, at: datetime | None) -> bool:
        """Whether the row says how it was at the talk's local moment `at`; an undated talk is covered by undated rows alone."""
        fresh = self.fresh_h or (FRESH_H if self.kind == "stock" else None)
        if at is None:
            return self.valid_from is None and self.valid_until is None and fresh is None
        if (self.valid_from and at.date() < self.valid_from) or (self.valid_until and at.date() > self.valid_until):
            return False
        if fresh is None:
            return True
        then = _moment(self.as_of, at)
        return then is not None and -AHEAD <= at - then <= timedelta(hours=fresh)  # a sum may lie past the last year there is


class SubjectNames(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a subject is called, where the lexicon does not know it; `rival` for a competitor's brand."""

    code: Subject
    names: Annotated[list[Word], Meta(min_length=1)]
    side: Literal["own", "rival"] = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTable:
    """All rows, in force or not, by id. `digest` is sha256 of the files."""

    digest: str = ""
    rows: tuple[Row, ...] = ()
    names: tuple[tuple[str, str, bool], ...] = ()
    """(folded name, subject, whether it is a competitor's), the longest first."""
    _by: dict[tuple[str, str], list[Row]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Row], names: Iterable[SubjectNames] = (), digest: str = "") -> "FactTable":
        """The table of these rows."""
        ordered = tuple(sorted(rows, key=lambda row: row.id))
        by: dict[tuple[str, str], list[Row]] = {}
        for row in ordered:
            by.setdefault((row.kind, row.subject), []).append(row)
        said = sorted(
            ((fold(name), one.code, one.side == "rival") for one in names for name in one.names), key=lambda one: -len(one[0])
        )
        return cls(digest=digest, rows=ordered, names=tuple(said), _by=by)

    def about(self, kind: str, subject: str) -> Sequence[Row]:
        """The rows for this subject, else those for everything; nothing that is so for everything is so for a rival."""
        own = self._by.get((kind, subject), ())
        return own or (() if "/" in subject else self._by.get((kind, "*"), ()))

    def for_all(self, kind: str) -> Sequence[Row]:
        """The rows for everything, where no subject has one of its own: then it matters not what was meant."""
        special = any(of == kind and subject != "*" for of, subject in self._by)
        return () if special else self._by.get((kind, "*"), ())

    def called(self, kind: str) -> Iterator[Row]:
        """Rows of a kind that say what they are called."""
        return (row for row in self.rows if row.kind == kind and row.words)


def measured(value: float, unit: str) -> Measure:
    """A value in the unit it is compared in: 2 年 -> 24 month; `CNY/箱` keeps what it is for."""
    name, _, each = unit.strip().partition("/")
    factor, even = _UNITS.get(name.lower(), (1.0, _EVEN.get(name, name)))
    return Measure(value=round(value * factor, 6), unit=f"{even}/{each}" if each else even)


def off(value: float, unit: str) -> Measure:
    """A discount as what is taken off: 9.5 折 and 95 折 = 5 %; `%` and CNY are taken off as they stand."""
    if unit.strip() == "折":
        return Measure(value=round(100 - (value * 10 if value <= 10 else value), 6), unit="%")
    return measured(value, unit)


def _moment(as_of: datetime | None, at: datetime) -> datetime | None:
    return as_of if as_of is None or as_of.tzinfo is not None else as_of.replace(tzinfo=at.tzinfo)
