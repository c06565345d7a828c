"""Writes the golden messages beside this file: `python tests/golden/wire/make_golden.py`. Only for a new version of the contract.

The keys are fixed and public: bytes 0..31 sign for the gateway, bytes 32..63 for HQ.
"""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from edge_sync import checkpoint, merkle, signing, wire, witness

HERE = Path(__file__).parent
BOX, HQ = bytes(range(32)), bytes(range(32, 64))
EPOCH = "0198f3a2-7c1e-7d2a-9b11-2f5f8f1c0d42"
BOOT = "6f2c5a58-53d1-4c3e-9f53-0e6f3f7a9b1c"
RECORDING = "019a9f10-4e6b-7c55-8a31-5b0f5f2f9d10"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def messages() -> dict[str, bytes]:
    """File name -> exact bytes."""
    box, hq = signing.signer(BOX), signing.signer(HQ)

    def row(
        seq: int, data: wire.TagsData | wire.ShelfData | wire.FloorData | wire.CaseData | wire.Gap | wire.Checkpoint
    ) -> bytes:
        return wire.seal(
            wire.envelope(
                tenant="demo", gateway="gateway-1", epoch=EPOCH, seq=seq, time=NOON, recorded=NOON.replace(minute=3), data=data
            ),
            box,
        )

    tag = wire.Tag(
        event_id="019a9f12-0c1a-7e44-b8a5-3d1f6f0e7a21",
        code="price.objection",
        speaker="customer",
        start_ms=41_200,
        end_ms=44_900,
        known_at_ms=44_900,
        confidence=0.87,
        severity="notice",
        rule=wire.Rule(id="price.objection", version=1, digest="9f" * 32),
        slots=wire.Slots(sku="oat-milk-1l", amount="9.60"),
        evidence=(wire.Evidence(kind="phrase", start_ms=41_200, end_ms=44_900),),
    )
    tags = wire.TagsData(
        recording=RECORDING, consent="notice", ruleset="5c" * 32, models=("whisper-base@" + "a1" * 8,), tags=(tag,)
    )
    shelf = wire.ShelfData(
        recording=RECORDING,
        consent="not-personal",
        ruleset="5c" * 32,
        models=("ppocr-v6@" + "b2" * 8,),
        bay="bay-a",
        planogram="7d" * 32,
        duration_ms=30_000,
        frames_used=6,
        osa=wire.Share(good=7, assessed=8, planned=8),
        planogram_compliance=wire.Share(good=6, assessed=8, planned=8),
        price_compliance=wire.Share(good=5, assessed=6, planned=8),
        readings=(
            wire.ShelfReading(
                slot="a1",
                seen="expected",
                confidence=0.93,
                frames=6,
                at_ms=28_000,
                sku="oat-milk-1l",
                price="9.60",
                price_confidence=0.98,
                price_reads=6,
                tag_visible=True,
            ),
            wire.ShelfReading(slot="a2", seen="empty", confidence=0.97, frames=5, at_ms=28_000, tag_visible=False),
        ),
    )
    floor = wire.FloorData(
        recording=RECORDING, consent="notice", ruleset="5c" * 32, models=("people@" + "c3" * 8,), floor="floor-a", plan="8e" * 32,
        duration_ms=150_000, seconds=150, gap_s=10, assessed_s=(60, 60, 20), suppressed=3, arrivals=4,
        zones=(
            wire.FloorZone(zone="till", role="counter_customer", minutes=(84, None, None), visits=4, unattended_s=12),
            wire.FloorZone(zone="behind", role="counter_staff", minutes=(0, 0, 0), person_s=0, visits=0, unstaffed_s=140),
        ),
    )  # fmt: skip
    case = wire.CaseData(
        case="019a9f20-1b2c-7d3e-8f40-5a6b7c8d9e0f", event_id=tag.event_id, recording=RECORDING, state="overturned",
        reason="wrong-speaker",
    )  # fmt: skip
    closed = wire.CaseData(
        case="019a9f30-1b2c-7d3e-8f40-5a6b7c8d9e0f", event_id=tag.event_id, recording=RECORDING, state="closed", reason="scan"
    )
    gap = wire.Gap(reason="shed", ranges=(wire.Range(first=12, last=40), wire.Range(first=44, last=44)), count=30)
    birth = wire.Birth(
        tenant="demo",
        gateway="gateway-1",
        boot_id=BOOT,
        epoch=EPOCH,
        at=NOON,
        software="0.1.0",
        models=("whisper-base@" + "a1" * 8,),
        lexicons="1e" * 32,
        ruleset="5c" * 32,
        recipients="3b" * 32,
        schemas=("cn.sx.tags.v1", "cn.sx.shelf.v1", "cn.sx.gap.v1"),
        capabilities=("calls", "shelf"),
        outbox_depth=3,
        first_seq=1,
        last_seq=45,
        committed=42,
        clock="synchronised",
        privacy="strict",
    )

    def log(size: int, *since: int) -> wire.Checkpoint:
        """A checkpoint of a log whose rows are the numbers from 0."""
        origin, leaves = f"sx/v1/demo/gateway-1/{EPOCH}", [merkle.leaf_hash(b"%d" % n) for n in range(size)]

        def node(level: int, place: int) -> bytes:
            return merkle.root_of(leaves[place << level : (place + 1) << level])

        root = merkle.root(size, node)
        proofs = (wire.Proof(size=old, hashes=tuple(one.hex() for one in merkle.consistency(old, size, node))) for old in since)
        signature = base64.b64encode(box(checkpoint.text(origin, size, root))).decode()
        return wire.Checkpoint(origin=origin, size=size, root=root.hex(), signature=signature, proofs=tuple(proofs))

    generation = "4f0d0c9b8a7968574635241302f1e0df"
    return {
        "tags.json": row(1, tags),
        "shelf.json": row(2, shelf),
        "case.json": row(4, case),
        "case-closed.json": row(5, closed),
        "floor.json": row(6, floor),
        "gap.json": row(45, gap),
        "tags-packed.zst": row(
            3, wire.TagsData(recording=RECORDING, consent="notice", ruleset="5c" * 32, models=(), tags=(tag,) * 40)
        ),
        "birth.json": wire.seal(birth, box),
        "state.json": wire.plain(wire.State(state="online", boot_id=BOOT)),
        "health-cameras.json": wire.plain(
            wire.Health(boot_id=BOOT, at=NOON, backlog=3, disk_free_bytes=2**34, cameras_lost=0, recordings_dropped=7)
        ),
        "health.json": wire.plain(wire.Health(boot_id=BOOT, at=NOON, backlog=3, oldest_s=12, disk_free_bytes=2**34)),
        "audit.json": row(46, log(30, 12)),
        "witness.json": wire.seal(cosigned(log(30), hq), hq),
        "committed.json": wire.seal(
            wire.Committed(gateway="gateway-1", counter=1_795_000_000_000_000, epoch=EPOCH, seq=42, generation=generation), hq
        ),
        "replay.json": wire.seal(
            wire.Replay(gateway="gateway-1", counter=1_795_000_000_000_001, epoch=EPOCH, first=12, last=40), hq
        ),
        "rebirth.json": wire.seal(wire.Rebirth(gateway="gateway-1", counter=1_795_000_000_000_002), hq),
    }


def cosigned(said: wire.Checkpoint, hq: wire.Sign) -> wire.Witness:
    """HQ's word about a first checkpoint."""
    row = wire.envelope(tenant="demo", gateway="gateway-1", epoch=EPOCH, seq=46, time=NOON, recorded=NOON, data=said)
    assert isinstance(row, wire.AuditEnvelope)
    judged = witness.examined(row, None, key=signing.public_of(BOX), other_log=False, at=NOON)
    return witness.cosigned(replace(judged, counter=1_795_000_000_000_003), hq)


if __name__ == "__main__":
    for name, payload in messages().items():
        (HERE / name).write_bytes(payload)
