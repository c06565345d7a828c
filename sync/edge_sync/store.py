"""What HQ keeps and the one interface to it, so that SQLite can be replaced by PostgreSQL without touching the sink.

A `commit` is one durable transaction: envelopes keyed by (gateway, epoch, seq), repeats ignored; what they carry is taken
apart only for those that were new. A stream is one epoch of one gateway. Its watermark is the highest sequence up to which
every sequence is either here, in a gap record, or refused here after its signature held. `generation` is a random id made
with the database: it tells a gateway when HQ has lost everything. Checkpoints (envelopes of type `cn.sx.audit.v1`) are judged by
`witness.examined`, in order, in the commit in which the watermark passes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Protocol

from msgspec import Struct

from edge_sync.messages import Birth, Envelope, Health
from edge_sync.witness import Heard, Kept

DEAD_LETTERS: Final = 1000
"""Distinct dead letters kept per gateway; further ones are only counted, per reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An enrolled gateway: its tenant and its Ed25519 public key (32 bytes). Of a `revoked` one nothing is taken in."""

    name: str
    tenant: str
    key: bytes
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An envelope whose signature, address and types all held, with its bytes as received."""

    envelope: Envelope
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    birth: Birth
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Liveness of a gateway: a state, or a health report."""

    gateway: str
    state: str = ""
    health: Health | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A message that is not stored as an envelope. `seq` > 0 only when its signature held; then `payload` is kept as well."""

    gateway: str
    leaf: str
    reason: str
    sha256: str
    size_bytes: int
    epoch: str = ""
    seq: int = 0
    payload: bytes = b""


Arrival = Accepted | Born | Seen | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What HQ may now confirm to a gateway, with the counter its signed message must carry."""

    tenant: str
    gateway: str
    epoch: str
    seq: int
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a commit did: envelopes that were new, repeats ignored, messages rejected, and watermarks to publish.

    `checkpoints` are those judged now, whatever the verdict; the followed ones carry a `counter`.
    """

    new: int
    repeats: int
    rejected: int
    watermarks: tuple[Watermark, ...]
    checkpoints: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Sequences `first`..`last` of a stream that HQ knows of and lacks; `first` 0 = it lacks the stream's birth."""

    tenant: str
    gateway: str
    epoch: str
    first: int
    last: int


def conflict(arrival: Accepted) -> Rejected:
    """A second, different envelope under a sequence that is taken: kept as a dead letter, it changes nothing."""
    return Rejected(
        gateway=arrival.envelope.gateway,
        leaf="tags",
        reason="conflict",
        sha256=sha256(arrival.payload).hexdigest(),
        size_bytes=len(arrival.payload),
    )


class StoredRow(Struct, frozen=True, kw_only=True):
    """One envelope as HQ holds it. `data` is the envelope's own data."""

    gateway: str
    epoch: str
    seq: int
    type: str
    time: datetime
    received_at: datetime
    recording: str
    data: dict[str, Any]


class StreamReport(Struct, frozen=True, kw_only=True):
    """One gateway's epoch. `missing` = below the highest sequence seen and unexplained; `gaps` = explained by a record."""

    gateway: str
    tenant: str
    epoch: str
    state: str
    rows: int
    highest: int
    committed: int
    missing: int
    gaps: int
    announced: int


class GatewayLine(Struct, frozen=True, kw_only=True):
    """One enrolled gateway. `epoch` is its current one, "" = it never spoke; then the numbers are 0. `key` is base64."""

    gateway: str
    tenant: str
    key: str
    revoked: bool
    state: str
    seen_at: datetime | None
    epoch: str
    highest: int
    committed: int


class DeadLetter(Struct, frozen=True, kw_only=True):
    """One thing that was refused, however often (`count`). `gateway` "" = of nobody known; `seq` 0 = not a signed row."""

    gateway: str
    leaf: str
    reason: str
    sha256: str
    size_bytes: int
    epoch: str
    seq: int
    count: int
    first_at: datetime
    last_at: datetime


class GatewaysReport(Struct, frozen=True, kw_only=True):
    """`edge-hq gateways --json`."""

    gateways: tuple[GatewayLine, ...]


class DeadLettersReport(Struct, frozen=True, kw_only=True):
    """`edge-hq dead-letters --json`."""

    dead_letters: tuple[DeadLetter, ...]


class RowsReport(Struct, frozen=True, kw_only=True):
    """`edge-hq rows --json`. `n` counts all envelopes, `rows` holds the first of them; `duplicates` is measured by query."""

    rows: tuple[StoredRow, ...]
    n: int
    tags: int
    missing: int
    duplicates: int
    dead_letters: int
    gateways: tuple[StreamReport, ...]


class Store(Protocol):
    """HQ's database. Every method may raise `errors.StoreBroken`; then nothing of that call was acknowledged."""

    @property
    def generation(self) -> str: ...

    def enrol(self, gateway: Gateway) -> None:
        """Admit a gateway, or give an admitted one a new key; it counts as revoked only when `gateway` says so."""
        ...

    def revoke(self, name: str) -> bool:
        """Take nothing in from this gateway any more, nor ask it for anything; False when nobody has that name."""
        ...

    def gateway(self, name: str) -> Gateway | None: ...

    def commit(self, arrivals: Sequence[Arrival], *, at: datetime) -> Result:
        """Keep all of it, durably, in one transaction."""
        ...

    def watermarks(self) -> Sequence[Watermark]:
        """The current one of every gateway that ever spoke and is not revoked."""
        ...

    def holes(self) -> Sequence[Hole]:
        """The first hole of every current stream that has one, and every stream without a birth; none of revoked gateways."""
        ...

    def checkpoints(self, gateway: str = "") -> Sequence[Kept]:
        """Every checkpoint judged so far (of one gateway), by gateway, in the order in which they were judged."""
        ...

    def heard(self) -> Sequence[Heard]:
        """When the first and the highest row of every current stream came in; none of revoked gateways."""
        ...

    def acknowledge(self, gateway: str, origin: str) -> bool:
        """People know why this gateway began the log `origin`: no alarm any more. False when it replaced no other log."""
        ...

    def witnessed(self) -> Sequence[Kept]:
        """For each gateway the followed checkpoint that was judged last, with a fresh counter to send it again."""
        ...

    def counter(self, gateway: str) -> int:
        """A number for the next signed order to this gateway: higher than any before, also after a restore."""
        ...

    def report(self, *, limit: int) -> RowsReport: ...

    def gateways(self) -> Sequence[GatewayLine]:
        """All that are enrolled, by name, revoked ones too."""
        ...

    def dead_letters(self, *, limit: int) -> Sequence[DeadLetter]:
        """The newest `limit` by their last arrival."""
        ...

    def close(self) -> None: ...
