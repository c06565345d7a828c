"""What the pipeline asks of the engines. Engines implement these Protocols and never import each other."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from edge_agent.domain.consent import Standing
from edge_agent.domain.floor import FloorPlan, FloorScore
from edge_agent.domain.history import History, Judgement, Whose
from edge_agent.domain.insights import Insights
from edge_agent.domain.metrics import Metrics
from edge_agent.domain.notes import Notes
from edge_agent.domain.observation import Observation
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import Circumstances, Kind, Recording, State, View
from edge_agent.domain.shelf import ShelfScore
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.domain.watching import Series, Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What sealing gave: object id, keyed content digest, plaintext and ciphertext sizes, sha256 of the ciphertext."""

    object_id: str
    digest: str
    plain_bytes: int
    sealed_bytes: int
    sha256: str


class Vault(Protocol):
    """Seals media and opens it while it is hot. After `close` only LEGAL and HR together can open an object."""

    def seal(self, object_id: str, chunks: Iterable[bytes], *, retention: str) -> Sealed:
        """Encrypt a stream to `object_id`, durably (file and directory fsynced); SealBroken or Unavailable on failure."""
        ...

    def recalled(self, object_id: str) -> Sealed | None:
        """What `seal` gave, told anew from the object while it is hot; None for what was never wholly sealed, or is closed."""
        ...

    def open_hot(self, object_id: str) -> AbstractContextManager[BinaryIO]:
        """A seekable plaintext view that never touches the disk; NotAllowed once closed."""
        ...

    def close(self, object_id: str) -> None:
        """Destroy the device's own way in; idempotent."""
        ...

    def reject(self, object_id: str) -> None:
        """Move a sealed object into `rejected/`, under its generated id, and close it; idempotent."""
        ...

    def shred(self, object_ids: Sequence[str]) -> None:
        """Destroy every key to these objects, then their ciphertext; idempotent, also for ids that were never sealed."""
        ...


class Transcriber(Protocol):
    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        """Recognise speech in a seekable stream of any supported container; BadInput names what is wrong with it.

        `terms` are the words of the trade that are likely here, most valuable first.
        """
        ...


class Notetaker(Protocol):
    def note(self, transcript: Transcript, *, started_at: datetime) -> Notes:
        """Measure the talk and find what was named in it; relative dates count from `started_at`."""
        ...


class Tagger(Protocol):
    @property
    def ruleset(self) -> str:
        """Digest of the lexicons and event models in force."""
        ...

    def terms(self, circumstances: Circumstances) -> Sequence[str]:
        """The active terms of this trade and these brands, most valuable first."""
        ...

    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        """Findings in the order of their stamps (see the tie rules in `tagging`)."""
        ...


class Reviewer(Protocol):
    def review(self, conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes) -> Insights:
        """What follows from a finished talk and its tags: mood, claims, scorecards, the opportunity card."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfFindings:
    """A scan's score, what it observed, and the evidence picture (PNG bytes: slots outlined, persons left out).

    No tag: what follows from observations is judged over scans (`Watch`).
    """

    score: ShelfScore
    picture: bytes
    observations: tuple[Observation, ...] = ()


class ShelfScorer(Protocol):
    def score(self, video: BinaryIO, planogram: Planogram, *, view: View = View.FIXED) -> ShelfFindings:
        """Score one video against the plan; BadInput names what is wrong with the video."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorFindings:
    """A floor recording's score, what it observed, and the heat map (PNG bytes: no frame of the video is in it)."""

    score: FloorScore
    picture: bytes
    observations: tuple[Observation, ...] = ()
    """For judging in memory: states of zones, not to be kept or sent themselves."""


class FloorScorer(Protocol):
    def score(self, video: BinaryIO, plan: FloorPlan, began_at: datetime) -> FloorFindings:
        """Score one video of a fixed floor camera; BadInput names what is wrong with the video, MissingAsset the model."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What one analysis of one recording commits, all of it in one transaction."""

    ruleset: str
    models: tuple[str, ...]
    tags: tuple[BehaviorTag, ...]
    score: ShelfScore | None = None
    floor: FloorScore | None = None
    duration_ms: int = 0
    doubtful: int = 0
    utterances: int = 0
    metrics: Metrics | None = None
    insights: Insights | None = None
    facts: tuple[tuple[str, float | bool], ...] = ()
    """What another system measured and delivered with a touch: names of the closed set, numbers."""
    observations: tuple[Observation, ...] = ()
    """What a scan measured of its place; events are judged from it over scans (`Watch`)."""
    transcript_object: str = ""
    picture_object: str = ""


