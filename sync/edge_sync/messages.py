"""Every message of the contract as a closed type: what a gateway may say, and what HQ may say back.

Upward in the outbox's sequence: `TagsEnvelope`, `ShelfEnvelope`, `GapEnvelope` (CloudEvents 1.0). Upward beside it: `Birth`
(signed), `State` and `Health` (not signed: the process that holds the link holds no key). Downward, signed by HQ:
`Committed`, `Replay`, `Rebirth`. Unknown fields are refused everywhere. Sealing and opening are in `wire`.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from edge_sync.scalars import (
    BootId,
    Code,
    Consent,
    Count,
    Date,
    Decimal,
    Digest,
    EnvelopeId,
    Epoch,
    Fraction,
    Mark,
    MessageType,
    Model,
    Ms,
    Name,
    Number,
    RecordingId,
    Seen,
    Seq,
    Sequence20,
    Severity,
    Software,
    Source,
    Speaker,
    Status,
    Time,
    Word,
)


class _Closed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Rule(_Closed, frozen=True, kw_only=True):
    """The event model that spoke: id, version, and the digest of its canonical form."""

    id: Code
    version: Annotated[int, Meta(ge=1, le=10**6)]
    digest: Digest


class Evidence(_Closed, frozen=True, kw_only=True):
    """A condition that held and where it stands. Which phrase it was stays on the box."""

    kind: Word
    start_ms: Ms
    end_ms: Ms


class Slots(_Closed, frozen=True, kw_only=True, omit_defaults=True):
    """What a tag is about: codes, exact amounts, numbers and dates. Absent = unknown."""

    sku: Code | UnsetType = UNSET
    seen_sku: Code | UnsetType = UNSET
    brand: Code | UnsetType = UNSET
    topic: Code | UnsetType = UNSET
    bay: Code | UnsetType = UNSET
    slot: Code | UnsetType = UNSET
    missing: Code | UnsetType = UNSET
    """The event that did not come, of an absence that asked for several."""
    amount: Decimal | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET
    list_price: Decimal | UnsetType = UNSET
    qty: Number | UnsetType = UNSET
    discount_pct: Number | UnsetType = UNSET
    count: Count | UnsetType = UNSET
    value: Number | UnsetType = UNSET
    date: Date | UnsetType = UNSET
    due: Date | UnsetType = UNSET


class Tag(_Closed, frozen=True, kw_only=True):
    """One finding. `event_id` names this finding for ever, `code` the kind of event; `supersedes` an earlier `event_id`."""

    event_id: RecordingId
    code: Code
    speaker: Speaker
    start_ms: Ms
    end_ms: Ms
    known_at_ms: Ms
    confidence: Fraction
    severity: Severity
    rule: Rule
    status: Status = "final"
    supersedes: RecordingId | None = None
    slots: Slots = Slots()
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        if self.end_ms < self.start_ms:
            raise ValueError("a span ends before it starts")


class TagsData(_Closed, frozen=True, kw_only=True):
    """A batch of tags of one recording, with what they were decided by."""

    recording: RecordingId
    consent: Consent
    ruleset: Digest
    models: Annotated[tuple[Model, ...], Meta(max_length=16)]
    tags: Annotated[tuple[Tag, ...], Meta(max_length=1000)]


class Share(_Closed, frozen=True, kw_only=True):
    """`good` of `assessed` of `planned`; the ratio good/assessed says nothing without assessed/planned."""

    good: Count
    assessed: Count
    planned: Count

    def __post_init__(self) -> None:
        if not self.good <= self.assessed <= self.planned:
            raise ValueError("a share counts more than there is")


class ShelfReading(_Closed, frozen=True, kw_only=True):
    """One slot of the plan as one scan saw it. `price` in yuan, only when its tag was read."""

    slot: Code
    seen: Seen
    confidence: Fraction
    frames: Count
    at_ms: Ms
    sku: Code | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET
    price_confidence: Fraction | UnsetType = UNSET
    price_reads: Count = 0
    tag_visible: bool | UnsetType = UNSET


class ShelfData(_Closed, frozen=True, kw_only=True):
    """One scan of one bay: three compliance shares and the readings behind them."""

    recording: RecordingId
    consent: Consent
    ruleset: Digest
    models: Annotated[tuple[Model, ...], Meta(max_length=16)]
    bay: Code
    planogram: Digest
    duration_ms: Ms
    frames_used: Count
    osa: Share
    planogram_compliance: Share
    price_compliance: Share
    readings: Annotated[tuple[ShelfReading, ...], Meta(max_length=2000)]


class Range(_Closed, frozen=True, kw_only=True):
    """Sequences `from`..`to`, both included."""

    first: Seq = field(name="from")
    last: Seq = field(name="to")

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a range ends before it starts")


class Gap(_Closed, frozen=True, kw_only=True):
    """Sequences that will never come, counted: shed when the outbox was full, or refused and kept as dead letters."""

    reason: Literal["shed", "dead-letter"]
    ranges: Annotated[tuple[Range, ...], Meta(min_length=1, max_length=1000)]
    count: Count

    def __post_init__(self) -> None:
        if self.count != sum(one.last - one.first + 1 for one in self.ranges):
            raise ValueError("a gap record does not count its ranges")


class _Envelope(_Closed, frozen=True, kw_only=True, tag_field="type"):
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


class GapEnvelope(_Envelope, frozen=True, kw_only=True, tag="cn.sx.gap.v1"):
    dataschema: Literal["urn:sx:schema:gap:v1"] = "urn:sx:schema:gap:v1"
    datacontenttype: Literal["application/json"] = "application/json"
    dataclassification: Literal["operational"] = "operational"
    data: Gap


Envelope = TagsEnvelope | ShelfEnvelope | GapEnvelope


class Birth(_Closed, frozen=True, kw_only=True, tag_field="type", tag="cn.sx.birth.v1"):
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


class State(_Closed, frozen=True, kw_only=True):
    """Retained liveness hint. `offline` is the last will; `stopped` is a graceful exit."""

    state: Literal["online", "offline", "stopped"]
    boot_id: BootId


class Health(_Closed, frozen=True, kw_only=True, omit_defaults=True):
    """Every 60 s, expires after two periods. `oldest_s` = age of the oldest row that HQ has not committed."""

    boot_id: BootId
    at: Time
    backlog: Count
    oldest_s: Count = 0
    disk_free_bytes: Count | UnsetType = UNSET
    rtf: Number | UnsetType = UNSET
    temperature_c: Number | UnsetType = UNSET


class _Order(_Closed, frozen=True, kw_only=True, tag_field="type"):
    """Signed by HQ for one gateway. `counter` only ever grows per (key, gateway); the box remembers the last it obeyed."""

    gateway: Name
    counter: Seq


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


Command = Replay | Rebirth
Order = Committed | Replay | Rebirth
