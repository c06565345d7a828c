"""Whose turn it is: fresh before backlog, the backlog not starved, a live talk before both; known again after a restart."""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO

import pytest
from ledger_world import World, memory_folder
from pipeline_fakes import NOON, FakeArrival, FakeTranscriber, make_kit

from edge_agent import pipeline, turns, worker
from edge_agent.domain.recording import Circumstances, Consent, Kind, Recording, State
from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.errors import LedgerBroken, SealBroken, Unavailable
from edge_agent.listening.first import Precedence
from edge_agent.pipeline import Kit
from edge_agent.ports import Arrival

HOUR = timedelta(hours=1)


def recording(name: str, *, age: timedelta, kind: Kind = Kind.CALL) -> Recording:
    around = Circumstances(kind=kind, started_at=NOON - age, consent=Consent.NOTICE)
    return Recording(id=name, state=State.SEALED, circumstances=around, digest=name, size_bytes=1, captured_at=NOON)


def test_what_began_this_shift_goes_before_older_ones_whatever_came_first() -> None:
    old, new = recording("old", age=30 * HOUR), recording("new", age=HOUR)
    assert turns.next_up([old, new], [], now=NOON) is new
    assert turns.next_up([old], [], now=NOON) is old
    assert turns.next_up([], [], now=NOON) is None


def test_calls_go_before_videos_of_the_same_shift_and_a_fresh_video_before_an_old_call() -> None:
    video, call = recording("video", age=HOUR, kind=Kind.SHELF), recording("call", age=2 * HOUR)
    assert turns.next_up([video, call], [], now=NOON) is call
    assert turns.next_up([video, recording("old", age=30 * HOUR)], [], now=NOON) is video


def test_after_three_fresh_ones_the_backlog_has_a_turn() -> None:
    old, new = recording("old", age=30 * HOUR), recording("new", age=HOUR)
    assert turns.next_up([old, new], [HOUR, HOUR], now=NOON) is new
    assert turns.next_up([old, new], [HOUR, HOUR, HOUR], now=NOON) is old
    assert turns.next_up([old, new], [30 * HOUR, HOUR, HOUR, HOUR], now=NOON) is new


class Dated(FakeArrival):
    """Fake deliveries that began some hours ago."""

    def __init__(self, name: str, *, age: timedelta) -> None:
        super().__init__(content=name.encode())
        self.age = age

    def circumstances(self) -> Circumstances:
        return replace(super().circumstances(), started_at=NOON - self.age)


class Listed(FakeTranscriber):
    """Keeps the order in which it was given its work."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        self.heard.append(media.read().decode())
        return super().transcribe(media, channels=channels, terms=terms)


def _work(kit: Kit, *arrivals: Arrival, busy: Event | None = None, stop: Event | None = None) -> None:
    """A worker's loop until nothing waits; lateness is kept as the real ledger keeps it."""
    stop, left = stop or Event(), list(arrivals)

    class Inbox:
        def arrivals(self) -> Sequence[Arrival]:
            for one in kit.ledger.rows.values():
                if one.state is State.CLOSED and one.id not in done:
                    done.append(one.id)
                    kit.ledger.late.insert(0, NOON - one.circumstances.started_at)
            now, left[:] = list(left), []
            if not now and not kit.ledger.unfinished():
                stop.set()
            return now

    done: list[str] = []
    worker.run(kit, Inbox(), stop, room=lambda: True, busy=busy.is_set if busy else lambda: False)


def test_a_backlog_and_a_busy_day_share_the_worker_three_to_one() -> None:
    heard = Listed()
    kit = replace(make_kit(), transcriber=heard)
    old = [Dated(f"old{n}", age=(50 - n) * HOUR) for n in range(3)]
    new = [Dated(f"new{n}", age=HOUR) for n in range(7)]
    _work(kit, *old, *new)
    assert heard.heard == ["new0", "new1", "new2", "old0", "new3", "new4", "new5", "old1", "new6", "old2"]


class Fails(Listed):
    """Cannot do anything with what is old."""

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        understood = super().transcribe(media, channels=channels, terms=terms)
        if self.heard[-1].startswith("old"):
            raise ZeroDivisionError
        return understood


def test_a_backlog_that_fails_has_no_more_turns_than_one_that_succeeds() -> None:
    heard = Fails()
    kit = replace(make_kit(), transcriber=heard)
    old = [Dated(f"old{n}", age=(50 - n) * HOUR) for n in range(3)]
    new = [Dated(f"new{n}", age=HOUR) for n in range(7)]
    _work(kit, *old, *new)
    assert heard.heard == ["new0", "new1", "new2", "old0", "new3", "new4", "new5", "old1", "new6", "old2"]


def test_after_a_restart_the_ledger_says_whose_turn_it_is() -> None:
    old, new = recording("old", age=30 * HOUR), recording("new", age=HOUR)
    order = turns.Turns(lambda count: [HOUR] * count)
    taken = [order.take([old, new], now=NOON) for _ in range(5)]
    assert taken == [old, new, new, new, old]
    assert order.take([], now=NOON) is None


def test_everything_that_arrived_is_sealed_before_a_second_analysis_begins() -> None:
    kit = make_kit()
    lying: list[int] = []
    arrivals = [Dated(f"call{n}", age=HOUR) for n in range(5)]

    class Looks(FakeTranscriber):
        def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
            lying.append(sum(not one.discarded for one in arrivals))
            return super().transcribe(media, channels=channels, terms=terms)

    _work(replace(kit, transcriber=Looks()), *arrivals)
    assert lying == [0] * 5


