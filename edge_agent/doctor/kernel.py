"""What the kernel says of this machine: clock, swap, walls, a process's limits, sound and cameras. None = it does not say."""

import ctypes
import os
from pathlib import Path
from typing import Final

from edge_agent.capture.storage import storage_of, storage_of_device
from edge_agent.doctor.facts import SwapDevice

_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 256
_LANDLOCK_CREATE_RULESET: Final = 444
_LANDLOCK_VERSION: Final = 1
_PROC: Final = Path("/proc")


def clock_synchronised() -> bool | None:
    """Whether somebody disciplines the clock, whichever time client it is (adjtimex, read only)."""
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else state != _TIME_ERROR


def swap_devices(text: str | None = None) -> tuple[SwapDevice, ...] | None:
    """Every swap area and what it lies on."""
    if text is None:
        try:
            text = (_PROC / "swaps").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 4:
            path = Path(fields[0].replace("\\040", " "))
            storage = storage_of(path.parent) if fields[1] == "file" else storage_of_device(path)
            found.append(SwapDevice(storage=storage, used_bytes=int(fields[3]) * 1024))
    return tuple(found)


def has_seccomp() -> bool | None:
    try:
        return "\nSeccomp:" in (_PROC / "self" / "status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def has_landlock() -> bool | None:
    """Asks for the interface's version; builds no wall."""
    version = ctypes.CDLL(None, use_errno=True).syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    return bool(version > 0)


def holder_of(lock: Path) -> int | None:
    """The process that holds an flock on `lock`."""
    try:
        at = lock.stat()
        lines = (_PROC / "locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    inode = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
    for line in lines:
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == inode and fields[4].isdigit():
            return int(fields[4])
    return None


def swapped_bytes(pid: int) -> int | None:
    """How much of a process's memory lies in swap."""
    return _number(_PROC / str(pid) / "status", "VmSwap:", 1, 1024)


def core_limit_bytes(pid: int) -> int | None:
    """The largest core dump a process may leave; -1 is no limit."""
    return _number(_PROC / str(pid) / "limits", "Max core file size", 4, 1)


def _number(path: Path, start: str, field: int, unit: int) -> int | None:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(start):
            word = line.split()[field]
            return int(word) * unit if word.isdigit() else -1
    return None


def sound_inputs() -> int | None:
    """Capture devices that ALSA knows; none where there is no sound at all."""
    try:
        return (_PROC / "asound" / "pcm").read_text(encoding="utf-8", errors="replace").count(": capture ")
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def cameras() -> int | None:
    """V4L2 cameras: one may have several nodes, the first of them has index 0."""
    try:
        nodes = list(Path("/sys/class/video4linux").iterdir())
    except FileNotFoundError:
        return 0
    except OSError:
        return None
    return sum(_index(node) == "0" for node in nodes)


def _index(node: Path) -> str:
    try:
        return (node / "index").read_text(encoding="ascii").strip()
    except OSError:
        return ""
