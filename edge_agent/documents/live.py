"""What `edge-agent listen` prints: one line for each utterance, and how it went at the end."""

from typing import Literal

from edge_agent.documents.base import Document
from edge_agent.documents.talk import Correction


class LiveUtterance(Document, frozen=True, kw_only=True):
    """`start_ms`, `end_ms` count the sound heard since listening began; `latency_ms` from the utterance's end to its text."""

    event: Literal["utterance"] = "utterance"
    start_ms: int
    end_ms: int
    speaker: str
    text: str
    confidence: float
    doubtful: bool
    latency_ms: int
    corrections: list[Correction]


class LiveRecording(Document, frozen=True, kw_only=True):
    """One sealed recording of what was heard; `parked` says why it waits, as a code.

    `text`: `on`, or the code of why what was said in it, or in a part of it, gave none.
    """

    id: str
    start_ms: int
    duration_ms: int
    frames: int
    state: str
    parked: str
    text: str


class LiveEnded(Document, frozen=True, kw_only=True):
    """`text`: `on`, or the code of why there was none at the end; each of the `recordings` has its own.

    `left_out`: utterances that could not be given in time; sound not even listened to, `unheard_ms`, counts as one a time.
    `gaps`: how often the device went away. `xruns`: how often the sound card lost samples. `lost_samples`: frames that were heard
    and could not be sealed. `cpu_share` is of all `processors`; `p50_ms`, `p95_ms` of `latency_ms`, None without an utterance.
    """

    event: Literal["ended"] = "ended"
    text: str
    utterances: int
    left_out: int
    unheard_ms: int
    p50_ms: int | None
    p95_ms: int | None
    duration_ms: int
    gaps: int
    xruns: int
    lost_samples: int
    cpu_s: float
    cpu_share: float
    processors: int
    windows: int
    thrown_away: int
    recordings: list[LiveRecording]
