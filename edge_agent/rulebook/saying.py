"""A rule said back in Chinese that has one reading: `read(say(rule))` is the same rule (a property test holds it to that).

Events stand in quotes 「」 by their own names; limits, whose hits are counted and what starts a count again are always said;
"and" inside "or", and the other way round, stands in brackets.
"""

from collections.abc import Sequence
from types import UnionType
from typing import Final

from edge_agent.facts.numbers import plain
from edge_agent.rulebook.keywords import WAITS
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.tree import (
    Absent,
    Action,
    All,
    Any,
    Clock,
    Count,
    Fact,
    First,
    Heard,
    Near,
    Node,
    Not,
    Row,
    Rule,
    Window,
    excuse_has_two_times,
    excuse_waits,
)

Brackets = type[All] | type[Any] | UnionType
_SIGNS: Final = {">=": "不少于", ">": "超过", "<=": "不超过", "<": "少于"}
_COMPARED: Final = {">=": "不低于", ">": "大于", "==": "等于", "<=": "不超过", "<": "低于"}
_UNITS: Final = {
    "days": "天", "hours": "小时", "minutes": "分钟", "seconds": "秒", "yuan": "元", "count": "", "points": "分",
}  # fmt: skip
_PER: Final = {"account": "同一客户", "rep": "同一销售", "conversation": ""}
_DISTINCT: Final = {"": "每次都算", "conversation": "每通对话只算一次", "topic": "每个话题只算一次"}
_SIDES: Final = {"after": "之后", "before": "之前", "around": "前后"}
_TOLD: Final = {"rep": "提醒销售", "manager": "提醒店长", "compliance": "提醒合规"}
_WEEK: Final = "一二三四五六日"


def say(rule: Rule, book: Book) -> str:
    """The whole rule as one sentence."""
    here = "同一通对话里" if excuse_has_two_times(rule) else ""
    waits = WAITS if excuse_waits(rule) else ""
    unless = f"，除非{here}{said(rule.unless, book)}{waits}" if rule.unless is not None else ""
    return f"当{said(rule.when, book)}，则{'，'.join(_action(a) for a in rule.then)}{unless}。"


def said(node: Node, book: Book) -> str:  # noqa: C901, PLR0911 - one way for each node
    """A condition."""
    match node:
        case All():
            return _series(node.parts, "且", book, Any)
        case Any():
            return _series(node.parts, "或", book, All | Clock)
        case Not():
            return f"并非（{said(node.part, book)}）"
        case Heard():
            return book.label(node.events)
        case Count():
            return _count(node, book)
        case Row():
            return _row(node, book)
        case First():
            return f"首次{book.label(node.of)}"
        case Absent():
            return f"{_until(node)}没有{book.label(node.of)}"
        case Near():
            return _near(node, book)
        case Fact():
            return _fact(node, book)
        case Clock():
            return _clock(node)


def _series(parts: Sequence[Node], link: str, book: Book, bracketed: Brackets) -> str:
    """有 stops a "not" from reaching over what is said next."""
    found = [_inner(part, book, bracketed) for part in parts]
    for place, part in enumerate(parts[1:], 1):
        before = parts[place - 1]
        denied = isinstance(before, Absent) or (isinstance(before, Near) and before.absent)
        if denied and isinstance(part, Heard):
            found[place] = f"有{found[place]}"
    return link.join(found)


def _inner(part: Node, book: Book, bracketed: Brackets) -> str:
    inner = said(part, book)
    return f"（{inner}）" if isinstance(part, bracketed) else inner


def _count(node: Count, book: Book) -> str:
    here = "同一通对话里" if node.window is None or node.window.unit != "days" else ""
    window = here + (f"{_span(node.window)}内" if node.window is not None else "")
    notes = [_DISTINCT[node.distinct]]
    if node.without:
        notes.append(f"期间没有{book.label(node.without)}")
    note = f"（{'；'.join(notes)}）"
    if node.op == "==":
        return f"{window}{_PER[node.per]}第{node.n}次{book.label(node.of)}{note}"
    return f"{window}{_PER[node.per]}{book.label(node.of)}{_SIGNS[node.op]}{node.n}次{note}"


def _row(node: Row, book: Book) -> str:
    if node.opportunity:
        turns = f"之后{node.within_turns}轮内" if node.within_turns is not None else ""
        notes = [f"机会：{book.label(node.opportunity)}{turns}"]
    else:
        notes = ["每轮最多算一次"]
    notes.append(f"期间没有{book.label(node.reset_by)}" if node.reset_by else "中间不会断开")
    return f"连续{node.n}次{book.label(node.of)}（{'；'.join(notes)}）"


def _near(node: Near, book: Book) -> str:
    first = "首次" if node.first_only else ""
    within = f"{_span(node.within)}内" if node.within is not None else ""
    came = "没有" if node.absent else "有"
    return f"{first}{book.label(node.anchor)}{_SIDES[node.side]}{within}{came}{book.label(node.of)}"


def _until(node: Absent) -> str:
    if node.until == "end":
        return "直到结束"
    return f"开场{node.n}轮内" if node.until == "turn" else f"开场{node.n}秒内"


def _span(window: Window | None) -> str:
    assert window is not None
    if window.unit == "turns":
        return f"{plain(window.n)}轮"
    if window.unit == "days":
        return f"{plain(window.n)}天"
    return f"{plain(window.n / 60)}小时" if window.n % 30 == 0 and window.n >= 60 else f"{plain(window.n)}分钟"


def _fact(node: Fact, book: Book) -> str:
    kind = book.facts.get(node.name)
    name = f"「{kind.zh[0]}」" if kind is not None else f"「{node.name}」"
    if isinstance(node.value, bool):
        return f"{name}为{'是' if node.value else '否'}"
    amount = f"{plain(round(node.value * 100, 6))}%" if node.unit == "share" else f"{plain(node.value)}{_UNITS[node.unit]}"
    return f"{name}{_COMPARED[node.op]}{amount}"


def _clock(node: Clock) -> str:
    named = [f"周{_WEEK[day - 1]}" for day in node.days]
    in_a_row = len(named) > 2 and node.days[-1] - node.days[0] == len(named) - 1
    days = f"{named[0]}到{named[-1]}" if in_a_row else "、".join(named)
    if node.from_minute is None or node.to_minute is None:
        return days
    over = "次日" if node.to_minute <= node.from_minute else ""
    return f"{days}{_time(node.from_minute)}到{over}{_time(node.to_minute)}之间"


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _action(action: Action) -> str:
    when = ""
    if action.within_s is not None:
        when = "立即" if action.within_s == 0 else f"在{_delay(action.within_s)}内"
    match action.layer:
        case "none":
            return "只记录"
        case "intercept":
            return f"{when}拦截"
        case "escalate":
            return f"{when}上报{'店长' if action.to == 'manager' else '合规'}"
        case _:
            return f"{when}{_TOLD.get(action.to, '提醒店长')}"


def _delay(seconds: int) -> str:
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}秒"


__all__: Sequence[str] = ["said", "say"]
