"""The conditions of a rule as a closed tree: what must be heard, counted, missing, near, known of the customer, or the hour.

Rules: event lists mean "any of these" and hold ids of the catalogue; limits are inclusive; no `Window` = the whole conversation.
`>` and `<` are kept as they were said. What each node means in time is the catalogue's README, word for word.
Not here: reading and saying them (rulebook), running them (tagging).
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Events = Annotated[list[Annotated[str, Meta(pattern=r"^[a-z]+\.[a-z0-9_]+$(?!\n)", max_length=64)]], Meta(min_length=1)]
Sign = Literal[">=", ">", "==", "<=", "<"]
MOST: Final = 10_000
"""Times, and turns."""
MOST_DAYS: Final = 3660
Positive = Annotated[int, Meta(ge=1, le=MOST)]


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many turns, minutes or days; whole days are never written as minutes."""

    n: Annotated[float, Meta(gt=0, le=MOST_DAYS * 1440)]
    unit: Literal["turns", "minutes", "days"]


class Heard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="event"):
    """One of these events came about."""

    events: Events


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="count"):
    """So many hits of `of` in the window, none of `without` between them. `==` is the n-th hit.

    `per` is whose hits are pooled (days only); `distinct` takes one hit per conversation, or per known topic.
    """

    of: Events
    n: Positive
    op: Sign = ">="
    window: Window | None = None
    per: Literal["conversation", "account", "rep"] = "conversation"
    distinct: Literal["", "conversation", "topic"] = ""
    without: list[str] = []


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="row"):
    """`n` in a row. With `opportunity`: each opens a trial, `of` within the turns is one; `reset_by` starts again from zero."""

    of: Events
    n: Positive
    opportunity: list[str] = []
    within_turns: Positive | None = None
    reset_by: list[str] = []


class First(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="first"):
    """The earliest hit in the conversation."""

    of: Events


class Absent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="absent"):
    """None of these by the end of the conversation, by the `n`-th turn, or by second `n`."""

    of: Events
    until: Literal["end", "turn", "second"] = "end"
    n: Annotated[int, Meta(ge=1, le=86_400)] | None = None


class Near(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="near"):
    """`of` (or with `absent`: none of it) after, before or around `anchor`, within the window.

    `first_only`: only the first anchor is looked at (what is absent before it).
    """

    anchor: Events
    side: Literal["after", "before", "around"]
    of: Events
    absent: bool = False
    first_only: bool = False
    within: Window | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="fact"):
    """Something known that is not talk, compared. A fact that was not delivered is unknown: the condition does not hold."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$(?!\n)", max_length=64)]
    op: Sign
    value: float | bool
    unit: str = ""


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="clock"):
    """When the conversation began, in the box's own time: weekdays 1 (Monday) to 7, and minutes of the day, the last excluded.

    `from_minute` > `to_minute` goes over midnight. No days = every day.
    """

    days: list[Annotated[int, Meta(ge=1, le=7)]] = []
    from_minute: Annotated[int, Meta(ge=0, le=1440)] | None = None
    to_minute: Annotated[int, Meta(ge=0, le=1440)] | None = None


class All(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="all"):
    parts: "Annotated[list[Node], Meta(min_length=2)]"


class Any(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="any"):
    parts: "Annotated[list[Node], Meta(min_length=2)]"


class Not(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="node", tag="not"):
    part: "Node"


Node = Heard | Count | Row | First | Absent | Near | Fact | Clock | All | Any | Not


def leaves(node: Node) -> Iterator[Node]:
    """Every node that is no and/or/not, in the order it was said."""
    match node:
        case All() | Any():
            for part in node.parts:
                yield from leaves(part)
        case Not():
            yield from leaves(node.part)
        case _:
            yield node


def named(node: Node) -> list[str]:
    """Every event the tree refers to, in order, once."""
    found: dict[str, None] = {}
    for leaf in leaves(node):
        for key in ("events", "of", "anchor", "opportunity", "reset_by", "without"):
            found.update(dict.fromkeys(getattr(leaf, key, ())))
    return list(found)
