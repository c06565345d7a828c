"""Takes every right from this process that decoding does not need. For the child only; there is no way back.

- rlimits: address space, processor seconds, no writable file bytes, no core, few descriptors.
- not dumpable, no new privileges; the name space of files is closed by landlock (no path at all, reading included).
- seccomp: an allow-list of calls. No open, socket, connect, exec, fork, clone, ptrace, no executable mapping; a call outside
  the list fails with EPERM. The socket to the parent, already open, is all that is left.

Fails closed: a missing landlock or seccomp raises NotConfined unless it is named in `lacks` by whoever installed the box.
Every module must be imported before: afterwards nothing can be opened. pyseccomp runs helpers at import, so it comes first.
"""

import os
import resource
from collections.abc import Collection
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


class NotConfinedError(Exception):
    """A confinement is missing on this box."""


def confine(lacks: Collection[str] = ()) -> None:
    """Give up everything but memory, the clock and open descriptors; NotConfinedError when a wall cannot be built."""
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise NotConfinedError("threads")  # the walls below hold for this thread and what it starts
    loader = None if "seccomp" in lacks else _seccomp()
    _limit()
    _undumpable()
    if "landlock" not in lacks:
        _close_files()
    if loader is not None:
        _close_calls(loader)


def _limit() -> None:
    for which, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_S),
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


def _close_files() -> None:
    import ctypes  # noqa: PLC0415 - the child's business only

    try:
        import landlock  # noqa: PLC0415 - a Linux-only library
    except (ImportError, OSError) as error:
        raise NotConfinedError("landlock") from error
    ctypes.set_errno(0)  # the library takes a stale errno for a failure
    try:
        landlock.Ruleset().apply()
    except (OSError, landlock.LandlockError) as error:
        raise NotConfinedError("landlock") from error


def _close_calls(seccomp: Any) -> None:
    try:
        rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
        for name in ALLOWED_CALLS:
            rules.add_rule(seccomp.ALLOW, name)
        for name in ("mmap", "mprotect"):
            rules.add_rule(seccomp.ALLOW, name, seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0))
        rules.add_rule(seccomp.ALLOW, "tgkill", seccomp.Arg(0, seccomp.EQ, os.getpid()))  # abort() signals itself
        rules.load()
    except (OSError, ValueError, RuntimeError) as error:
        raise NotConfinedError("seccomp") from error
