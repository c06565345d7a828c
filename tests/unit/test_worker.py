"""The loop: one bad recording is parked, the others go on; a full disk is waited out; a broken ledger ends it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import msgspec
import pytest
from pipeline_fakes import NOON, FakeArrival, FakeLedger, FakeShelf, FakeTagger, make_kit

from edge_agent import locks, pipeline, worker
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import Kind, Recording, State, View
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.touch import Channel, Touch
from edge_agent.errors import LedgerBroken, NotAllowed, Unavailable
from edge_agent.pipeline import Kit
from edge_agent.ports import ShelfFindings
from edge_agent.trail import Trail


class Deliveries:
    """An inbox that hands out each arrival once and stops the loop when all is done."""

    def __init__(self, kit: Kit, stop: Event, *arrivals: FakeArrival) -> None:
        self._kit, self._stop, self._left = kit, stop, list(arrivals)

    def arrivals(self) -> Sequence[FakeArrival]:
        now, self._left = self._left, []
        if not now and not self._kit.ledger.unfinished():
            self._stop.set()
        return now


def _run(kit: Kit, *arrivals: FakeArrival, room: Callable[[], bool] = lambda: True) -> None:
    stop = Event()
    worker.run(kit, Deliveries(kit, stop, *arrivals), stop, room=room)


class Explodes(FakeTagger):
    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        raise ZeroDivisionError("他说太贵了")


def test_an_unforeseen_error_parks_that_one_recording_by_its_class() -> None:
    kit = replace(make_kit(), tagger=Explodes())
    _run(kit, FakeArrival(), FakeArrival(content=b"video", kind=Kind.SHELF))
    states = {row.circumstances.kind: (row.state, row.parked) for row in kit.ledger.rows.values()}
    assert states == {Kind.CALL: (State.SEALED, "zero-division-error"), Kind.SHELF: (State.CLOSED, "")}


def test_a_judgement_that_fails_parks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(historian: object) -> int:
        raise IndexError("他说太贵了")

    kit = make_kit()
    monkeypatch.setattr(kit.ledger, "judge", fails)
    _run(kit, FakeArrival())
    assert [(row.state, row.parked) for row in kit.ledger.rows.values()] == [(State.CLOSED, "")]


def test_what_is_shredded_while_it_is_worked_on_is_not_parked() -> None:
    class Shreds(FakeTagger):
        def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
            (recording,) = kit.ledger.rows
            kit.ledger.moved(recording, State.EXPIRED)
            raise NotAllowed("being shredded")

    kit = replace(make_kit(), tagger=Shreds())
    _run(kit, FakeArrival())
    assert [(row.state, row.parked) for row in kit.ledger.rows.values()] == [(State.EXPIRED, "")]


def test_what_another_process_gives_up_at_the_same_time_is_not_parked() -> None:
    class Shared(FakeLedger):
        def moved(self, recording_id: str, state: State, *, reason: str = "") -> None:
            super().moved(recording_id, State.REJECTED)
            raise NotAllowed("it is over")

    kit = replace(make_kit(), ledger=Shared())
    left = Recording(
        id="left", state=State.CAPTURED, circumstances=FakeArrival().circumstances(), digest="", size_bytes=0, captured_at=NOON
    )
    kit.ledger.captured(left)
    assert worker.step(kit, left).state is State.REJECTED
    assert [(row.state, row.parked) for row in kit.ledger.rows.values()] == [(State.REJECTED, "")]


def _touch(number: int) -> FakeArrival:
    said = Touch(id=str(number), channel=Channel.CRM, started_at=NOON, facts=(("open_count", 1.0),))
    return FakeArrival(content=msgspec.json.encode(said), kind=Kind.CHANNEL)


def test_touches_take_no_turns_and_go_before_the_call_that_waits() -> None:
    kit = make_kit()
    _run(kit, FakeArrival(), _touch(1), FakeArrival(content=b"video", kind=Kind.SHELF), _touch(2))
    kinds = [kit.ledger.rows[one].circumstances.kind for one, _ in kit.ledger.analyses]
    assert kinds == [Kind.CHANNEL, Kind.CHANNEL, Kind.CALL, Kind.SHELF]


def test_touches_do_not_keep_a_call_waiting_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TOUCHES", 2)
    kit = make_kit()
    _run(kit, *(_touch(n) for n in range(5)), FakeArrival())
    kinds = [kit.ledger.rows[one].circumstances.kind for one, _ in kit.ledger.analyses]
    assert kinds.index(Kind.CALL) == 2


def test_a_touch_that_cannot_be_read_any_more_is_rejected() -> None:
    kit = make_kit()
    _run(kit, FakeArrival(content=b"{}", kind=Kind.CHANNEL), _touch(1))
    assert sorted(row.state for row in kit.ledger.rows.values()) == [State.CLOSED, State.REJECTED]


def test_a_bad_file_is_rejected_and_the_next_one_is_taken() -> None:
    kit = make_kit()
    _run(kit, FakeArrival(content=b"noise"), FakeArrival(content=None), FakeArrival())
    assert sorted(row.state for row in kit.ledger.rows.values()) == [State.CLOSED, State.REJECTED, State.REJECTED]


def test_a_full_disk_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class FullOnce(FakeShelf):
        failed = False

        def score(self, video: object, planogram: Planogram, *, view: View = View.FIXED) -> ShelfFindings:
            if not self.failed:
                self.failed = True
                raise Unavailable("the disk is full")
            return super().score(video, planogram, view=view)

    monkeypatch.setattr(worker, "DEFER_S", 0.01)
    kit = replace(make_kit(), shelf=FullOnce())
    _run(kit, FakeArrival(kind=Kind.SHELF))
    assert [row.state for row in kit.ledger.rows.values()] == [State.CLOSED]


def test_without_room_nothing_new_is_taken_in() -> None:
    kit, stop, asked = make_kit(), Event(), []

    def room() -> bool:
        asked.append(1)
        if len(asked) == 3:
            stop.set()
        return False

    arrival = FakeArrival()
    worker.run(kit, Deliveries(kit, stop, arrival), stop, room=room)
    assert kit.ledger.rows == {}
    assert not arrival.discarded


def test_a_broken_ledger_ends_the_loop() -> None:
    kit = make_kit()

    def broken() -> None:
        raise LedgerBroken("a commit failed")

    with pytest.raises(LedgerBroken):
        worker.run(kit, Deliveries(kit, Event(), FakeArrival()), Event(), room=lambda: True, alive=broken)


def test_one_worker_per_state_directory(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "worker.lock"
    with locks.only_one(lock) as first, locks.only_one(lock) as second:
        assert (first, second) == (True, False)
    with locks.only_one(lock) as again:
        assert again


def test_a_recording_that_keeps_ending_the_worker_is_left_aside_until_a_person_tries_it_again(tmp_path: Path) -> None:
    kit, trail = make_kit(), Trail(tmp_path)
    recording = pipeline.take_in(kit, FakeArrival())

    class Ends(FakeTagger):
        def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
            raise KeyboardInterrupt  # as good as a kill: nothing of the loop's catches it

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            worker.step(replace(kit, tagger=Ends()), recording, _Unending(tmp_path))
        # What the unit's ExecStopPost does when the service manager had to end the worker.
        with (tmp_path / "fatal").open("a") as fatal:
            fatal.write((tmp_path / "analysing").read_text())
    assert worker.step(kit, recording, trail).parked == worker.FATAL
    assert worker.step(kit, recording, trail).state is State.CLOSED
    assert not (tmp_path / "analysing").exists()


class _Unending(Trail):
    """A killed process cleans nothing up."""

    def end(self) -> None:
        pass


def test_a_recording_that_was_merely_interrupted_is_tried_again(tmp_path: Path) -> None:
    kit = make_kit()
    recording = pipeline.take_in(kit, FakeArrival())
    (tmp_path / "analysing").write_text(f"{recording.id}\n")
    assert worker.step(kit, recording, Trail(tmp_path)).state is State.CLOSED


def test_a_record_of_deaths_that_cannot_be_kept_holds_nothing_against_a_recording(tmp_path: Path) -> None:
    (tmp_path / "fatal").mkdir()
    (tmp_path / "analysing").mkdir()
    kit = make_kit()
    assert worker.step(kit, pipeline.take_in(kit, FakeArrival()), Trail(tmp_path)).state is State.CLOSED


def test_waiting_for_room_is_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "DEFER_S", 0.0)
    kit, stop, signs = make_kit(), Event(), []

    def full() -> bool:
        raise Unavailable("the disk is full")

    def alive() -> None:
        signs.append(1)
        if len(signs) == 3:
            stop.set()

    worker.run(kit, Deliveries(kit, Event()), stop, room=full, alive=alive)
    assert len(signs) == 3


def test_every_piece_of_a_large_file_is_a_sign_of_life() -> None:
    class Large(FakeArrival):
        def chunks(self) -> Iterator[bytes]:
            yield from (b"call" for _ in range(50))

    kit, stop, signs = make_kit(), Event(), []
    worker.run(kit, Deliveries(kit, stop, Large()), stop, room=lambda: True, alive=lambda: signs.append(1))
    assert len(signs) >= 50
