"""Unix sockets of this box: a name that fits however long the path is, a door that is nobody's but ours, and who knocks."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NAME_BYTES: Final = 100
"""A Unix socket's path may have 107 bytes; a longer one is reached through its directory's descriptor."""
_CREDENTIALS: Final = struct.Struct("3i")


@contextmanager
def address(path: Path) -> Iterator[str]:
    """A name of `path` that fits into a socket address, however long the path is."""
    if len(os.fsencode(path)) <= _NAME_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def bound(path: Path, mode: int, *, waiting: int = 8) -> socket.socket:
    """A listening socket, nobody's but ours in its first moment; a stale one of a killed process is replaced. OSError.

    `waiting` may have knocked before they are let in; a further one is turned away.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(door.fileno(), 0o600)
        with address(path) as name:
            door.bind(name)
        path.chmod(mode)
        door.listen(waiting)
    except OSError:
        door.close()
        raise
    return door


def peer(line: socket.socket) -> int:
    """The account (uid) at the other end, as the kernel knows it."""
    found = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(found)
    return int(uid)
