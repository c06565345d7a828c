"""Times of the day as they are said: 下午三点半, 十点一刻, 15:30. 三点建议 and 一点也不 are none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.facts.line import Span
from edge_agent.facts.numbers import value

_N: Final = r"(?:[0-9]{1,2}|二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_M: Final = r"(?:[0-9]{1,2}|[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九]|[一二三四五六七八九])"
_PART: Final = r"凌晨|清晨|清早|大清早|早晨|早上|上午|中午|下午|午后|傍晚|晚上|夜里|半夜|早|晚"
_TIME: Final = re.compile(
    rf"(?P<part>{_PART})?的?(?:(?P<hour>{_N})(?:点(?P<sharp>钟|整)?|时(?=[0-9一二三四五零半整]))"
    rf"(?:(?P<half>半)|(?P<quarter>[一三1-3])刻|(?P<minute>{_M})(?P<fen>分(?!之))?)?|(?P<h>[01]?[0-9]|2[0-3])[:：](?P<m>[0-5][0-9])(?![0-9:]))"
)
_NO_TIME: Final = re.compile(
    r"[个位条些儿]?(?:建议|要求|意见|好处|原因|优势|区别|问题|内容|说明|理由|不同|启示|体会|看法|希望|想法|也|都|点|一点|儿|多[久少])"
)
_ALONE: Final = re.compile(
    r"(?:到|过来|见|来|开|去|送|前|之前|以前|左右|钟|整|下班|上班|关门|开门|发|走|给|打|回|集合|碰|就|吧|了|以后|之后|后|，|。|,|$)"
)
_JOINTS: Final = ("到", "至", "~", "-")
_NUMERIC: Final = frozenset("0123456789.零一二三四五六七八九十百千万个几第")
_MEASURED: Final = re.compile(r"[%个万千百块倍元折]")
_DAYPART: Final = re.compile(r"凌晨|早上|上午|中午|下午|傍晚|晚上|(?<=[今明昨后])[早晚]")
_PM: Final = frozenset({"下午", "午后", "傍晚", "晚上", "晚"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """`text` is HH:MM on the 24-hour clock, empty for a part of the day; not `certain`: it may be twelve hours later."""

    span: Span
    text: str
    hour: int
    certain: bool
    until: str = ""
    """The end of a stretch (三点到五点), in the same half of the day unless that would be before its start."""


def find(line: str) -> Iterator[Hour]:
    """The times of a folded sentence."""
    behind = 0
    for match in _TIME.finditer(line):
        found = _read(line, match)
        if found is not None and match.start() >= behind:
            found = _until(line, found)
            behind = found.span[1]
            yield found
    for match in _DAYPART.finditer(line):
        if match.start() >= behind and not _TIME.match(line, match.start()):
            yield Hour(span=match.span(), text="", hour=-1, certain=True)


def at(line: str, start: int) -> Hour | None:
    """The time or part of the day that begins at `start`, right behind a day: no more need be said for it to be one."""
    match = _TIME.match(line, start)
    if match is not None and (found := _read(line, match, dated=True)) is not None:
        return _until(line, found)
    part = _DAYPART.match(line, start)
    return Hour(span=part.span(), text="", hour=-1, certain=True) if part is not None else None


def _until(line: str, first: Hour) -> Hour:
    """With the end that follows behind 到."""
    joint = first.span[1]
    match = _TIME.match(line, joint + 1) if line[joint : joint + 1] in _JOINTS else None
    last = _read(line, match, dated=True) if match is not None else None
    if last is None:
        return first
    text = last.text
    if not last.certain and first.hour >= 12 and last.hour + 12 >= first.hour and last.hour < 12:
        text = f"{last.hour + 12}:{text[3:]}"
    return replace(first, span=(first.span[0], last.span[1]), until=text) if text > first.text else first


def _read(line: str, match: re.Match[str], *, dated: bool = False) -> Hour | None:
    if match["h"] is not None:
        return _written(line, match)
    part, before = match["part"] or "", line[max(0, match.start() - 1) : match.start()]
    if not part and not dated and before and before in _NUMERIC:
        return None
    hour, clear = value(match["hour"]), bool(part or dated or match["sharp"])
    if hour is None or hour > 24:
        return None
    if match["minute"]:
        minute, end = _minutes(line, match, clear=clear)
    else:
        minute, end = 30 if match["half"] else 15 * int(value(match["quarter"] or "零") or 0), match.end()
    if minute < 0 or (not minute and not _is_one(line, match, end, clear=clear)):
        return None
    return _hour(part, int(hour), minute, (match.start(), end), written=False)


def _written(line: str, match: re.Match[str]) -> Hour | None:
    """15:30."""
    if match.start() and line[match.start() - 1].isdigit():
        return None
    return _hour(match["part"] or "", int(match["h"]), int(match["m"]), match.span(), written=True)


def _minutes(line: str, match: re.Match[str], *, clear: bool) -> Span:
    """The minutes and where the time ends; -1 where it is a decimal (三点五)."""
    told = match["minute"]
    minute = int(value(told) or 0)
    if not match["fen"] and (_MEASURED.match(line, match.end()) or (len(told) == 1 and not clear and not told.isascii())):
        return -1, match.end()
    if minute > 59 or (len(told) == 1 and not match["fen"]):
        return 0, match.start("minute")
    return minute, match.end()


def _is_one(line: str, match: re.Match[str], end: int, *, clear: bool) -> bool:
    """Whether a full hour is a time at all, and not 三点建议 or 一点."""
    behind = line[end : end + 4]
    if match["half"] or match["minute"]:
        return True
    if _NO_TIME.match(behind):
        return False
    return clear or (match["hour"] not in {"一", "1"} and _ALONE.match(behind) is not None)


def _hour(part: str, hour: int, minute: int, span: Span, *, written: bool) -> Hour:
    noon = 12
    if (part in _PM and hour < noon) or (part == "中午" and hour < 3):
        hour += noon
    elif part in {"晚上", "晚", "夜里", "半夜"} and hour == noon:
        hour = 24
    elif part == "凌晨" and hour == noon:
        hour = 0
    certain = bool(part) or hour > noon or hour == 0 or written
    return Hour(span=span, text=f"{hour:02d}:{minute:02d}", hour=hour, certain=certain)
