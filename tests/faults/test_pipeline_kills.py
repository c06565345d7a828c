"""kill -9 between the seal and the ledger's word of it: the recording is analysed once, whoever comes to it first."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from box_world import BoxWorld, script

from edge_agent import pipeline, retention
from edge_agent.domain.recording import State

pytestmark = pytest.mark.fault

TAKING = """
import os, signal, sys
from pathlib import Path
from box_world import BoxWorld
from edge_agent import pipeline

world = BoxWorld(Path(sys.argv[1]))
world.ledger.sealed = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
(arrival,) = world.arrivals()
pipeline.take_in(world.kit, arrival)
"""


@pytest.fixture
def world(tmp_path: Path) -> BoxWorld:
    """A call whose seal is whole and of which the ledger says `captured`; its file still lies in the inbox."""
    before = BoxWorld(tmp_path)
    before.drop(script(("customer", 1, "太贵了")))
    before.close()
    worlds = str(Path(__file__).parents[1] / "worlds")
    killed = subprocess.run(
        [sys.executable, "-c", TAKING, str(tmp_path)], check=False, env={**os.environ, "PYTHONPATH": worlds}, capture_output=True
    )
    assert killed.returncode == -9, killed.stderr.decode()
    world = BoxWorld(tmp_path)
    world.vault.sweep()
    (left,) = world.ledger.unfinished()
    assert left.state is State.CAPTURED
    assert world.vault.objects() == [left.id]
    return world


def analysed(world: BoxWorld) -> list[str]:
    return [row[0] for row in world.query("SELECT recording FROM analyses")]


def test_a_sealed_recording_goes_on_and_its_file_is_a_repeat(world: BoxWorld) -> None:
    (left,) = world.ledger.unfinished()
    world.clock.pass_(timedelta(hours=5))
    retention.sweep(world.vault.objects(), world.ledger.keeping.objects(), world.vault, now=world.clock.now())
    assert pipeline.advance(world.kit, left).state is State.SEALED
    world.work()
    assert list(world.inbox.iterdir()) == []
    assert analysed(world) == [left.id]
    assert world.ledger.recording(left.id).state is State.CLOSED
    assert sorted(row[0] for row in world.query("SELECT state FROM recordings")) == ["closed", "rejected"]
    assert world.ledger.verify_chain() > 0
    world.close()


def test_a_file_that_is_taken_in_first_leaves_the_sealed_recording_as_the_repeat(world: BoxWorld) -> None:
    (left,) = world.ledger.unfinished()
    (arrival,) = world.arrivals()
    again = pipeline.advance(world.kit, pipeline.take_in(world.kit, arrival))
    assert again.state is State.CLOSED
    assert pipeline.advance(world.kit, left).state is State.REJECTED
    assert analysed(world) == [again.id]
    assert not world.vault.is_hot(left.id)
    world.close()
