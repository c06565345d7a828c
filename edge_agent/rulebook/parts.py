"""What the pieces of a sentence are before they are a tree: an event with whose it is, a number of times, a pending "not"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any as Anything

from edge_agent.rulebook.tree import Node, Window
from edge_agent.rulebook.words import Word

Value = Anything
"""A word, one of these, or a node."""


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
    about: tuple[Word, ...] = ()


def kind(children: Sequence[Value], wanted: type) -> list[Anything]:
    return [c for c in children if isinstance(c, wanted)]


def the_word(children: Sequence[Value], kind: str) -> Word | None:
    return next((c for c in children if isinstance(c, Word) and c.kind == kind), None)
