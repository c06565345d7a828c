"""Numbers as they are said and written: 九千八, 9800, 4.8万, 两百五 are one and the same.

`value` follows everyday speech: a digit right after 万, 千 or 百 counts tenths of it (四万八 = 48 000), a row of digits
without a unit is read digit by digit (三零七二 = 3072). 几百 and 五六千 are numbers without a value.
`scan` finds the numbers of a folded sentence; it is stricter than `NUMBER`, which sayings are matched with.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3}
UNITS: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
NUMBER: Final = (
    r"(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?[十百千万亿]{0,2}"
    r"|(?:[零〇]?[一二两三四五六七八九几]{0,2}[十百千万亿])+(?:[零〇]?[一二两三四五六七八九])?"
    r"|[零〇一二两俩仨三四五六七八九]+|几|半)"
)
"""A spoken or written number, in the common part of `re` and RE2."""

_WRITTEN: Final = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)([十百千万亿]*)")
_PARTS: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([百千万]?)")
_RANGE: Final = re.compile(r"[一二两三四五六七八九]{2}[十百千万亿]")

_D: Final = "[一二两三四五六七八九]"
_T: Final = "[一二三四五六七八九]"
_TENS: Final = f"(?:{_T}?十{_T}?)"
_HUNDREDS: Final = f"(?:{_D}百(?:零?{_TENS}|零{_T}|{_T})?)"
_THOUSANDS: Final = f"(?:{_D}千(?:零{_TENS}|零?{_HUNDREDS}|零{_T}|{_T})?)"
_SMALL: Final = f"(?:{_THOUSANDS}|{_HUNDREDS}|{_TENS})"
_BIG: Final = f"(?:(?:{_SMALL}|{_D})万(?:零?{_SMALL}|零{_T}|{_T})?)"
_HUGE: Final = f"(?:(?:{_BIG}|{_SMALL}|{_D})亿(?:零?(?:{_BIG}|{_SMALL})|零{_T}|{_T})?)"
CARDINAL: Final = f"(?:{_HUGE}|{_BIG}|{_SMALL})"
_FIRST: Final = "一二两三四五六七八"
_PAIR: Final = "|".join(
    [*(f"{a}{b}" for a, b in zip("一二三四五六七八", "二三四五六七八九", strict=True)), "一两", "两三", "三五"]
)
_COMPARED: Final = "宜贵快慢多少好大小高低早晚长短近远厚薄轻重有差"
"""After these 一点 is "a little"."""
_SCAN: Final = re.compile(
    r"(?P<mixed>[0-9]+(?:\.[0-9]+)?万[0-9]千(?:[0-9]百)?(?:[0-9](?![0-9.%万千百十折]))?|[0-9]{1,4}千[0-9]百|[0-9]{1,4}[百千万][0-9](?![0-9.%百千万折]))"
    rf"|(?P<written>[0-9]+(?:,[0-9]{{3}})*(?:\.[0-9]+)?(?P<w_unit>[wWkK](?![a-zA-Z0-9])|[十百千万亿]{{0,2}}))"
    rf"|(?P<pair>(?P<head>{_T}?十|{_T}百)?(?P<two>{_PAIR})(?P<p_unit>(?:[十百千]万?|[万亿])?))"
    rf"(?![零一二三四五六七八九十百千万亿点0-9幺])"
    rf"|(?P<decimal>(?:{CARDINAL}|[零二三四五六七八九]|(?<![{_COMPARED}])一)点[零一二三四五六七八九]+(?P<d_unit>[百千]?[万亿]|[百千])?)(?!点|十|百|千)"
    rf"|(?P<some>(?:{_T}?[十百千万])?[好几数][十百千万亿]{{1,2}}|{_T}?十几[万亿]?|{_T}百几十|(?<![{_D[1:-1]}几0-9])(?:百八十|千八百|百十)(?![{_D[1:-1]}]))"
    rf"|(?<![百千万亿])(?P<cardinal>{CARDINAL})"
    rf"|(?P<digits>(?:[零一幺二两三四五六七八九](?![十百千万亿]))+|[俩仨])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number at its place. `low` is None when none is told (几百); `high` differs in a range (三四百).

    `form`: written, mixed (2万8), pair, decimal, some, cardinal, digits.
    """

    start: int
    end: int
    form: str
    low: float | None
    high: float | None
    row: str = ""
    """The digits one by one, for what was said or written so: no zero in front is lost."""

    @property
    def said(self) -> str:
        """In digits; empty when there is no one value."""
        if self.form == "range":
            return ""
        if self.row:
            return self.row
        return plain(self.low) if self.low is not None and self.low == self.high else ""

    @property
    def value(self) -> str:
        """`said`, or `low/high` of a range."""
        if self.low is None or self.high is None:
            return ""
        return self.said or f"{plain(self.low)}/{plain(self.high)}"


