"""kill -9 between a touch's seal and the ledger's word of it: it counts once, whether its file or its seal is met first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from touch_world import TouchWorld, document

from edge_agent import pipeline
from edge_agent.domain.recording import State

pytestmark = pytest.mark.fault

TAKING = """
import os, signal, sys
from pathlib import Path
from touch_world import TouchWorld
from edge_agent import pipeline

world = TouchWorld(Path(sys.argv[1]))
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "captured":
    world.vault.seal = die
elif sys.argv[2] == "sealed":
    world.ledger.sealed = die
(arrival,) = world.arrivals()
if sys.argv[2] == "kept":
    arrival.discard = die
pipeline.take_in(world.kit, arrival)
"""


@pytest.mark.parametrize("file_first", [True, False])
@pytest.mark.parametrize("killed", ["captured", "sealed", "kept"])
def test_a_touch_that_was_interrupted_counts_once(tmp_path: Path, killed: str, file_first: bool) -> None:
    before = TouchWorld(tmp_path)
    before.deliver(document(customer="C-77"))
    before.close()
    worlds = str(Path(__file__).parents[1] / "worlds")
    done = subprocess.run(
        [sys.executable, "-c", TAKING, str(tmp_path), killed], check=False, env={**os.environ, "PYTHONPATH": worlds},
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr.decode()
    world = TouchWorld(tmp_path)
    world.vault.sweep()
    if not file_first:
        for left in world.ledger.unfinished():
            pipeline.advance(world.kit, left)
    world.work()
    for left in world.ledger.unfinished():
        pipeline.advance(world.kit, left)
    assert list(world.inbox.iterdir()) == []
    states = [row[0] for row in world.query("SELECT state FROM recordings")]
    assert sorted(states) == [State.CLOSED, State.REJECTED]
    assert world.query("SELECT code FROM tags") == [("document.pdf_opened",)]
    assert world.ledger.verify_chain() > 0
    world.close()
