"""How far the analysis is and when all will be done: said from measured speed, or said to be unknown."""

from datetime import timedelta
from pathlib import Path

import pytest
from pipeline_fakes import NOON, FakeArrival, make_kit

from edge_agent import pace, view, waiting, worker
from edge_agent.domain.recording import Circumstances, Consent, Kind, Recording, State
from edge_agent.pace import Done, Pace
from edge_agent.trail import Trail

HOUR = timedelta(hours=1)


class Uptime:
    at = 100.0

    def __call__(self) -> float:
        return self.at


def recording(name: str, *, size: int = 1_000_000, age: timedelta = HOUR, kind: Kind = Kind.CALL) -> Recording:
    around = Circumstances(kind=kind, started_at=NOON - age, consent=Consent.NOTICE)
    return Recording(id=name, state=State.SEALED, circumstances=around, digest=name, size_bytes=size, captured_at=NOON - age)


@pytest.fixture
def uptime() -> Uptime:
    return Uptime()


@pytest.fixture
def measured(tmp_path: Path, uptime: Uptime) -> Pace:
    """One call of 1 MB and 100 s was analysed in 10 s."""
    made = Pace(tmp_path, lambda: NOON, uptime_s=uptime)
    made.begin(recording("first"))
    uptime.at += 10
    made.at(100_000, 100_000)
    made.end(finished=True)
    return made


def test_before_anything_was_analysed_all_of_it_is_unknown(tmp_path: Path) -> None:
    said = waiting.queue([recording("a"), recording("b", age=9 * HOUR)], tmp_path, now=NOON, working=True)
    assert (said.fresh, said.backlog, said.oldest_s) == (1, 1, 9 * 3600)
    assert (said.analysing, said.audio_s, said.speed, said.eta_s) == (None, None, None, None)


def test_an_empty_queue_is_done_now(tmp_path: Path) -> None:
    said = waiting.queue([], tmp_path, now=NOON, working=True)
    assert (said.fresh, said.backlog, said.oldest_s, said.audio_s, said.eta_s) == (0, 0, None, 0, 0)


def test_touches_wait_for_no_turn(tmp_path: Path, measured: Pace) -> None:
    said = waiting.queue([recording("a"), recording("t", kind=Kind.CHANNEL)], tmp_path, now=NOON, working=True)
    assert (said.fresh, said.backlog, said.eta_s) == (1, 0, 10)


def test_length_speed_and_end_are_told_from_recent_recordings_of_the_kind(tmp_path: Path, measured: Pace) -> None:
    said = waiting.queue([recording("a", size=3_000_000)], tmp_path, now=NOON, working=True)
    assert (said.audio_s, said.speed, said.eta_s) == (300, 10.0, 30)
    video = recording("v", kind=Kind.SHELF)
    assert waiting.queue([video], tmp_path, now=NOON, working=True).eta_s is None
    assert waiting.queue([recording("a"), video], tmp_path, now=NOON, working=True).eta_s is None


def test_what_is_under_way_says_how_far_it_is_and_counts_with_the_rest(tmp_path: Path, measured: Pace, uptime: Uptime) -> None:
    now = recording("now")
    measured.begin(now)
    uptime.at += 5
    measured.at(40_000, 100_000)
    said = waiting.queue([now, recording("next")], tmp_path, now=NOON, working=True)
    assert said.analysing is not None
    assert (said.analysing.recording, said.analysing.percent, said.analysing.aside) == ("now", 40, False)
    assert (said.fresh, said.audio_s, said.eta_s) == (1, 100, 16)
    rows = dict(view.queue(said))
    assert "40 %" in rows["正在分析 Analysing now"]
    measured.at(50_000, None)
    assert pace.doing(tmp_path).done_ms == 40_000, "said at most once a second"


def test_without_a_worker_nothing_is_under_way_whatever_a_file_says(tmp_path: Path, measured: Pace) -> None:
    now = recording("now")
    measured.begin(now)
    said = waiting.queue([now], tmp_path, now=NOON, working=False)
    assert (said.analysing, said.fresh, said.eta_s) == (None, 1, 10)


def test_time_aside_for_a_live_talk_is_said_and_does_not_count(tmp_path: Path, measured: Pace, uptime: Uptime) -> None:
    now = recording("now")
    measured.begin(now)
    uptime.at += 500
    measured.aside(500)
    said = waiting.queue([now], tmp_path, now=NOON, working=True).analysing
    assert said is not None
    assert said.aside
    measured.aside(0)
    assert pace.doing(tmp_path).aside is False
    uptime.at += 10
    measured.at(100_000, 100_000)
    measured.end(finished=True)
    assert pace.speed(pace.recent(tmp_path)) == 10.0


def test_an_analysis_that_failed_tells_nothing_about_speed(tmp_path: Path, measured: Pace) -> None:
    measured.begin(recording("bad"))
    measured.end(finished=False)
    assert len(pace.recent(tmp_path)) == 1
    assert pace.doing(tmp_path) is None


def test_the_last_twenty_count(tmp_path: Path, measured: Pace, uptime: Uptime) -> None:
    for number in range(30):
        measured.begin(recording(str(number)))
        uptime.at += 1
        measured.at(100_000, None)
        measured.end(finished=True)
    kept = pace.recent(tmp_path)
    assert len(kept) == pace.KEEPS
    assert {one.took_ms for one in kept} == {1000}
    assert kept[0] == Done(kind=Kind.CALL, bytes=1_000_000, media_ms=100_000, took_ms=1000)


def test_a_damaged_file_is_unknown_and_a_new_worker_begins_with_nothing_under_way(tmp_path: Path, measured: Pace) -> None:
    measured.begin(recording("now"))
    Pace(tmp_path, lambda: NOON)
    assert pace.doing(tmp_path) is None
    (tmp_path / "pace.json").write_text('{"not": "ours"}')
    assert pace.recent(tmp_path) == []


def test_progress_that_cannot_be_written_costs_no_recording(tmp_path: Path, uptime: Uptime) -> None:
    run, kit = tmp_path / "run", make_kit()
    run.write_text("a file in place of the run folder")
    kept = Pace(run, lambda: NOON, uptime_s=uptime)
    kept.begin(recording("now"))
    kept.at(1000, None)
    kept.aside(1)
    kept.end(finished=True)
    taken = worker.pipeline.take_in(kit, FakeArrival())
    done = worker.step(kit, taken, Trail(run), kept)
    assert (done.state, done.parked, pace.doing(run), pace.recent(run)) == (State.CLOSED, "", None, [])


def test_the_worker_keeps_the_pace_of_what_it_analysed(tmp_path: Path) -> None:
    kit, kept = make_kit(), Pace(tmp_path, lambda: NOON)
    for arrival in (FakeArrival(), FakeArrival(content=b"noise")):
        worker.step(kit, worker.pipeline.take_in(kit, arrival), None, kept)
    (done,) = pace.recent(tmp_path)
    assert done.kind is Kind.CALL
    assert pace.doing(tmp_path) is None
