"""Lock files (flock) that say which process is at work, and since when; a kill gives them back.

Who seals while it hears or sees writes its start into its lock: an id, after which come all that it makes. So the worker leaves
alone what is being sealed just now, and clears what an earlier process that was killed left.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge_agent.errors import Unavailable
from edge_agent.ids import is_id, new_id

WAIT_S: Final = 10.0


@contextmanager
def only_one(lock: Path) -> Iterator[bool]:
    """Hold the state directory's worker lock; False when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)


def held(lock: Path) -> bool:
    """Whether another process holds a lock file; nobody does where there is none."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def began(lock: Path) -> str | None:
    """The id with which the last one that held the listening lock began; None where none can be read."""
    try:
        found = lock.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return found if is_id(found) else None


def hears(lock: Path, recording: str) -> bool:
    """Whether who holds the listening lock may be sealing this recording; any, as long as its start cannot be read.

    What an earlier listener that was killed left is nobody's.
    """
    if not held(lock):
        return False
    since = began(lock)
    return since is None or recording > since


@contextmanager
def alone(lock: Path, busy: Unavailable, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock of those who seal while they hear or see; a worker that starts holds it for a moment.

    Raises:
        Unavailable: `busy`, while somebody else holds it.
    """
    until = time.monotonic() + wait_s
    while True:
        with only_one(lock) as ours:
            if ours:
                _began(lock)
                yield
                return
        if time.monotonic() >= until:
            raise busy
        time.sleep(0.1)


def _began(lock: Path) -> None:
    """Every id that this process makes from now on comes after this one, whatever the clock does."""
    with suppress(OSError):  # an older start, or none, only leaves more alone
        lock.write_text(new_id(), encoding="ascii")
