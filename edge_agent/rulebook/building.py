"""From parse to tree: each rule of the grammar has one method here; each gives a node, or asks.

`Pending` is a "not" of which the sentence has not said until when: beside a count over days it means "in those days", anywhere
else until the end of the conversation. One with a length of its own but no beginning is asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any as Anything
from typing import Final, cast

from edge_agent.rulebook.names import Book
from edge_agent.rulebook.questions import Asked, ask
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
    normal,
)
from edge_agent.rulebook.words import Word

_DAY: Final = 1440
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "days": ("DUR", _DAY), "hours": ("DUR", 60), "minutes": ("DUR", 1), "seconds": ("DUR", 1 / 60), "yuan": ("MONEY", 1),
    "share": ("PERCENT", 1), "count": ("NUMBER", 1), "points": ("NUMBER", 1),
}  # fmt: skip
UNIT_WORDS: Final = {
    "days": "天", "hours": "小时", "minutes": "分钟", "seconds": "秒", "yuan": "元", "share": "%", "count": "次", "points": "分",
}  # fmt: skip
_DISTINCT: Final = {
    "每通对话只算一次": "conversation", "按通计": "conversation", "每次都算": "", "每个话题只算一次": "topic", "不同话题": "topic",
}  # fmt: skip
_SIDES: Final = {"customer": "account", "rep": "rep"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """None of `of`, until when is still open."""

    of: tuple[str, ...]
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quant:
    op: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mid:
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    of: tuple[str, ...]
    turns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    until: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless:
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Ev:
    of: tuple[str, ...]


Value = Anything


class Builder:
    """Methods are named after the grammar; `children` are what theirs gave, and words."""

    def __init__(self, book: Book) -> None:
        self._book = book

    # -- the rule

    def start(self, children: Sequence[Value]) -> Rule:
        whens = [c for c in children if isinstance(c, Node)]
        excuses = [c.node for c in children if isinstance(c, Unless)]
        actions = next(c for c in children if isinstance(c, list))
        if len(excuses) > 1:
            raise ask("syntax", "一条规则只写一个“除非”", "write one 除非 in a rule", choices=["……，除非A或B"])
        return Rule(when=whens[0], then=actions, unless=excuses[0] if excuses else None)

    def unless(self, children: Sequence[Value]) -> Unless:
        return Unless(node=children[0])

    def cond(self, children: Sequence[Value]) -> Node:
        return normal(_settled(children[0]))

    def all(self, children: Sequence[Value]) -> Value:
        return normal(All(parts=_folded(children)))

    def any(self, children: Sequence[Value]) -> Value:
        return normal(Any(parts=[_settled(c) for c in children]))

    def denied(self, children: Sequence[Value]) -> Node:
        return normal(Not(part=_settled(children[-1])))

    def clocked(self, children: Sequence[Value]) -> Node:
        return normal(All(parts=[children[0], _settled(children[1])]))

    # -- events

    def ev(self, children: Sequence[Value]) -> Ev:
        return Ev(of=children[0].value)

    def anyof(self, children: Sequence[Value]) -> Ev:
        return Ev(of=tuple(dict.fromkeys(code for c in children for code in c.value)))

    def heard(self, children: Sequence[Value]) -> Node:
        (event,) = _kind(children, Ev)
        return Heard(events=list(event.of))

    def window(self, children: Sequence[Value]) -> Window:
        return _window(children[0])

    span = window

    def quant(self, children: Sequence[Value]) -> Quant:
        times = _word(children, "TIMES")
        sign, up = _word(children, "CMP"), _word(children, "UP")
        if times is None or not times.value:
            raise ask(
                "count", "次数要写大于零的整数", "a number of times is a whole number above zero", at=times.text if times else ""
            )
        if sign is not None:
            return Quant(op=str(sign.value), n=cast("int", times.value))
        below = up is not None and up.text.endswith("下")
        return Quant(op="<=" if below else ">=", n=cast("int", times.value))

    def count(self, children: Sequence[Value]) -> Node:
        (event,) = _kind(children, Ev)
        nth = _word(children, "NTH")
        quant = Quant(op="==", n=cast("int", nth.value)) if nth is not None else _kind(children, Quant)[0]
        windows = _kind(children, Window)
        if len(windows) > 1:
            raise ask("window", "只能写一个时间范围", "write one window", choices=["30天内", "12轮内"])
        window = windows[0] if windows else None
        per = self._per(children, event.of, window)
        days = window is not None and window.unit == "days"
        if days and quant.op in ("<", "<="):
            raise ask(
                "anchor",
                "“不到几次”没有发生的那一刻，设备不知道什么时候该提醒；请说明从哪件事算起",
                "there is no moment at which something has happened less often; say from when",
                choices=["客户投诉之后30天内没有……"],
            )
        said = _word(children, "DISTINCT")
        distinct = _DISTINCT[said.text] if said is not None else "conversation" if days else ""
        without = [code for mid in _kind(children, Mid) for code in mid.of]
        return Count(
            of=list(event.of),
            op=cast("Anything", quant.op),
            n=quant.n,
            window=window,
            per=per,
            distinct=distinct,
            without=without,
        )  # type: ignore[arg-type]

    def _per(self, children: Sequence[Value], of: Sequence[str], window: Window | None) -> Anything:
        same, who = _word(children, "PER"), _word(children, "WHO")
        if window is None or window.unit != "days":
            if same is not None and window is None and _word(children, "CONV") is None:
                raise ask(
                    "window",
                    f"“{same.text}”在多长时间内？",
                    "within which time? a person is met more than once",
                    at=same.text,
                    choices=["30天内", "7天内", "同一通对话里"],
                )
            return "conversation"
        if same is not None:
            return str(same.value)
        if who is not None and str(who.value) in _SIDES:
            return _SIDES[str(who.value)]
        raise ask(
            "per",
            "几天内的次数，按同一客户算，还是按同一销售算？",
            "counted over days: for the same customer or for the same rep?",
            at=self._book.label(of),
            choices=["同一客户", "同一销售"],
        )

    def mid(self, children: Sequence[Value]) -> Mid:
        return Mid(of=_kind(children, Ev)[0].of)

    def opportunity(self, children: Sequence[Value]) -> Chance:
        turns = _word(children, "TURNS")
        return Chance(of=_kind(children, Ev)[0].of, turns=cast("int", turns.value) if turns is not None else None)

    def row(self, children: Sequence[Value]) -> Node:
        (event,) = _kind(children, Ev)
        times = _word(children, "TIMES")
        n = cast("int", times.value) if times is not None else 0
        if n < 2:
            raise ask("count", "连续几次？请写不小于2的整数", "how many in a row? two or more", choices=["连续2次", "连续3次"])
        chances, mids = _kind(children, Chance), _kind(children, Mid)
        shape = self._book.rows.get(frozenset(event.of))
        bare = _word(children, "EACHTURN") is not None
        opportunity, turns = (list(chances[0].of), chances[0].turns) if chances else ([], None)
        if shape is not None and not chances and not bare:
            opportunity, turns = list(shape.opportunity), shape.within_turns
        reset = [code for mid in mids for code in mid.of]
        if shape is not None and not mids and _word(children, "NOBREAK") is None:
            reset = list(shape.reset_by)
        return Row(of=list(event.of), n=n, opportunity=opportunity, within_turns=turns, reset_by=reset)

    def first(self, children: Sequence[Value]) -> Node:
        return First(of=list(_kind(children, Ev)[0].of))

    # -- what does not come

    def absent(self, children: Sequence[Value]) -> Value:
        (event,) = _kind(children, Ev)
        heads = _kind(children, Head)
        if heads:
            return Absent(of=list(event.of), until=cast("Anything", heads[0].until), n=heads[0].n)
        return Absent(of=list(event.of)) if _word(children, "END") is not None else Pending(of=event.of)

    def loose(self, children: Sequence[Value]) -> Pending:
        return Pending(of=_kind(children, Ev)[0].of, window=_kind(children, Window)[0])

    def head(self, children: Sequence[Value]) -> Head:
        word = children[0]
        if word.kind == "TURNS":
            return Head(until="turn", n=word.value)
        return Head(until="second", n=max(round(word.value * 60), 1))

    # -- near

    def after(self, children: Sequence[Value]) -> Node:
        return _near(children, "after")

    def not_after(self, children: Sequence[Value]) -> Node:
        return _near(children, "after", absent=True)

    def before(self, children: Sequence[Value]) -> Node:
        return _near(children, "before")

    def not_before(self, children: Sequence[Value]) -> Node:
        return _near(children, "before", absent=True)

    def without_before(self, children: Sequence[Value]) -> Node:
        missing, anchor = _kind(children, Ev)
        return Near(anchor=list(anchor.of), side="before", of=list(missing.of), absent=True)

    def around(self, children: Sequence[Value]) -> Node:
        return _near(children, "around")

    def not_around(self, children: Sequence[Value]) -> Node:
        return _near(children, "around", absent=True)

    # -- what is no talk

    def fact(self, children: Sequence[Value]) -> Node:
        name, sign, amount = (_word(children, "FACT"), _word(children, "CMP"), children[-1])
        return self._compared(name, str(sign.value) if sign is not None else "==", amount)

    def fact_up(self, children: Sequence[Value]) -> Node:
        name, up, amount = _word(children, "FACT"), children[-1], children[-2]
        sign = _word(children[:-2], "CMP")
        below = up.text.endswith("下")
        return self._compared(
            name, str(sign.value) if sign is not None and sign.value != "==" else "<=" if below else ">=", amount
        )

    def between(self, children: Sequence[Value]) -> Node:
        name = _word(children, "FACT")
        low, high = children[-2:]
        return All(parts=[self._compared(name, ">=", low), self._compared(name, "<=", high)])

    def yes(self, children: Sequence[Value]) -> Node:
        return self._is(children, value=True)

    def no(self, children: Sequence[Value]) -> Node:
        return self._is(children, value=False)

    def said(self, children: Sequence[Value]) -> Node:
        return self._is(children, value=children[-1].text == "是")

    def _is(self, children: Sequence[Value], *, value: bool) -> Node:
        word = _word(children, "YESNO")
        return Fact(name=str(word.value) if word is not None else "", op="==", value=value, unit="yesno")

    def _compared(self, name: Word | None, sign: str, amount: Word) -> Fact:
        assert name is not None
        fact = self._book.facts[str(name.value)]
        kind, scale = _UNITS[fact.unit]
        unit = UNIT_WORDS[fact.unit]
        bare = amount.kind == "NUMBER" and amount.text[-1] in "0123456789零一二两三四五六七八九十百千万亿半"
        if bare and fact.unit not in ("count", "points"):
            units = [unit, "万元"] if fact.unit == "yuan" else [unit, "小时"] if fact.unit == "days" else [unit]
            raise ask(
                "unit",
                f"“{name.text}”的{amount.text}是什么单位？",
                f"{amount.text} of what? `{name.text}` needs a unit",
                at=amount.text,
                choices=[f"{amount.text}{u}" for u in units],
            )
        fits = amount.kind == kind or (fact.unit in ("count", "points") and amount.kind in ("NUMBER", "TIMES"))
        fits = fits or (fact.unit == "share" and amount.kind == "DISCOUNT")
        if not fits:
            raise ask(
                "unit",
                f"“{name.text}”以{unit}计，不能与“{amount.text}”比较",
                f"`{name.text}` is measured in {fact.unit}",
                at=amount.text,
                choices=[f"{name.text}大于3{unit}"],
            )
        number = float(cast("float", amount.value)) / (scale if kind == "DUR" else 1)
        return Fact(name=fact.name, op=cast("Anything", sign), value=round(number, 6), unit=fact.unit)

    def clock(self, children: Sequence[Value]) -> Clock:
        days = [c for c in children if isinstance(c, list)]
        hours = [c for c in children if isinstance(c, tuple)]
        start, end = hours[0] if hours else (None, None)
        return Clock(days=days[0] if days else [], from_minute=start, to_minute=end)

    def days(self, children: Sequence[Value]) -> list[int]:
        return sorted({day for word in children for day in word.value})

    def dayrange(self, children: Sequence[Value]) -> list[int]:
        first, last = children[0].value[0], children[1].value[-1]
        return sorted({(first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1)})

    def hours(self, children: Sequence[Value]) -> tuple[int, int]:
        return children[0].value, children[1].value

    def from_hour(self, children: Sequence[Value]) -> tuple[int, int]:
        return children[0].value, _DAY

    def to_hour(self, children: Sequence[Value]) -> tuple[int, int]:
        return 0, children[0].value

    # -- what is done

    def actions(self, children: Sequence[Value]) -> list[Action]:
        found = [action for group in children for action in group]
        return list(dict.fromkeys(found))

    def delay(self, children: Sequence[Value]) -> Value:
        word = children[0]
        return ("delay", 0 if word.kind == "NOW" else round(word.value * 60))

    def whos(self, children: Sequence[Value]) -> Value:
        return ("whos", list(children))

    def action(self, children: Sequence[Value]) -> list[Action]:
        delays = [c[1] for c in children if isinstance(c, tuple) and c[0] == "delay"]
        whos: list[Word] = next((c[1] for c in children if isinstance(c, tuple) and c[0] == "whos"), [])
        within = delays[0] if delays else None
        if _word(children, "RECORD") is not None:
            return [Action(layer="none")]
        if _word(children, "BLOCK") is not None:
            return [Action(layer="intercept", to="rep", within_s=within)]
        up = _word(children, "ESCALATE") is not None
        if not whos and not up:
            raise _to_whom("")
        return [self._told(word, within, up=up) for word in whos] or [Action(layer="escalate", to="compliance", within_s=within)]

    def _told(self, word: Word, within: int | None, *, up: bool) -> Action:
        match str(word.value), up:
            case "rep", False:
                return Action(layer="tip", to="rep", within_s=within)
            case "manager", False:
                return Action(layer="alert", to="manager", within_s=within)
            case "manager", True:
                return Action(layer="escalate", to="manager", within_s=within)
            case "compliance", _:
                return Action(layer="escalate", to="compliance", within_s=within)
            case _:
                raise _to_whom(word.text)


def _to_whom(said: str) -> Asked:
    return ask(
        "to-whom",
        "提醒谁？只能提醒销售、店长，或者上报合规；不会联系客户",
        "who is told? the rep, the manager, or compliance; never the customer",
        at=said,
        choices=["提醒销售", "提醒店长", "上报合规"],
    )


def _kind(children: Sequence[Value], kind: type) -> list[Anything]:
    return [c for c in children if isinstance(c, kind)]


def _word(children: Sequence[Value], kind: str) -> Word | None:
    return next((c for c in children if isinstance(c, Word) and c.kind == kind), None)


def _window(word: Word) -> Window:
    if word.kind == "TURNS":
        if not word.value:
            raise ask("count", "轮数要写大于零的整数", "a number of turns is a whole number above zero", at=word.text)
        return Window(n=float(cast("int", word.value)), unit="turns")
    minutes = float(cast("float", word.value))
    if minutes <= 0:
        raise ask("window", "时间要大于零", "a length of time is above zero", at=word.text)
    return Window(n=minutes / _DAY, unit="days") if minutes % _DAY == 0 else Window(n=minutes, unit="minutes")


def _near(children: Sequence[Value], side: Anything, *, absent: bool = False) -> Near:
    anchor, other = _kind(children, Ev)
    windows = _kind(children, Window)
    return Near(
        anchor=list(anchor.of), side=side, of=list(other.of), absent=absent, within=windows[0] if windows else None
    )  # fmt: skip


def _settled(value: Value) -> Node:
    """A pending "not" on its own: until the end, unless it has a length without a beginning."""
    if not isinstance(value, Pending):
        return cast("Node", value)
    if value.window is not None:
        raise ask(
            "anchor",
            "这段时间从什么时候算起？",
            "from when does this time run?",
            choices=["开场90秒内没有……", "客户投诉之后24小时内没有……", "直到结束没有……"],
        )
    return Absent(of=list(value.of))


def _folded(children: Sequence[Value]) -> list[Node]:
    """The parts of an "and": a pending "not" belongs to the one count over days beside it."""
    counts = [c for c in children if isinstance(c, Count) and c.window is not None and c.window.unit == "days"]
    pending = [c for c in children if isinstance(c, Pending)]
    if len(counts) != 1 or any(p.window not in (None, counts[0].window) for p in pending):
        if len(counts) > 1 and pending:
            raise ask(
                "anchor",
                "“没有”是指哪一段时间里没有？",
                "in which of these times must it not have happened?",
                choices=["……不少于3次（期间没有……）", "直到结束没有……"],
            )
        return [_settled(c) for c in children]
    (count,) = counts
    without = [*count.without, *(code for p in pending for code in p.of)]
    whole = Count(
        of=count.of, n=count.n, op=count.op, window=count.window, per=count.per, distinct=count.distinct,
        without=list(dict.fromkeys(without)),
    )  # fmt: skip
    parts = [whole if c is count else c for c in children if not isinstance(c, Pending)]
    return parts if len(parts) > 1 else [*parts, *parts]
