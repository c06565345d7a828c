"""What can be concluded from a finished talk besides its tags: a mood curve, claims held against facts, scorecards, a card.

Codes, numbers and offsets only, never a quote: these go into the ledger. Unknown is a value: what cannot be told is absent,
and every score says how much of it could be judged (coverage). Nothing here is about the feelings of staff, and nothing reads
silence: a customer who says little has no mood, not a bad one.
"""

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.domain.transcript import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the talk: number of the utterance, offsets into its text, milliseconds."""

    utterance: int
    char_start: int
    char_end: int
    start_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodPoint:
    """One utterance of the customer. `valence` -1..1; `reason` is the local id of what decided it (`cue`, `event` …)."""

    at: Place
    valence: float
    reason: str
    probing: bool = False
    """A remark that tests the rep (再看看别家) and is no sign of leaving."""
    leaving: bool = False
    """A real sign of it: signed elsewhere, cancelled, asked not to be called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """The customer's curve, from words alone. `coverage`: customer utterances that say anything about mood / all of theirs."""

    points: tuple[MoodPoint, ...]
    coverage: float


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something the rep stated that a fact table can know. `row` is the id of the row that decided, "" when none did.

    `kind`: stock, price, discount, parameter, delivery. `said` is the normalised value with `unit`; `subject` a product or
    brand code, "" when unknown (then the verdict is unknown). `attribute`: which price, parameter or step of a delivery.
    """

    kind: str
    at: Place
    subject: str
    said: str
    unit: str
    verdict: Verdict
    row: str = ""
    reason: str = ""
    """Why it is unknown, as a code: no-subject, no-row, stale-row, no-value …"""
    attribute: str = ""
    confidence: float = 1.0
    """How surely the utterance was understood: a wrong claim may be a number misheard."""


class Outcome(StrEnum):
    """How an item came to its points, or why it has none. The last six are not judged at all."""

    MET = "met"
    PARTLY = "partly"
    NOT_SEEN = "not-seen"
    NOT_MET = "not-met"
    """Measured, and short of what is asked for."""
    FORBIDDEN = "forbidden"
    NOT_APPLICABLE = "not-applicable"
    CUT = "cut"
    """Not seen, but the recording has no real end: it may have come later."""
    UNCLEAR = "unclear"
    """Not seen, but too much of the talk is not clear, or nobody knows who said it."""
    UNKNOWN_SPEAKER = "unknown-speaker"
    """Seen, but nobody knows whether it was the one it would count for."""
    NOT_MEASURED = "not-measured"
    CONTESTED = "contested"
    """It rests on a finding that was taken back since; only where a card is read, never in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One thing an item rests on: a tag with its place, or a measure with its value. `code` is the event's or the measure's."""

    code: str
    tag: str = ""
    value: str = ""
    at: Place | None = None
    against: bool = False
    """It took points away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One line of a scorecard. `points` None = could not be judged, and then it counts nowhere."""

    item: str
    points: float | None
    most: float
    outcome: Outcome
    grounds: tuple[Ground, ...] = ()
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """`total` 0..100 over what could be judged, None when nothing (or less than the card asks for) could.

    `coverage`: the weight that was judged / all of it. `digest` is of the card's definition; `zeroed_by` the critical item that
    made the total 0.
    """

    card: str
    digest: str
    total: float | None
    coverage: float
    items: tuple[ItemScore, ...]
    zeroed_by: str = ""
    least_coverage: float = 0.0


class Field(StrEnum):
    """The fields of an opportunity card, in their order."""

    NEED = "need"
    BUDGET = "budget"
    DECIDER = "decision-maker"
    TIMING = "timing"
    COMPETITOR = "competitor"
    NEXT_STEP = "next-step"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntry:
    """One thing known about the opportunity.

    `code` says what: an event, a brand, who decides, what is to be done. `value`/`unit` a normalised number, `due` a date or
    stretch of dates in ISO 8601; empty = not said. `side` is who said it. `earlier` are the places where something else, or the
    same less exactly, was said before: the latest word counts.
    """

    field: Field
    code: str
    at: Place
    side: Speaker
    confidence: float
    value: str = ""
    unit: str = ""
    due: str = ""
    tag: str = ""
    earlier: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """None = switched off, or nothing to say about."""

    mood: Mood | None = None
    claims: tuple[Claim, ...] = ()
    scorecards: tuple[Scorecard, ...] = ()
    card: tuple[CardEntry, ...] = ()
