"""What a row of digits identifies: a telephone, a citizen, a bank card; or nothing, like an order number.

Structure and check digit come first, the words around it second (`cues`): a number that is called an order number is no
telephone, and one that is called a telephone but cannot be one is `UNCLEAR`, to be masked like one. Within a row the cutting
that explains most digits wins. Values are bare digits: `13800138000`, `01062345678` (an extension behind a dash).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.domain.notes import FactKind
from edge_agent.facts import checks
from edge_agent.facts.cues import Cue, cue
from edge_agent.facts.line import Span
from edge_agent.facts.rows import SAID, Row, rows

_MARK: Final = re.compile(r"[\s,，、\-]{0,2}(?:大写的?|字母)?(?:[Xx×叉]|[艾爱埃]克斯)(?![A-Za-z0-9])")
_EXTENSION: Final = re.compile(r"[\s,，\-]{0,2}(?:转|分机号?|ext\.?)\s?(?P<to>[0-9零一二三四五六七八九幺]{1,6})(?![0-9])")
_UNIT: Final = re.compile(r"\s?(?:元|块|万|亿|分钱|%|件|箱|毫|克|瓶|斤|吨|平|度|台|次|股|年|倍|多|美元|人民币)")
_CODE: Final = re.compile(r"(?:[A-Za-z0-9_.\-/#¥$]|(?:SF|YT|JD|ZTO|STO|EMS|DB|JT|SN|SKU|PO|SO|NO|DD|TB|ID)[\s:：.\-]?)$")
_TELEPHONE: Final = re.compile(r"(?:[Tt][Ee][Ll]|[Pp]hone|[Mm]obile|[Cc]all|[Vv][Xx]|[Ww][Xx]|V)[.:：\s\-]?$|\+\s?$|^\s*-$")
_SHORTEST: Final = 7
_LONGEST: Final = 20
_WRITTEN_SHAPES: Final = frozenset(
    {
        (11,),
        (3, 4, 4),
        (3, 8),
        (7, 4),
        (3, 3, 5),
        (4, 3, 4),
        (4, 4, 3),
        (3, 4, 2, 2),
        (3, 2, 2, 2, 2),
        (3, 2, 3, 3),
        (5, 6),
        (6, 5),
        (3, 5, 3),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One identifier at its place."""

    kind: FactKind
    value: str
    span: Span
    confidence: float


def find(line: str) -> Iterator[Identifier]:
    """The identifiers among the rows of digits of a folded sentence."""
    for row in rows(line):
        found = _best(line, row)
        yield from found
        if not found:
            unclear = _unclear(line, row)
            if unclear is not None:
                yield unclear


@dataclass(frozen=True, slots=True)
class _Part:
    """Neighbouring groups of a row that may be one number."""

    line: str
    row: Row
    start: int
    end: int

    @property
    def groups(self) -> Row:
        return self.row[self.start : self.end]

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)

    @property
    def span(self) -> Span:
        return self.groups[0].span[0], self.groups[-1].span[1]

    @property
    def whole(self) -> bool:
        return self.end - self.start == len(self.row)

    @property
    def last(self) -> bool:
        return self.end == len(self.row)

    @property
    def beside(self) -> Row:
        """The groups right before and behind it."""
        return self.row[max(0, self.start - 1) : self.start] + self.row[self.end : self.end + 1]

    @property
    def set_off(self) -> bool:
        """Whether it stands between pauses."""
        return self.row[self.start].pause and (self.last or self.row[self.end].pause)

    @property
    def of_a_longer(self) -> bool:
        """Whether all of the row looks like one card or order number."""
        return not self.whole and 14 <= sum(len(group.digits) for group in self.row) <= _LONGEST

    @property
    def cue(self) -> Cue:
        """What the words call it: those before the row count for all of it, but not past a pause for a number in one piece."""
        first = self.row[0] if self.start and self.end - self.start > 1 else self.groups[0]
        return cue(self.line, first.span[0], self.span[1])

    @property
    def attached(self) -> bool:
        """Whether it hangs on letters or signs like a code (SKU-138…), and not like a telephone (tel:138…)."""
        start, end = self.span
        before = self.line[max(0, start - 6) : start] if self.start == 0 else ""
        behind = self.line[end : end + 1] if self.last else ""
        return (_CODE.search(before) is not None and not _TELEPHONE.search(before)) or (behind.isascii() and behind.isalpha())

    def named(self, kind: FactKind, confidence: float, value: str = "") -> Identifier:
        return Identifier(kind=kind, value=value or self.digits, span=self.span, confidence=confidence)


def _best(line: str, row: Row) -> tuple[Identifier, ...]:
    """The cutting of a row that explains most digits, with the surest reading of each part."""
    best: list[tuple[float, tuple[Identifier, ...]]] = [(0.0, ())]
    for end in range(1, len(row) + 1):
        choice = best[end - 1]
        for start in range(end - 1, -1, -1) if end == len(row) or row[end].loose else ():
            part = _Part(line, row, start, end)
            if len(part.digits) > _LONGEST:
                break
            found = _identify(part) if not start or row[start].loose else None
            if found is not None:
                worth = best[start][0] + len(part.digits) + found.confidence
                choice = max(choice, (worth, (*best[start][1], found)), key=lambda one: one[0])
        best.append(choice)
    return best[-1][1]


