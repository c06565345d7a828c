"""Hashing beside other work: a thread of its own, because hashlib lets go of the interpreter while it hashes.

Sealing has two hashes to make (of what comes in and of what goes out), each about as dear as the encryption. With these beside it
a seal is about as fast as its disk. Bounded: at most `_AHEAD` batches of pieces wait.
"""

from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Final, Protocol, Self

_AHEAD: Final = 4
_BATCH_BYTES: Final = 1 << 20


class Hash(Protocol):
    def update(self, piece: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Beside:
    """A hash that is updated in another thread; use it as a context manager, so that the thread ends whatever happens."""

    def __init__(self, inner: Hash) -> None:
        self._inner = inner
        self._waiting: Queue[list[bytes] | None] = Queue(_AHEAD)
        self._batch: list[bytes] = []
        self._held = 0
        self._thread = Thread(target=self._work, name="hashing", daemon=True)

    def update(self, piece: bytes) -> None:
        """Add a piece, which must not change afterwards."""
        self._batch.append(piece)
        self._held += len(piece)
        if self._held >= _BATCH_BYTES:
            self._hand_over()

    def hexdigest(self) -> str:
        """The digest of everything; ends the thread."""
        self._hand_over()
        self._end()
        return self._inner.hexdigest()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _hand_over(self) -> None:
        self._waiting.put(self._batch)
        self._batch, self._held = [], 0

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (batch := self._waiting.get()) is not None:
            self._inner.update(b"".join(batch))  # one long stretch without the interpreter, not many short ones
