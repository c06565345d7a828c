"""What an analysis leaves behind: tags, envelopes in sequence, supersession; and how the outbox stays bounded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_world import GATEWAY, NEW_RULES, RULES, World, analysis, memory_folder, opened, plain_json, score, sealed, tag

from edge_agent.config import Limits
from edge_agent.domain.recording import Kind, State
from edge_agent.domain.tags import BehaviorTag, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import NotAllowed
from edge_agent.ledger.uplink import OutboxReader
from edge_sync import wire


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
def rows(world: World) -> Iterator[OutboxReader]:
    reader = OutboxReader(world.path, world.folder / "worker.sock")
    yield reader
    reader.close()


def tags_of(envelope: wire.Envelope) -> tuple[wire.Tag, ...]:
    assert isinstance(envelope, wire.TagsEnvelope)
    return envelope.data.tags


def test_one_call_gives_one_signed_envelope(world: World, rows: OutboxReader) -> None:
    made = world.analysed(3)
    (row,) = rows.after(0, 10)
    envelope = opened(row.payload)
    assert isinstance(envelope, wire.TagsEnvelope)
    assert (row.seq, row.leaf) == (1, "tags")
    assert (envelope.gateway, envelope.tenant, envelope.epoch, envelope.seq) == (GATEWAY, "demo", rows.epoch(), 1)
    assert envelope.time == made.circumstances.started_at
    assert envelope.data.recording == made.id
    assert [one.event_id for one in envelope.data.tags] == [one.tag.id for one in world.reader.tags(made.id)]


def test_a_call_without_findings_is_told_too(world: World, rows: OutboxReader) -> None:
    world.analysed(0)
    (row,) = rows.after(0, 10)
    assert tags_of(opened(row.payload)) == ()


def test_a_shelf_scan_gives_its_score_and_its_tags(world: World, rows: OutboxReader) -> None:
    made = world.take_in(kind=Kind.SHELF)
    world.ledger.analysed(
        made.id, analysis((tag("shelf.out_of_stock", speaker=Speaker.UNKNOWN, slots=(("sku", "sku-2"),)),), score=score())
    )
    first, second = (opened(row.payload) for row in rows.after(0, 10))
    assert isinstance(first, wire.ShelfEnvelope)
    assert (first.data.osa.good, first.data.osa.assessed, first.data.osa.planned) == (3, 4, 5)
    assert [one.seen for one in first.data.readings] == ["expected", "empty"]
    assert tags_of(second)[0].slots.sku == "sku-2"
    assert world.reader.score(made.id) == score()


def test_phrase_ids_and_details_stay_on_the_box(world: World, rows: OutboxReader) -> None:
    made = world.analysed(1)
    sent = plain_json(rows.after(0, 1)[0].payload)["data"]["tags"][0]
    assert sent["evidence"] == [{"kind": "phrase", "start_ms": 1000, "end_ms": 1900}]
    assert world.reader.tags(made.id)[0].tag.evidence[0].detail == "price.objection/3"


def test_a_slot_value_that_is_no_code_is_unknown_on_the_wire(world: World, rows: OutboxReader) -> None:
    made = world.analysed(1)
    sent = plain_json(rows.after(0, 1)[0].payload)["data"]["tags"][0]
    assert sent["slots"] == {"amount": "96"}
    assert dict(world.reader.tags(made.id)[0].tag.slots) == {"amount": "96", "brand": "金谷"}


@pytest.mark.parametrize(
    ("value", "said"), [(96, "96"), (96.5, "96.5"), (0.1, "0.1"), ("12.90", "12.90"), ("九十六", None), (-3, None)]
)
def test_money_leaves_as_an_exact_decimal_or_not_at_all(
    world: World, rows: OutboxReader, value: str | float, said: str | None
) -> None:
    made = world.take_in()
    world.ledger.analysed(made.id, analysis((tag(slots=(("price", value),)),)))
    sent = plain_json(rows.after(0, 1)[0].payload)["data"]["tags"][0].get("slots", {})
    assert sent.get("price") == said


def test_a_second_commit_of_the_same_ruleset_changes_nothing(world: World, rows: OutboxReader) -> None:
    made = world.analysed(2)
    before = world.ledger.verify_chain()
    assert world.ledger.analysed(made.id, analysis(5)) is False
    assert (len(world.reader.tags()), rows.highest(), world.ledger.verify_chain()) == (2, 1, before)


def test_a_code_outside_the_ruleset_never_commits(folder: Path) -> None:
    world = World(folder, options={"codes": {"price.objection"}})
    made = world.take_in()
    with pytest.raises(NotAllowed):
        world.ledger.analysed(made.id, analysis((tag("price.objection"), tag("canary.code"))))
    assert world.ledger.recording(made.id).state is State.SEALED
    assert world.reader.tags() == []
    assert world.ledger.analysed(made.id, analysis((tag("price.objection"),)))
    world.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "太贵了"},
        {"rule_digest": "x"},
        {"rule": "no-version"},
        {"id": "not-an-id"},
        {"confidence": 1.5},
        {"code": "太贵了"},
    ],
)
def test_a_tag_outside_the_contract_is_refused_without_its_value(world: World, changes: dict[str, object]) -> None:
    made = world.take_in()
    with pytest.raises(NotAllowed) as refusal:
        world.ledger.analysed(made.id, analysis((tag(**changes),)))
    assert "太贵了" not in str(refusal.value)
    assert world.ledger.recording(made.id).state is State.SEALED


def test_sequences_have_no_holes_after_refused_commits(world: World, rows: OutboxReader) -> None:
    for n in range(6):
        made = world.take_in()
        if n % 2:
            with pytest.raises(NotAllowed):
                world.ledger.analysed(made.id, analysis((tag(), tag(severity="?"))))
        else:
            world.ledger.analysed(made.id, analysis(1))
    assert [row.seq for row in rows.after(0, 10)] == [1, 2, 3]


def test_a_long_call_is_split(world: World, rows: OutboxReader) -> None:
    world.analysed(600)
    sent = [opened(row.payload) for row in rows.after(0, 10)]
    assert [len(tags_of(one)) for one in sent] == [250, 250, 100]


def reanalysed(world: World, first: tuple[BehaviorTag, ...], second: tuple[BehaviorTag, ...]) -> str:
    made = world.take_in()
    assert world.ledger.analysed(made.id, analysis(first))
    assert world.ledger.analysed(made.id, analysis(second, rules=NEW_RULES))
    return made.id


def test_another_ruleset_supersedes_what_it_finds_again(world: World, rows: OutboxReader) -> None:
    old, new = tag(start_ms=5000), tag(start_ms=5200)
    reanalysed(world, (old,), (new,))
    assert [one.tag.id for one in world.reader.tags()] == [new.id]
    every = {one.tag.id: one for one in world.reader.tags(superseded=True)}
    assert every[new.id].tag.supersedes == old.id
    assert (every[old.id].ruleset, every[new.id].ruleset, every[old.id].current) == (RULES, NEW_RULES, False)
    assert tags_of(opened(rows.after(1, 1)[0].payload))[0].supersedes == old.id


def test_what_another_ruleset_no_longer_finds_is_withdrawn_at_hq_too(world: World, rows: OutboxReader) -> None:
    old = tag(start_ms=5000)
    reanalysed(world, (old,), (tag("stock.asked", start_ms=5000),))
    sent = tags_of(opened(rows.after(1, 1)[0].payload))
    assert [(one.code, one.status, one.supersedes) for one in sent] == [
        ("stock.asked", "final", None),
        ("price.objection", "withdrawn", old.id),
    ]
    assert [one.tag.code for one in world.reader.tags()] == ["stock.asked"]


def test_an_old_tag_is_superseded_by_one_new_tag_only(world: World) -> None:
    old, near, far = tag(start_ms=5000), tag(start_ms=5100), tag(start_ms=5300)
    reanalysed(world, (old,), (near, far))
    found = {one.tag.id: one.tag for one in world.reader.tags()}
    assert (found[near.id].supersedes, found[far.id].supersedes) == (old.id, "")


def test_a_withdrawn_tag_stays_withdrawn_in_the_third_analysis(world: World) -> None:
    one = reanalysed(world, (tag(),), ())
    world.ledger.analysed(one, analysis((), rules="03" * 32))
    assert [found.tag.status for found in world.reader.tags(superseded=True)] == [Status.FINAL, Status.WITHDRAWN]


def test_what_hq_was_sent_is_what_the_ledger_holds(world: World, rows: OutboxReader) -> None:
    reanalysed(world, (tag(), tag("stock.asked")), (tag(), tag("closing.commit")))
    world.analysed(4)
    sent = {found.event_id for row in rows.after(0, 99) for found in tags_of(opened(row.payload))}
    assert sent == {one.tag.id for one in world.reader.tags(superseded=True)}


def gaps(rows: OutboxReader) -> list[wire.Gap]:
    found = (opened(row.payload) for row in rows.after(0, 10_000))
    return [one.data for one in found if isinstance(one, wire.GapEnvelope)]


def test_a_full_outbox_sheds_the_lowest_class_first_and_counts_it(folder: Path) -> None:
    world = World(folder, options={"limits": Limits(tag_floor_bytes=0, outbox_bytes=30_000)})
    rows = OutboxReader(world.path, folder / "none.sock")
    urgent = set()
    for n in range(60):
        made = world.take_in()
        severe = n % 4 == 0
        world.ledger.analysed(made.id, analysis((tag(severity="critical" if severe else "info"),)))
        if severe:
            urgent.add(made.id)
    kept = [opened(row.payload) for row in rows.after(0, 1000)]
    there = {one.data.recording for one in kept if isinstance(one, wire.TagsEnvelope)}
    status = world.reader.status().outbox
    lost = {seq for gap in gaps(rows) for one in gap.ranges for seq in range(one.first, one.last + 1)}
    assert urgent <= there
    assert status.bytes <= 30_000
    assert status.shed == len(lost) > 0
    assert lost.isdisjoint({one.seq for one in kept})
    assert lost | {one.seq for one in kept} == set(range(1, status.highest + 1))
    assert world.ledger.verify_chain()
    rows.close()
    world.close()


def test_tags_are_never_shed_from_the_ledger_itself(folder: Path) -> None:
    world = World(folder, options={"limits": Limits(tag_floor_bytes=0, outbox_bytes=5_000)})
    for _ in range(20):
        world.analysed(1)
    assert len(world.reader.tags()) == 20
    world.close()


def test_the_outboxs_size_is_kept_exactly(folder: Path) -> None:
    world = World(folder, options={"limits": Limits(tag_floor_bytes=0, outbox_bytes=20_000)})
    rows = OutboxReader(world.path, folder / "none.sock")
    for _ in range(40):
        world.analysed(1)
    assert world.reader.status().outbox.bytes == sum(len(row.payload) for row in rows.after(0, 1000))
    rows.close()
    world.close()


def test_times_of_envelopes_are_what_happened_and_what_was_written(world: World, rows: OutboxReader) -> None:
    made = world.take_in()
    world.clock.pass_(timedelta(hours=3))
    world.ledger.analysed(made.id, analysis(1))
    row = rows.after(0, 1)[0]
    envelope = opened(row.payload)
    assert envelope.time == made.circumstances.started_at
    assert envelope.recordedtime == row.created_at == world.clock.now()


def test_evidence_beyond_the_contract_is_cut(world: World, rows: OutboxReader) -> None:
    many = tag()
    many = replace(many, evidence=many.evidence * 200)
    made = world.take_in()
    world.ledger.analysed(made.id, analysis((many,)))
    assert len(tags_of(opened(rows.after(0, 1)[0].payload))[0].evidence) == 64
    assert len(world.reader.tag(many.id).tag.evidence) == 200


def test_an_object_of_the_analysis_is_remembered(world: World) -> None:
    made = world.take_in(upto=State.CAPTURED)
    world.ledger.sealed(made.id, sealed(made.id))
    done = analysis(1)
    world.ledger.analysed(made.id, done)
    assert world.reader.objects(made.id) == {"media": made.id, "transcript": done.transcript_object}
