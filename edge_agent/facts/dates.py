"""Days and times as they are said, and what they are, counted from the moment the talk began: 下周三 -> 2026-12-02.

`days` reads the day, `clock` the time. A value is ISO 8601: a day `2026-12-02`, a moment `2026-12-02T15:00`, first and last day
of a stretch `2026-11-30/2026-12-06`, an open one `../2026-12-02` (before) or `2026-12-02/..` (from then on), a time without a
day `T15:00`. Times are local, without offset. What cannot be told is empty, and doubt lowers `confidence`: 三点 alone may be
twelve hours later, 周三 without 这 or 下 is the next one to come. The week begins on Monday.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from edge_agent.facts import clock, days
from edge_agent.facts.days import Day
from edge_agent.facts.line import Span, free

_EDGE: Final = re.compile(r"(?:之|以)?(?P<edge>前后|左右|上下|前|内|后|起|开始)(?![面天台期者排年任勤景续悔辈])")
_EDGES: Final = {
    "前后": "around",
    "左右": "around",
    "上下": "around",
    "前": "before",
    "后": "after",
    "起": "after",
    "开始": "after",
    "内": "within",
}
_UNTIL: Final = ("到", "至", "~", "-")
_OR: Final = ("或者", "或", "还是", "和", "跟", "、", "，", "，或者", "，要么")
_JOINS: Final = ("的", "，", ",", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A day or time named at its place."""

    span: Span
    value: str
    confidence: float


def find(line: str, at: datetime, taken: Sequence[Span] = ()) -> Iterator[Moment]:
    """The days and times of a folded sentence, from left to right; `at` is the local moment they count from."""
    begun, ends = at.date(), list[Span]()
    for day in _stretches(line, [day for day in days.find(line, begun) if free(day.span, taken)]):
        end = day.span[1]
        hour = clock.at(line, end) or clock.at(line, end + (line[end : end + 1] in _JOINS))
        if hour is not None and not free(hour.span, taken):
            hour = None
        end = hour.span[1] if hour is not None else end
        edge = _EDGE.match(line, end) if not day.edge else None
        end = edge.end() if edge is not None else end
        said = day.edge or (_EDGES[edge["edge"]] if edge is not None else "")
        worth, sure = _worth(day.first, day.last, hour, said, begun)
        ends.append((day.span[0], end))
        yield Moment(span=ends[-1], value=worth, confidence=round(day.confidence * sure, 4))
    for hour in clock.find(line):
        if hour.text and free(hour.span, taken) and free(hour.span, ends):
            worth = f"T{hour.text}" + (f"/T{hour.until}" if hour.until else "")
            yield Moment(span=hour.span, value=worth, confidence=0.75 if hour.certain else 0.4)


def _stretches(line: str, found: Sequence[Day]) -> list[Day]:
    """The days, two of them joined by 到 as one stretch."""
    joined: list[Day] = []
    for day in found:
        between = line[joined[-1].span[1] : day.span[0]] if joined else ""
        both = days.until(joined[-1], day) if between in _UNTIL else None
        if both is None and between in _OR and line[day.span[0]] in "周星礼":
            joined.append(days.beside(joined[-1], day))
        else:
            joined[-1:] = [both] if both is not None else [*joined[-1:], day]
    return joined


def _worth(first: date | None, last: date | None, hour: clock.Hour | None, edge: str, begun: date) -> tuple[str, float]:
    if first is None or last is None:
        return "", 0.5
    sure = 0.7 if edge == "around" else 1.0
    begins, ends = first.isoformat(), last.isoformat()
    if hour is not None and hour.text and first == last:
        sure *= 1.0 if hour.certain else 0.8
        begins, ends = _moment(first, hour), _moment(first, replace(hour, text=hour.until or hour.text))
    if edge == "before":
        return f"../{begins}", sure
    if edge == "after":
        return f"{ends}/..", sure
    if edge == "within":
        return f"{min(begun, first)}/{ends}", sure
    return begins if begins == ends else f"{begins}/{ends}", sure


def _moment(day: date, hour: clock.Hour) -> str:
    text = hour.text
    if not hour.certain and 1 <= hour.hour <= 6 and text < "07":
        text = f"{int(text[:2]) + 12}:{text[3:]}"  # business hours: three o'clock tomorrow is in the afternoon
    if text.startswith("24"):
        return f"{day + timedelta(days=1)}T00:{text[3:]}"
    return f"{day}T{text}"
