"""kill -9 in the middle of commits: what was acknowledged is there, nothing is half there, the next start goes on."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledger_world import World, opened

from edge_agent.domain.recording import State
from edge_agent.ledger.uplink import OutboxReader

pytestmark = pytest.mark.fault

WRITER = """
import sys
from pathlib import Path
from edge_agent.domain.recording import State
from ledger_world import World, analysis
world = World(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    made = world.take_in()
    world.ledger.analysed(made.id, analysis(3))
    print("analysed", made.id, flush=True)
    world.ledger.moved(made.id, State.CLOSED)
    print("closed", made.id, flush=True)
"""


def run_and_kill(folder: Path, after_s: float) -> list[tuple[str, str]]:
    """Start a writer, kill it some time after its first commit could begin; returns what it acknowledged."""
    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "worlds"), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read()
    # The last line may be torn by the kill: only whole lines are acknowledgements.
    lines = told[: told.rfind("\n") + 1].splitlines()
    return [(word, identity) for word, identity in (line.split() for line in lines)]


def test_whatever_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    chance = random.Random(2)
    acknowledged: list[tuple[str, str]] = []
    for _ in range(8):
        acknowledged += run_and_kill(tmp_path, 0.05 + chance.random() * 0.6)
        world = World(tmp_path)
        rows = OutboxReader(world.path, tmp_path / "none")
        found = {one.id: one.state for one in world.reader.recordings()}
        tagged = {one.recording for one in world.reader.tags()}
        sent = {opened(row.payload).data.recording: row.seq for row in rows.after(0, 100_000)}  # type: ignore[union-attr]
        for word, identity in acknowledged:
            assert found[identity] is State.CLOSED or (word == "analysed" and found[identity] is State.ANALYSED)
            assert identity in tagged
            assert identity in sent
        # All or nothing: a state, its tags and its envelope go together.
        done = {identity for identity, state in found.items() if state in {State.ANALYSED, State.CLOSED}}
        assert done == tagged == set(sent)
        assert sorted(sent.values()) == list(range(1, rows.highest() + 1))
        assert world.ledger.verify_chain() > 0
        for one in world.ledger.unfinished():
            if one.state is State.ANALYSED:
                world.ledger.moved(one.id, State.CLOSED)
        rows.close()
        world.close()
    assert len(acknowledged) > 20
