"""What a kill leaves, and that `seal` returns only after the disk has everything: with real processes."""

import shutil
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent import ids
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.x25519 import Identity

pytestmark = pytest.mark.fault


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def vault(tmp_path: Path) -> DeviceVault:
    officers = {role: [str(Identity.generate())] for role in ("legal", "hr")}
    keys = DeviceKeys.create(tmp_path / "keys", **officers)
    return DeviceVault(tmp_path / "vault", keys, Clock())


def files(tmp_path: Path) -> set[str]:
    """What lies in the vault, its record of keys aside."""
    root = tmp_path / "vault"
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith("epochs/")}


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
        tmp_path, 2, "strace", "-f", "-y", "-s", "200", "-o", str(trace), "-e", "trace=fsync,rename,renameat,renameat2,write"
    )
    said, _ = running.communicate()
    assert running.returncode == 0
    first, object_id = said.split()
    lines = trace.read_text().splitlines()
    begun = next(at for at, line in enumerate(lines) if "write(1<" in line and first in line)
    calls = [line for line in lines[begun + 1 :] if object_id in line or ("fsync" in line and "/vault/" in line)]
    order = []
    for line in calls:
        name = line.split(" ", 1)[1].lstrip().split("(")[0]
        if name.startswith("rename"):
            order.append(("named", line.rsplit('"', 2)[1].split("/vault/")[1].split("/")[0]))
        elif name == "fsync":
            path = line.split("<")[1].split(">")[0].split("/vault/")[1]
            order.append(("folder" if "/" not in path else "file", path.split("/")[0]))
    places = ["objects", "epochs", "shares", "shares", "epochs", "hot", "manifests"]
    steps = {place: ("file",) if place == "epochs" else ("file", "named", "folder") for place in places}  # keys are appended
    assert order == [(step, place) for place in places for step in steps[place]]
    last_write = max(at for at, line in enumerate(calls) if "write(" in line and "/vault/" not in line)
    assert last_write == len(calls) - 1  # `seal` returned (and its caller spoke) after all of it


FAULTS = [
    *(f"fsync:error=EIO:when={n}" for n in (*range(1, 20, 2), 20)),
    *(f"rename:error=ENOSPC:when={n}" for n in (1, 2, 3, 4, 9)),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_sync_or_rename_is_try_again_later_and_leaves_nothing(fault: str, vault: DeviceVault, tmp_path: Path) -> None:
    """The first `seal` syncs twenty times (nine files and their folders, two appended keys); whichever fails, nothing stays."""
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
    assert seal_one(vault) in vault.objects()


def seal_one(vault: DeviceVault) -> str:
    object_id = ids.new_id()
    vault.seal(object_id, [bytes(1000)], retention="call")
    vault.verify(object_id)
    return object_id


SHRED = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from edge_agent.vault.device import DeviceVault
    from edge_agent.vault.keys import DeviceKeys

    class Clock:
        def now(self):
            return datetime.now(UTC)

    root = Path(sys.argv[1])
    vault = DeviceVault(root / "vault", DeviceKeys.load(root / "keys"), Clock())
    getattr(vault, sys.argv[2])(*([sys.argv[3:]] if sys.argv[2] == "shred" else sys.argv[3:]))
"""


def test_the_new_epoch_is_on_the_disk_before_the_old_key_is_touched(vault: DeviceVault, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: apt-get install strace")
    kept, victim = seal_one(vault), seal_one(vault)
    trace, script = tmp_path / "trace", [sys.executable, "-c", textwrap.dedent(SHRED), str(tmp_path), "shred", victim]
    watch = ["strace", "-f", "-y", "-s", "200", "-o", str(trace), "-e", "trace=openat,fsync,rename,write,unlink"]
    subprocess.run([*watch, *script], capture_output=True, check=True)
    steps = []
    for line in trace.read_text().splitlines():
        call, _, rest = line.split(" ", 1)[1].lstrip().partition("(")
        if "epochs" not in line or "/hot" in line or "hot." in line or (call == "openat" and "O_WRONLY" not in rest):
            continue
        place = "key" if "/keys/epochs" in rest else "record"
        named = rest.partition(">")[0] if call in {"fsync", "write"} else rest
        number = next((n for n in (1, 2) if f"0000000{n}." in named), 0)  # 0: the folder
        steps.append(f"{call} {place} {number or 'folder'}")
    written = [one for one in steps if one.split()[0] != "openat" or one.endswith("1")]
    written = written[written.index("write key 2") :]  # before: the hot wraps' ring, in the same folder of keys
    fresh = [f"{call} {place} {what}" for place in ("key", "record") for call, what in (
        ("write", "2"), ("fsync", "2"), ("rename", "2"), ("fsync", "folder"))]  # fmt: skip
    assert written[: len(fresh)] == fresh
    rest = written[len(fresh) :]
    assert rest[:2] == ["fsync key folder", "fsync record folder"]
    assert rest[2:7] == ["openat key 1", "write key 1", "fsync key 1", "unlink key 1", "fsync key folder"]
    assert rest[7:] == ["unlink record 1", "fsync record folder"]
    DeviceVault(tmp_path / "vault", vault.keys, Clock()).verify(kept)


KILLS = [("shred", call, n) for call, most in (("fsync", 17), ("rename", 4), ("unlink", 11)) for n in range(1, most + 1, 2)]
KILLS += [("close", call, n) for call, most in (("fsync", 10), ("unlink", 3)) for n in range(1, most + 1, 2)]


@pytest.mark.parametrize(("act", "call", "number"), KILLS, ids=str)
def test_a_kill_at_any_step_of_destroying_keys_loses_no_other_object(
    act: str, call: str, number: int, vault: DeviceVault, tmp_path: Path
) -> None:
    """Killed as it enters the n-th fsync, rename or unlink; a repeat ends it, whatever was done before."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: apt-get install strace")
    kept, victim, other = seal_one(vault), seal_one(vault), seal_one(vault)
    victims = [victim, other] if act == "shred" else [victim]
    script = [sys.executable, "-c", textwrap.dedent(SHRED), str(tmp_path), act, *victims]
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    subprocess.run(["strace", "-f", "-o", "/dev/null", *inject, *script], capture_output=True, check=False)
    after = DeviceVault(tmp_path / "vault", vault.keys, Clock())
    after.verify(kept)
    with after.open_hot(kept) as plain:
        assert plain.read() == bytes(1000)
    after.sweep()
    after.verify(kept)
    if act == "shred":
        after.shred(victims)
        assert after.objects() == [kept]
        assert files(tmp_path) == {name.replace(victim, kept) for name in files(tmp_path)}
    else:
        after.close(victim)
        assert after._ways._hot_keys.objects() == [kept, other]
        after.verify(victim)
    epochs = sorted(path.name for path in (tmp_path / "keys/epochs").iterdir())
    assert [name.split(".")[0] for name in epochs] == ["hot", "shares"]  # one epoch key of each ring is left, no more
    assert len(list((tmp_path / "vault/epochs").glob("*/*.records*"))) == 2
    after.verify(seal_one(after))
