"""What a kill leaves, and that `seal` returns only after the disk has everything: with real processes."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.x25519 import Identity

pytestmark = pytest.mark.fault


class NoClock:
    def now(self) -> object:
        raise AssertionError("nothing is sealed in this process")


@pytest.fixture
def vault(tmp_path: Path) -> DeviceVault:
    officers = {role: [str(Identity.generate())] for role in ("legal", "hr")}
    keys = DeviceKeys.create(tmp_path / "keys", **officers)
    return DeviceVault(tmp_path / "vault", keys, NoClock())  # type: ignore[arg-type]


def files(tmp_path: Path) -> set[str]:
    root = tmp_path / "vault"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


CHILD = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from edge_agent import ids
    from edge_agent.vault.device import DeviceVault
    from edge_agent.vault.keys import DeviceKeys

    class Clock:
        def now(self):
            return datetime.now(UTC)

    root = Path(sys.argv[1])
    vault = DeviceVault(root / "vault", DeviceKeys.load(root / "keys"), Clock())
    for _ in range(int(sys.argv[2])):
        object_id = ids.new_id()
        vault.seal(object_id, (bytes(50_000) for _ in range(5)), retention="call")
        print(object_id, flush=True)
"""


def child(tmp_path: Path, count: int, *before: str) -> subprocess.Popen[str]:
    script = [*before, sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path), str(count)]
    return subprocess.Popen(script, stdout=subprocess.PIPE, text=True)


def test_whatever_seal_returned_survives_a_kill_and_the_rest_is_swept(vault: DeviceVault, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for kill in range(8):
        running = child(tmp_path, 10_000)
        assert running.stdout is not None
        acknowledged += [running.stdout.readline().strip() for _ in range(1 + kill % 3)]
        running.kill()
        acknowledged += running.stdout.read().split()
        running.wait()
        running.stdout.close()
        vault.sweep()
        assert set(acknowledged) <= set(vault.objects())  # at most one more: sealed, but killed before it could say so
        for object_id in vault.objects():
            vault.verify(object_id)
        assert not [name for name in files(tmp_path) if name.endswith(".part")]
        assert {name for name in files(tmp_path) if name.startswith("objects/")} == {
            f"objects/{one}.age" for one in vault.objects()
        }


def test_every_file_is_synced_before_its_name_and_every_folder_after(vault: DeviceVault, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: apt-get install strace")
    trace = tmp_path / "trace"
    running = child(
        tmp_path, 1, "strace", "-f", "-y", "-s", "200", "-o", str(trace), "-e", "trace=fsync,rename,renameat,renameat2,write"
    )
    said, _ = running.communicate()
    assert running.returncode == 0
    object_id = said.strip()
    calls = [line for line in trace.read_text().splitlines() if object_id in line or ("fsync" in line and "/vault/" in line)]
    order = []
    for line in calls:
        name = line.split(" ", 1)[1].lstrip().split("(")[0]
        if name.startswith("rename"):
            order.append(("named", line.rsplit('"', 2)[1].split("/vault/")[1].split("/")[0]))
        elif name == "fsync":
            path = line.split("<")[1].split(">")[0].split("/vault/")[1]
            order.append(("folder" if "/" not in path else "file", path.split("/")[0]))
    places = [place for step, place in order if step == "named"]
    assert places == ["objects", "shares", "shares", "hot", "manifests"]
    assert order == [(step, place) for place in places for step in ("file", "named", "folder")]
    last_write = max(at for at, line in enumerate(calls) if "write(" in line and "/vault/" not in line)
    assert last_write == len(calls) - 1  # `seal` returned (and its caller spoke) after all of it


FAULTS = [*(f"fsync:error=EIO:when={n}" for n in (1, 2, 3, 5, 8, 9, 10)), *(f"rename:error=ENOSPC:when={n}" for n in (1, 2, 5))]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_sync_or_rename_is_try_again_later_and_leaves_nothing(fault: str, vault: DeviceVault, tmp_path: Path) -> None:
    """`seal` syncs ten times (five files, five folders); whichever fails, nothing was promised and nothing stays."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: apt-get install strace")
    syscall = fault.split(":", maxsplit=1)[0]
    script = [sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path), "1"]
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", f"trace={syscall}", "-e", f"inject={fault}", *script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    assert "Unavailable" in done.stderr
    vault.sweep()
    assert files(tmp_path) == set()
