"""Unix sockets of this box: a name that fits however long the path is, a door that is nobody's but ours, and who knocks."""

import os
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from edge_agent.errors import LedgerBroken

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


class Doorkeeper(ABC):
    """A socket served by a thread of its own, between `start` and `stop` or as a context manager.

    A ledger that breaks in that thread is fatal for the whole process: it is kept as `failed`, and the main loop meets it in
    `check`.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._thread: threading.Thread | None = None
        self._door: socket.socket | None = None
        self.stopping = threading.Event()
        self.failed: LedgerBroken | None = None

    @abstractmethod
    def start(self) -> None:
        """Bind the socket and `open` it; Unavailable when it cannot be bound."""

    @abstractmethod
    def serve(self, door: socket.socket) -> None:
        """Serve until `over`; closes the socket. Called in the thread alone."""

    @property
    def over(self) -> bool:
        return self.failed is not None or self.stopping.is_set()

    def open(self, door: socket.socket) -> None:
        """Begin to serve a bound socket."""
        self._door = door
        self._thread = threading.Thread(target=self.serve, args=(door,), name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and take the socket away; idempotent."""
        self.stopping.set()
        if self._thread is not None and self._door is not None:
            with suppress(OSError):
                self._door.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._path.unlink(missing_ok=True)

    def check(self) -> None:
        """LedgerBroken when the ledger failed in this thread; the main loop asks now and then."""
        if self.failed is not None:
            raise self.failed

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
