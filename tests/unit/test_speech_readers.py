"""Batches side by side: order and composition never depend on how many threads there are or which is quicker."""

from collections.abc import Iterator, Sequence
from threading import Barrier, Event, Lock

import numpy as np
import pytest

from edge_agent.speech.clips import Clip
from edge_agent.speech.readers import Readers, batches
from edge_agent.speech.recogniser import Reading
from edge_agent.speech.windows import Window


def _windows(count: int) -> list[Window]:
    sound = np.zeros(16, np.float32)
    return [
        Window(channel=0, clips=(Clip(start=number, end=number + 16, before=0, sound=sound),), places=(0,))
        for number in range(count)
    ]


def _number(window: Window) -> int:
    return window.clips[0].start


def _read(windows: Sequence[Window]) -> list[Reading]:
    return [Reading(words=(), logprob=float(_number(window)), no_speech=float(len(windows))) for window in windows]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, [1]),
        (3, [2, 1]),
        (7, [4, 3]),
        (8, [4, 4]),
        (9, [3, 2, 2, 2]),
        (14, [4, 4, 3, 3]),
        (16, [4, 4, 4, 4]),
        (17, [4, 4, 3, 2, 2, 2]),
        (33, [4] * 6 + [3, 2, 2, 2]),
    ],
)
def test_batches_come_in_pairs_and_the_last_windows_are_shared_out_evenly(count: int, sizes: list[int]) -> None:
    found = list(batches(iter(_windows(count)), 4))
    assert [len(batch) for batch in found] == sizes
    assert [_number(window) for batch in found for window in batch] == list(range(count))


def test_text_and_batches_are_the_same_for_any_number_of_threads() -> None:
    found = [
        [
            (_number(window), reading.no_speech)
            for window, reading in Readers(_read, workers=workers, batch=3).over(iter(_windows(20)))
        ]
        for workers in (1, 2, 5)
    ]
    assert found[0] == found[1] == found[2]
    assert [number for number, _ in found[0]] == list(range(20))


def test_two_batches_are_read_at_the_same_time() -> None:
    both = Barrier(2, timeout=20)

    def meets(windows: Sequence[Window]) -> list[Reading]:
        both.wait()
        return _read(windows)

    assert len(list(Readers(meets, workers=2, batch=2).over(iter(_windows(8))))) == 8


def test_a_quick_reader_overtakes_and_the_order_stays() -> None:
    rest = Event()

    def first_is_slow(windows: Sequence[Window]) -> list[Reading]:
        if _number(windows[0]) == 0:
            assert rest.wait(20)
        if _number(windows[0]) == 4:
            rest.set()
        return _read(windows)

    found = Readers(first_is_slow, workers=2, batch=2).over(iter(_windows(10)))
    assert [reading.logprob for _, reading in found] == list(range(10))


def test_nothing_is_begun_while_it_is_made_to_wait() -> None:
    """`between` holds what waits: when it does not return, at most one batch a thread is under way."""
    begun, lock, waits = [], Lock(), Event()

    def read(windows: Sequence[Window]) -> list[Reading]:
        with lock:
            begun.append(len(windows))
        return _read(windows)

    class HeldError(Exception):
        pass

    def between() -> None:
        if waits.is_set():
            raise HeldError
        if len(begun) >= 1:
            waits.set()

    with pytest.raises(HeldError):
        list(Readers(read, workers=2, batch=1, between=between).over(iter(_windows(50))))
    assert len(begun) <= 4


def test_an_error_of_the_stream_ends_it_and_so_does_one_of_a_reader() -> None:
    class BrokenError(Exception):
        pass

    def breaks() -> Iterator[Window]:
        yield from _windows(5)
        raise BrokenError

    def fails(windows: Sequence[Window]) -> list[Reading]:
        raise BrokenError

    with pytest.raises(BrokenError):
        list(Readers(_read, workers=2, batch=2).over(breaks()))
    with pytest.raises(BrokenError):
        list(Readers(fails, workers=2, batch=2).over(iter(_windows(9))))


def test_the_stream_is_not_read_far_ahead_of_the_oldest_batch() -> None:
    taken: list[int] = []
    go = Event()

    def stream() -> Iterator[Window]:
        for window in _windows(100):
            taken.append(1)
            if len(taken) == 30:
                go.set()
            yield window

    def first_is_stuck(windows: Sequence[Window]) -> list[Reading]:
        if _number(windows[0]) == 0:
            go.wait(0.5)
        return _read(windows)

    found = Readers(first_is_stuck, workers=2, batch=2).over(stream())
    next(found)
    assert len(taken) <= 20
    assert len(list(found)) == 99
