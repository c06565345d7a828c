"""From rules to event models: an ordinary kind of the catalogue where one says the same, else a `composite` that holds the tree.

The event is `rule.<id>`; its layer is the strongest of the actions, its severity follows from that. It is said to be by whoever
does what the rule is about. A rule that is read is checked like any other event.
"""

from collections.abc import Callable
from typing import Final, Literal

from edge_agent.lexicon.model import Event, Lexicon, RuleRow, Temporal
from edge_agent.lexicon.when import leaves
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.reading import read
from edge_agent.rulebook.tree import (
    RANK,
    Absent,
    All,
    Clock,
    Count,
    Fact,
    First,
    Heard,
    Near,
    Node,
    Row,
    Rule,
    Window,
    negated,
    normal,
)

Kind = Literal["first", "repeat", "sequence", "absence"]
Plain = tuple[Kind, Temporal]

_SEVERITY: Final[dict[str, Literal["info", "notice", "warning", "critical"]]] = {
    "none": "info", "tip": "notice", "alert": "warning", "escalate": "critical", "intercept": "critical",
}  # fmt: skip


def compiler() -> Callable[[Lexicon, RuleRow], Event]:
    """What `lexicon.load` needs to make events of rules; one vocabulary serves all of them."""
    books: list[Book] = []

    def make(lexicon: Lexicon, row: RuleRow) -> Event:
        if not books or books[0].lexicon is not lexicon:
            books[:] = [Book(lexicon)]
        found = read(row.text, books[0])
        if found.rule is None:
            question = found.question
            assert question is not None
            raise ValueError(f"{question.zh} ({question.en})", " / ".join(question.choices) or "see lexicons/README.md")
        return event(row, found.rule, books[0])

    return make


def event(row: RuleRow, rule: Rule, book: Book) -> Event:
    """The event model of one rule."""
    node = condition(rule)
    found = plain(node)
    layer = max((action.layer for action in rule.then), key=RANK.__getitem__)
    return Event(
        id=row.code,
        version=row.version,
        zh=row.zh or row.text[:64],
        en=row.en or row.id,
        definition=row.text,
        speaker=_speaker(node, book),
        kind=found[0] if found is not None else "composite",
        temporal=found[1] if found is not None else Temporal(),
        when=None if found is not None else node,
        severity=_SEVERITY[layer],
        layer=layer,
        examples=row.examples,
    )


def condition(rule: Rule) -> Node:
    """`when` without what excuses it."""
    return rule.when if rule.unless is None else normal(All(parts=[rule.when, negated(rule.unless)]))


def plain(node: Node) -> Plain | None:  # noqa: PLR0911 - one way for each node
    """The kind and temporal keys that say the same as this node, if the catalogue has them."""
    match node:
        case Heard():
            return "repeat", Temporal(of=node.events, count=1, scope="conversation")
        case First():
            return "first", Temporal(of=node.of, first_in="conversation")
        case Row():
            return "repeat", Temporal(
                of=node.of, n_in_a_row=node.n, opportunity=node.opportunity or None, within_turns=node.within_turns,
                reset_by=node.reset_by or None,
            )  # fmt: skip
        case Count():
            return _counted(node)
        case Absent():
            if node.until == "turn":
                return "absence", Temporal(of=node.of, until_turn=node.n)
            return "absence", Temporal(of=node.of, until_s=node.n) if node.n else Temporal(of=node.of, until="end")
        case Near():
            return _near(node)
        case _:
            return None


def over_days(node: Node) -> bool:
    """Whether a leaf looks beyond the conversation; what is only waited for (so many hours without) does too."""
    match node:
        case Count():
            return node.window is not None and node.window.unit == "days"
        case Near():
            days = node.within is not None and node.within.unit == "days"
            waits = node.absent and node.side == "after" and node.within is not None and node.within.unit != "turns"
            return days or waits
        case _:
            return False


def _counted(node: Count) -> Plain | None:
    window = node.window
    if node.op not in (">=", ">", "==") or (window is not None and window.unit == "minutes"):
        return None
    days = window is not None and window.unit == "days"
    if node.op == "==" and not days:
        return None
    return "repeat", Temporal(
        of=node.of,
        count=node.n + (node.op == ">"),
        scope="conversation" if window is None else None,
        window_turns=int(window.n) if window is not None and not days else None,
        window_days=int(window.n) if window is not None and days else None,
        per=node.per if days else None,
        distinct=node.distinct or None,
        reset_by=node.without or None,
    )


def _near(node: Near) -> Plain | None:
    window = node.within
    turns = int(window.n) if window is not None and window.unit == "turns" else None
    timed = window is not None and window.unit != "turns"
    if node.side == "after" and node.absent:
        return "sequence", Temporal(
            after=node.anchor, not_followed_by=node.of, within_turns=turns, within_h=_hours(window) if timed else None
        )  # fmt: skip
    if timed or node.side == "around" or (node.side == "before" and node.absent and window is not None):
        return None
    if node.absent:
        return "sequence", Temporal(after=node.anchor, not_preceded_by=node.of, first_only=node.first_only)
    first, then = (node.anchor, node.of) if node.side == "after" else (node.of, node.anchor)
    return "sequence", Temporal(after=first, followed_by=then, within_turns=turns)


def _hours(window: Window | None) -> float:
    assert window is not None
    return window.n * 24 if window.unit == "days" else window.n / 60


def _speaker(node: Node, book: Book) -> Literal["rep", "customer", "either", "none"]:
    """Whose doing the rule is about: of the first thing said that is heard, or that should have been."""
    parts = [leaf for leaf in leaves(node) if not isinstance(leaf, Fact | Clock)]
    parts.sort(key=lambda leaf: isinstance(leaf, Absent))
    if not parts:
        return "none"
    codes = getattr(parts[0], "events", None) or getattr(parts[0], "of", [])
    sides = {book.events[code].speaker for code in codes}
    return sides.pop() if len(sides) == 1 else "either"
