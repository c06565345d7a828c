"""What an envelope carries: tags of a talk, a scan of a bay, counts of a floor, a contest, or a counted gap. No sentence."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from edge_sync.scalars import (
    CaseReason,
    CaseState,
    Code,
    Consent,
    Count,
    Date,
    Decimal,
    Digest,
    Fraction,
    Hash,
    Model,
    Ms,
    Number,
    Origin,
    RecordingId,
    Seen,
    Seq,
    Severity,
    ShelfScoreName,
    Signature,
    Speaker,
    Status,
    Word,
    ZoneRole,
)


class Closed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every type on the wire: immutable, and unknown fields are refused."""


class Rule(Closed, frozen=True, kw_only=True):
    """The event model that spoke: id, version, and the digest of its canonical form."""

    id: Code
    version: Annotated[int, Meta(ge=1, le=10**6)]
    digest: Digest


class Evidence(Closed, frozen=True, kw_only=True):
    """A condition that held and where it stands. Which phrase it was stays on the box."""

    kind: Word
    start_ms: Ms
    end_ms: Ms


class Slots(Closed, frozen=True, kw_only=True, omit_defaults=True):
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


class Tag(Closed, frozen=True, kw_only=True):
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


class TagsData(Closed, frozen=True, kw_only=True):
    """A batch of tags of one recording, with what they were decided by."""

    recording: RecordingId
    consent: Consent
    ruleset: Digest
    models: Annotated[tuple[Model, ...], Meta(max_length=16)]
    tags: Annotated[tuple[Tag, ...], Meta(max_length=1000)]


class Share(Closed, frozen=True, kw_only=True):
    """`good` of `assessed` of `planned`; the ratio good/assessed says nothing without assessed/planned."""

    good: Count
    assessed: Count
    planned: Count

    def __post_init__(self) -> None:
        if not self.good <= self.assessed <= self.planned:
            raise ValueError("a share counts more than there is")


class ShelfReading(Closed, frozen=True, kw_only=True):
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
    facings: Count | UnsetType = UNSET
    promotion: bool | UnsetType = UNSET


class ShelfMeasure(Closed, frozen=True, kw_only=True):
    """A further score of a scan; `value` null = nothing could be assessed. `coverage` of the plan, over `n` slots or facings.

    `competitor_index` is a ratio and may exceed 1, all others are shares.
    """

    name: ShelfScoreName
    value: Annotated[float, Meta(ge=0, le=10**6)] | None
    coverage: Fraction
    n: Count


class ShelfBrand(Closed, frozen=True, kw_only=True):
    """One brand's share of shelf: by facings, and by width where that is known."""

    brand: Code
    side: Literal["own", "competitor", "unknown"]
    facings: Count
    sos: Fraction | None
    linear_sos: Fraction | None
    coverage: Fraction
    n: Count


class ShelfData(Closed, frozen=True, kw_only=True, omit_defaults=True):
    """One scan of one bay: three compliance shares, further scores, and the readings behind them."""

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
    scores: Annotated[tuple[ShelfMeasure, ...], Meta(max_length=32)] = ()
    brands: Annotated[tuple[ShelfBrand, ...], Meta(max_length=256)] = ()
    visible: Fraction | UnsetType = UNSET
    """Share of the planned slots' area that was seen clearly."""


class FloorZone(Closed, frozen=True, kw_only=True, omit_defaults=True):
    """One zone of a floor over a recording. `visits` are people-equivalents: nobody is known again.

    `minutes` are the person-seconds of each minute from the recording's beginning, to be read with its `assessed_s` (mean number
    present = person-seconds / assessed_s). null = not told, because fewer than 3 people-equivalents are behind it, or were on
    the whole floor in that minute; absent = not told, or not known. `unattended_s`: somebody waited here and nobody stood where
    this zone is served from. `unstaffed_s`: a counter behind which nobody stood. Both in whole minutes.
    """

    zone: Code
    role: ZoneRole
    minutes: Annotated[tuple[Count | None, ...], Meta(max_length=1500)]
    person_s: Count | UnsetType = UNSET
    visits: Count | UnsetType = UNSET
    unattended_s: Count | UnsetType = UNSET
    unstaffed_s: Count | UnsetType = UNSET


class FloorData(Closed, frozen=True, kw_only=True, omit_defaults=True):
    """One recording of one floor camera: zones by minutes. Nothing finer than a zone and a minute, and no small count.

    `assessed_s` = seconds of each minute that could be assessed; `dark_s`, `blocked_s`, `moved_s`, `gap_s` say why others could
    not. `suppressed` counts the zone minutes and grid cells that are not told.
    """

    recording: RecordingId
    consent: Consent
    ruleset: Digest
    models: Annotated[tuple[Model, ...], Meta(max_length=16)]
    floor: Code
    plan: Digest
    duration_ms: Ms
    seconds: Count
    dark_s: Count = 0
    blocked_s: Count = 0
    moved_s: Count = 0
    gap_s: Count = 0
    assessed_s: Annotated[tuple[Annotated[int, Meta(ge=0, le=60)], ...], Meta(max_length=1500)]
    zones: Annotated[tuple[FloorZone, ...], Meta(max_length=30)]
    suppressed: Count
    person_s: Count | UnsetType = UNSET
    arrivals: Count | UnsetType = UNSET

    def __post_init__(self) -> None:
        if any(len(zone.minutes) != len(self.assessed_s) for zone in self.zones):
            raise ValueError("a zone has other minutes than the recording")


class CaseData(Closed, frozen=True, kw_only=True):
    """One step of a case: `case` names it for ever, `event_id` the finding it is about. Who objected stays on the box.

    A contest is `contested`, then `upheld` or `overturned`, which comes with a `withdrawn` tag that supersedes the finding; the
    envelope's `time` is when the step was taken. What a later scan no longer shows is `closed` (and `reopened` where a scan that
    came late says otherwise), with the reason `scan`; then `time` is when that scan saw it, and the finding stands.
    """

    case: RecordingId
    event_id: RecordingId
    recording: RecordingId
    state: CaseState
    reason: CaseReason


class Range(Closed, frozen=True, kw_only=True):
    """Sequences `from`..`to`, both included."""

    first: Seq = field(name="from")
    last: Seq = field(name="to")

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a range ends before it starts")


class Gap(Closed, frozen=True, kw_only=True):
    """Sequences that will never come, counted: shed when the outbox was full, or refused and kept as dead letters."""

    reason: Literal["shed", "dead-letter"]
    ranges: Annotated[tuple[Range, ...], Meta(min_length=1, max_length=1000)]
    count: Count

    def __post_init__(self) -> None:
        if self.count != sum(one.last - one.first + 1 for one in self.ranges):
            raise ValueError("a gap record does not count its ranges")


class Proof(Closed, frozen=True, kw_only=True):
    """An RFC 6962 consistency proof: the tree of `size` is a prefix of the checkpoint's own."""

    size: Seq
    hashes: Annotated[tuple[Hash, ...], Meta(max_length=128)]


class Checkpoint(Closed, frozen=True, kw_only=True):
    """A signed tree head of the gateway's audit log (C2SP tlog-checkpoint, taken apart; `edge_sync.checkpoint` writes the note).

    `signature` is Ed25519 by the gateway's key over the note's text. `proofs` lead from the checkpoint sent before, and from the
    newest one that HQ has cosigned, as far as there are any.
    """

    origin: Origin
    size: Seq
    root: Hash
    signature: Signature
    proofs: Annotated[tuple[Proof, ...], Meta(max_length=2)] = ()
