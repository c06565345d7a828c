"""The uplink's view under its unit's walls: the ledger's folder mounted read-only, another account, a writing worker."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.root

WORKER, UPLINK, SHARED = 61001, 61002, 61003
ACT_AS = """
import os, sys
def act_as(user, *groups):
    os.setgroups(list(groups)); os.setresgid(user, user, user); os.setresuid(user, user, user); os.umask(0o027)
"""
WRITER = f"""{ACT_AS}
from pathlib import Path
from ledger_world import World, memory_folder
with memory_folder() as warm:  # every import happens while the interpreter's own files can be read
    first = World(warm); first.analysed(1); first.close()
act_as({WORKER})
world = World(Path(sys.argv[1]))
print("open", flush=True)
for line in sys.stdin:
    world.analysed(1)
    print("wrote", flush=True)
"""
READER = f"""{ACT_AS}
import json, sqlite3, urllib.parse
from pathlib import Path
from edge_agent.ledger.uplink import OutboxReader
from edge_sync.errors import OutboxAway
path = Path(sys.argv[1])
outbox = OutboxReader(path, path.parent / "no.sock")
act_as({UPLINK}, {SHARED})
for line in sys.stdin:
    try:
        answer = [outbox.highest(), len(outbox.after(0, 10_000))]
    except OutboxAway:
        answer = "away"
    print(json.dumps(answer), flush=True)
outbox.close()
kept = []
for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "new"):
    try:
        os.close(os.open(path.parent / name, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError:
        continue
    kept.append(name)
print(json.dumps(kept), flush=True)
"""


class Talker:
    """One process that answers a line with a line."""

    def __init__(self, command: list[str]) -> None:
        worlds = Path(__file__).parents[1] / "worlds"
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(worlds), "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def ask(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> str:
        rest, _ = self.process.communicate(timeout=60)
        return rest.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As tmpfiles makes it: the worker's, and its group is given to every file in it."""
    if os.geteuid() != 0:
        pytest.fail("mounts and accounts need root: run as root")
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)
    made = tmp_path / "ledger"
    made.mkdir()
    os.chown(made, WORKER, SHARED)
    made.chmod(0o2750)
    return made


@pytest.fixture
def uplink(folder: Path) -> Talker:
    walled = f'mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} && exec "$@"'
    return Talker(["unshare", "--mount", "sh", "-c", walled, "sh", sys.executable, "-c", READER, str(folder / "ledger.db")])


def worker_in(folder: Path) -> Talker:
    made = Talker([sys.executable, "-c", WRITER, str(folder)])
    assert made.hear() == "open"
    return made


def test_the_uplink_follows_a_writing_worker_through_a_read_only_mount(folder: Path, uplink: Talker) -> None:
    assert json.loads(uplink.ask()) == "away"  # it may start first
    worker = worker_in(folder)
    seen = [json.loads(uplink.ask())]
    for _ in range(30):
        assert worker.ask() == "wrote"
        seen.append(json.loads(uplink.ask()))
    assert seen[-1][0] - seen[0][0] >= 30
    assert [one[0] for one in seen] == sorted(one[0] for one in seen)
    worker.end()
    without = json.loads(uplink.ask())  # nobody keeps the log now, and nobody may make one from here
    assert without == "away" or without[0] >= seen[-1][0]
    again = worker_in(folder)
    assert again.ask() == "wrote"
    assert json.loads(uplink.ask())[0] > seen[-1][0]
    again.process.kill()
    again.end()
    killed = json.loads(uplink.ask())
    assert killed == "away" or killed[0] > seen[-1][0]
    once_more = worker_in(folder)
    assert once_more.ask() == "wrote"
    assert json.loads(uplink.ask())[0] > seen[-1][0] + 1
    once_more.end()
    assert json.loads(uplink.end()) == []  # nothing there could be opened for writing