def value(text: str) -> float | None:
    """The number said, or None when it names none (几百)."""
    if text == "半":
        return 0.5
    if (written := _WRITTEN.fullmatch(text)) is not None:
        number = float(written[1].replace(",", ""))
        for unit in written[2]:
            number *= UNITS[unit]
        return round(number, 6) if isfinite(number) else None
    whole, point, part = text.partition("点")
    if point:
        return _decimal(whole, part)
    if not text or any(c not in DIGITS and c not in UNITS for c in text) or _RANGE.search(text):
        return None
    if not any(c in UNITS for c in text):
        return float("".join(str(DIGITS[c]) for c in text))
    return _as_float(_spoken(text))


def _as_float(number: int) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def plain(number: float) -> str:
    """A number in digits, as few as it needs."""
    return str(int(number)) if number == int(number) else f"{number:.6f}".rstrip("0")


def scan(line: str, start: int = 0, end: int | None = None) -> Iterator[Number]:
    """Every number of a folded sentence from left to right, idioms included: the caller knows those (`line.idioms`)."""
    for match in _SCAN.finditer(line, start, len(line) if end is None else end):
        (low, high), form = _range(match), _form(match)
        row = ""
        if low is None or high is None or not (isfinite(low) and isfinite(high)):
            low, high, form = None, None, "some"  # also hundreds of digits in a row, from a machine that stammers
        if form == "digits":
            row = one_by_one(match[0])
        elif form == "written" and match[0].isdigit():
            row = match[0]
        yield Number(start=match.start(), end=match.end(), form=form, low=low, high=high, row=row)


def one_by_one(text: str) -> str:
    """A row of said digits in written ones: 幺三八 -> 138."""
    return "".join(c if c.isdigit() and c.isascii() else "1" if c == "幺" else str(DIGITS[c]) for c in text)


def _form(match: re.Match[str]) -> str:
    return next(name for name in ("mixed", "written", "pair", "decimal", "some", "cardinal", "digits") if match[name] is not None)


def _range(match: re.Match[str]) -> tuple[float | None, float | None]:
    form = _form(match)
    if form == "some":
        return None, None
    if form == "pair":
        head = value(match["head"]) if match["head"] else 0.0
        unit = 1
        for char in match["p_unit"]:
            unit *= UNITS[char]
        low, high = (DIGITS[char] for char in match["two"])
        return ((head or 0) + low) * unit, ((head or 0) + high) * unit
    if form == "written" and match["w_unit"] and match["w_unit"] in "wWkK":
        number = float(match[0][:-1].replace(",", "")) * (10_000 if match["w_unit"] in "wW" else 1000)
        return round(number, 6), round(number, 6)
    if form == "mixed":
        number = _mixed(match[0])
        return number, number
    if form == "digits":
        number = float(one_by_one(match[0]))
        return number, number
    found = value(match[0])
    return found, found


def _mixed(text: str) -> float:
    """2万8, 4万8千: written digits with said units."""
    total, last = 0.0, 1
    for digits, unit in _PARTS.findall(text):
        last = UNITS[unit] if unit else last // 10
        total += float(digits) * last
    return round(total, 6)


def _decimal(whole: str, part: str) -> float | None:
    digits = part.rstrip("十百千万亿")
    head = value(whole)
    if head is None or not digits or any(c not in DIGITS for c in digits):
        return None
    number = float(f"{plain(head)}.{''.join(str(DIGITS[c]) for c in digits)}")
    for unit in part[len(digits) :]:
        number *= UNITS[unit]
    return round(number, 6)


def _spoken(text: str) -> int:
    for unit in ("亿", "万"):
        head, found, tail = text.rpartition(unit)
        if found:
            return (_spoken(head) if head else 1) * UNITS[unit] + _rest(tail, UNITS[unit])
    total = digit = 0
    last = 1
    for char in text:
        if char in DIGITS:
            digit = DIGITS[char]
            last = 1 if digit == 0 else last
            continue
        total += max(digit, 1) * UNITS[char]
        last, digit = UNITS[char], 0
    return total + digit * (last // 10 if last >= 100 else 1)


def _rest(text: str, unit: int) -> int:
    """What follows 万 or 亿: a single digit counts tenths of it, anything else is said in full."""
    if not text:
        return 0
    return DIGITS[text] * unit // 10 if text in DIGITS else _spoken(text)
