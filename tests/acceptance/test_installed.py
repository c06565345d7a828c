"""A machine without a network is installed from a stick, enrolled by files carried by hand, and does the whole job in its walls.

HQ is real and outside: its CA, Mosquitto with the generated rules, PostgreSQL, the sink. The tests run in the order they stand
in: a stick that was tampered with is tried on the bare machine, then the box is installed once for all that follow.
"""

import json
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from conftest import BIN, SAMPLES
from debian_machine import HAND, STICK, Cable, Machine, bootstrap, made
from postgres_world import Cluster, PostgresPlace
from region_world import Region
from sync_world import wait_for

from edge_agent.bundle import signature, sums

pytestmark = [pytest.mark.container, pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.broker]

GATEWAY, TENANT = "gateway-7", "t1"
UNITS: Final = ("edge-agent-worker.service", "edge-agent-uplink.service")
LARGEST_EXPOSURE = 1.5
PROBE_MARK = "PROBED "


def tool(name: str, *arguments: object) -> str:
    return subprocess.run([BIN / name, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


class Stick:
    """The bundle, and the public key that the installer got on paper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "stick"
        self.key = tool("edge-hq", "keygen", "-o", folder / "release.key").strip()
        self._private = folder / "release.key"
        tool("edge-agent", "bundle", "build", "-o", self.folder, "--key", self._private)

    def next_release(self, folder: Path) -> None:
        """A bundle of other content by the same maker, in `folder`."""
        shutil.copytree(self.folder, folder)
        with (folder / "lexicons" / "README.md").open("a", encoding="utf-8") as text:
            text.write("\n")
        self.signed_again(folder)

    def signed_again(self, folder: Path) -> None:
        content = sums.written(sums.of_folder(folder))
        (folder / sums.FILE).write_bytes(content)
        (folder / sums.SIGNATURE).write_bytes(signature.signer(self._private).sign(content))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is plenty: it is 3 GB of small files, quickly made and at once gone."""
    folder = tmp_path_factory.mktemp("installed")
    in_memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 10 * 2**30
    if in_memory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6g,mode=755", "tmpfs", str(folder)], check=True)
    yield folder
    if in_memory:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def bare(place: Path) -> Iterator[tuple[Machine, Stick]]:
    """A fresh Debian, booted, with the stick in it."""
    root, hand = place / "debian", place / "hand"
    hand.mkdir()
    making = bootstrap(root)
    try:
        stick = Stick(place)
    finally:
        made(root, making)
    machine = Machine(root, stick=stick.folder, hand=hand).boot()
    yield machine, stick
    machine.cut_power()


def test_a_stick_that_is_tampered_with_or_for_another_machine_installs_nothing(bare: tuple[Machine, Stick], place: Path) -> None:
    machine, stick = bare
    assert machine.out("cat", "/proc/net/dev").count(":") == 1, "the machine has a network besides its loopback"
    install = ("sh", STICK / "install.sh")
    assert "no key" in machine.run(*install, code=1).stderr
    other = tool("edge-hq", "keygen", "-o", place / "other.key").strip()
    assert "does not verify" in machine.run(*install, "--key", other, code=1).stderr
    for part in (
        "wheels/requirements.txt",
        "systemd/edge-agent-worker.service",
        "models/whisper-base/config.json",
        "bundle.toml",
    ):
        path = stick.folder / part
        before = path.read_bytes()
        path.write_bytes(before.replace(before[20:21], b"#", 1))
        assert "changed" in machine.run(*install, "--key", stick.key, code=1).stderr
        path.write_bytes(before)
    stranger = stick.folder / "wheels" / "edge_agent-9.9-py3-none-any.whl"
    stranger.touch()
    assert "not listed" in machine.run(*install, "--key", stick.key, code=1).stderr
    stranger.unlink()
    label = stick.folder / "bundle.toml"
    before = label.read_text(encoding="utf-8")
    label.write_text(before.replace(f'machine = "{platform.machine()}"', 'machine = "riscv64"'), encoding="utf-8")
    stick.signed_again(stick.folder)
    assert "the bundle is for riscv64" in machine.run(*install, "--key", stick.key, code=1).stderr
    label.write_text(before, encoding="utf-8")
    stick.signed_again(stick.folder)
    assert machine.run("ls", "/opt/edge-agent", code=2).stdout == ""


class Hq(Region):
    """A region that keeps its rows in PostgreSQL, and whose sink runs as a process of its own."""

    def __init__(self, folder: Path, rows: PostgresPlace) -> None:
        self._rows = rows
        super().__init__(folder)

    @property
    def store(self) -> str:  # type: ignore[override]
        return self._rows.name

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Mosquitto and the sink are up while the block lasts."""
        command = [BIN / "edge-hq", "sink", "--store", self.store, *self.signed, *self.own("sink")]
        with self.broker(), (self.folder / "sink.log").open("wb") as log:
            sink = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                yield
            finally:
                sink.terminate()
                sink.wait(30)

    def tags(self) -> list[tuple[Any, ...]]:
        """Event id and code of every tag in the database."""
        return sorted(self._rows.ask("SELECT event_id, code FROM tags"))


class Store:
    """The installed machine and the HQ it belongs to."""

    def __init__(self, machine: Machine, hq: Hq) -> None:
        self.machine, self.hq = machine, hq

    def query(self, sql: str) -> list[Any]:
        """Ask the ledger from outside, while the worker writes: cheaper to repeat than any command inside."""
        ledger = self.machine.root / "var" / "lib" / "edge-agent" / "ledger" / "ledger.db"
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def closed(self) -> int:
        return int(self.query("SELECT COUNT(*) FROM recordings WHERE state = 'closed'")[0][0])

    def all_committed(self) -> bool:
        values = dict(self.query("SELECT key, value FROM meta WHERE key IN ('highest', 'committed')"))
        return int(values["committed"]) == int(values["highest"]) > 0

    def json(self, *arguments: object) -> Any:
        return json.loads(self.machine.out("edge-agent", *arguments, "--json"))

    def drop(self, name: str) -> None:
        """Put one of the sample calls into the inbox, its sidecar first, each by one rename."""
        for file in (f"{name}.meta.toml", f"{name}.ogg"):
            (self.machine.hand / file).write_bytes((SAMPLES / file).read_bytes())
        inbox = "/run/edge-agent/inbox"
        carry = (
            f'cp "$1/{name}.meta.toml" {inbox}/.m && mv {inbox}/.m {inbox}/{name}.ogg.meta.toml && cp "$1/{name}.ogg" {inbox}/.o'
        )
        self.machine.run("sh", "-c", f"{carry} && mv {inbox}/.o {inbox}/{name}.ogg", "sh", HAND)

    def probed(self, unit: str, probe: str) -> Any:
        """What `probe` (Python) prints as JSON from inside the walls of `unit`: it runs there before the service itself."""
        machine = self.machine
        machine.write("/usr/local/lib/probe.py", probe)
        with machine.drop_in(unit, f"ExecStartPre=/usr/bin/python3 -I /usr/local/lib/probe.py {unit}"):
            machine.run("systemctl", "restart", unit)
        lines = [line for line in machine.journal(unit).splitlines() if line.startswith(PROBE_MARK)]
        return json.loads(lines[-1].removeprefix(PROBE_MARK))

    def unwalled(self, probe: str) -> Any:
        """The same probe as root outside all walls: what it must be able to see there, or it would prove nothing."""
        return json.loads(self.machine.run("python3", "-I", "-", stdin=probe).stdout.removeprefix(PROBE_MARK))


@pytest.fixture(scope="module")
def store(bare: tuple[Machine, Stick], place: Path, postgres: Cluster) -> Store:
    """Installed from the stick and enrolled, with HQ not yet in reach."""
    machine, stick = bare
    (place / "hq").mkdir()
    hq = Hq(place / "hq", PostgresPlace(postgres))
    legal, hr = (tool("edge-officer", "keygen", "-o", place / f"{role}.key").split()[-1] for role in ("legal", "hr"))
    machine.run(
        "sh", STICK / "install.sh", "--key", stick.key, "--legal", legal, "--hr", hr, "--gateway", GATEWAY, "--tenant", TENANT
    )
    claim = tool("edge-hq", "claim", GATEWAY, "--tenant", TENANT, "--ca", place / "hq" / "ca").splitlines()[0]
    machine.run("edge-agent", "enrol", "request", "--claim", claim, "-o", HAND / "request.json")
    hq.approve(place / "hand" / "request.json", place / "hand" / "grant.json")
    machine.run("edge-agent", "enrol", "accept", HAND / "grant.json")
    machine.run("systemctl", "restart", "edge-agent.target")
    machine.until_running(*UNITS)
    return Store(machine, hq)


def test_units_are_clean_and_little_exposed(store: Store) -> None:
    files = store.machine.out("find", "/etc/systemd/system", "-maxdepth", 1, "-type", "f", "-name", "*edge*").splitlines()
    units = [Path(file).name for file in files]
    assert {*UNITS, "edge-agent-capture.service", "edge-agent.target"} <= set(units)
    said = store.machine.run("systemd-analyze", "verify", "--man=no", *files)
    assert said.stdout + said.stderr == ""
    for unit in units:
        if unit.endswith(".service"):
            last = store.machine.out("systemd-analyze", "security", "--no-pager", unit).splitlines()[-1]
            assert float(last.split(": ")[1].split()[0]) <= LARGEST_EXPOSURE, last


FAMILIES = f"""
import json, socket
opened = set()
for family in range(46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind).close()
            opened.add(family)
        except OSError:
            pass
print({PROBE_MARK!r} + json.dumps(sorted(opened)), flush=True)
"""


def test_worker_opens_no_socket_but_unix_ones(store: Store) -> None:
    assert {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK} <= set(store.unwalled(FAMILIES))
    assert store.probed("edge-agent-worker.service", FAMILIES) == [socket.AF_UNIX]
    running = store.machine.process_of("edge-agent-worker.service")
    assert (running / "ns" / "net").readlink() != Path(f"/proc/{store.machine.init}/ns/net").readlink()
    assert (running / "net" / "dev").read_text().count(":") == 1


SIGHT = f"""
import json, os
state, found = "/var/lib/edge-agent", {{}}
for name in ("vault", "keys", "models", "ledger/ledger.db", "uplink", "uplink/tls/key.pem"):
    found[name] = os.path.exists(state + "/" + name)
found["inbox"] = os.path.exists("/run/edge-agent/inbox")
found["camera"] = os.path.exists("/dev/video0")
found["microphone"] = os.path.exists("/dev/snd")
def writable(path):
    try:
        with open(path, "ab"):
            return True
    except OSError:
        return False
found["writes ledger"] = writable(state + "/ledger/ledger.db")
found["writes its folder"] = writable(state + "/uplink/probe")
found["devices"] = sorted(os.listdir("/dev"))
print({PROBE_MARK!r} + json.dumps(found), flush=True)
"""
HARMLESS = {
    "char", "core", "fd", "full", "hugepages", "log", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
    "stdout", "tty", "urandom", "zero",
}  # fmt: skip


def test_uplink_sees_neither_vault_nor_keys_nor_devices(store: Store) -> None:
    store.machine.run("sh", "-c", "mkdir -p /dev/snd && mknod -m 666 /dev/video0 c 81 0")
    hidden = ("vault", "keys", "models", "inbox", "camera", "microphone", "writes ledger")
    outside = store.unwalled(SIGHT)
    assert all(outside[name] for name in (*hidden, "ledger/ledger.db", "uplink/tls/key.pem"))
    inside = store.probed("edge-agent-uplink.service", SIGHT)
    assert [name for name in hidden if inside[name]] == []
    assert inside["ledger/ledger.db"]
    assert inside["uplink/tls/key.pem"]
    assert inside["writes its folder"]
    assert set(inside["devices"]) <= HARMLESS


@pytest.mark.parametrize("role", ["worker", "uplink", "capture"])
def test_the_box_itself_finds_every_wall_standing(store: Store, role: str) -> None:
    told = json.loads(store.machine.out("sh", "/opt/edge-agent/current/share/edge-agent/systemd/probe.sh", role))
    assert told["ok"], told


def test_doctor_finds_nothing_wrong_but_the_missing_link(store: Store) -> None:
    told = json.loads(store.machine.run("edge-agent", "doctor", "--json", code=None).stdout)
    assert {line["check"] for line in told["checks"] if line["state"] == "fail"} <= {"broker"}, told


def test_a_hung_worker_is_started_again(store: Store) -> None:
    machine, unit = store.machine, "edge-agent-worker.service"
    with machine.drop_in(unit, "WatchdogSec=4", "RestartSec=1"):
        machine.run("systemctl", "restart", unit)
        first = machine.show(unit, "MainPID")
        time.sleep(6)  # longer than the watchdog waits
        assert machine.show(unit, "MainPID") == first, "an idle worker does not feed the watchdog"
        machine.run("systemctl", "kill", "--kill-who=main", "--signal=STOP", unit)
        wait_for(lambda: machine.show(unit, "MainPID") not in {first, "0"}, "the watchdog starts the worker again", seconds=30)
    assert "watchdog" in machine.journal(unit).lower()
    machine.run("systemctl", "restart", unit)
    machine.until_running(unit)


def test_a_call_becomes_tags_and_hq_has_them_when_the_link_comes(store: Store, place: Path) -> None:
    store.drop("call-1")
    try:
        wait_for(lambda: store.closed() == 1, "the call is analysed", seconds=180)
    except AssertionError:
        print(store.machine.journal(*UNITS))  # the reason stands in the worker's log
        raise
    tags = store.json("tags")["tags"]
    assert tags
    assert store.machine.out("ls", "/run/edge-agent/inbox") == ""
    assert store.json("status")["committed"] == 0

    store.machine.cut_power()
    store.machine.boot()
    store.machine.until_running(*UNITS)
    assert store.machine.out("systemctl", "list-units", "--failed", "--no-legend", "--plain", "*edge*") == ""
    assert store.json("tags")["tags"] == tags

    with store.hq.receiving(), Cable(store.machine, port=store.hq.port, to=store.hq.port, folder=place):
        wait_for(store.all_committed, "HQ has all", seconds=120)
    assert store.hq.tags() == sorted((tag["id"], tag["code"]) for tag in tags)
    assert store.json("status")["audit_ok"]


def test_an_installed_box_judges_its_stick_and_makes_another_from_it(
    store: Store, bare: tuple[Machine, Stick], place: Path
) -> None:
    _, stick = bare
    assert store.json("bundle", "verify", STICK, "--key", stick.key)["signature"] == "valid"
    sources = ("--wheelhouse", STICK / "wheels", "--models-from", STICK / "models")
    assert store.json("bundle", "build", "-o", HAND / "copy", *sources)["signed_by"] == ""
    copy = sums.of_folder(place / "hand" / "copy")
    original = sums.of_folder(stick.folder)
    changed = {path for path in original if copy.get(path) != original[path]}
    # The weights come as files here, so the licence texts of the packages they once came in are not at hand.
    assert {path for path in changed if not path.startswith("licences/")} == {"bundle.toml"}
    shutil.rmtree(place / "hand" / "copy")


def test_an_upgrade_keeps_the_state_and_can_be_undone(store: Store, bare: tuple[Machine, Stick], place: Path) -> None:
    machine, stick = bare
    stick.next_release(place / "hand" / "next")
    known, first = store.json("tags"), machine.out("readlink", "/opt/edge-agent/current")
    other = tool("edge-hq", "keygen", "-o", place / "stranger.key").strip()
    install = HAND / "next" / "install.sh"
    assert "another key" in machine.run("sh", install, "--key", other, code=1).stderr
    assert "takes signed bundles only" in machine.run("sh", install, "--unsigned", code=1).stderr

    machine.run("sh", install)  # the maker's key is known here since the first installation
    second = machine.out("readlink", "/opt/edge-agent/current")
    assert second != first
    machine.until_running(*UNITS)
    assert Path(second).name in machine.process_of("edge-agent-worker.service").joinpath("cmdline").read_text()
    assert store.json("tags") == known

    machine.run("sh", "/opt/edge-agent/install.sh", "--rollback")
    assert machine.out("readlink", "/opt/edge-agent/current") == first
    machine.until_running(*UNITS)
    assert Path(first).name in machine.process_of("edge-agent-worker.service").joinpath("cmdline").read_text()
    assert store.json("tags") == known
