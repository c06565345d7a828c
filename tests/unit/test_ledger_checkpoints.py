"""Checkpoints on their way to HQ and HQ's word on its way back: when, with which proofs, what is believed."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_world import BOX_KEY, DIGEST, GATEWAY, HQ_KEY, STRANGER_KEY, World, memory_folder, opened

from edge_agent.config import Limits
from edge_agent.errors import BadConfig
from edge_agent.ledger.birth import Presence
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.ledger.watermarks import WatermarkServer
from edge_sync import checkpoint, merkle, signing, wire, witness
from edge_sync.witness import Kept

PRESENCE = Presence(software="0.1.0", models=(), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)
BOX, HQ = signing.verifier(signing.public_of(BOX_KEY)), signing.signer(HQ_KEY)


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    yield made
    made.close()


@pytest.fixture
def uplink(world: World) -> Iterator[OutboxReader]:
    path = world.folder / "worker.sock"
    with WatermarkServer(world.ledger.terms, path, PRESENCE):
        reader = OutboxReader(world.path, path)
        yield reader
        reader.close()


def sent(world: World) -> list[wire.AuditEnvelope]:
    reader = OutboxReader(world.path, world.folder / "none.sock")
    found = [(row.leaf, opened(row.payload)) for row in reader.after(0, 10_000)]
    reader.close()
    assert all((leaf == "audit") == isinstance(one, wire.AuditEnvelope) for leaf, one in found)
    return [one for _, one in found if isinstance(one, wire.AuditEnvelope)]


def audit(world: World, kind: str) -> list[str]:
    with closing(sqlite3.connect(world.path)) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM audit WHERE kind = ? ORDER BY seq", (kind,))]


def rows(world: World) -> int:
    return world.reader.status().audit_rows


def at_hq(envelopes: list[wire.AuditEnvelope]) -> list[Kept]:
    """What HQ makes of them, one after the other."""
    newest: Kept | None = None
    found = []
    for one in envelopes:
        found.append(witness.examined(one, newest, key=signing.public_of(BOX_KEY), other_log=False, at=one.recordedtime))
        newest = found[-1] if found[-1].verdict.followed else newest
    return found


def cosigned(world: World, one: wire.AuditEnvelope, *, key: bytes = HQ_KEY, **changes: object) -> bytes:
    world.counter += 1
    (judged,) = at_hq([one])
    made = witness.cosigned(judged, HQ)
    given = {name: getattr(made, name) for name in made.__struct_fields__} | {"counter": world.counter} | changes
    return wire.seal(wire.Witness(**given), signing.signer(key))


def test_a_checkpoint_is_a_signed_head_of_all_rows_before_it(world: World) -> None:
    world.analysed()
    before = rows(world)
    world.ledger.checkpoint()
    (one,) = sent(world)
    assert (one.data.size, rows(world)) == (before, before + 1)
    assert BOX(
        checkpoint.text(one.data.origin, one.data.size, bytes.fromhex(one.data.root)), base64.b64decode(one.data.signature)
    )
    assert one.data.proofs == ()
    assert world.ledger.verify_chain() == before + 1


def test_a_checkpoint_is_not_news(world: World) -> None:
    for _ in range(3):
        world.ledger.checkpoint()
    assert len(sent(world)) == 1
    world.take_in()
    world.ledger.checkpoint()
    world.ledger.checkpoint()
    assert len(sent(world)) == 2


def test_enough_rows_make_one_by_themselves(folder: Path) -> None:
    world = World(folder, options={"checkpoint_rows": 10})
    for _ in range(20):
        world.take_in()
    told = sent(world)
    assert len(told) == pytest.approx(rows(world) / 11, abs=1)
    assert [str(one.verdict) for one in at_hq(told)] == ["first"] + ["consistent"] * (len(told) - 1)
    world.close()


def test_an_opening_makes_one_in_its_own_transaction(world: World) -> None:
    world.ledger.noted("opening.requested", object=DIGEST)
    assert sent(world) == []
    world.ledger.noted("object.opened", object=DIGEST)
    (one,) = sent(world)
    assert one.data.size == rows(world) - 1


def test_proofs_lead_from_the_one_before_and_from_the_one_hq_cosigned(world: World, uplink: OutboxReader) -> None:
    for _ in range(4):
        world.take_in()
        world.ledger.checkpoint()
    uplink.witness(cosigned(world, sent(world)[1]))
    world.take_in()
    world.ledger.checkpoint()
    told = sent(world)
    assert [proof.size for proof in told[-1].data.proofs] == [told[3].data.size, told[1].data.size]
    assert [str(one.verdict) for one in at_hq(told)] == ["first", *["consistent"] * 4]
    assert str(at_hq([told[1], told[4]])[1].verdict) == "consistent"
    assert str(at_hq([told[0], told[4]])[1].verdict) == "unproved"


def test_a_restored_hq_vouches_for_less_and_the_next_proof_leads_from_there(world: World, uplink: OutboxReader) -> None:
    for _ in range(3):
        world.take_in()
        world.ledger.checkpoint()
    told = sent(world)
    uplink.witness(cosigned(world, told[2]))
    uplink.witness(cosigned(world, told[0]))
    assert audit(world, "witness.refused") == []
    world.take_in()
    world.ledger.checkpoint()
    assert str(at_hq([told[0], sent(world)[-1]])[1].verdict) == "consistent"


def test_checkpoints_are_never_shed(folder: Path) -> None:
    world = World(folder)
    world.analysed()
    world.ledger.checkpoint()
    world.options["limits"] = Limits(media_floor_bytes=0, tag_floor_bytes=0, outbox_bytes=1)
    world.reopen()
    world.analysed()
    assert world.reader.status().outbox.shed == 2
    assert len(sent(world)) == 1
    world.close()


def test_a_refused_checkpoint_is_told_as_a_gap(world: World, uplink: OutboxReader) -> None:
    world.ledger.checkpoint()
    uplink.refuse(1, "not-authorised")
    (row,) = uplink.after(0, 10)
    gap = opened(row.payload)
    assert isinstance(gap, wire.GapEnvelope)
    assert (gap.data.reason, gap.data.ranges[0].first) == ("dead-letter", 1)


def test_hqs_word_is_kept_and_adds_no_row(world: World, uplink: OutboxReader) -> None:
    world.ledger.checkpoint()
    before = rows(world)
    message = cosigned(world, sent(world)[0])
    for _ in range(3):
        uplink.witness(message)
    assert rows(world) == before
    with closing(sqlite3.connect(world.path)) as connection:
        ((kept,),) = connection.execute("SELECT value FROM meta WHERE key = 'witness'").fetchall()
    assert f'"size":{before - 1}' in kept


FORGED = {
    "signed by a stranger": ({"key": STRANGER_KEY}, "bad-signature"),
    "signed by the box itself": ({"key": BOX_KEY}, "bad-signature"),
    "for another gateway": ({"gateway": "gateway-2"}, "other-gateway"),
    "of another log": ({"origin": f"sx/v1/demo/{GATEWAY}/feed"}, "other-log"),
    "of a larger tree than ours": ({"size": 1000}, "bad-cosignature"),
    "of another root": ({"root": "ab" * 32}, "bad-cosignature"),
    "of another second": ({"signed_s": 7}, "bad-cosignature"),
}


@pytest.mark.parametrize(("changes", "reason"), FORGED.values(), ids=FORGED.keys())
def test_a_forged_word_of_hq_is_refused_and_audited_once(
    world: World, uplink: OutboxReader, changes: dict[str, object], reason: str
) -> None:
    world.ledger.checkpoint()
    (one,) = sent(world)
    for _ in range(3):
        uplink.witness(cosigned(world, one, **changes))  # type: ignore[arg-type]
    seq = 0 if reason == "bad-signature" else changes.get("size", one.data.size)
    assert audit(world, "witness.refused") == [f'{{"reason":"{reason}","seq":{seq}}}']
    assert audit(world, "witness.kept") == []


def test_hqs_true_word_of_a_history_that_is_not_ours_is_audited(world: World, uplink: OutboxReader) -> None:
    """As after somebody rewrote the file with the device key, or put an old copy back."""
    world.take_in()
    world.ledger.checkpoint()
    told = sent(world)[0].data
    for size, root in ((told.size, "cd" * 32), (told.size + 500, told.root)):
        text = checkpoint.text(told.origin, size, bytes.fromhex(root))
        world.counter += 1
        word = wire.Witness(
            gateway=GATEWAY, counter=world.counter, origin=told.origin, size=size, root=root, signed_s=5,
            cosignature=base64.b64encode(HQ(checkpoint.cosigned_text(text, 5))).decode(),
        )  # fmt: skip
        uplink.witness(wire.seal(word, HQ))
    assert audit(world, "witness.refused") == [
        f'{{"reason":"not-our-history","seq":{told.size}}}',
        f'{{"reason":"not-our-history","seq":{told.size + 500}}}',
    ]


def test_an_older_word_is_stale(world: World, uplink: OutboxReader) -> None:
    world.ledger.checkpoint()
    (one,) = sent(world)
    old = cosigned(world, one)
    uplink.witness(cosigned(world, one))
    uplink.witness(old)
    assert audit(world, "witness.refused") == [f'{{"reason":"stale","seq":{one.data.size}}}']


@pytest.mark.parametrize("message", [b"", b"\x00\xff", b"{}", b"{" * 5000])
def test_nonsense_instead_of_hqs_word_changes_nothing(world: World, uplink: OutboxReader, message: bytes) -> None:
    uplink.witness(message)
    assert audit(world, "witness.refused") == ['{"reason":"bad-signature","seq":0}']
    assert world.ledger.verify_chain()


def test_a_refused_watermark_is_audited_once_a_day(world: World, uplink: OutboxReader) -> None:
    world.analysed()
    forged = world.order(1, epoch=uplink.epoch(), key=STRANGER_KEY)
    foreign = world.order(1, epoch=uplink.epoch(), gateway="gateway-2")
    for _ in range(5):
        uplink.confirm(forged)
        uplink.confirm(foreign)
    told = ['{"reason":"bad-signature","seq":0}', '{"reason":"other-gateway","seq":1}']
    assert audit(world, "watermark.refused") == told
    world.clock.pass_(timedelta(days=2))
    uplink.confirm(forged)
    assert audit(world, "watermark.refused") == [*told, told[0]]


def test_a_flood_of_replayed_watermarks_cannot_flood_the_log(world: World, uplink: OutboxReader) -> None:
    for seq in range(1, 300):
        uplink.confirm(world.order(seq, epoch="0123abcd"))
    assert len(audit(world, "watermark.refused")) == 100


def test_a_replayed_watermark_is_audited(world: World, uplink: OutboxReader) -> None:
    world.analysed()
    world.analysed()
    early = world.order(1, epoch=uplink.epoch())
    uplink.confirm(world.order(2, epoch=uplink.epoch()))
    uplink.confirm(early)
    assert audit(world, "watermark.refused") == ['{"reason":"stale","seq":1}']


def test_a_restored_box_goes_on_under_a_new_name_of_its_log(world: World, uplink: OutboxReader) -> None:
    world.analysed()
    world.ledger.checkpoint()
    before = sent(world)[0].data
    uplink.confirm(world.order(9, epoch=uplink.epoch()))
    world.reopen()
    world.ledger.checkpoint()
    (after,) = sent(world)
    assert after.data.origin != before.origin
    assert after.data.size > before.size
    assert after.data.proofs == ()
    assert world.ledger.verify_chain()
    assert witness.judge(None, after.data, verify=BOX, other_log=True) is witness.Verdict.REPLACED


def test_a_name_that_cannot_stand_in_a_topic_is_refused_at_the_start(folder: Path) -> None:
    from edge_agent.ledger.book import SqliteLedger

    world = World(folder / "well")
    with pytest.raises(BadConfig):
        SqliteLedger.open(
            folder / "ill.db", gateway="Gateway One", tenant="demo", sign=signing.signer(BOX_KEY), clock=world.clock,
            boot=world.clock.boot(),
        )  # fmt: skip
    world.close()


def test_the_whole_log_recomputed_from_the_tables_gives_the_checkpoint(world: World) -> None:
    for _ in range(9):
        world.take_in()
    world.ledger.checkpoint()
    (one,) = sent(world)
    with closing(sqlite3.connect(world.path)) as connection:
        leaves = [bytes(leaf) for (leaf,) in connection.execute("SELECT hash FROM audit ORDER BY seq")]
    assert merkle.root_of(leaves[: one.data.size]).hex() == one.data.root
