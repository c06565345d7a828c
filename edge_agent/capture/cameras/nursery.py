"""Starts a puller for each connection of each camera, and the next one after a while; has the network, and no key.

A process of its own, started before the sealing process has read a key or left the network, and ended by the end of its standard
input, the control socket. For each connection it makes a socket pair: one end is the puller's standard output, the other goes to
the sealing process together with the camera's number. Between two connections it waits longer each time, at random, so that
after a power cut not everything calls the recorder at once. Credentials are read anew each time: they may have been corrected.

It hears of the sealing process which connection of which camera is to be ended. It reads no byte of any stream, and sees no file
of this box (landlock) but programs, the system's settings, devices and the credentials: neither keys nor recordings.
"""

import ctypes
import os
import random
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from struct import Struct as Layout
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from edge_agent.capture.cameras.address import FOLDER, ca, credentials, with_credentials
from edge_agent.capture.cameras.wire import Job, Kind, frame
from edge_agent.config.cameras import Camera, is_open
from edge_agent.errors import BadConfig

NUMBER: Final = Layout("<HI")
"""A camera's number, and which of its connections."""
POLL_S: Final = 0.2
FIRST_S: Final = 1.0
LONGEST_S: Final = 30.0
STEADY_S: Final = 60.0
"""A connection that lasted so long was a good one: the next is tried at once again."""
ROOT: Final = Path(__file__).resolve().parents[3]
PULLER: Final = (
    sys.executable, "-I", "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); from edge_agent.capture.cameras.puller import main; main()", str(ROOT),
)  # fmt: skip
NURSERY: Final = (
    sys.executable, "-I", "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); from edge_agent.capture.cameras.nursery import main; main()", str(ROOT),
)  # fmt: skip
ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
LACKS: Final = "EDGE_AGENT_SANDBOX_LACKS"
_PROGRAMS: Final = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/proc")
_WALLS: Final[tuple[Literal["landlock", "seccomp"], ...]] = ("landlock", "seccomp")


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the nursery is told once, at its start: one line of JSON."""

    cameras: tuple[Camera, ...]
    timezone: str = ""


def backoff_s(failures: int, dice: Callable[[], float] = random.random) -> float:
    """How long to wait after so many bad connections in a row: doubling from 1 s to 30 s, of that a half at random."""
    return float(min(LONGEST_S, FIRST_S * 2 ** min(failures, 10))) * (0.5 + 0.5 * dice())


@dataclass(slots=True)
class Cradle:
    """One camera and its puller."""

    number: int
    camera: Camera
    control: socket.socket
    lacks: tuple[Literal["landlock", "seccomp"], ...] = ()
    command: tuple[str, ...] = PULLER
    child: subprocess.Popen[bytes] | None = None
    failures: int = 0
    due_at: float = 0.0
    which: int = 0
    began_at: float = field(default=0.0)

    def tend(self, now: float, *, wanted: bool) -> None:
        """Start, end or bury the puller, as it is due. BrokenPipeError when the sealing process is gone."""
        if self.child is not None and self.child.poll() is not None:
            self.child = None
            self.failures = 0 if now - self.began_at >= STEADY_S else self.failures + 1
            self.due_at = now + (backoff_s(self.failures - 1) if self.failures else 0.0)
        if not wanted:
            self.end()
            self.failures, self.due_at = 0, now
        elif self.child is None and now >= self.due_at:
            self.began_at = now
            self._start()

    def end(self) -> None:
        if self.child is not None:
            self.child.kill()

    def bury(self) -> None:
        self.end()
        if self.child is not None:
            self.child.wait()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.which += 1
            socket.send_fds(self.control, [NUMBER.pack(self.number, self.which)], [ours.fileno()])
            try:
                url = with_credentials(self.camera, credentials(self.camera))
            except BadConfig:
                theirs.sendall(frame(Kind.GONE, b"no-credentials"))
                self.failures += 1
                self.due_at = time.monotonic() + backoff_s(self.failures)
                return
            job = Job(
                url=url, kind=self.camera.kind, segment_s=self.camera.segment_s, silent_s=self.camera.silent_s,
                ca=ca(self.camera), lacks=self.lacks,
            )  # fmt: skip
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=theirs.fileno(), stderr=subprocess.DEVNULL, cwd="/",
                env=dict(ENVIRONMENT),
            )  # fmt: skip
            assert self.child.stdin is not None
            with suppress(BrokenPipeError), self.child.stdin as pipe:  # one that died at once is found at the next look
                pipe.write(msgspec.json.encode(job))


def main() -> None:
    """Until the control socket, standard input, is at its end."""
    with socket.socket(fileno=os.dup(0)) as control:
        task = msgspec.json.decode(_line(control), type=Task)
        shut_out(task)
        zone = ZoneInfo(task.timezone) if task.timezone else None
        named = os.environ.get(LACKS, "")
        lacks = tuple(one for one in _WALLS if one in named)
        cradles = [Cradle(number, camera, control, lacks) for number, camera in enumerate(task.cameras)]
        try:
            _tend_all(control, cradles, zone)
        except (BrokenPipeError, ConnectionError):
            return  # the sealing process is gone
        finally:
            for one in cradles:
                one.bury()


def shut_out(task: Task) -> None:
    """Leave this process and all that it starts nothing to read but what starting a puller takes.

    Without landlock the process ends, unless whoever installed the box says that it lacks it.
    """
    if "landlock" in os.environ.get(LACKS, ""):
        return
    import landlock  # noqa: PLC0415 - a Linux-only library

    own = (one.url for one in task.cameras if one.kind == "file")
    secrets = (one.credentials for one in task.cameras if one.credentials.startswith("/"))
    vouching = (one.ca for one in task.cameras)
    folder = os.environ.get(FOLDER, "/run/credentials")
    ctypes.set_errno(0)  # the library takes a stale errno for a failure
    try:
        walls = landlock.Ruleset()
        reading = landlock.FSAccess.READ_FILE | landlock.FSAccess.READ_DIR | landlock.FSAccess.EXECUTE
        for path in {*_PROGRAMS, sys.prefix, sys.base_prefix, str(ROOT), *sys.path, folder, *own, *secrets, *vouching}:
            if path and Path(path).exists():
                walls.allow(path, rules=reading if Path(path).is_dir() else reading & ~landlock.FSAccess.READ_DIR)
        walls.allow("/dev", rules=(reading | landlock.FSAccess.WRITE_FILE | landlock.FSAccess.IOCTL_DEV) & walls.restrict_rules)
        walls.apply()
    except (OSError, landlock.LandlockError):
        sys.exit(f"edge-agent watch: landlock is missing here; {LACKS}=landlock watches without it")


def _tend_all(control: socket.socket, cradles: list[Cradle], zone: tzinfo | None) -> None:
    while True:
        for one in cradles:
            one.tend(time.monotonic(), wanted=is_open(one.camera.hours, datetime.now(zone).time()))
        if select.select([control], [], [], POLL_S)[0]:
            said = control.recv(NUMBER.size)
            if not said:
                return
            number, which = NUMBER.unpack(said)
            if cradles[number].which == which:
                cradles[number].end()


def _line(control: socket.socket) -> bytes:
    held = b""
    while not held.endswith(b"\n"):
        piece = control.recv(1)  # not a byte of what comes after it
        if not piece:
            break
        held += piece
    return held
