"""Everything that is wrong with a touch document, at once: each place with what is expected there, and never a value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from edge_agent.capture.sidecar import Mistake
from edge_agent.capture.touch_form import MOST_FACTS, MOST_MESSAGES, Moment, TouchDocument, TouchMessage

LONGEST: Final = timedelta(days=7)
"""From `at` to the last message."""
LARGEST: Final = 1e9
"""A fact is no larger, either way."""

Names = Mapping[str, type]
"""Name of a fact -> `bool` or `float`."""
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


def mistakes(given: Mapping[str, Any], names: Names) -> Iterator[Mistake]:
    """All of them, place by place."""
    yield from _fields(given, TouchDocument, "", skip=frozenset({"messages", "facts"}))
    messages = given.get("messages", [])
    if not isinstance(messages, list) or len(messages) > MOST_MESSAGES:
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
    if not isinstance(given, dict) or len(given) > MOST_FACTS:
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
