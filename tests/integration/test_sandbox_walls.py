"""What the decoding child can no longer do, tried from inside the real child after its walls went up."""

import io
import sys
from pathlib import Path

import msgspec
import pytest

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.errors import Unavailable
from edge_agent.sandbox import session
from edge_agent.sandbox.wire import Job

ROOT = str(Path(sandbox.__file__).parents[2])

INTRUDER = """
import sys
sys.path.insert(0, sys.argv[1])
import ctypes, errno, mmap, os, signal, socket, threading, time
from edge_agent.sandbox import child, wire
LIBC = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
def attempt(file, job):
    file.read(10)
    try:
        {attempt}
    except BaseException as error:
        outcome = f"{{type(error).__name__}} {{getattr(error, 'errno', '')}}"
    else:
        outcome = "done"
    yield wire.MediaInfo(container=outcome, kind="audio")
child.OPERATIONS["probe"] = attempt
child.main()
"""

ATTEMPTS = {
    "open a file for reading": "open('/etc/passwd')",
    "open a file it was given at start": "open(sys.executable, 'rb')",
    "write a file": "open('/tmp/stolen', 'w')",
    "list a directory": "os.listdir('/')",
    "read its own memory map": "open('/proc/self/maps')",
    "open a network socket": "socket.socket(socket.AF_INET)",
    "open a local socket": "socket.socket(socket.AF_UNIX)",
    "make a socket pair": "socket.socketpair()",
    "fork": "os.fork()",
    "fork the old way": "call('vfork')",
    "start a thread": "threading.Thread(target=print).start()",
    "start a program": "os.execv('/bin/sh', ['sh'])",
    "start a program through a shell": "raise OSError(1, '') if os.system('true') else 0",
    "kill its parent": "os.kill(os.getppid(), 9)",
    "kill another by its thread": "call('tgkill', 1, 1, 0)",
    "signal itself as another": "os.kill(1, 0)",
    "trace its parent": "call('ptrace', 16, os.getppid(), 0, 0)",
    "make memory executable": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "map memory that is executable later": "call('mprotect', LIBC.printf, 4096, 7)",
    "change its limits": "call('setrlimit', 9, (ctypes.c_ulong * 2)(-1, -1))",
    "become dumpable again": "call('prctl', 4, 1, 0, 0, 0)",
    "change its root": "os.chroot('/')",
    "mount": "call('mount', b'none', b'/mnt', b'tmpfs', 0, None)",
    "make an anonymous file": "os.memfd_create('x')",
    "make a pipe": "os.pipe()",
    "remove a file": "os.unlink('/tmp/x')",
    "take a user's keys": "call('syscall', 250, 0, 0)",
    "load a module": "call('syscall', 175, 0, 0, 0)",
    "see the host's name": "os.uname()",
    "look whether a file exists by opening its path": "os.open('/etc', os.O_PATH)",
}


def probe(code: str, **limits: float) -> str:
    job = Job(operation="probe", max_duration_ms=1000, max_px=1000)
    command = (*session.CHILD[:3], code, ROOT)
    with session.Session(io.BytesIO(b"x" * 100), job, max_file_bytes=1000, command=command, **limits) as it:
        return it.info().container


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_from_inside_it_cannot(attempt):
    assert probe(INTRUDER.format(attempt=attempt)) in {"PermissionError 1", "PermissionError 13", "RuntimeError "}


@pytest.mark.parametrize("lacks", ["landlock", "seccomp"])
def test_each_wall_alone_still_stops_an_open(lacks, monkeypatch):
    monkeypatch.setenv(session.LACKS, lacks)
    assert probe(INTRUDER.format(attempt="open('/etc/passwd')")).startswith("PermissionError")


def test_without_any_wall_the_same_attempt_succeeds_so_the_tests_can_fail(monkeypatch):
    monkeypatch.setenv(session.LACKS, "landlock,seccomp")
    assert probe(INTRUDER.format(attempt="open('/etc/passwd')")) == "done"


@pytest.mark.parametrize("missing", ["pyseccomp", "landlock"])
def test_a_box_that_lacks_a_wall_decodes_nothing(missing):
    breaking = {
        "pyseccomp": "import pyseccomp; pyseccomp.SyscallFilter = lambda *a: (_ for _ in ()).throw(OSError(38, ''))",
        "landlock": "import landlock; landlock.Ruleset = lambda *a: (_ for _ in ()).throw(landlock.SyscallError(38, ''))",
    }[missing]
    code = INTRUDER.format(attempt="pass").replace("child.OPERATIONS", breaking + "\nchild.OPERATIONS")
    with pytest.raises(Unavailable, match="cannot confine"):
        probe(code)


def test_memory_is_limited():
    assert probe(INTRUDER.format(attempt="bytearray(3 * 2**30)")).startswith("MemoryError")


def test_a_child_that_spins_is_ended():
    code = INTRUDER.format(attempt="while True: pass")
    with pytest.raises(Exception, match="time"):
        probe(code, stall_s=1.0)


def test_the_child_is_not_dumpable_and_has_no_new_privileges():
    attempt = "time.sleep(20)"
    job = Job(operation="probe", max_duration_ms=1000, max_px=1000)
    command = (*session.CHILD[:3], INTRUDER.format(attempt=attempt), ROOT)
    with session.Session(io.BytesIO(b"x" * 100), job, max_file_bytes=1000, command=command) as it:
        kind, payload = it._receive()  # the child's first READ comes after its walls
        status = Path(f"/proc/{it._child.pid}/status").read_text()
        owner = Path(f"/proc/{it._child.pid}/environ").stat().st_uid
        assert kind.name == "READ"
        assert len(payload) == 12
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        assert owner == 0  # of what is not dumpable, whoever runs it


def test_real_decoding_needs_no_more_than_the_walls_allow(tmp_path):
    """The ordinary child, with its ordinary command, on a file that lies in a place only the parent can read."""
    from PIL import Image  # a writer that is not the reader under test

    path = tmp_path / "picture.png"
    Image.new("RGB", (10, 10), (1, 2, 3)).save(path)
    path.chmod(0o600)
    with path.open("rb") as media:
        assert sandbox.decode_picture(media, Limits())[0, 0].tolist() == [1, 2, 3]


def test_the_child_starts_with_fixed_arguments():
    assert all(isinstance(part, str) for part in session.CHILD)
    assert session.CHILD[0] == sys.executable
    assert msgspec.json.encode(Job(operation="probe", max_duration_ms=1, max_px=1))