def test_while_somebody_listens_arrivals_are_sealed_and_nothing_is_analysed() -> None:
    kit, busy, stop = make_kit(), Event(), Event()
    busy.set()

    class Once:
        def arrivals(self) -> Sequence[Arrival]:
            if kit.ledger.rows:
                stop.set()
                return []
            return [Dated("call", age=HOUR)]

    worker.run(kit, Once(), stop, room=lambda: True, busy=busy.is_set)
    assert [one.state for one in kit.ledger.rows.values()] == [State.SEALED]
    busy.clear()
    _work(kit)
    assert [one.state for one in kit.ledger.rows.values()] == [State.CLOSED]


@contextmanager
def listening(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def test_an_analysis_stands_aside_as_long_as_somebody_listens_and_gives_signs_of_life(tmp_path: Path) -> None:
    lock, alive, through = tmp_path / "live.lock", Event(), Event()

    def analysis() -> None:
        worker.aside(lock, Event(), alive.set)
        through.set()

    with listening(lock):
        thread = Thread(target=analysis)
        thread.start()
        assert alive.wait(20)
        assert not through.is_set()
    assert through.wait(20)
    thread.join()


def test_a_listener_that_stands_still_comes_first_no_longer(tmp_path: Path) -> None:
    lock, now_s = tmp_path / "live.lock", time.time()
    with listening(lock):
        for late, first in ((0, True), (29, True), (31, False), (-3600, False)):
            os.utime(lock, (now_s - late, now_s - late))
            assert worker.precedes(lock, now_s=lambda: now_s) is first, late
        worker.aside(lock, Event(), lambda: pytest.fail("waited"))
    assert not worker.precedes(lock)
    assert not worker.precedes(tmp_path / "none.lock")


def test_every_turn_of_a_live_talk_says_that_it_goes_on(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "live.lock"
    first = Precedence(lock)
    for _ in range(2):
        first.hold()
        assert worker.precedes(lock)
        os.utime(lock, (0, 0))
        assert not worker.precedes(lock)
    first.hold()
    assert worker.precedes(lock)
    first.release()
    assert not worker.precedes(lock)


def test_while_an_analysis_stands_aside_duties_run_and_arrivals_are_sealed(tmp_path: Path) -> None:
    lock, done, stop = tmp_path / "live.lock", [], Event()
    arrival = Dated("late", age=HOUR)

    class Inbox:
        left = (arrival,)

        def arrivals(self) -> Sequence[Arrival]:
            now, self.left = self.left, ()
            return now

    class Waits(FakeTranscriber):
        def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
            with listening(lock):
                worker.aside(lock, stop, lambda: None, meanwhile=lambda: (meanwhile(), looks.append(1)))
            return super().transcribe(media, channels=channels, terms=terms)

    def duty() -> None:
        done.append(kit.ledger.unfinished()[0].state)

    class Looks(list[int]):
        def append(self, one: int) -> None:
            super().append(one)
            if arrival.discarded:
                stop.set()

    looks = Looks()
    kit = replace(make_kit(), transcriber=Waits())
    meanwhile = worker.Meanwhile(
        kit=kit, inbox=Inbox(), stop=Event(), room=lambda: True, alive=lambda: None,
        duties=[worker.Duty(every_s=0, run=duty)],
    )  # fmt: skip
    first = pipeline.take_in(kit, Dated("first", age=HOUR))
    assert worker.step(kit, first).state is State.CLOSED
    assert done == [State.SEALED]
    assert sorted(one.state for one in kit.ledger.rows.values()) == [State.CLOSED, State.SEALED]


def test_what_fails_while_an_analysis_stands_aside_is_not_held_against_it() -> None:
    kit, tries = make_kit(), []

    def fails(error: Exception) -> None:
        tries.append(1)
        raise error

    def meanwhile(error: Exception) -> worker.Meanwhile:
        return worker.Meanwhile(
            kit=kit, inbox=None, stop=Event(), room=lambda: False, alive=lambda: None,
            duties=[worker.Duty(every_s=0, run=lambda: fails(error))],
        )  # fmt: skip

    for error in (Unavailable("the disk is full"), SealBroken("a manifest"), ZeroDivisionError()):
        again = meanwhile(error)
        again()
        again()
    assert len(tries) == 3, "tried again at once"
    with pytest.raises(LedgerBroken):
        meanwhile(LedgerBroken("a commit failed"))()


def test_nobody_listening_holds_nothing_up_and_a_stop_ends_the_wait(tmp_path: Path) -> None:
    lock, signs = tmp_path / "live.lock", []
    worker.aside(lock, Event(), lambda: signs.append(1))
    stop = Event()
    stop.set()
    with listening(lock):
        worker.aside(lock, stop, lambda: signs.append(1))
    worker.aside(lock, Event(), lambda: signs.append(1))
    assert signs == []


def test_the_ledger_remembers_over_a_restart_how_late_the_last_analyses_were() -> None:
    with memory_folder() as folder:
        world = World(folder)
        try:
            assert world.ledger.lateness(3) == []
            world.analysed()
            world.clock.pass_(5 * HOUR)
            world.analysed()
            world.reopen()
            assert world.ledger.lateness(3) == [6 * HOUR, HOUR]
            assert world.ledger.lateness(1) == [6 * HOUR]
        finally:
            world.close()
