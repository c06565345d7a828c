"""One process at a time records a source: `run capture` and `listen` at once would count every talk twice.

A lock file for each source, held from its first opening until the process ends, also while the device is unplugged. It lies in
the inbox, the one folder that both accounts may write to; who opens it need not be who made it.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge_agent import log
from edge_agent.capture.line import Microphones, Stream
from edge_agent.config import Source
from edge_agent.errors import Unavailable

_MODE: Final = 0o660


class Claimed:
    """Implements `line.Microphones`: a source whose lock another process holds is not there."""

    def __init__(self, microphones: Microphones, folder: Path) -> None:
        self._microphones, self._folder = microphones, folder
        self._handles: dict[str, int] = {}
        self._told: set[str] = set()

    def claim(self, source: Source) -> None:
        """Unavailable while another process records this source."""
        if source.name in self._handles:
            return
        handle = _opened(self._folder / f".{source.name}.lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Unavailable(
                "another process records this source (`run capture` or `listen`)", remedy="end it, or choose another source",
                zh="这个录音来源正由另一进程录制（run capture 或 listen），请先结束它",
            ) from error  # fmt: skip
        self._handles[source.name] = handle

    def open(self, source: Source) -> Stream:
        try:
            self.claim(source)
        except Unavailable:
            if source.name not in self._told:
                log.get().warning("source.taken", reason="recorded-elsewhere")
            self._told.add(source.name)
            raise
        self._told.discard(source.name)
        return self._microphones.open(source)

    def release(self) -> None:
        """Give every source back, once nothing of it is open any more."""
        while self._handles:
            os.close(self._handles.popitem()[1])


def _opened(lock: Path) -> int:
    """Open the file, made if it is missing; not with O_CREAT alone, which a sticky folder refuses for another account's file."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with suppress(FileNotFoundError):
            return os.open(lock, flags)
        with suppress(FileExistsError):
            lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = os.open(lock, flags | os.O_CREAT | os.O_EXCL, _MODE)
            os.fchmod(made, _MODE)
            return made
        return os.open(lock, flags)
    except OSError as error:
        raise Unavailable(
            "the lock of this source cannot be opened",
            remedy="check the rights of the inbox folder",
            zh="无法打开录音来源的锁文件",
        ) from error
