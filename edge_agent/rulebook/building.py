"""From parse to tree: each rule of the grammar has one method here; each gives a node, or asks.

`Pending` is a "not" of which the sentence has not said until when: beside a count over days it means "in those days", anywhere
else until the end of the conversation. One with a length of its own but no beginning is asked about.
"""

import math
import re
from collections.abc import Sequence
from typing import Any as Anything
from typing import Final, Literal, cast

import msgspec

from edge_agent.facts.numbers import plain
from edge_agent.lexicon.when import MOST, MOST_DAYS
from edge_agent.rulebook.comparing import Comparing
from edge_agent.rulebook.doing import Doing
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.parts import Chance, Ev, Head, Mid, Pending, Quant, Unless, Value, kind, the_word
from edge_agent.rulebook.questions import Asked, ask
from edge_agent.rulebook.tree import (
    Absent,
    All,
    Any,
    Count,
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
_HOURS: Final = re.compile("小时|钟头|h")
_DISTINCT: Final[dict[str, Literal["", "conversation", "topic"]]] = {
    "每通对话只算一次": "conversation", "按通计": "conversation", "每次都算": "",
    "每个话题只算一次": "topic", "不同话题": "topic",
}  # fmt: skip
_SIDES: Final = {"customer": "account", "rep": "rep"}


class Builder(Comparing, Doing):
    """Methods are named after the grammar; `children` are what theirs gave, and words."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self._hours: set[Window] = set()

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
        return Ev(of=children[0].value, about=children[0].about)

    def anyof(self, children: Sequence[Value]) -> Ev:
        of = dict.fromkeys(code for word in children for code in word.value)
        return Ev(of=tuple(of), about=tuple(one for word in children for one in word.about))

    def heard(self, children: Sequence[Value]) -> Node:
        (event,) = kind(children, Ev)
        return Heard(events=list(event.of))

    def window(self, children: Sequence[Value]) -> Window:
        found = _window(children[0])
        if _HOURS.search(children[0].text):
            self._hours.add(found)
        return found

    def span(self, children: Sequence[Value]) -> Window:
        return _window(children[0])

    def quant(self, children: Sequence[Value]) -> Quant:
        times = _few(the_word(children, "TIMES"))
        sign, up = the_word(children, "CMP"), the_word(children, "UP")
        if times is None or not times.value:
            raise ask(
                "count", "次数要写大于零的整数", "a number of times is a whole number above zero",
                at=times.text if times else "", choices=["1次", "3次"],
            )  # fmt: skip
        if sign is not None:
            return Quant(op=str(sign.value), n=cast("int", times.value))
        below = up is not None and up.text.endswith("下")
        return Quant(op="<=" if below else ">=", n=cast("int", times.value))

    def count(self, children: Sequence[Value]) -> Node:
        (event,) = kind(children, Ev)
        nth = _few(the_word(children, "NTH"))
        quant = Quant(op="==", n=cast("int", nth.value)) if nth is not None else kind(children, Quant)[0]
        windows = kind(children, Window)
        if len(windows) > 1:
            raise ask("window", "只能写一个时间范围", "write one window", choices=["30天内", "12轮内"])
        window = windows[0] if windows else None
        per = self._per(event, window)
        days = window is not None and window.unit == "days"
        if days and quant.op in ("<", "<="):
            raise ask(
                "anchor",
                "“不到几次”没有发生的那一刻，设备不知道什么时候该提醒；请说明从哪件事算起",
                "there is no moment at which something has happened less often; say from when",
                choices=["客户投诉之后30天内没有……"],
            )
        said = the_word(children, "DISTINCT")
        distinct = _DISTINCT[said.text if said is not None else "每通对话只算一次" if days else "每次都算"]
        without = [code for mid in kind(children, Mid) for code in mid.of]
        return Count(
            of=list(event.of),
            op=cast("Anything", quant.op),
            n=quant.n,
            window=window,
            per=per,
            distinct=distinct,
            without=without,
        )

    def _per(self, event: Ev, window: Window | None) -> Anything:
        same, who = the_word(event.about, "PER"), the_word(event.about, "WHO")
        here = the_word(event.about, "CONV") is not None
        if window in self._hours and same is None and not here:
            days = window.n if window.unit == "days" else math.ceil(window.n / _DAY)
            raise ask(
                "window",
                "几小时内的次数，是同一通对话里的，还是这几天里同一客户的？",
                "counted over hours: in one conversation, or over days for the same customer?",
                at=self._book.label(event.of),
                choices=["同一通对话里", f"{plain(days)}天内同一客户"],
            )
        if window is None or window.unit != "days":
            if same is not None and window is None and not here:
                raise ask(
                    "window",
                    f"“{same.text}”在多长时间内？",
                    "within which time? a person is met more than once",
                    at=same.text,
                    choices=["30天内", "7天内", "同一通对话里"],
                )
            if same is not None and window is not None and window.unit == "minutes":
                raise ask(
                    "window",
                    f"“{same.text}”的次数按天算；几小时内只数一通对话里的",
                    "a person's counts are over days; hours are counted inside one conversation",
                    at=same.text,
                    choices=["1天内", "同一通对话里"],
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
            at=self._book.label(event.of),
            choices=["同一客户", "同一销售"],
        )

    def mid(self, children: Sequence[Value]) -> Mid:
        return Mid(of=kind(children, Ev)[0].of)

    def opportunity(self, children: Sequence[Value]) -> Chance:
        turns = _few(the_word(children, "TURNS"))
        return Chance(of=kind(children, Ev)[0].of, turns=cast("int", turns.value) if turns is not None else None)

    def row(self, children: Sequence[Value]) -> Node:
        (event,) = kind(children, Ev)
        times = _few(the_word(children, "TIMES"))
        n = cast("int", times.value) if times is not None else 0
        if n < 2:
            raise ask("count", "连续几次？请写不小于2的整数", "how many in a row? two or more", choices=["连续2次", "连续3次"])
        chances, mids = kind(children, Chance), kind(children, Mid)
        shape = self._book.rows.get(frozenset(event.of))
        bare = the_word(children, "EACHTURN") is not None
        opportunity, turns = (list(chances[0].of), chances[0].turns) if chances else ([], None)
        if shape is not None and not chances and not bare:
            opportunity, turns = list(shape.opportunity), shape.within_turns
        reset = [code for mid in mids for code in mid.of]
        if shape is not None and not mids and the_word(children, "NOBREAK") is None:
            reset = list(shape.reset_by)
        return Row(of=list(event.of), n=n, opportunity=opportunity, within_turns=turns, reset_by=reset)

    def first(self, children: Sequence[Value]) -> Node:
        return First(of=list(kind(children, Ev)[0].of))

    # -- what does not come

    def absent(self, children: Sequence[Value]) -> Value:
        (event,) = kind(children, Ev)
        heads = kind(children, Head)
        if heads:
            return Absent(of=list(event.of), until=cast("Anything", heads[0].until), n=heads[0].n)
        return Absent(of=list(event.of)) if the_word(children, "END") is not None else Pending(of=event.of)

    def loose(self, children: Sequence[Value]) -> Pending:
        return Pending(of=kind(children, Ev)[0].of, window=kind(children, Window)[0])

    def head(self, children: Sequence[Value]) -> Head:
        word = children[0]
        if word.kind == "DUR" and word.value > _DAY:
            raise _too_long(word.text)
        if word.kind == "TURNS":
            _few(word)
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

    def not_before_first(self, children: Sequence[Value]) -> Node:
        return msgspec.structs.replace(_near(children, "before", absent=True), first_only=True)

    def without_before(self, children: Sequence[Value]) -> Node:
        missing, anchor = kind(children, Ev)
        return Near(anchor=list(anchor.of), side="before", of=list(missing.of), absent=True)

    def around(self, children: Sequence[Value]) -> Node:
        return _near(children, "around")

    def not_around(self, children: Sequence[Value]) -> Node:
        return _near(children, "around", absent=True)


def _few(word: Word | None) -> Word | None:
    if word is not None and cast("int", word.value) > MOST:
        raise ask("count", f"不能超过{MOST}", f"no more than {MOST}", at=word.text, choices=["3次", "12轮内"])
    return word


def _too_long(said: str) -> Asked:
    return ask(
        "window", f"时间太长；历史最多{MOST_DAYS}天，开场最多1天", f"at most {MOST_DAYS} days, and one day for an opening",
        at=said, choices=["30天内", "365天内"],
    )  # fmt: skip


def _window(word: Word) -> Window:
    if word.kind == "TURNS":
        _few(word)
        if not word.value:
            raise ask(
                "count", "轮数要写大于零的整数", "a number of turns is a whole number above zero", at=word.text, choices=["3轮内"]
            )  # fmt: skip
        return Window(n=float(cast("int", word.value)), unit="turns")
    minutes = float(cast("float", word.value))
    if minutes <= 0:
        raise ask("window", "时间要大于零", "a length of time is above zero", at=word.text, choices=["2小时内", "30天内"])
    if minutes > MOST_DAYS * _DAY:
        raise _too_long(word.text)
    return Window(n=minutes / _DAY, unit="days") if minutes % _DAY == 0 else Window(n=minutes, unit="minutes")


def _near(children: Sequence[Value], side: Anything, *, absent: bool = False) -> Near:
    anchor, other = kind(children, Ev)
    windows = kind(children, Window)
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
