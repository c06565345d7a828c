"""Days as they are said, against the day the talk began. Monday begins a week; a bare day or month is the next to come."""

import calendar as months
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from edge_agent.facts import calendar
from edge_agent.facts.day_words import ANY
from edge_agent.facts.line import Span
from edge_agent.facts.numbers import value

_DAYS: Final = {"大后": 3, "大前": -3, "今": 0, "明": 1, "后": 2, "昨": -1, "前": -2}
_YEARS: Final = {"今年": 0, "明年": 1, "后年": 2, "去年": -1, "前年": -2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day or stretch of days; `first` is None when it cannot be told. `edge`: before, after or within, where said inside.
    `form` is how it was named, a key of `day_words.PATTERNS`.
    """

    span: Span
    first: date | None
    last: date | None
    confidence: float
    edge: str = ""
    form: str = ""


def until(first: Day, last: Day) -> Day | None:
    """The stretch from one day to another, named only as far as it must be: 三号到五号, 下周一到周三. None if it is none."""
    if first.last is None or last.first is None or last.last is None:
        return None
    end = last.last
    if last.form == "number":
        year, month = first.last.year, first.last.month
        end = date(year, month, end.day) if end.day <= _last(year, month).day else _last(year, month)
    elif last.form == "week":
        end += timedelta(weeks=max(0, -((end - first.last).days // 7)))
    if end < first.last:
        return None
    return replace(
        last, span=(first.span[0], last.span[1]), first=first.first, last=end, confidence=min(first.confidence, last.confidence)
    )


def beside(first: Day, second: Day) -> Day:
    """A bare weekday behind another is the next one after it: 下周二或者周三."""
    if first.form != "week" or second.form != "week" or first.first is None or second.first is None or second.last is None:
        return second
    later = timedelta(weeks=max(0, -((second.first - first.first).days // 7)))
    return replace(second, first=second.first + later, last=second.last + later)


def find(line: str, begun: date) -> Iterator[Day]:
    """The days named in a folded sentence, counted from `begun`."""
    for match in ANY.finditer(line):
        read = _READ[match.lastgroup or ""]
        try:
            found = read(match, begun)
        except (ValueError, OverflowError):
            continue  # the 31st of April, the year 20000
        if found is not None:
            yield replace(found, form=match.lastgroup or "")


def _day(match: re.Match[str], first: date | None, last: date | None = None, *, sure: float = 0.95, edge: str = "") -> Day:
    return Day(span=match.span(), first=first, last=last or first, confidence=sure, edge=edge)


def _number(text: str) -> int:
    return int(value(text) or 0)


def _year(text: str, begun: date) -> int:
    year = _number(text)
    return year if year > 100 else begun.year // 100 * 100 + year


def _last(year: int, month: int) -> date:
    return date(year, month, months.monthrange(year, month)[1])


def _shifted(begun: date, by: int) -> tuple[int, int]:
    """Year and month, `by` months on."""
    year, month = divmod(begun.year * 12 + begun.month - 1 + by, 12)
    return year, month + 1


def _part(year: int, month: int, told: str | None) -> tuple[date, date]:
    """A month, or its beginning, middle or end."""
    last = _last(year, month)
    if told == "初":
        return date(year, month, 1), date(year, month, 10)
    if told in {"中", "中旬"}:
        return date(year, month, 11), date(year, month, 20)
    if told in {"底", "末"}:
        return last, last
    return date(year, month, 1), last


def _iso(match: re.Match[str], begun: date) -> Day:
    del begun
    return _day(match, date(int(match["iy"]), int(match["im"]), int(match["id"])), sure=0.99)


def _full(match: re.Match[str], begun: date) -> Day:
    year = _year(match["fy"], begun) if match["fy"] else begun.year + _YEARS[match["fw"]]
    month = _number(match["fm"])
    if match["fd"]:
        return _day(match, date(year, month, _number(match["fd"])), sure=0.98)
    return _day(match, *_part(year, month, match["ft"]))


def _month(match: re.Match[str], begun: date) -> Day:
    month = _number(match["mm"])
    year = begun.year
    if match["md"]:
        told = _number(match["md"])
        if date(year, month, told) < begun:
            year += 1
        return _day(match, date(year, month, told), sure=0.88)
    first, last = _part(year, month, match["mt"] or match["mu"])
    if last < begun:
        first, last = _part(year + 1, month, match["mt"] or match["mu"])
    return _day(match, first, last, sure=0.85)


def _week(match: re.Match[str], begun: date) -> Day:
    monday = begun - timedelta(days=begun.weekday())
    told, day = match["nx"] or "", match["wd"]
    ahead = told.count("下") - told.count("上")
    monday += timedelta(weeks=ahead)
    if day is None:
        return _day(match, monday, monday + timedelta(days=6))
    if day == "末":
        if not told and begun.weekday() == 6:
            return _day(match, begun, sure=0.8)
        return _day(match, monday + timedelta(days=5), monday + timedelta(days=6), sure=0.95 if told else 0.85)
    place = "一二三四五六日".find("日" if day == "天" else day) if not day.isdigit() else int(day) - 1
    found = monday + timedelta(days=place)
    if not told and found < begun:
        found += timedelta(weeks=1)
    return _day(match, found, sure=0.97 if told else 0.8)


def _relative_month(match: re.Match[str], begun: date) -> Day:
    told = match["rm"]
    year, month = _shifted(begun, told.count("下") - told.count("上"))
    if match["rd"]:
        return _day(match, date(year, month, _number(match["rd"])), sure=0.97)
    return _day(match, *_part(year, month, match["rt"]))


def _turn(match: re.Match[str], begun: date) -> Day:
    word = match["tw"]
    if word[0] == "季":
        return _day(match, _quarter(begun, 0)[1])
    if word[0] == "月":
        first, last = _part(begun.year, begun.month, word[1])
        if last < begun:
            first, last = _part(*_shifted(begun, 1), word[1])
        return _day(match, first, last, sure=0.9)
    return _day(match, *_of_year(begun.year + (word == "年初" and begun.month > 2), word[1]), sure=0.85)


def _of_year(year: int, told: str | None) -> tuple[date, date]:
    if told in {"底", "末", "年底"}:
        return date(year, 12, 31), date(year, 12, 31)
    if told is not None and told.endswith("季度"):
        last = int(value(told[-3]) or 1) * 3
        return date(year, last - 2, 1), _last(year, last)
    stretches = {
        "初": (1, 1), "年初": (1, 1), "中": (6, 7), "上半年": (1, 6), "下半年": (7, 12), "开春": (2, 3), "春天": (3, 5),
        "夏天": (6, 8), "秋天": (9, 11), "冬天": (11, 12),
    }  # fmt: skip
    first, last = stretches.get(told or "", (1, 12))
    return date(year, first, 1), _last(year, last)


def _a_year(match: re.Match[str], begun: date) -> Day:
    year = begun.year + _YEARS[match["yw"]] if match["yw"] else _number(match["yn"])
    return _day(match, *_of_year(year, match["yt"] or match["yu"]), sure=0.9)


def _quarter(begun: date, by: int) -> tuple[date, date]:
    year, place = divmod(begun.year * 4 + (begun.month - 1) // 3 + by, 4)
    return date(year, place * 3 + 1, 1), _last(year, place * 3 + 3)


def _half(match: re.Match[str], begun: date) -> Day:
    told = match["ht"]
    if told[-3] in "一二三四":
        month = "一二三四".index(told[-3]) * 3 + 3
        year = begun.year + (_last(begun.year, month) < begun)
        return _day(match, date(year, month - 2, 1), _last(year, month), sure=0.7)
    if "季" in told:
        return _day(match, *_quarter(begun, {"上": -1, "下": 1}.get(told[0], 0)))
    return _day(match, *_of_year(begun.year, told), sure=0.8)


def _feast(match: re.Match[str], begun: date) -> Day:
    name = match["fe"]
    if match["few"]:
        return _day(match, calendar.on(name, begun.year + _YEARS[match["few"]]), sure=0.95)
    found = calendar.on(name, begun.year)
    if found is not None and found < begun:
        found = calendar.on(name, begun.year + 1)
    return _day(match, found, sure=0.9)


def _ago(match: re.Match[str], begun: date) -> Day | None:
    count = value(match["an"])
    if count is None:
        return None
    count += 0.5 if match["aw"] or match["ah"] == "个半" else 0
    unit, edge = match["au"], match["ae"][-1]
    if unit == "月" and not match["ah"]:
        return None
    sign = -1 if edge == "前" else 1
    if unit in {"月", "年"}:
        whole = int(count * (12 if unit == "年" else 1))
        year, month = _shifted(begun, sign * whole)
        found = date(year, month, min(begun.day, _last(year, month).day))
        found += timedelta(days=sign * 15 * (unit == "月" and count != whole))
    else:
        found = begun + timedelta(days=sign * int(count * (7 if unit in {"周", "星期", "礼拜"} else 1)))
    sure = 0.6 if unit == "工作日" else 0.75 if count % 1 else 0.95
    return _day(match, found, sure=sure, edge="within" if edge == "内" else "on")


def _named(match: re.Match[str], begun: date) -> Day:
    word = match["dw"]
    by = next(days for name, days in _DAYS.items() if word.startswith(name))
    return _day(match, begun + timedelta(days=by), sure=0.98)


def _of_month(match: re.Match[str], begun: date) -> Day:
    told = _number(match["nd"])
    year, month = begun.year, begun.month
    for _ in range(12):
        if told <= _last(year, month).day and date(year, month, told) >= begun:
            return _day(match, date(year, month, told), sure=0.8)
        year, month = (year + month // 12, month % 12 + 1)
    raise ValueError(told)


def _weekend(match: re.Match[str], begun: date) -> Day:
    saturday = begun + timedelta(days=5 - begun.weekday())
    return _day(match, begun if begun.weekday() == 6 else saturday, saturday + timedelta(days=1), sure=0.85)


_READ: Final[dict[str, Callable[[re.Match[str], date], Day | None]]] = {
    "iso": _iso, "full": _full, "month": _month, "week": _week, "relmonth": _relative_month, "turn": _turn, "year": _a_year,
    "half": _half, "feast": _feast, "ago": _ago, "day": _named, "number": _of_month, "weekend": _weekend,
}  # fmt: skip
