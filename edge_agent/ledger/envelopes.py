"""What is said to HQ, as sealed envelopes: tags and scores of an analysis, contests, gap records, checkpoints of the audit log.

Only codes, numbers and spans pass: phrase ids and the details of evidence stay here. A slot whose value does not fit the
wire's closed type (a brand's Chinese name, say) is left out, which at HQ means "unknown"; the box still shows it.
"""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from edge_agent.domain.contests import Case
from edge_agent.domain.floor import FloorScore, ZoneScore
from edge_agent.domain.recording import Consent, Kind, Recording
from edge_agent.domain.shelf import Share, ShelfScore, SlotReading
from edge_agent.domain.tags import BehaviorTag, SlotValue
from edge_agent.domain.watching import BY_SCAN, Closed
from edge_agent.errors import NotAllowed
from edge_agent.ledger.terms import Terms
from edge_agent.ports import Analysis
from edge_sync import scalars, wire
from edge_sync.errors import WireError

T = TypeVar("T")

BATCH_TAGS: Final = 250
"""Tags per envelope: a long call needs a few, none comes near the wire's limit of bytes."""
RANK_AUDIT, RANK_GAP, RANK_URGENT, RANK_TAGS, RANK_SHELF = -1, 0, 1, 2, 3
"""Classes of rows; the highest number is shed first, 0 and below never."""

_EVIDENCE_LIMIT: Final = 64
_MONEY: Final = frozenset({"amount", "price", "list_price"})
_CODES: Final = frozenset({"sku", "seen_sku", "brand", "topic", "bay", "slot"})
_HEX64: Final = re.compile(r"[0-9a-f]{16,64}")
_SLOT_TYPES: Final[dict[str, Any]] = {field.name: field.type for field in msgspec.structs.fields(wire.Slots)}

Build = Callable[[int, str], bytes]
"""(seq, epoch) -> the sealed bytes of one outbox row."""


@contextmanager
def _refused() -> Iterator[None]:
    """The one place where the wire's refusals become ours."""
    try:
        yield
    except WireError as error:
        raise NotAllowed(f"this may not leave the box: {error.message}", remedy=error.remedy) from error


def of_analysis(
    terms: Terms, recording: Recording, analysis: Analysis, tags: Sequence[BehaviorTag]
) -> Iterator[tuple[int, Build]]:
    """(rank, build) of each outbox row. A talk always gives one, even without tags: HQ counts conversations too."""
    if recording.circumstances.consent is Consent.NONE:
        raise NotAllowed(f"recording {recording.id} has no consent record", zh="没有同意记录")
    if analysis.score is not None:
        yield RANK_SHELF, _builder(terms, recording, _shelf(terms, recording, analysis))
    if analysis.floor is not None:
        yield RANK_SHELF, _builder(terms, recording, _floor(recording, analysis, analysis.floor))
    for start in range(0, len(tags), BATCH_TAGS):
        batch = tags[start : start + BATCH_TAGS]
        urgent = any(tag.severity in {"warning", "critical"} for tag in batch)
        yield RANK_URGENT if urgent else RANK_TAGS, _builder(terms, recording, _tags(terms, recording, analysis, batch))
    if not tags and (recording.circumstances.kind is Kind.CALL or analysis.utterances):
        yield RANK_TAGS, _builder(terms, recording, _tags(terms, recording, analysis, ()))


def of_case(terms: Terms, case: Case) -> Build:
    """Where a contest stands now; `void` is nothing to tell: the finding's own withdrawal says it."""
    data = _convert(
        {
            "case": case.id, "event_id": case.tag, "recording": case.recording, "state": case.stage.value,
            "reason": case.reason.value,
        },
        wire.CaseData,
    )  # fmt: skip
    return _sealed(terms, data, case.decided_at or case.opened_at)


def of_closing(terms: Terms, closed: Closed, stage: str, at: datetime) -> Build:
    """That a later scan ended the matter of a finding (`closed`), or that it did not after all (`reopened`)."""
    data = _convert(
        {"case": closed.case, "event_id": closed.tag, "recording": closed.recording, "state": stage, "reason": BY_SCAN},
        wire.CaseData,
    )
    return _sealed(terms, data, at)


def of_gap(terms: Terms, ranges: Sequence[tuple[int, int]], *, reason: str) -> Build:
    """A gap record over inclusive ranges of sequences."""
    data = _convert(
        {
            "reason": reason,
            "ranges": [{"from": first, "to": last} for first, last in ranges],
            "count": sum(last - first + 1 for first, last in ranges),
        },
        wire.Gap,
    )
    return _sealed(terms, data, terms.clock.now())


