"""The sidecar `NAME.meta.toml`: what a recording is, who stands on which channel, and on what consent it may be analysed.

A closed schema: unknown keys are errors, and ALL errors are told at once, each with what was expected. Messages name keys of
the schema, never a value: a value may be a customer's brand, and a mistyped key may be anything. `rep` and `customer` are codes
by which the store knows a person; they become keyed pseudonyms here, and nothing behind this module ever sees them. `camera` is
none of its keys: only who watches may say which camera saw it.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from edge_agent.domain.recording import Circumstances, Consent, Kind, View
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import BadInput

MAX_BYTES: Final = 64 * 1024

Brand = Annotated[str, msgspec.Meta(pattern=r"^\S(.{0,38}\S)?$(?!\n)")]
Person = Annotated[str, msgspec.Meta(pattern=r"^\S([^\x00-\x1f\x7f]{0,62}\S)?$(?!\n)")]
Pseudonym = Callable[[str, str], str]
"""(purpose, code) -> keyed pseudonym, see `ids.Pseudonyms`."""
Context = Literal["outbound", "recorded", "dual_record", "b2b"]
_REMEDY: Final = "correct these keys and rename the sidecar into place again"


class _Consent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    basis: Consent


class _Sidecar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["call", "shelf", "floor"]
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    consent: _Consent
    channels: Annotated[tuple[Speaker, ...], msgspec.Meta(max_length=8)] = ()
    industry: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{0,32}$(?!\n)")] = ""
    channel: Literal["call", "visit"] = "call"
    context: frozenset[Context] = frozenset()
    own: Annotated[tuple[Brand, ...], msgspec.Meta(max_length=64)] = ()
    competitors: Annotated[tuple[Brand, ...], msgspec.Meta(max_length=64)] = ()
    bay: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{0,64}$(?!\n)")] = ""
    floor: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{0,64}$(?!\n)")] = ""
    view: View = View.FIXED
    rep: Person | None = None
    customer: Person | None = None


_EXPECTED: Final[Mapping[str, str]] = {
    "kind": '"call", "shelf" or "floor"',
    "started_at": "a date and time from 1970 to 2199 with its offset, like 2026-11-20T09:30:00+08:00",
    "consent": 'a table [consent] with basis = "notice", "spoken", "written", "not-personal" or "none"',
    "channels": 'the speaker of each audio channel, left first: "rep", "customer" or "unknown"; [] = unknown',
    "industry": "a trade in lower case, like fmcg or pharmacy",
    "channel": '"call" or "visit"',
    "context": 'flags out of "outbound", "recorded", "dual_record", "b2b"',
    "own": "a list of brand names, 1 to 40 characters each",
    "competitors": "a list of brand names, 1 to 40 characters each",
    "bay": "the id of a bay plan: a-z, 0-9, _ . -",
    "floor": "the id of a floor plan: a-z, 0-9, _ . -",
    "view": '"fixed", or "walk" for a phone that passes along the shelf',
    "rep": "the code by which the store knows this employee, 1 to 64 characters",
    "customer": "the code by which the store knows this customer, 1 to 64 characters",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One key and what it should hold."""

    key: str
    expected: str


def read(content: bytes, pseudonym: Pseudonym | None = None) -> Circumstances:
    """What a sidecar says. Without `pseudonym` one that names a person is refused rather than read as if it named none.

    Raises:
        BadInput: kind "sidecar"; the message lists every mistake.
    """
    try:
        given = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise _bad("the sidecar is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # TOML's own message can quote the line; its position cannot.
        place = re.search(r"line \d+, column \d+", str(error))
        raise _bad(f"the sidecar is not TOML{f' ({place[0]})' if place else ''}") from None
    mistakes = list(_mistakes(given))
    if mistakes:
        raise _bad("the sidecar: " + "; ".join(f"{one.key} — {one.expected}" for one in mistakes))
    said = msgspec.convert(given, _Sidecar)
    if pseudonym is None and (said.rep or said.customer):
        raise _bad("the sidecar names a person, and there is no key here to make a pseudonym")
    return Circumstances(
        kind=Kind(said.kind), started_at=said.started_at.astimezone(UTC), consent=said.consent.basis, channels=said.channels,
        industry=said.industry, channel=said.channel, context=frozenset(said.context), own=said.own,
        competitors=said.competitors, bay=said.bay, floor=said.floor, view=said.view,
        rep=pseudonym("rep", said.rep) if pseudonym and said.rep else "",
        customer=pseudonym("customer", said.customer) if pseudonym and said.customer else "",
    )  # fmt: skip


def _mistakes(given: Mapping[str, Any]) -> Iterator[Mistake]:
    fields = {field.name: field for field in msgspec.structs.fields(_Sidecar)}
    for name, field in fields.items():
        if name not in given:
            if field.required:
                yield Mistake(name, f"is missing; {_EXPECTED[name]}")
        elif not (_holds(given[name], field.type) and _told_by_a_clock(given[name])):
            yield Mistake(name, f"must be {_EXPECTED[name]}")
    known = ", ".join(sorted(fields))
    for name in sorted(set(given) - set(fields)):
        if name == "camera":
            yield Mistake(name, "is said by `edge-agent watch` alone, of what it records; leave it out")
            continue
        shown = name if re.fullmatch(r"[a-z][a-z_]{0,23}", name) else "a key"
        yield Mistake(shown, f"is not known here; known are {known}")
    yield from _contradictions(given)


def _told_by_a_clock(value: object) -> bool:
    """A year that may leave the building later. What is no date at all is another mistake."""
    years = range(1970, 2200)
    return not isinstance(value, datetime) or (
        value.year in years and (value.tzinfo is None or value.astimezone(UTC).year in years)
    )


def _contradictions(given: Mapping[str, Any]) -> Iterator[Mistake]:
    consent = given.get("consent")
    basis = consent.get("basis") if isinstance(consent, dict) else None
    if given.get("kind") == "shelf" and not given.get("bay"):
        yield Mistake("bay", "is missing; a shelf video names the bay it shows")
    if given.get("kind") == "floor" and not given.get("floor"):
        yield Mistake("floor", "is missing; a floor video names the floor it shows")
    if given.get("kind") == "floor" and basis == "not-personal":
        yield Mistake("consent", 'a floor video shows persons: basis is "notice", "written" or "none"')
    if given.get("kind") == "call" and given.get("view") == "walk":
        yield Mistake("view", "is of a shelf video; leave it out of a call")
    if given.get("kind") == "call" and basis == "not-personal":
        yield Mistake("consent", 'a call holds persons: basis is "notice", "spoken", "written" or "none"')
    if given.get("kind") in {"shelf", "floor"} and basis == "spoken":
        yield Mistake("consent", 'a video without sound holds no notice: basis is "notice", "written", "not-personal" or "none"')


def _holds(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _bad(message: str) -> BadInput:
    return BadInput("sidecar", message, remedy=_REMEDY, zh="录音说明文件有误，请按提示修改")
