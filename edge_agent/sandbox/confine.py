"""Takes every right from this process that decoding does not need. For a child only; there is no way back.

- rlimits: address space, processor seconds, no writable file bytes, no core, few descriptors.
- not dumpable, no new privileges; the name space of files is closed by landlock (no path at all, reading included).
- seccomp: an allow-list of calls. No open, socket, connect, exec, fork, clone, ptrace, no executable mapping; a call outside
  the list fails with EPERM. The socket to the parent, already open, is all that is left.
- `Reach` gives back what the one who pulls a camera's stream needs: connections outward, or one device, and a few files to read.

Fails closed: a missing landlock or seccomp raises NotConfined unless it is named in `lacks` by whoever installed the box.
Every module must be imported before: afterwards nothing can be opened. pyseccomp runs helpers at import, so it comes first.
"""

import os
import resource
import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ADDRESS_SPACE_BYTES: Final = 2 * 2**30
PROCESSOR_S: Final = 1200
PR_SET_DUMPABLE: Final = 4
PROT_EXEC: Final = 4

ALLOWED_CALLS: Final = (
    "read", "write", "readv", "writev", "recvfrom", "sendto", "recvmsg", "sendmsg", "poll", "ppoll", "select", "pselect6",
    "close", "lseek", "fstat", "newfstatat",
    "munmap", "mremap", "brk", "madvise",
    "futex", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq", "membarrier",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
    "getpid", "gettid", "getrandom", "getrusage", "exit", "exit_group",
)  # fmt: skip
"""`newfstatat` is for fstat in newer C libraries; landlock does not stop it from seeing that a path exists, nothing more."""


OPENING_CALLS: Final = ("openat", "fcntl", "ioctl", "stat", "lstat", "statx", "readlink", "access", "faccessat", "getdents64")
"""What opening a file or a device takes, where `Reach` names one; landlock says which."""
CONNECTING_CALLS: Final = (
    "connect", "setsockopt", "getsockopt", "getsockname", "getpeername", "shutdown", "sendmmsg", "recvmmsg", "bind", "uname",
)  # fmt: skip
"""What a connection outward and the look-up of a name take. `bind` is for the kernel's routing answers; nothing can `listen`."""
FAMILIES: Final = (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
NAMES: Final = ("/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services")


class NotConfinedError(Exception):
    """A confinement is missing on this box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is left besides: files that may be read, one device that may be used, connections outward. Nothing by default."""

    read: tuple[str, ...] = ()
    device: str = ""
    network: bool = False
    processor_s: int = PROCESSOR_S

    @property
    def paths(self) -> tuple[str, ...]:
        """What may be opened for reading."""
        names = NAMES if self.network else ()
        return tuple(one for one in (*names, *self.read) if Path(one).exists())


NOTHING: Final = Reach()


def confine(lacks: Collection[str] = (), reach: Reach = NOTHING) -> None:
    """Give up everything but memory, the clock, open descriptors and `reach`; NotConfinedError when a wall cannot be built."""
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise NotConfinedError("threads")  # the walls below hold for this thread and what it starts
    loader = None if "seccomp" in lacks else _seccomp()
    _limit(reach)
    _undumpable()
    if "landlock" not in lacks:
        _close_files(reach)
    if loader is not None:
        _close_calls(loader, reach)


def _limit(reach: Reach) -> None:
    processor_s = reach.processor_s or resource.RLIM_INFINITY
    for which, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_CPU, processor_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(which, (value, value))


def _undumpable() -> None:
    import ctypes  # noqa: PLC0415 - the child's business only

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise NotConfinedError("prctl")


def _seccomp() -> Any:
    try:
        import pyseccomp  # noqa: PLC0415 - runs ldconfig at import
    except (ImportError, RuntimeError, OSError) as error:
        raise NotConfinedError("seccomp") from error
    return pyseccomp


def _close_files(reach: Reach) -> None:
    import ctypes  # noqa: PLC0415 - the child's business only

    try:
        import landlock  # noqa: PLC0415 - a Linux-only library
    except (ImportError, OSError) as error:
        raise NotConfinedError("landlock") from error
    ctypes.set_errno(0)  # the library takes a stale errno for a failure
    try:
        walls = landlock.Ruleset()
        reading = landlock.FSAccess.READ_FILE
        for path in reach.paths:
            walls.allow(path, rules=reading)
        if reach.device:
            using = reading | landlock.FSAccess.WRITE_FILE
            walls.allow(reach.device, rules=using | (landlock.FSAccess.IOCTL_DEV & walls.restrict_rules))
        walls.apply()
    except (OSError, landlock.LandlockError) as error:
        raise NotConfinedError("landlock") from error


def _close_calls(seccomp: Any, reach: Reach) -> None:
    calls: tuple[str, ...] = ALLOWED_CALLS
    if reach.paths or reach.device:
        calls += OPENING_CALLS
    if reach.network:
        calls += CONNECTING_CALLS
    try:
        rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
        for name in calls:
            rules.add_rule(seccomp.ALLOW, name)
        for name in ("mmap", "mprotect"):
            rules.add_rule(seccomp.ALLOW, name, seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0))
        for family in FAMILIES if reach.network else ():
            rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, family))
        rules.add_rule(seccomp.ALLOW, "tgkill", seccomp.Arg(0, seccomp.EQ, os.getpid()))  # abort() signals itself
        rules.load()
    except (OSError, ValueError, RuntimeError) as error:
        raise NotConfinedError("seccomp") from error
