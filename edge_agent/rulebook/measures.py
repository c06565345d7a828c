"""Numbers with their units as one word each: 三次, 30天, 半小时, 五千块, 百分之二十, 九折, 周一到周五, 晚上10点.

Values: TIMES and TURNS integers, DUR minutes, MONEY yuan, PERCENT and DISCOUNT shares (九折 = 0.9), DAY weekdays 1 to 7,
HOUR minutes of the day, NUMBER as said. A number that names none (几百, 两三次) is VAGUE: the sentence is asked about.
"""

import re
from dataclasses import dataclass
from typing import Final

from edge_agent.facts.numbers import NUMBER, value

LARGEST: Final = 1e12
_N: Final = f"(?P<n>{NUMBER}(?:点[零一二三四五六七八九]+)?)"
_MINUTES: Final = {
    "秒": 1 / 60, "秒钟": 1 / 60, "s": 1 / 60, "分钟": 1, "分": 1, "min": 1,
    "小时": 60, "个小时": 60, "钟头": 60, "个钟头": 60, "h": 60,
    "天": 1440, "日": 1440, "个自然日": 1440, "d": 1440, "个工作日": 0,
    "周": 10080, "个周": 10080, "星期": 10080, "个星期": 10080, "礼拜": 10080, "个礼拜": 10080,
    "月": 43200, "个月": 43200, "季度": 129600, "个季度": 129600, "年": 525600,
}  # fmt: skip
"""A month is 30 days, a quarter 90, a year 365: the rule is said back in days. Working days need a calendar nobody has given."""
_DURATION: Final = re.compile(
    f"(?:{_N}(?P<half>个半)?|(?P<a_half>半)个?)(?P<unit>{'|'.join(sorted(_MINUTES, key=len, reverse=True))})(?P<and_half>半)?"
)
_PLAIN: Final = (
    ("TIMES", re.compile(rf"{_N}(?:次|回|遍)")),
    ("TURNS", re.compile(rf"{_N}(?:个?轮次|轮)")),
    ("MONEY", re.compile(rf"(?:[¥￥]{_N}|{_N.replace('<n>', '<m>')}(?:元|块钱?|人民币|rmb))")),
    ("PERCENT", re.compile(rf"(?:百分之{_N}|{_N.replace('<n>', '<m>')}(?:%|个?百分点|个点))")),
    ("DISCOUNT", re.compile(r"(?P<n>[0-9](?:\.[0-9])?|[0-9]{2}|[一二三四五六七八九]{1,2}(?:点[一二三四五六七八九])?)折")),
    ("NUMBER", re.compile(rf"{_N}(?:个|件|台|人|箱|单|笔|分|家|名|位|盒|支|瓶)?")),
)
_ROUGH: Final = re.compile(
    r"(?:[一二三四五六七八九]?十[几多]|[几好数][十百千万]?|[一二三四五六七八九十百千万]*[一二两三四五六七八九]{2}(?![零〇折一二三四五六七八九])[十百千万]?)"
    r"(?:次|回|轮|天|周|个月|小时|分钟|元|块|万|%)?"
)
"""Numbers that name none: 十几次, 两三天, 几百元."""
_NTH: Final = re.compile(rf"第{_N}(?:次|回|遍)")
_DAYS: Final = {
    "工作日": [1, 2, 3, 4, 5], "平日": [1, 2, 3, 4, 5], "非工作日": [6, 7], "周末": [6, 7], "双休日": [6, 7], "休息日": [6, 7],
}  # fmt: skip
_DAY: Final = re.compile(rf"(?:每个?)?(?:(?P<name>{'|'.join(_DAYS)})|(?:周|星期|礼拜)(?P<day>[一二三四五六日天1-7]))")
_HOUR: Final = re.compile(
    r"(?:每天|每日)?(?P<next>次日|第二天|当天)?(?P<part>凌晨|早上|早晨|上午|中午|下午|晚上|夜里|晚间)?"
    r"(?:(?P<h>[0-9]{1,2}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[零一二两三四五六七八九])(?:点钟?|时)(?P<half>半)?"
    r"(?:(?P<m>[0-9]{1,2}|[一二三四五]?十[一二三四五六七八九]?)分?)?|(?P<hh>[0-2]?[0-9]):(?P<mm>[0-5][0-9]))"
)
_LATE: Final = {"下午": 0, "晚上": 5, "晚间": 5, "夜里": 6}
"""Parts of the day whose hours are counted from noon, from which hour on: 夜里1点 is 01:00."""
_MORNING: Final = frozenset({"凌晨", "早上", "早晨", "上午"})
_WEEK: Final = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`kind` is the terminal, `end` where it stops; `value` as the module says."""

    kind: str
    value: object
    end: int


def measure(text: str, start: int) -> Measure | None:
    """The longest number with a unit that begins here; None when there is none."""
    found = [one for one in (_duration(text, start), _nth(text, start), _day(text, start), _hour(text, start)) if one is not None]
    for kind, expression in _PLAIN:
        match = expression.match(text, start)
        if match is not None and (number := _number(match)) is not None:
            found.append(Measure(kind=kind, value=_scaled(kind, match, number), end=match.end()))
    rough = _ROUGH.match(text, start)
    if rough is not None:
        found.append(Measure(kind="VAGUE", value="数字", end=rough.end()))
    return max(found, key=lambda one: (one.end, one.kind == "VAGUE"), default=None)


def _number(match: re.Match[str]) -> float | None:
    groups = match.groupdict()
    text = groups.get("n") or groups.get("m") or ""
    try:
        number = value(text) if text != "半" else 0.5
    except OverflowError:
        return LARGEST
    return None if number is None else min(number, LARGEST)


def _scaled(kind: str, match: re.Match[str], number: float) -> object:
    if kind in ("TIMES", "TURNS"):
        return int(number) if number == int(number) and number >= 1 else 0
    if kind == "PERCENT":
        return round(number / 100, 6)
    if kind == "DISCOUNT":
        said = match["n"]
        if said.isdigit() or "." in said:
            return round(number / (10 if number < 10 else 100), 6)
        digits = value(said)
        return round((digits or 0) / (10 if (digits or 0) < 10 else 100), 6)
    return number


def _duration(text: str, start: int) -> Measure | None:
    match = _DURATION.match(text, start)
    if match is None:
        return None
    unit = _MINUTES[match["unit"]]
    number = 0.5 if match["a_half"] else _number(match)
    if number is None or not unit:
        return None
    number += 0.5 if match["half"] or match["and_half"] else 0
    return Measure(kind="DUR", value=round(number * unit, 12), end=match.end())


def _nth(text: str, start: int) -> Measure | None:
    match = _NTH.match(text, start)
    number = _number(match) if match is not None else None
    if match is None or number is None or number < 1 or number != int(number):
        return None
    return Measure(kind="NTH", value=int(number), end=match.end())


def _day(text: str, start: int) -> Measure | None:
    match = _DAY.match(text, start)
    if match is None:
        return None
    if match["name"]:
        return Measure(kind="DAY", value=_DAYS[match["name"]], end=match.end())
    said = match["day"]
    number = int(said) if said.isdigit() else 7 if said == "天" else _WEEK.index(said) + 1
    return Measure(kind="DAY", value=[number], end=match.end())


def _hour(text: str, start: int) -> Measure | None:
    match = _HOUR.match(text, start)
    minute = _minute(match, match["part"] or "") if match is not None else None
    return Measure(kind="HOUR", value=minute, end=match.end()) if match is not None and minute is not None else None


def until(first: str, last: str) -> tuple[int, int] | None:
    """Two hours as minutes of the day; 晚上8点到10点 is the evening of both. None: the second is not after the first."""
    one, other = _HOUR.match(first), _HOUR.match(last)
    assert one is not None
    assert other is not None
    alone = other["part"] or other["next"] or other["hh"]
    start, end = _minute(one, one["part"] or ""), _minute(other, other["part"] or ("" if alone else one["part"] or ""))
    assert start is not None
    if end is None or (end <= start % 1440 and not (other["part"] in _MORNING or other["next"] in ("次日", "第二天"))):
        return None
    return start % 1440, end


def _minute(match: re.Match[str], part: str) -> int | None:
    hour = int(match["hh"]) if match["hh"] else int(value(match["h"]) or 0)
    minute = int(match["mm"]) if match["mm"] else 30 if match["half"] else int(value(match["m"]) or 0) if match["m"] else 0
    if part in _LATE and _LATE[part] <= hour < 12:
        hour += 12
    elif part in _LATE and part != "下午" and hour == 12:
        hour = 24
    elif part == "中午" and hour < 3:
        hour += 12
    elif part == "凌晨" and hour == 12:
        hour = 0
    return hour * 60 + minute if hour * 60 + minute <= 1440 and minute < 60 else None
