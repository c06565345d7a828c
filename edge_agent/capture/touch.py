"""A touch document (`edge-agent/touch/1`): JSON by which another system says what happened without a recording.

The schema (`touch_form`) is closed, and ALL mistakes are told at once, each by its place and what is expected there; no message
repeats a value, which may be what somebody wrote. `rep` and `customer` are codes by which the store knows a person: they become
keyed pseudonyms here, as with a sidecar, and what is sealed (`domain.touch.Touch`) holds neither. Of the sender's id a keyed
digest is kept, by which a second document under the same id is known. Facts are the measured operands that the event models in
force know (`Names`), each a number or true/false as they ask.

Parsed in this process, not in the sandbox: a document is at most `MAX_BYTES` of text, and both readers of it refuse deep nesting
(RecursionError), NaN, numbers beyond a double, and what is no UTF-8. A key that is given twice is refused, never chosen from.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from edge_agent.capture.sidecar import Mistake, Pseudonym
from edge_agent.capture.touch_faults import Names, mistakes
from edge_agent.capture.touch_form import TouchDocument
from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.touch import Message, Touch
from edge_agent.errors import BadInput

MAX_BYTES: Final = 256 * 1024
_MOST_MISTAKES: Final = 40


class Faults(BadInput):
    """What is wrong with a document, all of it: `mistakes` name places and never a value."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes[:_MOST_MISTAKES])
        super().__init__(
            "touch", "the touch document: " + "; ".join(f"{one.key} — {one.expected}" for one in self.mistakes),
            remedy="correct these places and deliver it again", zh="渠道触点文件有误，请按提示修改",
        )  # fmt: skip


class Read(NamedTuple):
    """A document as this box takes it: who and when (persons as pseudonyms), and the content to seal."""

    circumstances: Circumstances
    content: bytes


def read(content: bytes, *, names: Names, pseudonym: Pseudonym | None = None) -> Read:
    """What a document says. Without `pseudonym` one that names a person is refused rather than read as if it named none.

    Raises:
        Faults: every mistake at once. BadInput "too-large".
    """
    if len(content) > MAX_BYTES:
        raise BadInput("too-large", f"more than {MAX_BYTES} bytes", remedy="split the conversation", zh="文件太大")
    given = _parsed(content)
    found = list(mistakes(given, names))
    if found:
        raise Faults(found)
    said = msgspec.convert(given, TouchDocument)
    if pseudonym is None and (said.rep or said.customer):
        raise Faults([Mistake("rep, customer", "name a person, and there is no key here to make a pseudonym")])
    around = Circumstances(
        kind=Kind.CHANNEL, started_at=said.at.astimezone(UTC), consent=Consent(said.consent.basis), industry=said.industry,
        channel=said.channel.value, context=frozenset(said.context), own=said.own, competitors=said.competitors,
        rep=pseudonym("rep", said.rep) if pseudonym and said.rep else "",
        customer=pseudonym("customer", said.customer) if pseudonym and said.customer else "",
        # In hex: case matters in an id, which a pseudonym leaves out of account.
        reference=pseudonym("touch", f"{said.channel.value} {said.id.encode().hex()}") if pseudonym else "",
    )  # fmt: skip
    return Read(around, msgspec.json.encode(_touch(said)))


def sealed(content: bytes) -> Touch:
    """What `Read.content` says."""
    return msgspec.json.decode(content, type=Touch)


def _touch(said: TouchDocument) -> Touch:
    def since(moment: datetime) -> int:
        return (moment - said.at) // timedelta(milliseconds=1)

    messages = (Message(at_ms=since(one.at), sender=one.sender, form=one.kind, text=one.text) for one in said.messages)
    return Touch(
        id=said.id, channel=said.channel, started_at=said.at.astimezone(UTC),
        messages=tuple(sorted(messages, key=lambda one: one.at_ms)), facts=tuple(sorted(said.facts.items())),
        ended=said.ended, seen_ms=-1 if said.seen_at is None else since(said.seen_at),
    )  # fmt: skip


class _Twice(ValueError):
    """A key was given twice."""


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        msgspec.json.decode(content)  # the stricter of the two about numbers and text; the other one sees repeated keys
        given = json.loads(content, object_pairs_hook=_once, parse_constant=_never)
    except _Twice:
        _refuse("names a key twice")
    except json.JSONDecodeError as error:
        _refuse(f"is not JSON (line {error.lineno}, column {error.colno})")
    except RecursionError:
        _refuse("is nested too deeply")
    except (ValueError, msgspec.MsgspecError):
        _refuse("is not JSON: UTF-8 text, and numbers that a double can hold")
    if not isinstance(given, dict):
        _refuse("must be one JSON object")
    return given


def _refuse(what: str) -> NoReturn:
    raise Faults([Mistake("document", what)])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _never(_: str) -> NoReturn:
    raise ValueError
