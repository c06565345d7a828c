"""Values in speech: amounts (yuan), quantities, dates (codes), percentages. Numbers and codes only, never words.

A bare number is an amount only with 百, 千, 万 in it (or at least 100 in digits) and no counting word behind it.
Discounts are what is taken off: 九五折 = 5, 八折 = 20. Dates are codes such as `tomorrow.h15`, `h9.5`, `wed`, `in-3d`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from edge_agent.facts.numbers import NUMBER, value
from edge_agent.tagging.text import Span

_MEASURE: Final = (
    "箱盒台套个件只支瓶袋辆人家张片份批桶吨斤克米平次条双根粒颗本把户口层间门天年月日号周点秒岁倍成度升瓦伏寸级折包名位组座款项种页遍轮回趟"
    "杯碗罐排车卷卡章贴副块儿匹线路站楼栋期针板提抽码"
)
_COUNTED: Final = rf"(?:个月|小时|分钟|公斤|毫升|平米|家店|[{re.sub('[块折点号日周]', '', _MEASURE)}])"
_MONEY: Final = (
    rf"{NUMBER}(?:多|来|几)?(?:万|千|百)?(?:块钱|元钱|块|元|毛钱|毛)"
    r"(?:[一二两三四五六七八九0-9](?:毛|角)?)?(?:[一二三四五六七八九]分)?"
)
_PERCENT: Final = rf"百分之{NUMBER}|{NUMBER}%|{NUMBER}个点|[一二三四五六七八九]{{1,2}}折|[1-9](?:\.?[0-9])?折"
_DAYS: Final = {
    "今天": "today", "今儿": "today", "今晚": "today.h20", "下班前": "today.h18",
    "明天": "tomorrow", "明儿": "tomorrow", "明早": "tomorrow.h8", "明晚": "tomorrow.h20", "明天下班前": "tomorrow.h18",
    "后天": "in-2d", "大后天": "in-3d", "周末": "weekend", "这周末": "weekend", "下周": "next-week",
    "下个月": "next-month", "下月": "next-month", "月初": "month-start", "月底": "month-end",
    "年初": "year-start", "年底": "year-end",
}  # fmt: skip
_WEEKDAYS: Final = dict(
    zip("一二三四五六日天末", ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "sun", "weekend"], strict=True)
)
_DAY: Final = (
    r"(?:下下?|这|本)?(?:周|礼拜|星期)[一二三四五六日天末]|(?:今天|明天)?下班前|大后天|今天|今晚|今儿|明天|明早|明晚|明儿|后天|下个?月|下周|月底|月初|年底|年初|周末"
    rf"|(?:{NUMBER}月)?{NUMBER}[号日]|{NUMBER}(?:个)?(?:天|小时|月|周|礼拜|星期|分钟)(?:之?内|以内|后|之后|左右)"
)
_HOUR: Final = rf"(?:上午|下午|晚上|早上|中午|傍晚|凌晨)?{NUMBER}点(?:半|钟|{NUMBER}分?)?|上午|下午|晚上|早上|中午"
_DATE: Final = rf"(?:{_DAY})(?:的)?(?:{_HOUR})?|(?:上午|下午|晚上|早上|中午){NUMBER}点(?:半|钟|{NUMBER}分)?"

PATTERNS: Final = {
    "amount": _MONEY,
    "qty": rf"{NUMBER}(?:多|来)?{_COUNTED}",
    "date": _DATE,
    "percent": _PERCENT,
    "number": NUMBER,
}
"""Slots as expressions in the common part of `re` and RE2 (without bare amounts)."""

_FIND: Final = {kind: re.compile(pattern) for kind, pattern in PATTERNS.items()}
_BARE: Final = re.compile(rf"{NUMBER}(?=(.?))")
_LARGE: Final = re.compile(r"(?=.*[百千万]|.*\d{3}|.*\d\.\d)[^百千万亿零半]")
_NO_MONEY: Final = frozenset(f"{_MEASURE}%分秒折岁路多来余")
_PARTS: Final = re.compile(rf"({NUMBER})(?:多|来|几)?([万千百]?)([块元毛])钱?元?([一二两三四五六七八九0-9])?")
_NUMBER: Final = re.compile(NUMBER)
_COUNT: Final = re.compile(rf"({NUMBER})")
_CLOCK: Final = re.compile(rf"(上午|下午|晚上|早上|中午|傍晚|凌晨)?({NUMBER})点(?:(半)|({NUMBER})(分)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A value at a place: `kind` as in sayings, `value` a number, a code, or None when only its presence is known."""

    kind: str
    span: Span
    value: float | str | None


