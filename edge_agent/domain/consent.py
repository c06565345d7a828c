"""Whether one recording may be analysed now: a pure decision over what is on record about it and about its two persons.

A profile per jurisdiction says which bases suffice (`SUFFICES`). It is a profile, not legal advice: a store's LEGAL confirms it.

cn, call: notice, spoken notice, written. PIPL art. 13 (1) 1 and 14 (informed, voluntary, explicit), art. 17 (what a notice
    says). That talking on after a clear notice is consent is practice, not the letter. Shelf video: art. 26 asks for a sign.
eu, call: spoken agreement, written. GDPR art. 4 (11), 7, recital 32: consent is an affirmative act, silence after a notice is
    none. Shelf video: a sign, on art. 6 (1) (f) and 13.
Floor video shows people, customers and staff: never `not-personal`. cn: a sign, art. 26 (public safety alone without consent; the
    counts are anonymous, art. 4). eu: a sign, on art. 6 (1) (f), 13 and recital 26. Which employee it shows nobody says, so that
    the register is asked only where a sidecar names one.
Touch (messages, what another system measured): as a call, but nothing is heard in it; what names nobody and holds no message may
    be `not-personal`.

`spoken` is decided only after the talk was transcribed in memory: `unheard` looks for the rep's notice within the first minutes,
in the eu also for the customer's agreement after it, and anywhere for a refusal; what does not hold is forgotten. Employees: PIPL
art. 13 (1) 2, GDPR art. 88; the register says who was asked. A withdrawal counts from the moment it is recorded, also for a
recording made before it that was not analysed yet (PIPL art. 15, GDPR art. 7 (3)).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker

Jurisdiction = Literal["cn", "eu"]

SUFFICES: Final[Mapping[Jurisdiction, Mapping[Kind, frozenset[Consent]]]] = {
    "cn": {
        Kind.CALL: frozenset({Consent.NOTICE, Consent.SPOKEN, Consent.WRITTEN}),
        Kind.SHELF: frozenset({Consent.NOT_PERSONAL, Consent.NOTICE, Consent.WRITTEN}),
        Kind.FLOOR: frozenset({Consent.NOTICE, Consent.WRITTEN}),
        Kind.CHANNEL: frozenset({Consent.NOT_PERSONAL, Consent.NOTICE, Consent.WRITTEN}),
    },
    "eu": {
        Kind.CALL: frozenset({Consent.SPOKEN, Consent.WRITTEN}),
        Kind.SHELF: frozenset({Consent.NOT_PERSONAL, Consent.NOTICE, Consent.WRITTEN}),
        Kind.FLOOR: frozenset({Consent.NOTICE, Consent.WRITTEN}),
        Kind.CHANNEL: frozenset({Consent.NOT_PERSONAL, Consent.WRITTEN}),
    },
}
NOTICE: Final = "consent.recording_notice"
AGREED: Final = "consent.recording_agreed"
REFUSED: Final = "consent.recording_refused"


class Party(StrEnum):
    """Whom a statement is about: the rep or the customer under a pseudonym, or one recording under its id."""

    REP = "rep"
    CUSTOMER = "customer"
    RECORDING = "recording"


class Verb(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One entry of the consent records. `basis` is a code; in force from `since` until `until` (None = open end)."""

    id: str
    party: Party
    subject: str
    verb: Verb
    basis: str
    at: datetime
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The newest statement about the rep, the customer and the recording itself; None = nothing was ever stated."""

    rep: Statement | None = None
    customer: Statement | None = None
    recording: Statement | None = None


class Waits(StrEnum):
    """Why a recording lies sealed and unread, to be shredded when its grace period is over."""

    NO_CONSENT = "no-consent"
    NO_NOTICE = "no-notice"
    NO_AGREEMENT = "no-agreement"
    REFUSED = "recording-refused"
    BASIS = "basis-insufficient"
    EMPLOYEE = "no-employee-consent"
    UNNAMED = "employee-unnamed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """On what terms this box may analyse. `notice_within_ms`: how soon a spoken notice must come."""

    jurisdiction: Jurisdiction = "cn"
    employees: Literal["when-named", "required"] = "when-named"
    grace: timedelta = timedelta(hours=72)
    notice_within_ms: int = 180_000


def refusal(policy: Policy, around: Circumstances, standing: Standing, *, now: datetime) -> Waits | None:
    """Why this recording may not be analysed; None when it may (a `spoken` basis is then still to be heard)."""
    if taken_back(standing) is Waits.WITHDRAWN:
        return Waits.WITHDRAWN
    if around.consent is Consent.NONE:
        return Waits.NO_CONSENT
    if around.consent not in SUFFICES[policy.jurisdiction][around.kind]:
        return Waits.BASIS
    if not around.rep and (around.kind in {Kind.SHELF, Kind.FLOOR} or around.consent is Consent.NOT_PERSONAL):
        return None
    if not around.rep:
        return Waits.UNNAMED if policy.employees == "required" else None
    return None if in_force(standing.rep, around.started_at, now=now) else Waits.EMPLOYEE


def taken_back(standing: Standing) -> Waits | None:
    """Whether somebody's last word is a withdrawal: asked once more with the commit, for an analysis takes minutes."""
    if any(one is not None and one.verb is Verb.WITHDRAWN for one in (standing.recording, standing.customer)):
        return Waits.WITHDRAWN
    return Waits.EMPLOYEE if standing.rep is not None and standing.rep.verb is Verb.WITHDRAWN else None


def in_force(statement: Statement | None, recorded_at: datetime, *, now: datetime) -> bool:
    """Whether a statement covered the moment of recording and still holds."""
    if statement is None or statement.verb is not Verb.GIVEN:
        return False
    return statement.since <= recorded_at and (statement.until is None or max(recorded_at, now) < statement.until)


def unheard(policy: Policy, tags: Sequence[BehaviorTag]) -> Waits | None:
    """What a call with basis `spoken` lacks; None when its consent was heard in it."""
    if any(tag.code == REFUSED for tag in tags):
        return Waits.REFUSED
    notices = (tag for tag in tags if tag.code == NOTICE and tag.speaker is Speaker.REP)
    notice = next((tag for tag in notices if tag.start_ms < policy.notice_within_ms), None)
    if notice is None:
        return Waits.NO_NOTICE
    agreed = (tag.code == AGREED and tag.speaker is Speaker.CUSTOMER and tag.start_ms >= notice.start_ms for tag in tags)
    return None if policy.jurisdiction != "eu" or any(agreed) else Waits.NO_AGREEMENT
