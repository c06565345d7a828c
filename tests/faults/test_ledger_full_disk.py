"""A disk that is really full: the ballast keeps tags coming, then writing is refused whole, then it goes on."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from ledger_world import World

from edge_agent.errors import Unavailable
from edge_agent.ledger.outbox import Outbox
from edge_sync import wire

pytestmark = pytest.mark.fault


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    assert os.statvfs(path.parent).f_bavail == 0


def until_refused(world: World) -> int:
    """Conversations committed before the ledger said that the disk is full."""
    done = 0
    while done < 10_000:
        try:
            world.analysed(40)
        except Unavailable:
            return done
        done += 1
    raise AssertionError


def test_tags_go_on_when_the_disk_is_full(small_disk: Path) -> None:
    world = World(small_disk)
    assert world.reader.status().ballast == "kept"
    world.reader.close()
    world._reader = None
    fill(small_disk / "filler")
    done = until_refused(world)
    assert done > 100  # 8 MB of ballast hold many conversations
    (small_disk / "filler").unlink()
    world.analysed(1)
    rows = world.reader.status().outbox
    assert rows.pending == rows.highest == done + 1
    outbox = Outbox(world.ledger.terms, world.ledger._chain)
    order = wire.Committed(gateway="gateway-1", counter=1, epoch=rows.epoch, seq=done, generation="aaaa")
    assert world.ledger._writer.write(lambda tx: outbox.confirm(tx, order)) == done
    assert world.reader.status().ballast == "kept"
    assert world.ledger.verify_chain()
    world.close()
