"""Measured conditions such as `rep_talk_ratio > 0.75`: read once, judged against a table of facts.

A missing operand gives no verdict (None), never 0: what was not measured is not known.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Fact = float | bool

OPERATORS: Final[dict[str, Callable[[Fact, Fact], bool]]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne
}  # fmt: skip


class BadCondition(ValueError):
    """The condition is not `name operator value`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`left` names a fact; `right` is a number, true/false, or the name of another fact."""

    left: str
    sign: str
    right: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.left,) if _constant(self.right) is not None else (self.left, self.right)

    def holds(self, facts: Mapping[str, Fact]) -> bool | None:
        """The verdict, or None when an operand is missing."""
        right = _constant(self.right)
        if right is None:
            right = facts.get(self.right)
        left = facts.get(self.left)
        return None if left is None or right is None else OPERATORS[self.sign](left, right)


def parse(text: str) -> Condition:
    """Read `name operator value`."""
    words = text.split()
    if len(words) != 3 or words[1] not in OPERATORS or not words[0].isidentifier():
        raise BadCondition(f"`{text}` is not a condition")
    if _constant(words[2]) is None and not words[2].isidentifier():
        raise BadCondition(f"`{text}`: `{words[2]}` is neither a number nor a name")
    return Condition(left=words[0], sign=words[1], right=words[2])


def holds(every: Sequence[Condition], some: Sequence[Condition], facts: Mapping[str, Fact]) -> bool | None:
    """All of `every` and, if given, at least one of `some`; None when an operand that decides is missing."""
    verdicts = [c.holds(facts) for c in every]
    if False in verdicts:
        return False
    options = [c.holds(facts) for c in some]
    if None in verdicts or (some and True not in options and None in options):
        return None
    return not some or True in options


def _constant(text: str) -> Fact | None:
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return None
