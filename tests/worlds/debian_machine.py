"""A Debian 12 of its own, booted with its own systemd in a container that has no network: the machine an installer meets.

`run` works inside it as root; `cut_power` ends it without a word and `boot` starts it again from the same disk. `Cable` is the
only way out there ever is: one TCP port of its loopback, joined to one port of the host's while it is plugged in.
"""

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

PACKAGES: Final = "systemd,systemd-sysv,dbus,python3,python3-venv"
"""What a minimal Debian 12 needs to be installed on."""
STICK: Final = Path("/media/stick")
HAND: Final = Path("/media/hand")
"""The folder through which files are carried by hand, to HQ and back."""


def bootstrap(root: Path) -> subprocess.Popen[bytes]:
    """Start making the system; wait for it with `made`."""
    for program, package in (("debootstrap", "debootstrap"), ("systemd-nspawn", "systemd-container")):
        assert shutil.which(program), f"needs {program}: apt-get install {package}"
    assert os.geteuid() == 0, "a container with its own systemd needs root: run as root"
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root)]
    with root.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def made(root: Path, started: subprocess.Popen[bytes]) -> None:
    assert started.wait() == 0, root.with_suffix(".log").read_text(errors="replace")[-2000:]


class Machine:
    def __init__(self, root: Path, *, stick: Path, hand: Path) -> None:
        self.root, self._stick, self.hand = root, stick, hand
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._init = 0

    def boot(self) -> Self:
        """Start it, and wait until its systemd says that all is up."""
        command = [
            "systemd-nspawn", "--boot", "--directory", self.root, "--register=no", "--keep-unit", "--private-network",
            "--console=pipe", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
            # nspawn 252 withholds landlock, which a real kernel gives: the decoder refuses to work without.
            "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self",
            f"--bind-ro={self._stick}:{STICK}", f"--bind={self.hand}:{HAND}",
        ]  # fmt: skip
        with self.root.with_suffix(".log").open("ab") as log:
            self._nspawn = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._is_up():
            assert time.monotonic() < deadline, f"the container does not come up: {self.log()}"
            assert self._nspawn.poll() is None, f"systemd-nspawn cannot start a container here: {self.log()}"
            time.sleep(0.2)
        return self

    def cut_power(self) -> None:
        """Kill everything in it at once: its process 1 takes the others along."""
        if self._nspawn is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._init, signal.SIGKILL)
        self._nspawn.wait(30)
        self._nspawn = None

    def run(
        self, *command: object, code: int | None = 0, stdin: str = "", seconds: float = 240
    ) -> "subprocess.CompletedProcess[str]":
        """Run as root inside; `code` None = any."""
        done = subprocess.run(self._inside(*command), input=stdin, capture_output=True, text=True, check=False, timeout=seconds)
        assert code is None or done.returncode == code, (command, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        return done

    def out(self, *command: object) -> str:
        return self.run(*command).stdout.strip()

    def write(self, path: str, content: str) -> None:
        self.run("sh", "-c", 'mkdir -p "${1%/*}" && cat > "$1"', "sh", path, stdin=content)

    def show(self, unit: str, what: str) -> str:
        """One property of a unit."""
        return self.out("systemctl", "show", unit, "--property", what, "--value")

    def until_running(self, *units: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while {self.show(unit, "ActiveState") for unit in units} != {"active"}:
            assert time.monotonic() < deadline, self.journal(*units)
            time.sleep(0.3)

    def journal(self, *units: str) -> str:
        named = [part for unit in units for part in ("--unit", unit)]
        return self.run("journalctl", "--no-pager", "--output=cat", *named, code=None).stdout[-6000:]

    @contextmanager
    def drop_in(self, unit: str, *lines: str) -> Iterator[None]:
        """Further lines in a unit's [Service] while the block lasts; in force from its next start on."""
        self.write(f"/run/systemd/system/{unit}.d/test.conf", "\n".join(("[Service]", *lines, "")))
        self.run("systemctl", "daemon-reload")
        try:
            yield
        finally:
            self.run("rm", "-r", f"/run/systemd/system/{unit}.d")
            self.run("systemctl", "daemon-reload")

    def process_of(self, unit: str) -> Path:
        """A unit's main process as the host sees it: a folder of /proc."""
        inside, ours = self.show(unit, "MainPID"), Path(f"/proc/{self._init}/ns/pid").readlink()
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                numbers = next(line.split()[1:] for line in status.read_text().splitlines() if line.startswith("NSpid"))
                if numbers[-1] == inside and (status.parent / "ns" / "pid").readlink() == ours:
                    return status.parent
        raise AssertionError(f"{unit} has no process")

    def log(self) -> str:
        return self.root.with_suffix(".log").read_text(errors="replace")[-2000:]

    @property
    def init(self) -> int:
        return self._init

    def _inside(self, *command: object) -> list[str]:
        surroundings = [
            "env",
            "-i",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=C.UTF-8",
            "HOME=/root",
        ]
        entered = ["nsenter", "--target", str(self._init), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        return [*entered, *surroundings, *map(str, command)]

    def _is_up(self) -> bool:
        assert self._nspawn is not None
        found = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        if not found:
            return False
        self._init = int(found[0])
        done = subprocess.run(self._inside("systemctl", "is-system-running"), capture_output=True, text=True, check=False)
        return done.stdout.strip() in {"running", "degraded"}


_LISTEN: Final = """
import socket, sys
there = socket.create_server(("127.0.0.1", int(sys.argv[2])))
with socket.socket(socket.AF_UNIX) as door:
    door.connect(sys.argv[1])
    socket.send_fds(door, [b"x"], [there.fileno()])
"""


class Cable:
    """Plugged in while the block lasts: 127.0.0.1:`port` in the machine is 127.0.0.1:`to` of the host, and nothing else is."""

    def __init__(self, machine: Machine, *, port: int, to: int, folder: Path) -> None:
        self._machine, self._port, self._to, self._door = machine, port, to, folder / "cable"

    def __enter__(self) -> Self:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self._door))
            door.listen()
            listen = ["nsenter", "--target", str(self._machine.init), "--net", sys.executable, "-I", "-c", _LISTEN]
            subprocess.run([*listen, str(self._door), str(self._port)], check=True)
            answer, _ = door.accept()
            with answer:
                _, (number,), _, _ = socket.recv_fds(answer, 1, 1)
        # A socket stays in the network it was made in: this one accepts inside the machine.
        self._socket = socket.socket(fileno=number)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ, None)
        self._pulled = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pulled.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        self._door.unlink()

    def _carry(self) -> None:
        while not self._pulled.is_set():
            for key, _ in self._selector.select(0.1):
                if key.data is None:
                    near, _ = self._socket.accept()
                    try:
                        far = socket.create_connection(("127.0.0.1", self._to), timeout=5)
                    except OSError:
                        near.close()
                        continue
                    self._selector.register(near, selectors.EVENT_READ, far)
                    self._selector.register(far, selectors.EVENT_READ, near)
                elif not _passed(key.fileobj, key.data):  # type: ignore[arg-type]
                    for end in (key.fileobj, key.data):
                        with suppress(KeyError):
                            self._selector.unregister(end)
                        end.close()


def _passed(source: socket.socket, sink: socket.socket) -> bool:
    """Whether bytes went from one end to the other; False when an end is closed."""
    try:
        content = source.recv(1 << 16)
        sink.sendall(content)
    except OSError:
        return False
    return bool(content)
