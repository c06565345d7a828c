"""Scorecards and opportunity cards: points, codes, numbers and places. Nothing that was said."""

from edge_agent.documents.base import Document


class PlaceLine(Document, frozen=True, kw_only=True):
    """Number of the utterance in the sealed transcript, offsets into its text, and when it begins."""

    utterance: int
    char_start: int
    char_end: int
    start_ms: int


class GroundLine(Document, frozen=True, kw_only=True):
    """What an item rests on: an event's tag with its place, or a measure with its value. `against`: it took points away;
    `gone`: the finding was taken back since, so the item is not judged.
    """

    code: str
    zh: str
    en: str
    tag: str
    value: str
    place: PlaceLine | None
    against: bool
    gone: bool = False


class OverrideLine(Document, frozen=True, kw_only=True):
    points: float
    reason: str
    role: str
    at: str


class ItemLine(Document, frozen=True, kw_only=True):
    """`points` null = not judged; `outcome` says why, or how it came to them. `machine_points` stay beside a person's."""

    item: str
    zh: str
    en: str
    points: float | None
    machine_points: float | None
    most: float
    outcome: str
    critical: bool
    grounds: list[GroundLine]
    override: OverrideLine | None


class ScorecardLine(Document, frozen=True, kw_only=True):
    """`total` 0..100 over what could be judged, null when too little could; `coverage`: the share of the weight that was."""

    recording: str
    card: str
    zh: str
    en: str
    digest: str
    total: float | None
    machine_total: float | None
    coverage: float
    zeroed_by: str
    items: list[ItemLine]


class Scores(Document, frozen=True, kw_only=True):
    scorecards: list[ScorecardLine]


class ScoreWhy(Document, frozen=True, kw_only=True):
    """One line of words for each item, in both languages, from codes alone."""

    scorecard: ScorecardLine
    zh: list[str]
    en: list[str]


class CardEntryLine(Document, frozen=True, kw_only=True):
    """`field`: need, budget, decision-maker, timing, competitor, next-step, action. `side` said it; `due` is ISO 8601.

    `zh`, `en` name code and value for people. `earlier`: places of what the latest word replaced.
    """

    field: str
    code: str
    zh: str
    en: str
    value: str
    unit: str
    due: str
    side: str
    confidence: float
    tag: str
    place: PlaceLine
    earlier: list[PlaceLine]


class OpportunityCard(Document, frozen=True, kw_only=True):
    """What is known; what is not known has no entry."""

    recording: str
    entries: list[CardEntryLine]