def _identify(part: _Part) -> Identifier | None:
    digits = part.digits
    if not _SHORTEST <= len(digits) <= _LONGEST or (part.last and _UNIT.match(part.line, part.span[1])):
        return None
    said = part.cue
    if any(group.read for group in part.groups) and said.kind not in {"phone", "id_card", "card"}:
        return None
    if len(digits) == 17 and part.last and (mark := _MARK.match(part.line, part.span[1])) is not None:
        found = part.named(FactKind.ID_CARD, 0.99, f"{digits}X")
        return replace(found, span=(part.span[0], mark.end())) if checks.citizen(found.value) else None
    if part.attached:
        return None
    if checks.citizen(digits):
        return part.named(FactKind.ID_CARD, 0.99)
    return _called_so(part, said)


def _called_so(part: _Part, said: Cue) -> Identifier | None:
    """What has no check digit of its own, or a weak one: the words around it must not speak against it."""
    digits = part.digits
    if said.kind == "other" and (said.tight or not (checks.card(digits) and digits.startswith("62"))):
        return None
    if said.kind == "qq":
        return part.named(FactKind.ACCOUNT, 0.9) if said.tight and len(digits) <= 11 and part.whole else None
    return _card(part, said) or _abroad(part, said) or _mobile(part, said) or _landline(part, said)


def _card(part: _Part, said: Cue) -> Identifier | None:
    digits = part.digits
    if said.kind == "id_card" and checks.old_citizen(digits):
        return part.named(FactKind.ID_CARD, 0.8)
    if said.kind == "id_card" and said.tight and len(digits) in {15, 18}:
        return None
    if checks.card(digits):
        return part.named(FactKind.BANK_CARD, 0.98 if said.kind == "card" else 0.9 if digits.startswith("62") else 0.75)
    if said.kind == "card" and 16 <= len(digits) <= 19 and checks.luhn(digits):
        return part.named(FactKind.BANK_CARD, 0.75)
    return None


def _abroad(part: _Part, said: Cue) -> Identifier | None:
    """With China's country code in front, where it is set off by a sign, a gap, zeros or the word for telephone."""
    digits = part.digits
    country = next((code for code in ("0086", "86") if digits.startswith(code)), "")
    local = digits.removeprefix(country)
    number = local if checks.mobile(local) or local.startswith("0") else f"0{local}"
    if not country or not (checks.mobile(number) or checks.landline(number)):
        return None
    before = part.line[max(0, part.span[0] - 1) : part.span[0]]
    set_off = said.kind == "phone" or before in {"+", "加"} or part.groups[0].digits == country or country == "0086"
    return part.named(FactKind.PHONE, 0.95, number) if set_off else None


def _mobile(part: _Part, said: Cue) -> Identifier | None:
    called = said.kind == "phone"
    if not checks.mobile(part.digits) or not (called or _plausible(part)):
        return None
    return part.named(FactKind.PHONE, 0.98 if called else 0.9)


def _landline(part: _Part, said: Cue) -> Identifier | None:
    digits, groups = part.digits, part.groups
    called = said.kind == "phone"
    if checks.landline(digits):
        one_by_one = {len(group.digits) for group in groups} == {1}
        by_area = groups[0].digits in {digits[:3], digits[:4]} or one_by_one or any(group.said for group in groups)
        by_area = len(groups) == 1 or (by_area and not part.of_a_longer)
        return _extended(part, 0.97 if called else 0.88) if called or by_area else None
    local = len(digits) in {7, 8} and digits[0] in "2345678" and not _a_day(digits)
    return _extended(part, 0.75) if called and said.tight and part.whole and local else None


def _plausible(part: _Part) -> bool:
    """Whether digits that nobody called a telephone are grouped as one; a dictated one pauses where it likes."""
    sizes = tuple(len(group.digits) for group in part.groups)
    if part.whole:
        return any(group.said for group in part.groups) or sizes in _WRITTEN_SHAPES or set(sizes) == {1}
    if set(sizes) == {1} and len(sizes) == 11:
        apart = part.set_off and not any(group.pause for group in part.groups[1:])
        return apart or all(len(one.digits) > 1 or one.said != part.groups[0].said for one in part.beside)
    said = any(group.said for group in part.groups) and part.set_off
    return len(sizes) == 1 or ((sizes in _WRITTEN_SHAPES or said) and not part.of_a_longer)


def _a_day(digits: str) -> bool:
    return len(digits) == 8 and digits[:2] in {"19", "20"} and checks.born(digits)


def _extended(part: _Part, confidence: float) -> Identifier:
    found, further = part.named(FactKind.PHONE, confidence), _EXTENSION.match(part.line, part.span[1])
    if further is None:
        return found
    to = "".join(SAID.get(c, c) for c in further["to"])
    return replace(found, value=f"{part.digits}-{to}", span=(part.span[0], further.end()))


def _unclear(line: str, row: Row) -> Identifier | None:
    """A row that is called a personal number and is none: misheard."""
    part = _Part(line, row, 0, len(row))
    said = part.cue
    lengths = {"phone": range(9, 14), "id_card": range(14, 20), "card": range(14, 21)}.get(said.kind, range(0))
    if len(part.digits) not in lengths or not said.tight or _UNIT.match(line, part.span[1]):
        return None
    return part.named(FactKind.UNCLEAR, 0.3)
