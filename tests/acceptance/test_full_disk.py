"""A gateway's disk that is really full, in the middle of work and of an outage: media waits, tags leave, and it mends itself.

The state directory lies on a small ext4 image. Only the recogniser is a stand-in, for speed. No process is started again.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import quick_worker
from conftest import SAMPLES, Box
from sync_world import Mosquitto, hq_report

pytestmark = [pytest.mark.acceptance, pytest.mark.fault, pytest.mark.root, pytest.mark.broker]

MB = 2**20
MEDIA_FLOOR, TAG_FLOOR, BALLAST = 24 * MB, 16 * MB, 8 * MB
CALLS = 30


class SmallBox(Box):
    """Its state lies on `disk`, its inbox does not: that is somebody else's volume."""

    def __init__(self, root: Path, disk: Path, *, port: int) -> None:
        super().__init__(root, port=port)
        self.disk, self.state = disk, disk / "box"
        self.inbox = root / "inbox"
        self.config.write_text(
            f'gateway = "{self.gateway}"\ntenant = "t1"\nstate = "{self.state}"\ninbox = "{self.inbox}"\n'
            f"[broker]\nport = {port}\n"
            f"[limits]\nmedia_floor_bytes = {MEDIA_FLOOR}\ntag_floor_bytes = {TAG_FLOOR}\n"
        )

    def start_worker(self) -> None:
        with (self.root / "worker.log").open("ab") as log:
            command = [sys.executable, quick_worker.__file__, str(self.config)]
            self.processes["worker"] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def drop_calls(self, first: int, count: int) -> None:
        meta = (SAMPLES / "call-1.meta.toml").read_text(encoding="utf-8")
        for n in range(first, first + count):
            (self.inbox / f"call-{n}.meta.toml").write_text(meta)
            part = self.inbox / f".call-{n}.part"
            part.write_bytes(random.Random(n).randbytes(200_000))
            part.rename(self.inbox / f"call-{n}.wav")

    def waiting(self) -> int:
        return len(list(self.inbox.glob("call-*.wav")))

    def free_bytes(self) -> int:
        found = os.statvfs(self.disk)
        return found.f_bavail * found.f_frsize

    def happened(self, kind: str) -> int:
        return len(self.query(f"SELECT 1 FROM audit WHERE kind = '{kind}'"))

    def ballast(self) -> bool:
        return (self.state / "ledger" / "ledger.ballast").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An ext4 of 96 MB in a file."""
    assert os.geteuid() == 0, "mounting an image needs root"
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(96 * MB)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def box(tmp_path: Path, small_disk: Path) -> Iterator[SmallBox]:
    with Mosquitto(tmp_path) as broker:
        made = SmallBox(tmp_path, small_disk, port=broker.port)
        made.init()
        yield made
        for name in list(made.processes):
            made.kill(name)


def fill(path: Path, free_bytes: int) -> None:
    """Take all that is free now; what the box then gives up of its own is left to it."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, free_bytes - MB)
        file.seek(0, os.SEEK_END)
        for _ in range(MB // 4096):
            file.write(b"\0" * 4096)


def test_a_full_disk_stops_media_lets_tags_leave_and_mends_itself(box: SmallBox) -> None:
    box.start_worker()
    box.drop_calls(0, CALLS)
    box.until(lambda: box.finished(CALLS), seconds=60)
    assert box.ballast()

    # The outage goes on, more calls come, and in the middle of them the disk is full.
    box.drop_calls(CALLS, CALLS)
    fill(box.disk / "filler", box.free_bytes())
    box.until(lambda: box.happened("media.stopped") == 1 and not box.ballast(), seconds=30)
    # What was begun is finished or waits; what was not begun stays where it is.
    box.drop_calls(2 * CALLS, 5)
    waiting = box.waiting()
    assert waiting >= 5
    assert not box.query("SELECT committed_at FROM outbox WHERE committed_at <> ''")

    for name in ("sink", "uplink"):
        box.start(name)
    box.until(box.all_committed, seconds=60)
    assert box.free_bytes() <= BALLAST + MB
    assert (box.waiting(), box.happened("media.open")) == (waiting, 0)
    assert hq_report(box.store)["n"] >= CALLS

    (box.disk / "filler").unlink()
    box.until(lambda: box.finished(2 * CALLS + 5) and box.all_committed(), seconds=60)
    assert (box.waiting(), box.happened("media.open")) == (0, 1)
    box.until(box.ballast, seconds=10)
    assert dict(box.query("SELECT state, count(*) FROM recordings GROUP BY state")) == {"closed": 2 * CALLS + 5}
    report = hq_report(box.store)
    ((rows,),) = box.query("SELECT count(*) FROM outbox WHERE state = 'live'")
    assert (report["n"], report["missing"], report["duplicates"]) == (rows, 0, 0)
    assert box.json("status")["audit_ok"] is True
