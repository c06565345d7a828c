"""Hashing beside other work: a thread of its own, because hashlib lets go of the interpreter while it hashes.

Sealing hashes what goes out, which costs more than encrypting and writing it. Bounded: at most `_AHEAD` groups of pieces wait.
"""

from collections.abc import Sequence
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Final, Protocol, Self

_AHEAD: Final = 4


class Hash(Protocol):
    def update(self, piece: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Beside:
    """A hash that is updated in another thread; use it as a context manager, so that the thread ends whatever happens."""

    def __init__(self, inner: Hash) -> None:
        self._inner = inner
        self._waiting: Queue[Sequence[bytes] | None] = Queue(_AHEAD)
        self._thread = Thread(target=self._work, name="hashing", daemon=True)

    def update(self, pieces: Sequence[bytes]) -> None:
        """Add pieces, which must not change afterwards; about a megabyte together is worth handing over."""
        self._waiting.put(pieces)

    def hexdigest(self) -> str:
        """The digest of everything; ends the thread."""
        self._end()
        return self._inner.hexdigest()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (pieces := self._waiting.get()) is not None:
            self._inner.update(b"".join(pieces))  # one long stretch without the interpreter, not many short ones
