"""The box itself: what was taken in, its state, its keys."""

from edge_agent.documents.base import Document
from edge_agent.documents.talk import RecordingLine


class Ingested(Document, frozen=True, kw_only=True):
    """One line per file, in the order given; `n` counts from 1, since file names are never repeated.

    `zh`: `reason` in Chinese, where there is one.
    """

    n: int
    recording: str | None
    state: str
    error: str = ""
    reason: str = ""
    remedy: str = ""
    zh: str = ""


class Ingestion(Document, frozen=True, kw_only=True):
    files: list[Ingested]


class SealedLine(Document, frozen=True, kw_only=True):
    object: str
    kind: str
    bytes: int
    hot: bool


class Analysing(Document, frozen=True, kw_only=True):
    """What is analysed now. `percent` None = not known; `aside`: it waits for a live talk to end."""

    recording: str
    kind: str
    since: str
    percent: int | None
    aside: bool


class Queue(Document, frozen=True, kw_only=True):
    """What waits for its analysis. None = unknown: lengths and times are estimated from the sizes of recent recordings.

    `audio_s` counts calls; `speed` = seconds of media understood per second lately; `eta_s` to the end of all that waits,
    what is under way included.
    """

    analysing: Analysing | None
    fresh: int
    backlog: int
    oldest_s: int | None
    audio_s: int | None
    speed: float | None
    eta_s: int | None


class CameraLine(Document, frozen=True, kw_only=True):
    """One configured camera. `state`: recording, starting, lost, closed (outside its hours), off (nobody watches it).

    `reason`: why it is lost. `waiting`: its recordings that wait for analysis; `dropped`: those left unread because more waited
    than may; `gaps`: outages that ended, ever, with times of the last one.
    """

    id: str
    shows: str
    state: str
    since: str
    reason: str
    waiting: int
    dropped: int
    gaps: int
    last_gap_from: str
    last_gap_to: str


class Status(Document, frozen=True, kw_only=True):
    """`touches`: touch documents that lie in the spool, not taken in yet or refused; None where they are switched off."""

    gateway: str
    tenant: str
    recordings: dict[str, int]
    parked: list[RecordingLine]
    hot: int
    oldest_hot_s: int | None
    outbox_pending: int
    outbox_highest: int
    committed: int
    dead_letters: int
    audit_rows: int
    audit_ok: bool
    disk_free_bytes: int
    takes_media: bool
    ruleset: str
    worker_running: bool
    queue: Queue
    touches: int | None = None
    cameras: tuple[CameraLine, ...] = ()


class Officers(Document, frozen=True, kw_only=True):
    """Fingerprints of the officers' keys; `recipients` is the digest of the lists, `before` what it was."""

    legal: list[str]
    hr: list[str]
    recipients: str
    before: str


class Ready(Document, frozen=True, kw_only=True):
    gateway: str
    tenant: str
    gateway_key: str
    recipients: str
