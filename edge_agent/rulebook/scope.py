"""What a sentence leaves open before it is parsed: how far a "not" or a number of times reaches, "and" beside "or".

A 没有 before 或, 和 or 且 may reach over the next event too: brackets, another 没有, a subject of its own or 有 say which.
A long mixture of 且 and 或 is asked about at once, because its readings double with every word.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from edge_agent.rulebook.questions import ask

if TYPE_CHECKING:
    from edge_agent.rulebook.words import Word

MOST_JOINED: Final = 12
"""Connectives in one sentence."""
_MOST_MIXED: Final = 4
"""Up to here the readings of a mixture are worked out and offered."""
_JOINING: Final = frozenset({"_AND", "_OR", "_DUNAND"})
_CONTRARY: Final = frozenset({"但", "但是", "而", "不过"})
_ITSELF: Final = frozenset({"有", "却", "仍", "仍然", "继续", "又", "已", "已经"})
"""Small words after which what follows is said to be so."""
_SPANS: Final = frozenset({"DUR", "TURNS", "_INSIDE", "_RECENT", "_START", "_BEFORE", "SKIP", "WHO", "PER", "CONV"})
_GOES_ON: Final = frozenset(
    {"_AFTER", "_BEFORE", "_AROUND", "_ROW", "_ANYOF", "_DUN", "CMP", "TIMES", "DUR", "TURNS", "UP", "NTH"}
)
"""After these an event is part of something longer."""
_ACTS: Final = frozenset({"NOTIFY", "ESCALATE", "BLOCK", "RECORD"})


def refuse(words: "Sequence[Word]") -> None:
    """`words` still hold those that carry no meaning.

    Raises:
        Asked: `reading`, `too-long`.
    """
    joined = [word for word in words if word.kind in _JOINING]
    if len(joined) > MOST_JOINED:
        raise ask(
            "too-long",
            f"一条规则里的“且”“或”不超过 {MOST_JOINED} 个，请拆成几条",
            f"a rule joins its conditions at most {MOST_JOINED} times; write several rules",
            choices=["拆成几条规则"],
        )
    for place, word in enumerate(words):
        if word.kind == "NOT":
            _reach(words, place)
        elif word.kind == "EVENT":
            _counted(words, place)
    if len(joined) > _MOST_MIXED and any("_AND" in group and "_OR" in group for group in _groups(words)):
        raise ask(
            "reading",
            "“且”和“或”混在一起，先算哪个？请加括号",
            "`and` and `or` stand side by side; say with brackets which goes first",
            choices=["（A或B）且C", "A或（B且C）"],
        )


def _reach(words: "Sequence[Word]", place: int) -> None:
    denied = _next(words, place + 1, _SPANS)
    joint = _next(words, denied + 1, frozenset({"SKIP", "_C"}))
    if not (_is(words, denied, "EVENT") and joint < len(words) and words[joint].kind in _JOINING):
        return
    other = joint + 1
    while _is(words, other, "SKIP") and words[other].text not in _ITSELF:
        other += 1
    if words[joint].text in _CONTRARY or not _is(words, other, "EVENT"):
        return
    then = _next(words, other + 1, frozenset({"SKIP"}))
    if then < len(words) and words[then].kind in _GOES_ON:
        return
    no, one, link, more = words[place].text, words[denied].text, words[joint].text, words[other].text
    both = "或" if words[joint].kind == "_OR" else "且"
    raise ask(
        "reading",
        f"“{no}”也管“{more}”吗？",
        f"does `{no}` reach over `{more}` as well?",
        at=f"{no}{one}{link}{more}",
        choices=[f"没有（{one}或{more}）", f"没有{one}，{'或者' if both == '或' else '并且'}有{more}"],
    )


def _counted(words: "Sequence[Word]", place: int) -> None:
    """A或B不少于3次, 3次A或B, A不少于3次或B: which of the two is counted."""
    before = words[place - 1].kind if place else ""
    end = _quantity(words, place + 1)
    joint = _next(words, end, frozenset({"SKIP", "_C"}))
    if joint >= len(words) or words[joint].kind not in _JOINING:
        return
    other = joint + 1
    while _is(words, other, "SKIP") and words[other].text not in _ITSELF:
        other += 1
    if not _is(words, other, "EVENT"):
        return
    after = _quantity(words, other + 1)
    then = _next(words, after, frozenset({"SKIP"}))
    own = end > place + 1 or before in ("TIMES", "NTH")
    both = after > other + 1
    if then < len(words) and words[then].kind in _GOES_ON:
        return
    one, more, link = words[place].text, words[other].text, words[joint].text
    over = _over_time(words, place)
    if own and both and over >= 0:
        whose = next((word.text for word in words[over:place] if word.kind == "PER"), "同一客户")
        raise ask(
            "window",
            f"“{more}”也在这段时间里数吗？",
            f"is `{more}` counted over the same time?",
            at=more,
            choices=[f"{words[over].text}内{whose}{more}", f"同一通对话里{more}"],
        )
    if own == both or (own and before not in ("TIMES", "NTH") and over < 0):
        return  # 嫌贵不超过1次且成交: it stands behind its own event
    leading = before in ("TIMES", "NTH")
    counts = words[place - 1 : place] if leading else words[place + 1 : end] if own else words[other + 1 : after]
    often = "".join(word.text for word in counts)
    counted, alone = (one, more) if own else (more, one)
    raise ask(
        "reading",
        f"“{often}”是只算一个，还是“{one}”和“{more}”都算？",
        f"does `{often}` count one of the two, or both?",
        at="".join(word.text for word in words[place - leading : after]),
        choices=[
            f"{often}（{one}或{more}）" if leading else f"（{one}或{more}）{often}",
            f"{often}{counted}{link}有{alone}" if leading else f"{counted}{often}{link}有{alone}",
        ],
    )


def _over_time(words: "Sequence[Word]", place: int) -> int:
    """Where the 30天 of 30天内 stands before the event here; -1 = nowhere."""
    while place and words[place - 1].kind in ("SKIP", "WHO", "PER", "CONV", "_INSIDE"):
        place -= 1
    return place - 1 if place and words[place - 1].kind == "DUR" else -1


def _quantity(words: "Sequence[Word]", place: int) -> int:
    """Behind 不少于3次, 3次以上 or 3次 that stands here."""
    end = _next(words, place, frozenset({"SKIP", "CMP"}))
    if not _is(words, end, "TIMES"):
        return place
    return end + 2 if _is(words, end + 1, "UP") else end + 1


def _groups(words: "Sequence[Word]") -> Iterator[set[str]]:
    """Which connectives stand between the conditions of one pair of brackets, or of the whole condition."""
    open_: list[set[str]] = [set()]
    listed = acting = False
    for place, word in enumerate(words):
        if word.kind in ("_WHEN", "_UNLESS"):
            yield from open_
            open_, acting = [set()], False
        elif word.kind in _ACTS:
            acting = True
        elif word.kind == "_LPAR":
            open_.append(set())
        elif word.kind == "_RPAR" and len(open_) > 1:
            yield open_.pop()
        elif word.kind in _JOINING and not acting and not listed and not _is(words, place + 1, "_MID"):
            open_[-1].add("_OR" if word.kind == "_OR" else "_AND")
        listed = word.kind == "_DUN" or (listed and word.kind in ("EVENT", "SKIP", "WHO"))  # A、B或C is one thing
    yield from open_


def _next(words: "Sequence[Word]", place: int, passing: frozenset[str]) -> int:
    while place < len(words) and words[place].kind in passing:
        place += 1
    return place


def _is(words: "Sequence[Word]", place: int, kind: str) -> bool:
    return place < len(words) and words[place].kind == kind