class Historian(Protocol):
    """Judges what follows over days and recordings of one person."""

    @property
    def ruleset(self) -> str: ...

    @property
    def heard(self) -> Mapping[Whose, Mapping[str, int]]:
        """The events it wants to know of, by whose history it reads, and how many ms before a change."""
        ...

    @property
    def judged(self) -> Mapping[Whose, Mapping[str, int]]:
        """The events it concludes, likewise."""
        ...

    @property
    def lasting(self) -> Mapping[Whose, Mapping[str, str]]:
        """The events of which the last one counts, however long ago; and which speaker's does not ("" = everybody's counts)."""
        ...

    def judge(self, history: History) -> Judgement: ...


class Watch(Protocol):
    """Judges what follows from the scans of one place."""

    @property
    def ruleset(self) -> str: ...

    @property
    def basis(self) -> str:
        """Digest of all that a remembered state rests on besides the scans: a state of another basis is of no use."""
        ...

    @property
    def codes(self) -> Collection[str]:
        """The events it concludes."""
        ...

    def judge(self, series: Series) -> Watched: ...


class Ledger(Protocol):
    """The one record of what happened. Every method is one durable transaction with its audit row."""

    def captured(self, recording: Recording) -> None: ...

    def sealed(self, recording_id: str, sealed: Sealed) -> None: ...

    def analysed(self, recording_id: str, analysis: Analysis) -> bool:
        """Tags, outbox, lifecycle and audit together; False when this (recording, ruleset) was committed before."""
        ...

    def judge(self, historian: Historian | None) -> int:
        """Judge the history of whoever is due; how many tags that gave or withdrew. None: nothing is judged, nothing kept due."""
        ...

    def watch(self, watch: Watch | None) -> int:
        """Judge the places that new scans have changed; how many tags and closings that gave or took back. None: not judged."""
        ...

    def moved(self, recording_id: str, state: State, *, reason: str = "") -> None: ...

    def parked(self, recording_id: str, reason: str) -> None:
        """Leave the recording where it is and say why; it is no longer in `unfinished`."""
        ...

    def seen_before(self, digest: str) -> str | None:
        """Id of an earlier, not rejected, recording with the same content."""
        ...

    def sent_before(self, reference: str) -> str | None:
        """Id of an earlier, sealed and not rejected, touch that its sender gave the same id."""
        ...

    def unfinished(self) -> Sequence[Recording]:
        """Recordings that still have a step to go, oldest first."""
        ...

    def lateness(self, count: int) -> Sequence[timedelta]:
        """How long after their recording began the last analyses were committed, newest first."""
        ...

    def recording(self, recording_id: str) -> Recording: ...

    def standing(self, recording: Recording) -> Standing:
        """What is on record now about the consent of the recording's two persons, and about the recording itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What retention asks of one recording that still has keys. `findings` are (code, severity) in force; `bytes` as sealed.

    `captured_at` is by today's clock: steps of the clock since then are taken out.
    """

    recording: str
    kind: Kind
    state: State
    parked: str
    captured_at: datetime
    findings: frozenset[tuple[str, str]] = frozenset()
    bytes: int = 0
    held: bool = False
    """Under a legal hold."""
    going: bool = False
    """Its shredding is decided already and waits only for the hold or for the next run."""


class Keeper(Protocol):
    """What retention needs of the ledger. Shredding is three steps: decided, keys destroyed, said; each can be repeated."""

    def settled(self) -> bool:
        """Whether the wall clock may be believed about ages: False for a day after a start with a long jump forward."""
        ...

    def kept(self) -> Sequence[Kept]: ...

    def expiring(self, recordings: Mapping[str, str]) -> None:
        """Decide that these recordings (id -> reason code) are to be shredded; what is decided already stays as it is."""
        ...

    def to_shred(self) -> Mapping[str, Sequence[str]]:
        """Recordings whose shredding is decided and not held back, with all their objects."""
        ...

    def shredded(self, recordings: Sequence[str]) -> None:
        """Their keys are gone: they become `expired`, and are no longer in `to_shred`."""
        ...


class Inbox(Protocol):
    """Where recordings arrive. An arrival is complete: media and sidecar were renamed into place."""

    def arrivals(self) -> Sequence["Arrival"]: ...


class Arrival(Protocol):
    """One delivered file. `path` is for reading only: it is never stored, logged or sent."""

    @property
    def path(self) -> Path: ...

    def circumstances(self) -> Circumstances:
        """What its sidecar says; BadInput when there is none or it breaks the closed schema."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes; BadInput for what is not a regular, non-empty file within the size limit."""
        ...

    def discard(self) -> None:
        """Unlink media and sidecar and fsync their directory; only after the seal is durable."""
        ...


class Planograms(Protocol):
    def load(self, bay: str) -> Planogram:
        """The bay's plan; BadConfig lists every error in it, NotFound when there is none."""
        ...


class FloorPlans(Protocol):
    def load(self, floor: str) -> FloorPlan:
        """The floor's plan; BadConfig lists every error in it, NotFound when there is none."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...
