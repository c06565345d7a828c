"""Numbers that are more than they look alone: 三到五万, 四百多万, and 三百一箱, where the 一 is not theirs."""

import re
from typing import Final

from edge_agent.facts.measures import COUNTED
from edge_agent.facts.numbers import CARDINAL, UNITS, Number, plain, scan, value

_TO: Final = re.compile(r"[到至~\-](?=[0-9一二两三四五六七八九十])")
_FROM: Final = re.compile(rf"(?P<low>{CARDINAL}|[0-9]+(?:\.[0-9]+)?[百千万亿]?|[一二两三四五六七八九])(?P<to>[到至~\-])$")
_NOT_BEFORE: Final = frozenset("0123456789.零一二三四五六七八九十百千万亿点年月:/-第")
_SOME_MORE: Final = re.compile(r"[多余来]([千万亿])")
_JOINING: Final = frozenset({"written", "cardinal", "digits"})


def begins_a_range(line: str, number: Number) -> bool:
    """Whether the number is the lower end of a range: the upper end is read with it."""
    if number.form not in _JOINING or _TO.match(line, number.end) is None:
        return False
    upper = next(scan(line, number.end + 1), None)
    return upper is not None and upper.start == number.end + 1 and _with_lower(line, upper) is not None


def joined(line: str, number: Number) -> Number:
    """The number with what belongs to it, without what does not."""
    number = _with_lower(line, number) or number
    if number.form == "cardinal" and line[number.end - 1] == "一":
        number = _without_one(line, number)
    more = _SOME_MORE.match(line, number.end)
    if more is None or number.low is None or number.high is None:
        return number
    times = UNITS[more[1]]
    return Number(start=number.start, end=more.end(), form="more", low=number.low * times, high=number.high * times)


def _with_lower(line: str, number: Number) -> Number | None:
    """With a lower end in front of it; 三到五万 starts at 30 000. `row` is how it is written."""
    match = _FROM.search(line, max(0, number.start - 10), number.start)
    if match is None or number.form not in _JOINING or number.high is None:
        return None
    if match.start() and line[match.start() - 1] in _NOT_BEFORE:
        return None
    last, low = line[number.end - 1], value(match["low"])
    unit = UNITS[last] if last in "千万亿" and match["low"][-1] not in "百千万亿" else 1
    if low is None or low * unit >= number.high:
        return None
    upper = plain(number.high / unit) + (last if unit > 1 else "")
    row = f"{plain(low)}{match['to']}{upper}"
    return Number(start=match.start(), end=number.end, form="range", low=low * unit, high=number.high, row=row)


def _without_one(line: str, number: Number) -> Number:
    """三百一箱 is three hundred a case: the last 一 belongs to the measure word."""
    text = line[number.start : number.end]
    if len(text) < 3 or text[-2] not in "百千万":
        return number
    if not COUNTED.match(line, number.end) and not line.startswith(("年", "天", "周", "个月"), number.end):
        return number
    worth = value(text[:-1])
    return Number(start=number.start, end=number.end - 1, form="cardinal", low=worth, high=worth)