def of_checkpoint(
    terms: Terms, *, origin: str, size: int, root: bytes, signature: str, proofs: Sequence[tuple[int, Sequence[bytes]]]
) -> Build:
    """A signed head of the audit log; `proofs` are (earlier size, hashes), `signature` base64."""
    data = _convert(
        {
            "origin": origin, "size": size, "root": root.hex(), "signature": signature,
            "proofs": [{"size": old, "hashes": [one.hex() for one in hashes]} for old, hashes in proofs],
        },
        wire.Checkpoint,
    )  # fmt: skip
    return _sealed(terms, data, terms.clock.now())


def resealed(terms: Terms, payload: bytes) -> Build:
    """A row of an earlier epoch, to be sealed again under another sequence. Our own bytes: their signature is not asked for."""

    def build(seq: int, epoch: str) -> bytes:
        with _refused():
            old = wire.open(payload, lambda _, __: True)
            message = wire.envelope(
                tenant=terms.tenant, gateway=terms.gateway, epoch=epoch, seq=seq, time=old.time, recorded=old.recordedtime,
                data=old.data,
            )  # fmt: skip
            return wire.seal(message, terms.sign)

    return build


def _builder(terms: Terms, recording: Recording, data: wire.TagsData | wire.ShelfData | wire.FloorData) -> Build:
    return _sealed(terms, data, recording.circumstances.started_at)


def _sealed(
    terms: Terms,
    data: wire.TagsData | wire.ShelfData | wire.FloorData | wire.CaseData | wire.Gap | wire.Checkpoint,
    happened: datetime,
) -> Build:
    recorded = terms.clock.now().astimezone(UTC)

    def build(seq: int, epoch: str) -> bytes:
        with _refused():
            message = wire.envelope(
                tenant=terms.tenant, gateway=terms.gateway, epoch=epoch, seq=seq, time=happened.astimezone(UTC),
                recorded=recorded, data=data,
            )  # fmt: skip
            return wire.seal(message, terms.sign, codes=terms.codes, values=terms.values)

    return build


def _head(recording: Recording, analysis: Analysis) -> dict[str, Any]:
    role = {Kind.CALL: "asr", Kind.FLOOR: "people"}.get(recording.circumstances.kind, "shelf")
    return {
        "recording": recording.id,
        "consent": recording.circumstances.consent.value,
        "ruleset": analysis.ruleset,
        "models": [f"{role}@{model}" if _HEX64.fullmatch(model) else model for model in analysis.models],
    }


def _tags(terms: Terms, recording: Recording, analysis: Analysis, tags: Sequence[BehaviorTag]) -> wire.TagsData:
    data = {**_head(recording, analysis), "tags": [_tag(tag, terms.values) for tag in tags]}
    return _convert(data, wire.TagsData)


def _tag(tag: BehaviorTag, values: Container[str] | None) -> dict[str, Any]:
    rule, _, version = tag.rule.rpartition("@")
    evidence = ({"kind": one.kind, "start_ms": one.start_ms, "end_ms": one.end_ms} for one in tag.evidence)
    return {
        "event_id": tag.id, "code": tag.code, "speaker": tag.speaker.value, "start_ms": tag.start_ms, "end_ms": tag.end_ms,
        "known_at_ms": tag.known_at_ms, "confidence": tag.confidence, "severity": tag.severity,
        "rule": {"id": rule, "version": int(version) if version.isdecimal() else 0, "digest": tag.rule_digest},
        "status": tag.status.value, "supersedes": tag.supersedes or None, "slots": dict(_slots(tag.slots, values)),
        "evidence": [one for one in evidence if _fits(one, wire.Evidence)][:_EVIDENCE_LIMIT],
    }  # fmt: skip


def _slots(slots: Sequence[tuple[str, SlotValue]], values: Container[str] | None) -> Iterator[tuple[str, SlotValue]]:
    for name, value in slots:
        said = f"{value:.4f}".rstrip("0").rstrip(".") if name in _MONEY and not isinstance(value, str) else value
        listed = values is None or name not in _CODES or said in values
        if name in _SLOT_TYPES and listed and _fits(said, _SLOT_TYPES[name]):
            yield name, said


