"""Every step of a recording's life, the allowed and the forbidden."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from ledger_world import NOON, World, analysis, memory_folder, recording, sealed

from edge_agent import errors
from edge_agent.domain.recording import LIFE, Consent, State
from edge_agent.errors import NotAllowed, NotFound
from edge_agent.ids import new_id

WAY = {
    State.CAPTURED: [],
    State.SEALED: [State.SEALED],
    State.ANALYSED: [State.SEALED, State.ANALYSED],
    State.CLOSED: [State.SEALED, State.ANALYSED, State.CLOSED],
    State.EXPIRED: [State.SEALED, State.EXPIRED],
    State.REJECTED: [State.REJECTED],
}


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    yield made
    made.close()


def take(world: World, recording_id: str, step: State) -> None:
    if step is State.SEALED:
        world.ledger.sealed(recording_id, sealed(new_id()))
    elif step is State.ANALYSED:
        world.ledger.analysed(recording_id, analysis(0, rules=new_id().replace("-", "")))
    else:
        world.ledger.moved(recording_id, step, reason="test")


def at(world: World, state: State) -> str:
    made = world.take_in(upto=State.CAPTURED)
    for step in WAY[state]:
        take(world, made.id, step)
    return made.id


@pytest.mark.parametrize(("start", "step"), list(product(State, State)))
def test_only_drawn_steps_are_taken(world: World, start: State, step: State) -> None:
    one = at(world, start)
    again = start in {State.ANALYSED, State.CLOSED} and step is State.ANALYSED  # a re-analysis is no step
    if step in LIFE[start]:
        take(world, one, step)
        assert world.ledger.recording(one).state is step
    elif again:
        take(world, one, step)
        assert world.ledger.recording(one).state is start
    else:
        before = world.ledger.verify_chain()
        with pytest.raises(NotAllowed):
            take(world, one, step)
        assert world.ledger.recording(one).state is start
        assert world.ledger.verify_chain() == before


@pytest.mark.parametrize("state", [State.SEALED, State.ANALYSED])
def test_a_step_that_brings_facts_is_not_taken_without_them(world: World, state: State) -> None:
    one = at(world, State.CAPTURED if state is State.SEALED else State.SEALED)
    with pytest.raises(NotAllowed):
        world.ledger.moved(one, state)


def test_a_recording_comes_back_as_it_was_entered(world: World) -> None:
    made = world.take_in()
    found = world.ledger.recording(made.id)
    digest = sealed(made.id).digest
    assert found == replace(made, state=State.SEALED, digest=digest, size_bytes=1000, captured_at=NOON)


def test_a_recording_is_entered_once(world: World) -> None:
    made = world.take_in()
    with pytest.raises(NotAllowed):
        world.ledger.captured(made)


def test_a_foreign_id_is_not_entered(world: World) -> None:
    with pytest.raises(NotAllowed):
        world.ledger.captured(replace(recording(), id="../call"))


def test_an_unknown_recording_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.ledger.recording(new_id())
    with pytest.raises(NotFound):
        world.ledger.parked(new_id(), "x")


def test_unfinished_is_oldest_first_without_the_parked(world: World) -> None:
    first = world.take_in()
    world.clock.pass_(timedelta(seconds=1))
    second = world.take_in(upto=State.CAPTURED)
    world.clock.pass_(timedelta(seconds=1))
    third = world.take_in()
    world.ledger.parked(first.id, "no-model")
    assert [one.id for one in world.ledger.unfinished()] == [second.id, third.id]
    world.ledger.unparked(first.id)
    assert [one.id for one in world.ledger.unfinished()] == [first.id, second.id, third.id]


def test_closed_and_rejected_recordings_are_finished(world: World) -> None:
    at(world, State.CLOSED)
    at(world, State.REJECTED)
    assert world.ledger.unfinished() == []


def test_a_reason_that_is_no_code_is_not_kept(world: World) -> None:
    made = world.take_in()
    world.ledger.parked(made.id, "客户说太贵了")
    assert world.ledger.recording(made.id).parked == "unnamed"
    world.close()
    assert "客户".encode() not in b"".join(one.read_bytes() for one in world.folder.iterdir())


def test_an_error_class_is_kept_as_its_code_and_what_is_shredded_waits_for_nothing(world: World) -> None:
    made = world.take_in()
    world.ledger.parked(made.id, errors.code(errors.MissingAsset("")))
    assert world.reader.status().parked == ((made.id, "missing-asset"),)
    world.ledger.moved(made.id, State.EXPIRED, reason="withdrawn")
    before = world.ledger.verify_chain()
    world.ledger.parked(made.id, "not-allowed")
    assert (world.ledger.recording(made.id).parked, world.reader.status().parked) == ("", ())
    assert world.ledger.verify_chain() == before


def test_the_same_content_is_recognised_until_rejected(world: World) -> None:
    made = world.take_in(upto=State.CAPTURED)
    same = sealed(made.id, "same")
    assert world.ledger.seen_before(same.digest) is None
    world.ledger.sealed(made.id, same)
    assert world.ledger.seen_before(same.digest) == made.id
    world.ledger.moved(made.id, State.REJECTED, reason="duplicate")
    assert world.ledger.seen_before(same.digest) is None


def test_an_empty_digest_is_nobodys_twin(world: World) -> None:
    world.take_in(upto=State.CAPTURED)
    assert world.ledger.seen_before("") is None


def test_nothing_is_analysed_without_consent(world: World) -> None:
    made = world.take_in(consent=Consent.NONE)
    with pytest.raises(NotAllowed, match="no consent record"):
        world.ledger.analysed(made.id, analysis())
    assert world.ledger.recording(made.id).state is State.SEALED
    reader = world.reader
    assert reader.tags() == []
    assert reader.status().outbox.highest == 0


def test_the_state_survives_a_restart(world: World) -> None:
    one = at(world, State.ANALYSED)
    epoch = world.reader.status().outbox.epoch
    world.reopen()
    assert world.ledger.recording(one).state is State.ANALYSED
    assert world.reader.status().outbox.epoch == epoch
