"""What was found in calls, and what the bench tools print of one."""

from edge_agent.documents.base import Document
from edge_agent.documents.metrics import TalkMetrics


class RecordingLine(Document, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    parked: str = ""
    captured_at: str = ""


class TagLine(Document, frozen=True, kw_only=True):
    """`turn` is -1 for a shelf. `status` is final, provisional or withdrawn. `closed_by`: recording of the scan that ended it."""

    id: str
    code: str
    recording: str
    start_ms: int
    end_ms: int
    known_at_ms: int
    turn: int
    speaker: str
    confidence: float
    severity: str
    layer: str
    status: str
    rule: str
    slots: dict[str, str | int | float]
    closed_by: str = ""


class Tags(Document, frozen=True, kw_only=True):
    tags: list[TagLine]


class Correction(Document, frozen=True, kw_only=True):
    """A term put right: it stands at `start`/`end` of the text, `raw` was recognised there."""

    start: int
    end: int
    term: str
    raw: str
    score: float
    reason: str


class Utterance(Document, frozen=True, kw_only=True):
    """`raw` and `normalised` are empty where they would repeat `text`. `voice` 1, 2, …: told apart by voice; 0 = not."""

    start_ms: int
    end_ms: int
    speaker: str
    text: str
    confidence: float
    doubtful: bool
    raw: str = ""
    normalised: str = ""
    overlapped: bool = False
    voice: int = 0
    corrections: list[Correction]


class TextQuality(Document, frozen=True, kw_only=True):
    """`draft` text is for finding, not for quoting; `reasons` say why, as codes."""

    draft: bool
    reasons: list[str]
    snr_db: float | None
    band_hz: int | None
    logprob: float | None
    left_out_ms: int = 0
    """How long babble or noise sounded like speech and was left out."""


class Separation(Document, frozen=True, kw_only=True):
    """How speakers were told apart (channels, voices, none), how many voices were, and as a code what kept it from more."""

    way: str
    voices: int
    reason: str
    same_sound: bool


class FactLine(Document, frozen=True, kw_only=True):
    """Something named: `value` in canonical form, at offsets of the text of utterance number `utterance`."""

    kind: str
    value: str
    unit: str
    utterance: int
    char_start: int
    char_end: int
    confidence: float


class Transcription(Document, frozen=True, kw_only=True):
    """`rtf` = decode time / audio time."""

    model: str
    duration_ms: int
    rtf: float
    utterances: list[Utterance]
    quality: TextQuality
    separation: Separation
    facts: list[FactLine]
    metrics: TalkMetrics | None


class Found(Document, frozen=True, kw_only=True):
    """A bench tool's tag; `why` lists the conditions that held, as codes."""

    code: str
    turn: int
    start_ms: int
    end_ms: int
    speaker: str
    confidence: float
    why: list[str]
    status: str = "final"


class Findings(Document, frozen=True, kw_only=True):
    tags: list[Found]


class Condition(Document, frozen=True, kw_only=True):
    """One condition that held: its kind, its local id, and where."""

    kind: str
    detail: str
    start_ms: int
    end_ms: int
    turn: int
    char_start: int
    char_end: int


class WhyNot(Document, frozen=True, kw_only=True):
    """Why an event did not come about, from codes, counts and places only. `basis`: `text` of a file at hand, or the `ledger`
    of a sealed recording; `fired`: it did, and there is nothing to explain.
    """

    event: str
    name_zh: str
    name_en: str
    definition: str
    basis: str
    fired: bool
    zh: list[str]
    en: list[str]


class Why(Document, frozen=True, kw_only=True):
    tag: TagLine
    name_zh: str
    name_en: str
    definition: str
    rule_digest: str
    ruleset: str
    models: list[str]
    contest: str = ""
    """Where a contest of it stands; empty = there was none."""
    conditions: list[Condition]
    zh: list[str]
    en: list[str]