def find(text: str, kind: str) -> Iterator[Slot]:
    """All slots of one kind in a folded sentence, from left to right."""
    if kind == "amount":
        yield from _amounts(text)
        return
    for match in _FIND[kind].finditer(text):
        yield Slot(kind=kind, span=match.span(), value=_VALUES[kind](match[0]))


def _amounts(text: str) -> Iterator[Slot]:
    taken = [Slot(kind="amount", span=m.span(), value=_money(m[0])) for m in _FIND["amount"].finditer(text)]
    for match in _BARE.finditer(text):
        number = value(match[0])
        if match[1] in _NO_MONEY or not _LARGE.match(match[0]) or (number is not None and number < 100):
            continue
        if not any(s.span[0] < match.end() and match.start() < s.span[1] for s in taken):
            taken.append(Slot(kind="amount", span=match.span(), value=number))
    yield from sorted(taken, key=lambda s: s.span)


def _money(text: str) -> float | None:
    parts = _PARTS.match(text)
    if parts is None or (number := value(parts[1] + parts[2])) is None:
        return None
    unit = 0.1 if parts[3] == "毛" else 1.0
    rest = value(parts[4]) if parts[4] else 0
    return round(number * unit + (rest or 0) * unit / 10, 2)


def _percent(text: str) -> float | None:
    found = _NUMBER.search(text.removeprefix("百分之"))
    number = value(found[0]) if found is not None else None
    if number is None or not text.endswith("折"):
        return number
    return round(100 - number * (10 if number < 10 else 1), 1)


def _qty(text: str) -> float | None:
    found = _COUNT.match(text)
    return value(found[1]) if found is not None else None


def _date(text: str) -> str | None:
    clock = _CLOCK.search(text)
    day = text[: clock.start()] if clock is not None else text
    code = _day(day)
    hour = _hour(clock, evening=day.endswith("晚")) if clock is not None else ""
    if "." in code and hour:
        code = code.partition(".")[0]
    return ".".join(part for part in (code, hour) if part) or None


def _day(text: str) -> str:
    if (week := re.match(r"(下下|下)?(?:这|本)?(?:周|礼拜|星期)([一二三四五六日天末])", text)) is not None:
        return f"{'next-' * len(week[1] or '')}{_WEEKDAYS[week[2]]}"
    for word in sorted(_DAYS, key=len, reverse=True):
        if word in text:
            return _DAYS[word]
    if (date := re.match(rf"(?:({NUMBER})月)?({NUMBER})[号日]", text)) is not None:  # before 11月 is read as eleven months
        month, day = value(date[1]) if date[1] else None, value(date[2])
        return ("" if month is None else f"m{month:g}-") + (f"day-{day:g}" if day is not None else "")
    if (span := re.match(rf"({NUMBER})个?(天|小时|月|周|礼拜|星期|分钟)", text)) is not None:
        number = value(span[1])
        unit = {"天": "d", "小时": "h", "月": "mo", "周": "w", "礼拜": "w", "星期": "w", "分钟": "min"}[span[2]]
        return f"in-{number:g}{unit}" if number is not None else ""
    return ""


def _hour(clock: re.Match[str], *, evening: bool) -> str:
    """Full and half hours; other minutes count up to the next of them. The evening's twelve is midnight."""
    hour = value(clock[2])
    if hour is None:
        return ""
    night = clock[1] == "晚上" or (evening and clock[1] is None)
    if night and (hour == 12 or hour <= 4):
        hour = 24 + hour % 12
    elif (night or clock[1] in ("下午", "傍晚")) and hour < 12:
        hour += 12
    minutes = value(clock[4]) or 0 if clock[4] else 30 if clock[3] else 0
    if clock[4] and not clock[5] and minutes < 10:
        minutes = 0  # 三点两个人
    return f"h{hour + ceil(min(minutes, 60) / 30) / 2:g}"


_VALUES: Final = {"qty": _qty, "date": _date, "percent": _percent, "number": value}
