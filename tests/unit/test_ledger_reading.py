"""What the command line reads, and that no question grows with the square of the history."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import GATEWAY, World, analysis, memory_folder, score, tag

from edge_agent.domain.recording import Kind, State
from edge_agent.errors import NotFound
from edge_agent.ids import new_id
from edge_agent.ledger import findings


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    yield made
    made.close()


def test_a_tag_comes_back_exactly(world: World) -> None:
    told = tag(slots=(("amount", "96"), ("count", 3), ("value", 0.25)), confidence=0.123456789)
    made = world.take_in()
    world.ledger.analysed(made.id, analysis((told,)))
    found = world.reader.tag(told.id)
    assert (found.tag, found.recording, found.current) == (told, made.id, True)
    assert world.reader.models(made.id) == analysis(()).models
    assert world.reader.models(world.take_in().id) == ()


def test_a_tag_is_found_by_the_end_of_its_id(world: World) -> None:
    told = tag()
    world.ledger.analysed(world.take_in().id, analysis((told, tag("stock.asked"))))
    assert world.reader.tag(told.id[-12:]).tag.id == told.id


@pytest.mark.parametrize("asked", ["", "-", "x", "%", "01a"])
def test_a_tag_that_is_not_one_tag_is_not_found(world: World, asked: str) -> None:
    world.analysed(3)
    with pytest.raises(NotFound):
        world.reader.tag(asked)


def test_tags_come_in_the_order_of_their_stamps(world: World) -> None:
    made = world.take_in()
    world.ledger.analysed(made.id, analysis((tag(start_ms=9000), tag("stock.asked", start_ms=10), tag(start_ms=5000))))
    world.analysed(1)
    assert [one.tag.start_ms for one in world.reader.tags(made.id)] == [10, 5000, 9000]
    assert len(world.reader.tags()) == 4
    assert world.reader.tags(new_id()) == []


def test_a_score_is_asked_of_a_shelf_scan_only(world: World) -> None:
    made = world.take_in(kind=Kind.SHELF)
    world.ledger.analysed(made.id, analysis((), score=score()))
    assert world.reader.score(made.id) == score()
    with pytest.raises(NotFound):
        world.reader.score(world.analysed(1).id)


def test_the_status_counts_everything_once(world: World) -> None:
    world.analysed(2)
    world.ledger.parked(world.take_in().id, "no-model")
    stuck = world.take_in(upto=State.CAPTURED)
    world.ledger.moved(stuck.id, State.REJECTED, reason="interrupted")
    status = world.reader.status()
    assert (status.gateway, status.tenant) == (GATEWAY, "demo")
    assert status.states == {"analysed": 1, "rejected": 1, "sealed": 1}
    assert [reason for _, reason in status.parked] == ["no-model"]
    assert (status.tags, status.outbox.highest, status.outbox.pending, status.outbox.committed) == (2, 1, 1, 0)
    assert status.audit_rows == world.ledger.verify_chain()


@pytest.mark.parametrize(
    "question",
    [
        f"SELECT COUNT(*) FROM tags WHERE {findings.CURRENT}",
        "SELECT id FROM recordings WHERE digest = 'x' AND digest <> '' AND state <> 'rejected'",
        "SELECT seq FROM outbox WHERE seq > 5 AND state = 'live' ORDER BY seq LIMIT 10",
        "SELECT seq FROM outbox WHERE state = 'live' AND rank > 0 ORDER BY rank DESC, seq",
        "SELECT MIN(committed_at) FROM outbox WHERE committed_at <> ''",
    ],
)
def test_a_question_uses_its_index(world: World, question: str) -> None:
    plan = [row["detail"] for row in world.reader._query(f"EXPLAIN QUERY PLAN {question}")]
    assert any("USING" in step and ("INDEX" in step or "PRIMARY KEY" in step) for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
