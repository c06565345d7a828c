"""Live before everything else: a lock file that the worker asks for between two steps of its own recognition."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class Precedence:
    """Implements `text.First` on `paths.live_lock`. Who else holds it for a moment does no harm: the next `hold` tries again.

    Each `hold` also touches the file: a listener that stands still (its reader does not read on, a stopped process) stops being
    first by that (see `worker.precedes`).
    """

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._handle: int | None = None

    def hold(self) -> None:
        if self._handle is not None:
            self._touch(self._handle)
            return
        self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return
        self._handle = handle
        self._touch(handle)

    def release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    @staticmethod
    def _touch(handle: int) -> None:
        with suppress(OSError):  # being late is no reason to end the text
            os.utime(handle)
