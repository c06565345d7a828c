"""An engine's state as bytes and back: closed JSON of codes, numbers and offsets, never a word that was said.

A part of the state is a table of attributes. Values are plain ones, containers of them, and the few types of `_TYPES`; anything
else is refused when it is written, so that a new rule which keeps something else shows at once. Hits are kept once and referred
to by number: rules tell them apart by identity. A state belongs to its event models: read under others it is refused.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import sha256
from math import isfinite
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from edge_agent.domain.tags import Evidence, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import BadInput
from edge_agent.tagging import gauges
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import Rule
from edge_agent.tagging.rules.parts import Verdict
from edge_agent.tagging.rules.waiting import Item
from edge_agent.tagging.turns import Turn, asks

FORMAT: Final = "edge-agent/talk-state/1"
_PLAIN: Final = frozenset({type(None), bool, int, float, str})
_TYPES: Final[dict[str, Any]] = {one.__name__: one for one in (Evidence, Item, Turn, Verdict, *gauges.PARTS)}
_CONTAINERS: Final[dict[str, Any]] = {"list": list, "tuple": tuple, "deque": deque, "set": set, "frozenset": frozenset}
_ENUMS: Final[dict[str, Any]] = {"Speaker": Speaker, "Status": Status}
Part = Mapping[str, Any]


class _State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    models: str
    hits: list[list[Any]]
    parts: list[list[tuple[str, Any]]]


def changed(now: object, fresh: object) -> Part:
    """The attributes in which an object differs from a fresh one; a rule inside it is an object of its own."""
    before = _attributes(fresh)
    return {
        name: value for name, value in _attributes(now).items()
        if value is not before[name] and not isinstance(value, Rule) and value != before[name]
    }  # fmt: skip


def put(target: object, part: Part) -> None:
    """Give an object the attributes of a part; BadInput for one that it does not have."""
    if not part.keys() <= _attributes(target).keys():
        raise _refused()
    fresh = _attributes(target)
    if not all(_replaces(value, fresh[name]) for name, value in part.items()):
        raise _refused()
    for name, value in part.items():
        setattr(target, name, value)


def write(parts: Sequence[Part], models: Mapping[str, str]) -> bytes:
    """The bytes of all parts, for engines with these event models (id -> digest).

    Raises:
        TypeError: a rule keeps what cannot be kept.
        BadInput: "not-a-state": a number in it is none.
    """
    writer = _Writer()
    tables = [[(name, writer.value(value)) for name, value in part.items()] for part in parts]
    return msgspec.json.encode(_State(format=FORMAT, models=_digest(models), hits=writer.hits, parts=tables))


def read(state: bytes, models: Mapping[str, str], *, parts: int) -> list[Part]:
    """The parts again; their number must be that.

    Raises:
        BadInput: "not-a-state", "other-models".
    """
    try:
        given = msgspec.json.decode(state, type=_State)
        reader = _Reader(given.hits)
        found: list[Part] = [{name: reader.value(value) for name, value in table} for table in given.parts]
    except (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise _refused() from error
    if given.format != FORMAT or len(found) != parts:
        raise _refused()
    if given.models != _digest(models):
        raise BadInput("other-models", "that state belongs to other event models", remedy=_REMEDY, zh="规则已变更，请重新开始")
    return found


class _Writer:
    """Plain values as they are, all others as {name of the type: content}."""

    def __init__(self) -> None:
        self.hits: list[list[Any]] = []
        self._places: dict[int, int] = {}

    def value(self, value: Any) -> Any:
        if isinstance(value, float) and not isfinite(value):
            raise _refused()  # JSON would make it null
        return value if type(value) in _PLAIN else {type(value).__name__: self._content(value)}

    def _content(self, value: Any) -> Any:
        kind = type(value).__name__
        if kind == "Hit":
            return self._place(value)
        if kind == "Utterance":
            return [value.start_ms, value.end_ms, value.speaker.value, value.confidence, value.backchannel, asks(value.text)]
        if kind in _ENUMS:
            return value.value
        if kind == "dict":
            return [(self.value(key), self.value(one)) for key, one in value.items()]
        if kind not in _CONTAINERS and kind not in _TYPES:
            raise TypeError(f"a rule keeps a {kind}, which cannot be saved")
        return [self.value(one) for one in (value if kind in _CONTAINERS else _attributes(value).values())]

    def _place(self, hit: Hit) -> int:
        if id(hit) not in self._places:
            self._places[id(hit)] = len(self.hits)
            self.hits.append([])
            self.hits[self._places[id(hit)]] = [self.value(one) for one in _attributes(hit).values()]
        return self._places[id(hit)]


class _Reader:
    """The way back."""

    def __init__(self, hits: Sequence[Sequence[Any]]) -> None:
        self._hits: list[Hit] = []
        for written in hits:
            self._hits.append(_made(Hit, [self.value(one) for one in written]))

    def value(self, value: Any) -> Any:
        if type(value) in _PLAIN:
            return value
        ((kind, content),) = value.items()
        if kind == "Hit":
            return self._hits[content if type(content) is int and content >= 0 else len(self._hits)]
        if kind == "Utterance":
            said = _said(*content)
            if not _well_typed(said):
                raise _refused()
            return said
        if kind in _ENUMS:
            return _ENUMS[kind](content)
        if kind == "dict":
            return {self.value(key): self.value(one) for key, one in content}
        values = [self.value(one) for one in content]
        return _CONTAINERS[kind](values) if kind in _CONTAINERS else _made(_TYPES[kind], values)


def _said(start_ms: int, end_ms: int, speaker: str, confidence: float, *marks: bool) -> Utterance:
    """What was said last, of which only matters whether it asked."""
    backchannel, asked = marks
    return Utterance(
        start_ms=start_ms, end_ms=end_ms, speaker=Speaker(speaker), confidence=confidence, backchannel=backchannel,
        text="？" if asked else "",
    )  # fmt: skip


def _attributes(value: object) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)} if is_dataclass(value) else vars(value)


def _made(kind: Any, content: Sequence[Any]) -> Any:
    made = kind(**dict(zip((field.name for field in fields(kind)), content, strict=True)))
    if not _well_typed(made):
        raise _refused()
    return made


def _well_typed(made: Any) -> bool:
    return all(_fits(getattr(made, name), hint) for name, hint in _hints(made.__class__).items())


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type, elements included; an int is a float, and true is no int."""
    origin, of = get_origin(hint), get_args(hint)
    if hint is Any or origin in (Union, UnionType):
        return hint is Any or any(_fits(value, one) for one in of)
    if origin is None:
        plain = (int, float) if hint is float else (hint,)
        return type(value) in plain if hint in _PLAIN else isinstance(value, hint)
    if not isinstance(value, origin):
        return False
    if isinstance(value, Mapping):
        return all(_fits(key, of[0]) and _fits(one, of[1]) for key, one in value.items())
    if isinstance(value, tuple) and of[-1] is not Ellipsis:
        return len(value) == len(of) and all(_fits(one, each) for one, each in zip(value, of, strict=True))
    return all(_fits(one, of[0]) for one in value)


def _replaces(value: object, fresh: object) -> bool:
    """Whether an attribute may have become that: nothing, something of its kind, or anything where there was nothing."""
    if value is None or fresh is None:
        return True
    if type(fresh) in _PLAIN:
        return type(value) in _PLAIN and (isinstance(value, str) is isinstance(fresh, str))
    return type(value) is type(fresh)


def _digest(models: Mapping[str, str]) -> str:
    return sha256(msgspec.json.encode(sorted(models.items()))).hexdigest()


def _refused() -> BadInput:
    return BadInput("not-a-state", "that is no state of a talk", remedy=_REMEDY, zh="会话状态无法读取")


_REMEDY: Final = "begin the talk anew"
