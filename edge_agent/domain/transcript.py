"""A transcript: utterances (one recognised sentence each) on the recording's own clock, in milliseconds, half-open."""

from dataclasses import dataclass
from enum import StrEnum


class Speaker(StrEnum):
    REP = "rep"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A term of the trade put where the recogniser had written something that sounds like it.

    `start`/`end` are offsets into the utterance's `text`, where `term` now stands; `raw` is what had been recognised there.
    `score` 0..1 (1 = the same sound); `reason` is a code: what made it believable.
    """

    start: int
    end: int
    term: str
    raw: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One sentence. `confidence` in 0..1: the share of its characters that is likely right (1 = it was written).

    `backchannel` marks a bare 嗯/对/好 inside the other's talk.

    `raw` is the recogniser's own text where `corrections` changed it, `normalised` the same sentence with numbers in digits
    where that differs; both empty when they say nothing new. `overlapped`: somebody else spoke during most of it.
    `voice` numbers the voices told apart on one channel, by who spoke first; 0 where none were, or this is nobody's for sure.
    """

    start_ms: int
    end_ms: int
    speaker: Speaker
    text: str
    confidence: float = 1.0
    backchannel: bool = False
    raw: str = ""
    corrections: tuple[Correction, ...] = ()
    normalised: str = ""
    overlapped: bool = False
    voice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How far the text of a recording can be relied on. `draft` with its `reasons` as codes; unknown measures are None.

    `snr_db`: speech against what lies between it; `band_hz`: up to where the sound reaches; `logprob`: mean per token;
    `left_out_ms`: sounded like speech, but nobody said what the recogniser made of it.
    """

    draft: bool = False
    reasons: tuple[str, ...] = ()
    snr_db: float | None = None
    band_hz: int | None = None
    logprob: float | None = None
    left_out_ms: int = 0


class Way(StrEnum):
    """How it was told who spoke: each on a channel of their own, by voice, or not at all."""

    CHANNELS = "channels"
    VOICES = "voices"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How speakers were told apart. `reason` is a code for what kept it from going further, empty when nothing did.

    `switched-off`, `no-model` (its weights are not installed), `no-speech`, `one-voice`, `no-evidence` (voices told apart, but
    nothing said whose they are). `same_sound`: the channels held the same and were heard as one.
    """

    way: Way = Way.NONE
    voices: int = 0
    reason: str = ""
    same_sound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Utterances ordered by (start, end). `rtf` = decode time / audio time; `doubtful` counts low-confidence utterances."""

    model: str
    model_digest: str
    duration_ms: int
    rtf: float
    utterances: tuple[Utterance, ...]
    quality: Quality = Quality()
    separation: Separation = Separation()

    @property
    def doubtful(self) -> int:
        return sum(u.confidence < LOW_CONFIDENCE for u in self.utterances)


LOW_CONFIDENCE = 0.6
"""Below this two of five characters are likely wrong: the utterance is shown as doubtful, its tags carry the lower confidence."""
