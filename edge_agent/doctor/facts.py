"""What the doctor judges, as plain values. None = could not be found out. Times are UTC, sizes bytes, ages seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from edge_agent.capture.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapDevice:
    """One line of /proc/swaps. `storage`: MEMORY is zram, ENCRYPTED dm-crypt."""

    storage: Storage
    used_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The computer and its kernel. `latest` is the newest time that this box has written down somewhere."""

    now: datetime
    latest: datetime | None = None
    synchronised: bool | None = None
    free_bytes: int | None = None
    media_floor_bytes: int = 0
    tag_floor_bytes: int = 0
    ballast: bool | None = None
    swap: tuple[SwapDevice, ...] | None = None
    worker_swapped_bytes: int | None = None
    worker_core_bytes: int | None = None
    """The running worker's limit for core dumps; None when no worker runs."""
    seccomp: bool | None = None
    landlock: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """`late` lie there without a sidecar for longer than the grace, `touches` as touch documents. `mode`: permission bits."""

    exists: bool
    storage: Storage = Storage.UNKNOWN
    mode: int = 0
    late: int = 0
    touches: int = 0
    allow_plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is in the ledger; None as a whole when there is none or it cannot be read."""

    waiting: int
    """Recordings with a step to go, parked ones left out."""
    parked: int
    pending: int
    dead: int
    oldest_pending_s: int | None
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The way to HQ. `standing`: none, good, due, expired. `trusted`: the certificate is by the CA beside it.

    `reached`: "" when the broker answered, else a short word: refused, timeout, unreachable, name, tls.
    """

    hq_key: bool
    tls: bool
    standing: str | None = None
    days_left: int = 0
    trusted: bool | None = None
    key_open: bool = False
    """Whether others may read the private key's file."""
    reached: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured microphone: whether its device is there, and what the recorder last said of it."""

    name: str
    present: bool | None
    recording: bool | None = None
    losses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """`devices` counts inputs; `health_age_s` is how long the recorder has been silent about itself."""

    sources: tuple[Source, ...] = ()
    devices: int | None = None
    health_age_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One configured camera: its state as `status` says it, and how many of its recordings were left unread."""

    name: str
    state: str
    dropped: int = 0
    in_clear: bool = False
    """Whether its password goes over the network in the clear."""
    idle: Literal["", "basis", "plan"] = ""
    """Why its recordings are never analysed: `basis` is none, or what it shows has no plan in force that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    machine: Machine
    initialised: bool = False
    keys_open: tuple[str, ...] = ()
    """Our own file names in the keys folder that others may read."""
    models: tuple[tuple[str, str], ...] = ()
    """Name of a needed model and its state: ok, missing, damaged."""
    voices: str = "off"
    """State of the model that tells voices apart (ok, missing, damaged), or off."""
    inbox: Inbox = Inbox(exists=False)
    worker_running: bool | None = None
    uplink_running: bool | None = None
    ledger: Ledger | None = None
    employees: int | None = None
    """People in the register whose consent is in force; None when there is no ledger."""
    employees_required: bool = False
    """Whether a call that names no rep is left unanalysed (`consent.employees`)."""
    link: Link = Link(hq_key=False, tls=False)
    sound: Sound = Sound()
    cameras: int | None = None
    """Video devices of this machine."""
    watched: tuple[Watched, ...] = ()
    """The cameras of the configuration."""
