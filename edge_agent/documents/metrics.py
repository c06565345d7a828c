"""How talks were conducted, as numbers; definitions and sources: `edge_agent.domain.metrics`."""

from edge_agent.documents.base import Document


class TalkMetrics(Document, frozen=True, kw_only=True):
    """null = cannot be measured (a speaker unknown, nobody answered). Seconds, counts, shares 0..1, rates per minute."""

    coverage: float | None
    talk_ratio: float | None
    longest_monologue_s: float | None
    longest_story_s: float | None
    interactivity_per_min: float | None
    patience_s: float | None
    waits: int
    interruptions_by_rep: int | None
    interruptions_by_customer: int | None
    silence_s: float | None
    longest_silence_s: float | None
    rep_speed: float | None
    customer_speed: float | None
    rep_open_questions: int | None
    rep_closed_questions: int | None
    questions_per_min: float | None


class MetricsLine(Document, frozen=True, kw_only=True):
    recording: str
    metrics: TalkMetrics


class MetricsList(Document, frozen=True, kw_only=True):
    """One line per analysed call, oldest first; calls analysed with `speech.metrics` off are left out."""

    recordings: list[MetricsLine]
