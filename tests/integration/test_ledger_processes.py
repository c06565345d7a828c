"""Worker, uplink and command line as three processes on one ledger file."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import DIGEST, World, opened

from edge_agent.ledger.birth import Presence
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.ledger.watermarks import WatermarkServer

PRESENCE = Presence(software="0.1.0", models=(), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)

UPLINK = """
import sys
from pathlib import Path
from edge_agent.ledger.uplink import OutboxReader
outbox = OutboxReader(Path(sys.argv[1]), Path(sys.argv[2]))
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "after":
        print(*[row.seq for row in outbox.after(int(value), 1000)], flush=True)
    elif word == "confirm":
        print(outbox.confirm(bytes.fromhex(value)), flush=True)
heavy = {"numpy", "sqlite_utils", "av", "cv2"} & set(sys.modules)
print("heavy", *sorted(heavy), flush=True)
"""

WRITER = """
import sys
from pathlib import Path
from ledger_world import World
world = World(Path(sys.argv[1]))
for _ in range(10):
    world.analysed(1)
world.close()
"""

READER = """
import sys
from pathlib import Path
from edge_agent.ledger.reading import LedgerReader
print(LedgerReader.open(Path(sys.argv[1])).status().tags)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_a_row_is_seen_and_confirmed_across_processes(world: World, tmp_path: Path) -> None:
    door = tmp_path / "run" / "worker.sock"
    with (
        WatermarkServer(world.ledger.terms, door, PRESENCE),
        subprocess.Popen(
            [sys.executable, "-c", UPLINK, str(world.path), str(door)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as uplink,
    ):
        assert uplink.stdin is not None
        assert uplink.stdout is not None

        def ask(line: str) -> str:
            assert uplink.stdin is not None
            assert uplink.stdout is not None
            print(line, file=uplink.stdin, flush=True)
            return uplink.stdout.readline().strip()

        epoch = world.reader.status().outbox.epoch
        for n in range(1, 6):
            world.analysed(1)
            assert ask(f"after {n - 1}") == str(n)
            assert ask(f"confirm {world.order(n, epoch=epoch).hex()}") == str(n)
        assert world.reader.status().outbox.pending == 0
        uplink.stdin.close()
        assert uplink.stdout.read().split() == ["heavy"]
    assert world.ledger.verify_chain()


def test_a_second_process_may_write_beside_the_worker(world: World, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "worlds"), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], env=environment, stdout=subprocess.DEVNULL) as other:
        for n in range(10):
            world.analysed(1)
            # A reader sees one moment of the file, never half of what the other two are writing.
            assert world.reader.verify_chain() > n
            assert world.reader.status().tags > n
        assert other.wait(60) == 0
    rows = OutboxReader(world.path, tmp_path / "none")
    assert [row.seq for row in rows.after(0, 100)] == list(range(1, 21))
    assert all(opened(row.payload) for row in rows.after(0, 100))
    assert world.ledger.verify_chain()
    rows.close()


def test_a_reader_works_beside_a_writer_and_after_it(world: World, tmp_path: Path) -> None:
    world.analysed(2)

    def tags_seen() -> str:
        done = subprocess.run([sys.executable, "-c", READER, str(world.path)], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert tags_seen() == "2"
    world.close()
    assert tags_seen() == "2"