def _shelf(terms: Terms, recording: Recording, analysis: Analysis) -> wire.ShelfData:
    score = analysis.score
    assert score is not None
    data = {
        **_head(recording, analysis), "bay": score.bay, "planogram": score.planogram_digest,
        "duration_ms": score.duration_ms, "frames_used": score.frames_used, "osa": _share(score.osa),
        "planogram_compliance": _share(score.planogram), "price_compliance": _share(score.price),
        "readings": [_reading(one, terms.values) for one in score.readings],
        "scores": list(_scores(score)), "brands": list(_brands(score, terms.values)),
    }  # fmt: skip
    if score.visible is not None:
        data["visible"] = score.visible
    return _convert(data, wire.ShelfData)


def _scores(score: ShelfScore) -> Iterator[dict[str, Any]]:
    shares = {"oos": score.oos, "facings": score.facings, "position": score.position, "tags": score.tags}
    for name, share in shares.items():
        if share.planned:
            yield {"name": name, "value": share.value, "coverage": share.coverage, "n": share.assessed}
    index, level, perfect = score.competitor_index, score.eye_level, score.perfect
    others = {
        "competitor_index": (index.value, index.coverage, index.n), "eye_level": (level.value, level.coverage, level.n),
        "perfect": (perfect.value, perfect.coverage, perfect.n),
    }  # fmt: skip
    for name, (value, coverage, n) in others.items():
        if n:
            yield {"name": name, "value": value, "coverage": min(1.0, coverage), "n": n}


def _brands(score: ShelfScore, values: Container[str] | None) -> Iterator[dict[str, Any]]:
    """Brands whose name is a code that is listed; others stay here."""
    for one in score.brands:
        if _fits(one.brand, scalars.Code) and (values is None or one.brand in values):
            yield {
                "brand": one.brand, "side": one.side.value, "facings": one.facings, "sos": one.sos.value,
                "linear_sos": one.linear_sos.value, "coverage": min(1.0, one.sos.coverage), "n": one.sos.n,
            }  # fmt: skip


def _floor(recording: Recording, analysis: Analysis, score: FloorScore) -> wire.FloorData:
    """Zones by minutes; the grid's cells stay here. A minute in which nothing was assessed is 0 of 0 seconds."""
    count = max((one.minute for zone in score.zones for one in zone.minutes), default=-1) + 1
    assessed = [0] * count
    for one in score.zones[0].minutes if score.zones else ():
        assessed[one.minute] = min(60, one.assessed_s)
    seen, told = score.coverage, {"person_s": score.person_s, "arrivals": score.arrivals}
    data = {
        **_head(recording, analysis), "floor": score.floor, "plan": score.plan_digest, "duration_ms": score.duration_ms,
        "seconds": seen.seconds, "dark_s": seen.dark_s, "blocked_s": seen.blocked_s, "moved_s": seen.moved_s,
        "gap_s": seen.gap_s, "assessed_s": assessed, "suppressed": score.suppressed,
        "zones": [_zone(zone, count) for zone in score.zones],
        **{name: value for name, value in told.items() if value is not None},
    }  # fmt: skip
    return _convert(data, wire.FloorData)


def _zone(zone: ZoneScore, count: int) -> dict[str, Any]:
    minutes: list[int | None] = [0] * count
    for one in zone.minutes:
        minutes[one.minute] = one.person_s
    told = {
        "person_s": zone.person_s, "visits": zone.visits, "unattended_s": zone.unattended_s, "unstaffed_s": zone.unstaffed_s,
    }  # fmt: skip
    said = {name: value for name, value in told.items() if value is not None}
    return {"zone": zone.zone, "role": zone.role.value, "minutes": minutes, **said}


def _share(share: Share) -> dict[str, int]:
    return {"good": share.good, "assessed": share.assessed, "planned": share.planned}


def _reading(one: SlotReading, values: Container[str] | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "slot": one.slot, "seen": one.seen.value, "confidence": one.confidence, "frames": one.frames, "at_ms": one.at_ms,
        "price_reads": one.price_reads,
    }  # fmt: skip
    if one.sku and (values is None or one.sku in values) and _fits(one.sku, scalars.Code):
        said["sku"] = one.sku
    if one.price and _fits(one.price, scalars.Decimal):
        said |= {"price": one.price, "price_confidence": one.price_confidence}
    if one.tag_visible is not None:
        said["tag_visible"] = one.tag_visible
    if one.facings is not None:
        said["facings"] = one.facings
    if one.promotion is not None:
        said["promotion"] = one.promotion
    return said


def _fits(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _convert(value: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        # The library's text may quote a value; the path in it is ours.
        _, _, place = str(error).rpartition(" - at ")
        raise NotAllowed(f"this may not leave the box: outside the contract at {place or '$'}") from None
