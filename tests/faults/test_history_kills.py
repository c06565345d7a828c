"""kill -9 between, and in the middle of, analyses and judgements: no conclusion is lost, none is given twice."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from history_judge import HISTORIAN
from ledger_world import World, opened

from edge_agent.ledger.uplink import OutboxReader

pytestmark = pytest.mark.fault

WRITER = """
import sys
from pathlib import Path
from history_judge import one_more
from ledger_world import World
world = World(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    one_more(world)
"""


def run_and_kill(folder: Path, after_s: float) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "worlds"), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)


def test_kills_lose_and_double_no_conclusion(tmp_path: Path) -> None:
    chance = random.Random(5)
    for _ in range(6):
        run_and_kill(tmp_path, 0.05 + chance.random() * 0.4)
        world = World(tmp_path)
        world.ledger.judge(HISTORIAN)
        said = [one.tag.code for one in world.reader.tags()]
        assert said.count("y.third") == said.count("x.a") // 3
        assert world.reader.tags(superseded=True) == world.reader.tags()
        rows = OutboxReader(world.path, tmp_path / "none")
        told = [tag.code for row in rows.after(0, 100_000) for tag in opened(row.payload).data.tags]  # type: ignore[union-attr]
        rows.close()
        assert told.count("y.third") == said.count("y.third")
        assert world.ledger.verify_chain()
        world.close()
    assert said.count("y.third") >= 3
