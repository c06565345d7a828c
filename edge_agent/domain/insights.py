"""What can be concluded from a finished talk besides its tags: a mood curve, claims held against facts, scorecards, a card.

Codes, numbers and offsets only, never a quote: these go into the ledger. Unknown is a value: what cannot be told is absent,
and every score says how much of it could be judged (coverage). Nothing here is about the feelings of staff, and nothing reads
silence: a customer who says little has no mood, not a bad one.
"""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One line of a scorecard. `points` None = could not be judged; `evidence` are the codes of the tags that decided."""

    item: str
    points: float | None
    most: float
    evidence: tuple[str, ...] = ()
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """`total` 0..100 over what could be judged, None when nothing could; `zeroed_by` = the critical item that made it 0."""

    card: str
    digest: str
    total: float | None
    coverage: float
    items: tuple[ItemScore, ...]
    zeroed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntry:
    """One thing known about the opportunity. `field`: need, budget, decision-maker, timing, competitor, next-step, action.

    `code` names the kind (an event or product code), `value`/`unit` a normalised number or date.
    """

    field: str
    code: str
    at: Place
    confidence: float
    value: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """None = switched off, or nothing to say about."""

    mood: Mood | None = None
    claims: tuple[Claim, ...] = ()
    scorecards: tuple[Scorecard, ...] = ()
    card: tuple[CardEntry, ...] = ()
