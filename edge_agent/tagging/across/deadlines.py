"""Until when something is due: the codes of `tagging.slots` and ISO days, read from the moment they were said.

A period ends with its last minute (明天 = until midnight), a vague word at its latest (明早 = noon): whoever is to be blamed for
missing it gets the benefit of the doubt. A weekday that is today's name means the next one. Local time of the store.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from math import ceil
from typing import Final

from edge_agent.domain.tags import SlotValue

_WEEKDAYS: Final = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_IN: Final = re.compile(r"in-(\d+(?:\.\d+)?)(min|h|d|w|mo)")
_DAY: Final = re.compile(r"(?:m(\d{1,2})-)?day-(\d{1,2})")
_WEEK: Final = re.compile(r"((?:next-)*)(mon|tue|wed|thu|fri|sat|sun|weekend)")
_HOUR: Final = re.compile(r"h(\d{1,2}(?:\.5)?)")
_VAGUE_HOURS: Final[Mapping[tuple[str, float], int]] = {("tomorrow", 8): 12, ("today", 20): 24, ("tomorrow", 20): 24}
"""明早, 今晚 and 明晚 are given with an hour that nobody said."""
_LATEST_HOUR: Final = 28
"""晚上十二点 is hour 24 of that day, 晚上一点 its hour 25."""
_SHORT: Final = ("min", "h")


def until(code: SlotValue, said_at: datetime, zone: tzinfo | None) -> datetime | None:
    """The last instant that still is in time; None for what is no deadline. `said_at` aware; `zone` None = the machine's own."""
    if not isinstance(code, str):
        return None
    found = _read(code, said_at.astimezone(zone).replace(tzinfo=None))
    if found is None:
        return None
    return found.replace(tzinfo=zone) if zone is not None else found.astimezone()


def _read(code: str, at: datetime) -> datetime | None:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", code):
            moment = datetime.fromisoformat(code)
            return moment if "T" in code else _end(moment.date())
        span = _IN.fullmatch(code)
        if span is not None and span[2] in _SHORT:
            return at + timedelta(minutes=float(span[1]) * (60 if span[2] == "h" else 1))
        day_code, _, hour_code = code.rpartition(".h") if ".h" in code else (code, "", "")
        hour = _HOUR.fullmatch(f"h{hour_code}") if hour_code else _HOUR.fullmatch(code)
        day = at.date() if hour is not None and not hour_code else _day(day_code, at.date())
        if day is None or (hour is None and hour_code):
            return None
        return _end(day) if hour is None else _at(day, day_code if hour_code else "", float(hour[1]), at)
    except (ValueError, OverflowError):
        return None


def _end(day: date) -> datetime:
    return datetime.combine(day, time()) + timedelta(days=1)


def _at(day: date, said: str, hour: float, at: datetime) -> datetime | None:
    """That hour of the day; the small hours of a shop are the afternoon's, and what is over by now is meant later."""
    if hour > _LATEST_HOUR:
        return None
    hour = _VAGUE_HOURS.get((said, hour), hour + 12 if 1 <= hour < 7 else hour)
    moment = datetime.combine(day, time()) + timedelta(hours=hour)
    if moment <= at and hour < 13:
        moment += timedelta(hours=12)
    if moment > at:
        return moment
    return _end(day) if said else moment + timedelta(days=1)


def _day(code: str, today: date) -> date | None:
    if (span := _IN.fullmatch(code)) is not None:
        return _later(today, float(span[1]), span[2])
    if (week := _WEEK.fullmatch(code)) is not None:
        return _of_week(today, len(week[1]) // len("next-"), week[2])
    if (numbered := _DAY.fullmatch(code)) is not None:
        return _numbered(today, int(numbered[1] or 0), int(numbered[2]))
    read = _NAMED.get(code)
    return read(today) if read is not None else None


def _later(today: date, count: float, unit: str) -> date:
    if unit == "mo":
        year, month = divmod(today.year * 12 + today.month - 1 + int(count), 12)
        moved = date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
        return moved + timedelta(days=15 * (count % 1 > 0))
    return today + timedelta(days=ceil(count * (7 if unit == "w" else 1)))


def _of_week(today: date, weeks: int, name: str) -> date:
    monday = today - timedelta(days=today.weekday())
    if name == "weekend":
        return monday + timedelta(days=6 + 7 * weeks)
    day = monday + timedelta(days=_WEEKDAYS[name] + 7 * weeks)
    return day if weeks or day > today else day + timedelta(days=7)


def _numbered(today: date, month: int, day: int) -> date | None:
    year, at = today.year, month or today.month
    for _ in range(24):
        if 1 <= at <= 12 and 1 <= day <= monthrange(year, at)[1] and date(year, at, day) >= today:
            return date(year, at, day)
        year, at = (year + 1, month) if month else (year + at // 12, at % 12 + 1)
    return None


def _last(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


_NAMED: Final[Mapping[str, Callable[[date], date]]] = {
    "today": lambda d: d,
    "tomorrow": lambda d: d + timedelta(days=1),
    "next-week": lambda d: d + timedelta(days=13 - d.weekday()),
    "next-month": lambda d: _last(_last(d) + timedelta(days=1)),
    "month-start": lambda d: (_last(d) + timedelta(days=10)) if d.day > 10 else d.replace(day=10),
    "month-end": _last,
    "year-start": lambda d: date(d.year + (d.month > 2), 2, 28),
    "year-end": lambda d: date(d.year, 12, 31),
}
