"""Windows read side by side, each batch by one of several threads, and handed back in the order they were given.

- One set of weights serves all threads; the recogniser lets go of Python's lock while it computes.
- Which windows make a batch depends on their order alone, never on how many threads there are or which is quicker: the same
  recording gives the same text on one core and on four.
- Batches come in pairs, and the last windows are shared out evenly among an even number of them: two threads end together.
- A batch is handed to a thread that is free, never queued: `between` is called before, and holds everything up when it waits.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from edge_agent.speech.windows import Window

T = TypeVar("T")
_Line = deque[tuple[list[Window], Future[list[T]]]]


def batches(windows: Iterator[Window], size: int) -> Iterator[list[Window]]:
    """Up to `size` windows each, in order; an even number of batches of nearly the same size, if there are windows enough."""
    waiting: list[Window] = []
    for window in windows:
        waiting.append(window)
        if len(waiting) == 4 * size:
            yield waiting[:size]
            yield waiting[size : 2 * size]
            waiting = waiting[2 * size :]
    shares = min(len(waiting), 2 * -(-len(waiting) // (2 * size)))
    for number in range(shares):
        count = -(-len(waiting) // (shares - number))
        yield waiting[:count]
        waiting = waiting[count:]


class Readers(Generic[T]):
    """`workers` threads that read batches of `batch` windows with `read`, which gives something for each window."""

    def __init__(
        self, read: Callable[[Sequence[Window]], list[T]], *, workers: int, batch: int, between: Callable[[], None] = lambda: None
    ) -> None:
        self._read = read
        self._workers = workers
        self._batch = batch
        self._between = between

    def over(self, windows: Iterator[Window]) -> Iterator[tuple[Window, T]]:
        """Each window with what it says, in order. An error of the stream or of a reader ends it."""
        line: _Line[T] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="reader") as pool:
            for batch in batches(windows, self._batch):
                self._until_free(line)
                self._between()
                line.append((batch, pool.submit(self._read, batch)))
                while line and line[0][1].done():
                    yield from _taken(line)
            while line:
                yield from _taken(line)
                self._between()

    def _until_free(self, line: _Line[T]) -> None:
        """Wait until a thread has nothing to do, and until the oldest batch is not too far behind."""
        busy = [one for _, one in line if not one.done()]
        if len(line) >= 2 * self._workers and busy:
            wait([line[0][1]])
        if len(busy) >= self._workers:
            wait(busy, return_when=FIRST_COMPLETED)


def _taken(line: _Line[T]) -> Iterator[tuple[Window, T]]:
    batch, readings = line.popleft()
    return zip(batch, readings.result(), strict=True)
