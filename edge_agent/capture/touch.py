"""A touch document (`edge-agent/touch/1`): JSON by which another system says what happened without a recording.

The schema is closed, and ALL mistakes are told at once, each by its place and what is expected there; no message repeats a value,
which may be what somebody wrote. `rep` and `customer` are codes by which the store knows a person: they become keyed pseudonyms
here, as with a sidecar, and what is sealed (`domain.touch.Touch`) holds neither. Facts are the measured operands that the event
models in force know (`Names`), each a number or true/false as they ask.

Parsed in this process, not in the sandbox: a document is at most `MAX_BYTES` of text, and both readers of it refuse deep nesting
(RecursionError), NaN, numbers beyond a double, and what is no UTF-8. A key that is given twice is refused, never chosen from.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple, NoReturn

import msgspec
from msgspec import Meta

from edge_agent.capture.sidecar import Brand, Context, Mistake, Person, Pseudonym
from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.touch import Channel, Form, Message, Sender, Touch
from edge_agent.errors import BadInput

MAX_BYTES: Final = 256 * 1024
LONGEST: Final = timedelta(days=7)
"""From `at` to the last message, and to `seen_at`."""
LARGEST: Final = 1e9
"""A fact is no larger, either way."""
_MOST_MISTAKES: Final = 40
_MOST_MESSAGES: Final = 500
_MOST_FACTS: Final = 64

Names = Mapping[str, type]
"""Name of a fact -> `bool` or `float`."""
Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=8000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$(?!\n)")]


class TouchMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message. `text` is what this person wrote, without quoted earlier mails; of a file or a link its title."""

    at: Moment
    sender: Sender = msgspec.field(name="from")
    kind: Form = Form.TEXT
    text: Text = ""


class TouchConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    basis: Literal["notice", "written", "not-personal", "none"]


class TouchDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`at` is when it happened (of a chat, when it began). `id` is the sender's: the same document twice counts once.

    `ended`: no further message belongs to it. `seen_at`: until when its sender looked; half an hour without a message is an end.
    """

    schema: Literal["edge-agent/touch/1"]
    id: Annotated[str, Meta(pattern=r"^[!-~]{1,128}$(?!\n)")]
    channel: Channel
    at: Moment
    consent: TouchConsent
    industry: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}$(?!\n)")] = ""
    context: frozenset[Context] = frozenset()
    own: Annotated[tuple[Brand, ...], Meta(max_length=64)] = ()
    competitors: Annotated[tuple[Brand, ...], Meta(max_length=64)] = ()
    rep: Person | None = None
    customer: Person | None = None
    messages: Annotated[tuple[TouchMessage, ...], Meta(max_length=_MOST_MESSAGES)] = ()
    facts: Annotated[dict[str, float | bool], Meta(max_length=_MOST_FACTS)] = {}
    ended: bool = False
    seen_at: Moment | None = None


_EXPECTED: Final[Mapping[str, str]] = {
    "schema": '"edge-agent/touch/1"',
    "id": "the sender's own id of this document: 1 to 128 visible ASCII characters",
    "channel": '"wechat", "email", "document", "device", "pos" or "crm"',
    "at": "a date and time from 1970 to 2199 with its offset, like 2026-11-20T09:30:00+08:00",
    "consent": 'an object with basis = "notice", "written", "not-personal" or "none"',
    "industry": "a trade in lower case, like fmcg or pharmacy",
    "context": 'flags out of "outbound", "recorded", "dual_record", "b2b"',
    "own": "a list of brand names, 1 to 40 characters each",
    "competitors": "a list of brand names, 1 to 40 characters each",
    "rep": "the code by which the store knows this employee, 1 to 64 characters",
    "customer": "the code by which the store knows this customer, 1 to 64 characters",
    "messages": "a list of at most 500 messages",
    "facts": "an object of at most 64 names with a number or true/false each",
    "ended": "true or false",
    "seen_at": "a date and time with its offset, like `at`",
    "messages.at": "a date and time with its offset, like `at`",
    "messages.from": '"rep", "customer", "unknown" or "system"',
    "messages.kind": '"text", "file", "link" or "image"',
    "messages.text": "at most 8000 characters, without control characters",
}


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
    mistakes = list(_mistakes(given, names))
    if mistakes:
        raise Faults(mistakes)
    said = msgspec.convert(given, TouchDocument)
    if pseudonym is None and (said.rep or said.customer):
        raise Faults([Mistake("rep, customer", "name a person, and there is no key here to make a pseudonym")])
    around = Circumstances(
        kind=Kind.CHANNEL, started_at=said.at.astimezone(UTC), consent=Consent(said.consent.basis), industry=said.industry,
        channel=said.channel.value, context=frozenset(said.context), own=said.own, competitors=said.competitors,
        rep=pseudonym("rep", said.rep) if pseudonym and said.rep else "",
        customer=pseudonym("customer", said.customer) if pseudonym and said.customer else "",
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


def _mistakes(given: Mapping[str, Any], names: Names) -> Iterator[Mistake]:
    yield from _fields(given, TouchDocument, "", skip=frozenset({"messages", "facts"}))
    messages = given.get("messages", [])
    if not isinstance(messages, list) or len(messages) > _MOST_MESSAGES:
        yield Mistake("messages", f"must be {_EXPECTED['messages']}")
        messages = []
    for number, one in enumerate(messages, 1):
        if isinstance(one, dict):
            yield from _fields(one, TouchMessage, f"messages[{number}].")
        else:
            yield Mistake(f"messages[{number}]", "must be an object with at, from, kind and text")
    yield from _times(given, messages)
    yield from _facts(given.get("facts", {}), names)
    yield from _contradictions(given, messages)


def _fields(
    given: Mapping[str, Any], kind: type[msgspec.Struct], at: str, *, skip: frozenset[str] = frozenset()
) -> Iterator[Mistake]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        expected = _EXPECTED[f"messages.{name}" if at else name]
        if name not in given:
            if field.required:
                yield Mistake(at + name, f"is missing; {expected}")
        elif name not in skip and not (_holds(given[name], field.type) and _told_by_a_clock(given[name], field.type)):
            yield Mistake(at + name, f"must be {expected}")
    for name in sorted(set(given) - set(fields)):
        yield Mistake(at + _shown(name), f"is not known here; known are {', '.join(sorted(fields))}")


def _shown(name: str) -> str:
    """A key may be anything, so only what looks like one is repeated."""
    return name if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) else "a key"


def _holds(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _moment(value: object) -> datetime | None:
    """A moment that may leave the building later (its year from 1970 to 2199); None for anything else."""
    try:
        found = msgspec.convert(value, Moment).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None
    return found if found.year in range(1970, 2200) else None


def _told_by_a_clock(value: object, kind: Any) -> bool:
    return kind not in (Moment, Moment | None) or value is None or _moment(value) is not None


def _times(given: Mapping[str, Any], messages: Sequence[Any]) -> Iterator[Mistake]:
    began = _moment(given.get("at"))
    if began is None:
        return
    last = began
    for number, one in enumerate(messages, 1):
        at = _moment(one.get("at")) if isinstance(one, dict) else None
        if at is not None and not began <= at <= began + LONGEST:
            yield Mistake(f"messages[{number}].at", "must be from `at` to seven days after it")
        last = max(last, at or last)
    seen = _moment(given.get("seen_at"))
    if seen is not None and not last <= seen <= began + 2 * LONGEST:
        yield Mistake("seen_at", "must not be before the last message, nor more than two weeks after `at`")


def _facts(given: object, names: Names) -> Iterator[Mistake]:
    if not isinstance(given, dict) or len(given) > _MOST_FACTS:
        yield Mistake("facts", f"must be {_EXPECTED['facts']}")
        return
    for name, value in sorted(given.items()):
        if name not in names:
            yield Mistake(
                f"facts.{_shown(name)}", "is no fact that the event models here know; edge-agent channel facts lists them"
            )
        elif names[name] is bool:
            if not isinstance(value, bool):
                yield Mistake(f"facts.{name}", "must be true or false")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            yield Mistake(f"facts.{name}", "must be a number from -1e9 to 1e9")


def _contradictions(given: Mapping[str, Any], messages: Sequence[Any]) -> Iterator[Mistake]:
    if not messages and not given.get("facts"):
        yield Mistake("messages, facts", "are both empty; give what was written, or what was measured")
    consent = given.get("consent")
    basis = consent.get("basis") if isinstance(consent, dict) else None
    if basis == "not-personal" and (messages or given.get("customer") or given.get("rep")):
        yield Mistake("consent", 'messages and persons are personal: basis is "notice", "written" or "none"')
    for number, one in enumerate(messages, 1):
        if isinstance(one, dict) and one.get("kind", "text") == "text" and not str(one.get("text", "")).strip():
            yield Mistake(f"messages[{number}].text", "is empty")
