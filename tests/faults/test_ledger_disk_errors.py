"""Every write and every fsync of a commit fails once, by error injection: nothing acknowledged is lost, nothing is half there.

The writer runs under strace, which lets the N-th call of one kind fail with one error; N is swept. What the writer then says
must be one of our own errors, and the file must open, verify and go on afterwards.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from ledger_world import World, opened

from edge_agent.domain.recording import State
from edge_agent.ledger.uplink import OutboxReader

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

WRITER = """
import sys
from pathlib import Path
from edge_agent.errors import LedgerBroken, Unavailable
from ledger_world import World, analysis
done = 0
try:
    world = World(Path(sys.argv[1]))
    for _ in range(4):
        made = world.take_in()
        world.ledger.analysed(made.id, analysis(40))
        done += 1
        print("analysed", made.id, flush=True)
except Unavailable:
    print("unavailable", done, flush=True)
except LedgerBroken:
    print("broken", done, flush=True)
else:
    print("finished", done, flush=True)
"""


def strace(folder: Path, *options: str) -> list[list[str]]:
    """Run the writer under strace; its lines, as words."""
    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "worlds"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["strace", "-f", "-qq", "--seccomp-bpf", *options, sys.executable, "-c", WRITER, str(folder)],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines, done.stderr
    return lines


def run(folder: Path, call: str, error: str, at: int) -> tuple[str, list[str]]:
    """How the writer ended when its `at`-th such call failed, and which recordings it acknowledged."""
    lines = strace(folder, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={at}")
    return lines[-1][0], [identity for word, identity in lines if word == "analysed"]


@dataclass(frozen=True)
class Call:
    """One system call of an undisturbed run: the `at`-th of its name, on which file, and whether the ballast lay there then."""

    name: str
    at: int
    file: str
    ballast: bool


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    folder = tmp_path_factory.mktemp("calls") / "box"
    folder.mkdir()
    trace = folder.parent / "trace"
    strace(folder, "-y", "-o", str(trace), "-e", "trace=pwrite64,fdatasync,fsync")
    found: list[Call] = []
    for name, file in re.findall(r"^\d+ +(\w+)\(\d+<([^>]*)>", trace.read_text(), re.MULTILINE):
        before = sum(one.name == name for one in found)
        ballast = any(one.file == "ledger.ballast" for one in found)
        found.append(Call(name, before + 1, Path(file).name, ballast))
    return found


def some(chosen: list[Call], count: int) -> list[Call]:
    """Evenly spread, first and last included."""
    assert chosen
    last = len(chosen) - 1
    return [chosen[at] for at in sorted({round(n * last / (count - 1)) for n in range(count)})]


def whole(folder: Path, acknowledged: list[str]) -> None:
    """The file opens again, holds what was acknowledged, and takes the next recording."""
    world = World(folder)
    rows = OutboxReader(world.path, folder / "none")
    sent = {opened(row.payload).data.recording for row in rows.after(0, 1000)}  # type: ignore[union-attr]
    done = {one.id for one in world.reader.recordings() if one.state is State.ANALYSED}
    assert set(acknowledged) <= done
    assert done == sent == {one.recording for one in world.reader.tags()}
    assert [row.seq for row in rows.after(0, 1000)] == list(range(1, rows.highest() + 1))
    world.analysed(1)
    assert world.ledger.verify_chain() > 0
    rows.close()
    world.close()


CASES = {
    "no space for the log, no ballast yet": ("pwrite64", "ENOSPC", {"ledger.db-wal"}, False, {"unavailable"}),
    "no space for the log, ballast in place": ("pwrite64", "ENOSPC", {"ledger.db-wal"}, True, {"finished"}),
    "a write to the log fails": ("pwrite64", "EIO", {"ledger.db-wal"}, True, {"broken"}),
    # SQLite reports any failure to lay out its shared index as lack of space.
    "a write while the file is made fails": ("pwrite64", "EIO", {"ledger.db", "ledger.db-journal", "ledger.db-shm"}, False,
                                             {"broken", "unavailable"}),
    "an fsync of the log fails": ("fdatasync", "EIO", {"ledger.db-wal"}, True, {"broken"}),
    "an fsync while the file is made fails": ("fdatasync", "EIO", {"ledger.db-journal", "ledger.db-wal"}, False, {"broken"}),
    # SQLite is silent about these two: the log still holds everything, and the folder is fsynced by us.
    "the checkpoint at closing fails": ("fdatasync", "EIO", {"ledger.db"}, True, {"finished"}),
    "SQLite's own fsync of the folder fails": ("fdatasync", "EIO", {"box"}, False, {"finished"}),
    "our fsync of the folder fails": ("fsync", "EIO", {"box"}, False, {"broken"}),
    "the ballast cannot be laid in": ("fsync", "EIO", {"ledger.ballast"}, False, {"finished"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_failing_call_loses_nothing(tmp_path: Path, calls: list[Call], case: str) -> None:
    name, error, files, ballast, ends = CASES[case]
    chosen = [one for one in calls if one.name == name and one.file in files and one.ballast is ballast]
    if case == "an fsync of the log fails":
        del chosen[-1]  # it opens the checkpoint at closing
    seen: set[str] = set()
    for one in some(chosen, 5):
        folder = tmp_path / str(one.at) / "box"
        folder.mkdir(parents=True)
        end, acknowledged = run(folder, one.name, error, one.at)
        seen.add(end)
        assert seen <= ends
        if end == "finished":
            assert len(acknowledged) == 4
        whole(folder, acknowledged)
    assert seen


def test_a_full_disk_lets_the_ballast_go_and_it_is_said(tmp_path: Path, calls: list[Call]) -> None:
    chosen = [one for one in calls if one.name == "pwrite64" and one.file == "ledger.db-wal" and one.ballast]
    world = World(tmp_path)
    world.close()
    end, _ = run(tmp_path, "pwrite64", "ENOSPC", len(chosen) // 2)
    assert end == "finished"
    world = World(tmp_path)
    rows = world.reader._query("SELECT kind FROM audit WHERE kind LIKE 'ballast.%' ORDER BY seq")
    assert [row["kind"] for row in rows] == ["ballast.kept", "ballast.freed", "ballast.kept"]
    world.close()
