"""What a rule is: a condition, what may excuse it, and what is done. One tree for every sentence, in one normal form.

The conditions are `lexicon.when`; this adds the rule around them. Two sentences that mean the same have the same tree, because
`normal` flattens what is nested for nothing and gives each meaning one shape.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge_agent.lexicon.when import Absent, All, Any, Clock, Count, Fact, First, Heard, Near, Node, Not, Row, Window, leaves

Layer = Literal["none", "tip", "alert", "escalate", "intercept"]
To = Literal["", "rep", "manager", "compliance"]

LATEST_S: Final = 30 * 86_400
"""Nothing is put off for longer."""
RANK: Final[dict[str, int]] = {"none": 0, "tip": 1, "alert": 2, "escalate": 3, "intercept": 4}
"""Layers from the mildest to the strongest."""


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done and for whom. `within_s`: no later than that after it was known; 0 = at once, None = not said."""

    layer: Layer
    to: To = ""
    within_s: Annotated[int, Meta(ge=0, le=LATEST_S)] | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`when` holds and `unless` does not: then all of `then`."""

    when: Node
    then: Annotated[list[Action], Meta(min_length=1)]
    unless: Node | None = None


def excuse_has_two_times(rule: Rule) -> bool:
    """Whether "unless that happened" could mean in the days that are counted, or in the conversation that completes the count."""
    if rule.unless is None or not any(isinstance(leaf, Heard) for leaf in leaves(rule.unless)):
        return False
    counts = (leaf for leaf in leaves(rule.when) if isinstance(leaf, Count))
    return any(count.window is not None and count.window.unit == "days" for count in counts)


def excuse_waits(rule: Rule) -> bool:
    """Whether what excuses could still come until the talk ends, so that the rule is judged only then."""
    if rule.unless is None:
        return False
    return any(not isinstance(leaf, Fact | Clock) and leaf != Absent(of=getattr(leaf, "of", [])) for leaf in leaves(rule.unless))


def normal(node: Node) -> Node:
    """The one shape of this meaning: flat and/or, events of an "or" in one list, no double negation."""
    match node:
        case All():
            return _all([normal(part) for part in node.parts])
        case Any():
            return _any([normal(part) for part in node.parts])
        case Not():
            return negated(normal(node.part))
        case _:
            return node


def negated(node: Node) -> Node:
    """The contrary of a normal node."""
    match node:
        case Not():
            return node.part
        case Heard():
            return Absent(of=node.events)
        case Absent(until="end"):
            return Heard(events=node.of)
        case Fact(op="==", value=bool()):
            return Fact(name=node.name, op="==", value=not node.value, unit=node.unit)
        case Fact() if node.op in _CONTRARY:
            return Fact(name=node.name, op=_CONTRARY[node.op], value=node.value, unit=node.unit)
        case _:
            return Not(part=node)


def _all(parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else [part]
    flat = _once(flat)
    return All(parts=flat) if len(flat) > 1 else flat[0]


def _any(parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, Any) else [part]
    heard = [event for part in flat if isinstance(part, Heard) for event in part.events]
    merged: list[Node] = []
    for part in flat:
        if not isinstance(part, Heard):
            merged.append(part)
        elif not any(isinstance(m, Heard) for m in merged):
            merged.append(Heard(events=list(dict.fromkeys(heard))))
    merged = _once(merged)
    return Any(parts=merged) if len(merged) > 1 else merged[0]


def _once(parts: list[Node]) -> list[Node]:
    return [part for place, part in enumerate(parts) if part not in parts[:place]]


_CONTRARY: Final[dict[str, Literal[">=", ">", "<=", "<"]]] = {">=": "<", ">": "<=", "<=": ">", "<": ">="}

__all__ = [
    "RANK", "Absent", "Action", "All", "Any", "Clock", "Count", "Fact", "First", "Heard", "Layer", "Near", "Node", "Not", "Row",
    "Rule", "To", "Window", "negated", "normal",
]  # fmt: skip
