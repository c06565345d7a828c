"""What the worker gives up at its start, so that no unit file is needed for it: the network, core dumps, being traced.

A seccomp filter refuses every socket family but AF_UNIX, for this process and all its children (EACCES); there is no way back.
Where the kernel has no seccomp it is said in the log, and only the service manager's own walls stand.
"""

import ctypes
import errno
import resource
import socket
from typing import Final

from edge_agent import log

PR_SET_DUMPABLE: Final = 4


def enter() -> None:
    """Leave the network and keep this process's memory out of dumps and debuggers."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
    try:
        _leave_network()
    except (ImportError, OSError, RuntimeError) as error:
        log.get().warning("seclusion.missing", reason="seccomp", error=type(error).__name__)


def _leave_network() -> None:
    import pyseccomp  # noqa: PLC0415 - a library of the appliance, not of `--help`

    walls = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    walls.add_rule(pyseccomp.ERRNO(errno.EACCES), "socket", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
    # io_uring could open sockets without the call above.
    walls.add_rule(pyseccomp.ERRNO(errno.EPERM), "io_uring_setup")
    walls.load()


def is_secluded() -> bool:
    """Whether an internet socket is refused here."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except PermissionError:
        return True
    return False
