"""Every message of the contract as a closed type: what a gateway may say, and what HQ may say back.

Upward in the outbox's sequence (CloudEvents 1.0): `TagsEnvelope`, `ShelfEnvelope`, `FloorEnvelope`, `CaseEnvelope`,
`GapEnvelope`, `AuditEnvelope`. Upward beside it: `Birth` (signed), `State` and `Health` (not signed: the process that holds the
link holds no key). Downward, signed by HQ: `Committed`, `Replay`, `Rebirth`, `Witness`. Unknown fields are refused everywhere.
Sealing and opening are in `wire`.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from edge_sync.data import CaseData, Checkpoint, Closed, FloorData, Gap, ShelfData, TagsData
from edge_sync.scalars import (
    LAST_SEQ,
    BootId,
    Code,
    Count,
    Counter,
    Digest,
    EnvelopeId,
    Epoch,
    Hash,
    Mark,
    MessageType,
    Model,
    Name,
    Number,
    Origin,
    Seq,
    Sequence20,
    Signature,
    Software,
    Source,
    Time,
    check_years,
)


class _Envelope(Closed, frozen=True, kw_only=True, tag_field="type"):
    """CloudEvents 1.0, structured mode. `time` = when it happened, `recordedtime` = when the box wrote it down."""

    specversion: Literal["1.0"] = "1.0"
    id: EnvelopeId
    source: Source
    time: Time
    recordedtime: Time
    sequence: Sequence20

    def __post_init__(self) -> None:
        gateway, _, seq = self.id.split("/")
        if self.source.rpartition(":")[2] != gateway or f"{int(seq):020}" != self.sequence:
            raise ValueError("id, source and sequence disagree")
        if int(seq) > LAST_SEQ:
            raise ValueError("a sequence beyond the last")
        check_years(self.time, self.recordedtime)

    @property
    def tenant(self) -> str:
        return self.source.split(":")[2]

    @property
    def gateway(self) -> str:
        return self.id.split("/")[0]

    @property
    def epoch(self) -> str:
        return self.id.split("/")[1]

    @property
    def seq(self) -> int:
        return int(self.sequence)


class TagsEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.tags.v1"):
    dataschema: Literal["urn:sx:schema:tags:v1"] = "urn:sx:schema:tags:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["personal"] = "personal"
    data: TagsData


class ShelfEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.shelf.v1"):
    dataschema: Literal["urn:sx:schema:shelf:v1"] = "urn:sx:schema:shelf:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["operational"] = "operational"
    data: ShelfData


class FloorEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.floor.v1"):
    dataschema: Literal["urn:sx:schema:floor:v1"] = "urn:sx:schema:floor:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["operational"] = "operational"
    data: FloorData


class CaseEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.case.v1"):
    dataschema: Literal["urn:sx:schema:case:v1"] = "urn:sx:schema:case:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["personal"] = "personal"
    data: CaseData


class GapEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.gap.v1"):
    dataschema: Literal["urn:sx:schema:gap:v1"] = "urn:sx:schema:gap:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["operational"] = "operational"
    data: Gap


class AuditEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.audit.v1"):
    dataschema: Literal["urn:sx:schema:audit:v1"] = "urn:sx:schema:audit:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["operational"] = "operational"
    data: Checkpoint

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data.origin.startswith(f"sx/v1/{self.tenant}/{self.gateway}/"):
            raise ValueError("a checkpoint of another gateway's log")


Envelope = TagsEnvelope | ShelfEnvelope | FloorEnvelope | CaseEnvelope | GapEnvelope | AuditEnvelope


class Birth(Closed, frozen=True, kw_only=True, tag_field="type", tag="cn.sx.birth.v1"):
    """Who this box is right now; retained. `first_seq`/`last_seq` bound what its outbox can still send (0 = nothing)."""

    tenant: Name
    gateway: Name
    boot_id: BootId
    epoch: Epoch
    at: Time
    software: Software
    models: Annotated[tuple[Model, ...], Meta(max_length=32)]
    lexicons: Digest
    ruleset: Digest
    recipients: Digest
    """Digest of the signed set of officers who can open recordings."""
    schemas: Annotated[tuple[MessageType, ...], Meta(max_length=32)]
    capabilities: Annotated[tuple[Code, ...], Meta(max_length=64)]
    outbox_depth: Count
    first_seq: Mark
    last_seq: Mark
    committed: Mark
    clock: Literal["synchronised", "free-running", "unknown"]
    privacy: Code

    def __post_init__(self) -> None:
        check_years(self.at)


class State(Closed, frozen=True, kw_only=True):
    """Retained liveness hint. `offline` is the last will; `stopped` is a graceful exit."""

    state: Literal["online", "offline", "stopped"]
    boot_id: BootId


class Health(Closed, frozen=True, kw_only=True, omit_defaults=True):
    """Every 60 s, expires after two periods. `oldest_s` = age of the oldest row that HQ has not committed.

    `cameras_lost`: cameras of which nothing is recorded that should be; `recordings_dropped`: recordings of cameras that nobody
    read. Absent: this box has no camera, or is older.
    """

    boot_id: BootId
    at: Time
    backlog: Count
    oldest_s: Count = 0
    disk_free_bytes: Count | UnsetType = UNSET
    rtf: Number | UnsetType = UNSET
    temperature_c: Number | UnsetType = UNSET
    cameras_lost: Count | UnsetType = UNSET
    recordings_dropped: Count | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_years(self.at)


class _Order(Closed, frozen=True, kw_only=True, tag_field="type"):
    """Signed by HQ for one gateway. `counter` only ever grows per (key, gateway); the box remembers the last it obeyed."""

    gateway: Name
    counter: Counter


class Committed(_Order, frozen=True, kw_only=True, tag="cn.sx.committed.v1"):
    """Retained: everything up to `seq` of `epoch` is committed in HQ's database of that `generation`."""

    epoch: Epoch
    seq: Mark
    generation: Epoch


class Replay(_Order, frozen=True, kw_only=True, tag="cn.sx.cmd.replay.v1"):
    """Send `from`..`to` of `epoch` again, as far as the outbox still keeps them."""

    epoch: Epoch
    first: Seq = field(name="from")
    last: Seq = field(name="to")

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a range ends before it starts")


class Rebirth(_Order, frozen=True, kw_only=True, tag="cn.sx.cmd.rebirth.v1"):
    """Publish `birth` again."""


class Witness(_Order, frozen=True, kw_only=True, tag="cn.sx.witness.v1"):
    r"""Retained: HQ's cosignature (C2SP cosignature/v1) of the newest checkpoint that it found consistent with all before.

    `signed_s` = POSIX seconds inside the cosignature; `cosignature` is Ed25519 by HQ's operations key over
    `cosignature/v1\ntime {signed_s}\n` and the note's text.
    """

    origin: Origin
    size: Seq
    root: Hash
    signed_s: Seq
    cosignature: Signature


Command = Replay | Rebirth
Order = Committed | Replay | Rebirth | Witness
