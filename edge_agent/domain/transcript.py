"""A transcript: utterances (one recognised sentence each) on the recording's own clock, in milliseconds, half-open."""

from dataclasses import dataclass
from enum import StrEnum


class Speaker(StrEnum):
    REP = "rep"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One sentence. `confidence` in 0..1; `backchannel` marks a bare 嗯/对/好 inside the other's talk."""

    start_ms: int
    end_ms: int
    speaker: Speaker
    text: str
    confidence: float = 1.0
    backchannel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Utterances ordered by (start, end). `rtf` = decode time / audio time; `doubtful` counts low-confidence utterances."""

    model: str
    model_digest: str
    duration_ms: int
    rtf: float
    utterances: tuple[Utterance, ...]

    @property
    def doubtful(self) -> int:
        return sum(u.confidence < LOW_CONFIDENCE for u in self.utterances)


LOW_CONFIDENCE = 0.45
"""Below this an utterance is shown as doubtful and its tags carry the lower confidence."""
