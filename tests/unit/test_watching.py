"""Who watches cameras: recordings sealed as they come, outages entered with their times, and whom the worker leaves alone."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Self

import msgspec
import pytest
from box_world import BoxWorld
from ledger_world import GATEWAY

from edge_agent import answers, app, cameras, locks, pipeline, view, watching
from edge_agent.capture.cameras import post
from edge_agent.capture.cameras.footage import circumstances
from edge_agent.capture.cameras.nursery import NUMBER
from edge_agent.capture.cameras.wire import Kind, frame
from edge_agent.config import Config
from edge_agent.config.cameras import Camera
from edge_agent.domain.recording import Recording, State
from edge_agent.errors import EdgeError, NotFound, Unavailable
from edge_agent.ids import new_id
from edge_agent.ledger.cameras import CameraCounts, counts
from edge_agent.watching.lane import Lane
from edge_agent.watching.session import Watching

CAMERAS = (
    Camera(id="cam-1", url="rtsp://10.0.0.9/live", bay="bay-a", basis="not-personal"),
    Camera(id="cam-2", url="/dev/video0", bay="bay-b"),
)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> app.Box:
    """A box with two cameras: real keys, vault and ledger, and the time of day."""
    world = BoxWorld(tmp_path_factory.mktemp("watching"))
    settings = Config(gateway=GATEWAY, state=str(world.root), limits=world.limits, cameras=CAMERAS)
    kit = replace(world.kit, clock=app.SystemClock(), listens=partial(app._seals, settings))
    return app.Box(settings=settings, kit=kit, keys=world.keys, vault=world.vault, ledger=world.ledger, inbox=world.arrivals)  # type: ignore[arg-type]


@pytest.fixture
def made(box: app.Box) -> Config:
    return box.settings


class Nursery:
    """Hands connections to who watches, as the real one does, and says whatever a test wants said on them."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.number = 0

    def connect(self, camera: int) -> socket.socket:
        mine, reader = socket.socketpair()
        self.number += 1
        socket.send_fds(self.ours, [NUMBER.pack(camera, self.number)], [reader.fileno()])
        reader.close()
        return mine

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


class Watched:
    """A watching in a thread of its own; `until` waits for what the ledger says."""

    def __init__(self, box: app.Box) -> None:
        self.box, self.nursery, self.stop = box, Nursery(), Event()
        self.session = Watching(box=box, control=self.nursery.theirs, stop=self.stop)
        for lane in self.session.lanes:
            lane.rest_s = 0.01
        self.failed: list[BaseException] = []
        self.thread = Thread(target=self._run)
        self.began = self.notes("")

    def notes(self, camera: str) -> list[tuple[str, dict[str, str]]]:
        with answers.reader(self.box.settings) as book:
            rows = book.viewing(lambda view: view.execute("SELECT kind, body FROM audit WHERE kind LIKE 'camera.%'").fetchall())
        found = [(kind.removeprefix("camera."), json.loads(body)) for kind, body in rows]
        return [one for one in found if one[1]["camera"] == camera or not camera]

    def new(self, camera: str) -> list[tuple[str, dict[str, str]]]:
        """What this watching entered of a camera after its start."""
        entered = [one for one in self.notes("")[len(self.began) :] if one[1]["camera"] == camera]
        return [one for one in entered if one[0] != "watched"]

    def recordings(self, camera: str) -> list[Recording]:
        with answers.reader(self.box.settings) as book:
            return [one for one in book.recordings() if one.circumstances.camera == camera]

    def until(self, done: Callable[[], object]) -> None:
        waited = Event()
        for _ in range(1000):
            if done():
                return
            waited.wait(0.01)
        pytest.fail(f"never: {self.notes('')} {self.failed}")

    def _run(self) -> None:
        try:
            self.session.run()
        except EdgeError as error:
            self.failed.append(error)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        self.nursery.close()


def test_what_a_camera_sends_is_sealed_and_its_outage_entered_while_the_other_goes_on(box: app.Box) -> None:
    with Watched(box) as seen:
        first, other = seen.nursery.connect(0), seen.nursery.connect(1)
        other.sendall(frame(Kind.OPEN) + frame(Kind.NEW) + frame(Kind.PART, b"other"))
        first.sendall(frame(Kind.OPEN) + frame(Kind.NEW) + frame(Kind.PART, b"one") + frame(Kind.PART, b"two"))
        seen.until(lambda: len(seen.recordings("cam-1")) == 1)
        first.close()
        seen.until(lambda: [kind for kind, _ in seen.new("cam-1")] == ["lost"])
        assert [one.post.state for one in seen.session.lanes] == ["lost", "recording"]
        second = seen.nursery.connect(0)
        second.sendall(frame(Kind.GONE, b"refused"))
        second.close()
        seen.until(lambda: seen.session.lanes[0].post.reason == "refused")
        assert len(seen.new("cam-1")) == 1, "one outage, however often it was tried"
        third = seen.nursery.connect(0)
        third.sendall(frame(Kind.NEW) + frame(Kind.PART, b"three"))
        seen.until(lambda: [kind for kind, _ in seen.new("cam-1")] == ["lost", "gap"])
        assert seen.recordings("cam-2")[0].state is State.CAPTURED, "the other one is still being sealed"
        third.close()
        seen.until(lambda: len(seen.new("cam-1")) == 3)
        other.close()
    (_, lost), (_, gap), *_ = seen.new("cam-1")
    assert (lost["reason"], gap["reason"]) == ("cut", "refused")
    assert lost["from"] == gap["from"] < gap["to"]
    assert [kind for kind, _ in seen.new("cam-2")][-1] == "unwatched"
    contents = []
    for one in seen.recordings("cam-1"):
        with box.vault.open_hot(one.id) as media:
            contents.append(media.read())
    assert contents == [b"onetwo", b"three"]
    assert [one.parked for one in seen.recordings("cam-1")] == ["", ""]
    assert [one.parked for one in seen.recordings("cam-2")] == ["no-consent"]


def test_a_hanging_camera_is_lost_until_its_picture_changes(box: app.Box) -> None:
    with Watched(box) as seen:
        had = len(seen.recordings("cam-1"))
        line = seen.nursery.connect(0)
        line.sendall(frame(Kind.NEW) + frame(Kind.PART, b"living") + frame(Kind.STILL) * 3)
        seen.until(lambda: [kind for kind, _ in seen.new("cam-1")] == ["lost"])
        line.sendall(frame(Kind.STILL) + frame(Kind.NEW) + frame(Kind.PART, b"living again"))
        seen.until(lambda: [kind for kind, _ in seen.new("cam-1")] == ["lost", "gap"])
        line.close()
        seen.until(lambda: len(seen.recordings("cam-1")) == had + 2)
    assert [body["reason"] for _, body in seen.new("cam-1")[:2]] == ["frozen", "frozen"]


def test_a_puller_gone_bad_costs_its_own_connection_only(box: app.Box) -> None:
    with Watched(box) as seen:
        line = seen.nursery.connect(0)
        line.sendall(b"\xff" * 20)
        seen.until(lambda: seen.session.lanes[0].post.reason == "misbehaved")
        assert NUMBER.unpack(seen.nursery.ours.recv(NUMBER.size)) == (0, seen.nursery.number), "the nursery is to end it"
        again = seen.nursery.connect(0)
        again.sendall(frame(Kind.NEW) + frame(Kind.PART, b"sound again"))
        seen.until(lambda: seen.session.lanes[0].post.state == "recording")
        line.close()
        again.close()
    assert seen.failed == []


def test_a_full_disk_tears_no_recording_for_ever_and_the_camera_goes_on(box: app.Box, made: Config) -> None:
    full = msgspec.structs.replace(made, limits=msgspec.structs.replace(made.limits, media_floor_bytes=2**50))
    with Watched(replace(box, settings=full)) as seen:
        had = len(seen.recordings("cam-1"))
        line = seen.nursery.connect(0)
        line.sendall(frame(Kind.NEW) + frame(Kind.PART, b"no room"))
        seen.until(lambda: seen.session.lanes[0].post.reason == "no-room")
        assert len(seen.recordings("cam-1")) == had
        line.close()
    assert seen.failed == []


def test_when_the_nursery_ends_watching_ends_and_says_so(box: app.Box) -> None:
    with Watched(box) as seen:
        seen.nursery.ours.close()
        seen.thread.join(20)
    assert [type(one) for one in seen.failed] == [Unavailable]


def test_without_cameras_there_is_nothing_to_watch(made: Config) -> None:
    with pytest.raises(NotFound):
        watching.watch(msgspec.structs.replace(made, cameras=()), lambda _zh, _en: None)


def test_where_the_network_cannot_be_given_up_nobody_watches(made: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()
    ended.set()
    monkeypatch.setattr(watching, "stop_on_signals", lambda: ended)
    monkeypatch.setattr(watching.seclusion, "enter", lambda: None)  # a kernel without seccomp: it is only said in the log
    with pytest.raises(Unavailable, match="network"):
        watching.watch(made, lambda _zh, _en: None)


class Later:
    """The time of day, some time later."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return app.SystemClock().now() + self.by


class TestBeside:
    def captured(self, box: app.Box, camera: int | None) -> Recording:
        around = circumstances(box.settings.cameras[camera or 0], box.kit.clock.now())
        around = around if camera is not None else replace(around, camera="")
        return Recording(
            id=new_id(), state=State.CAPTURED, circumstances=around, digest="", size_bytes=0, captured_at=box.kit.clock.now()
        )

    def test_what_a_killed_watcher_left_is_ended_at_the_next_start_though_the_clock_went_back(self, box: app.Box) -> None:
        late = replace(self.captured(box, 0), id="7" + new_id()[1:])
        box.kit.ledger.captured(late)
        with locks.alone(box.settings.paths.watching_lock, watching.BUSY):
            assert pipeline.advance(box.kit, late).state is State.CAPTURED, "to the worker it looks as if it were sealed now"
            with Watched(box) as seen:
                seen.until(lambda: box.kit.ledger.recording(late.id).state is State.REJECTED)

    def test_a_start_is_entered_with_the_end_of_what_was_before_and_the_time_between_is_a_gap(self, box: app.Box) -> None:
        with Watched(box) as seen:
            line = seen.nursery.connect(0)
            line.sendall(frame(Kind.NEW) + frame(Kind.PART, b"before the power cut"))
            seen.until(lambda: seen.session.lanes[0].post.state == "recording")
            line.close()
            seen.until(lambda: [kind for kind, _ in seen.new("cam-1")] == ["lost"])
        lost = seen.new("cam-1")[-1][1]["from"]
        later = replace(box, kit=replace(box.kit, clock=Later(timedelta(hours=2))))
        with Watched(later) as again:
            line = again.nursery.connect(0)
            line.sendall(frame(Kind.NEW) + frame(Kind.PART, b"after it"))
            again.until(lambda: [kind for kind, _ in again.new("cam-1")] == ["gap"])
            line.close()
        watched = [body for kind, body in again.notes("cam-1") if kind == "watched"]
        assert watched[-1]["from"] == lost
        (_, gap), *_ = again.new("cam-1")
        assert (gap["from"], gap["reason"]) == (lost, "unwatched")

    def test_a_recording_that_a_full_disk_tore_is_given_up_as_soon_as_there_is_room(self, box: app.Box) -> None:
        class Full:
            """The ledger of a disk that is full until somebody makes room."""

            full = True

            def __getattr__(self, name: str) -> object:
                return getattr(box.kit.ledger, name)

            def moved(self, recording_id: str, state: State, *, reason: str = "") -> None:
                if self.full:
                    raise Unavailable("disk full")
                box.kit.ledger.moved(recording_id, state, reason=reason)

        torn, foreign, ledger = self.captured(box, 0), self.captured(box, 0), Full()
        for one in (torn, foreign):
            box.kit.ledger.captured(one)
        lane, kit = Lane(box=box, camera=CAMERAS[0], stop=Event()), replace(box.kit, ledger=ledger)
        lane.torn.add(torn.id)
        lane.give_up(kit)
        assert (box.kit.ledger.recording(torn.id).state, lane.torn) == (State.CAPTURED, {torn.id})
        ledger.full = False
        lane.give_up(kit)
        assert (box.kit.ledger.recording(torn.id).state, lane.torn) == (State.REJECTED, set())
        assert box.kit.ledger.recording(foreign.id).state is State.CAPTURED, "only what this lane made"

    def test_the_worker_leaves_alone_what_is_watched_now_and_clears_what_a_killed_watcher_left(self, box: app.Box) -> None:
        left = self.captured(box, 0)
        box.kit.ledger.captured(left)
        with locks.alone(box.settings.paths.watching_lock, watching.BUSY):
            now, elsewhere = self.captured(box, 0), self.captured(box, None)
            for one in (now, elsewhere):
                box.kit.ledger.captured(one)
            states = [pipeline.advance(box.kit, one).state for one in (left, now, elsewhere)]
            assert states == [State.REJECTED, State.CAPTURED, State.REJECTED]
        assert pipeline.advance(box.kit, now).state is State.REJECTED


class TestStatus:
    def said(self, settings: Config, *, age_s: float = 0) -> list[str]:
        at = app.SystemClock().now() - timedelta(seconds=age_s)
        one = post.CameraPost(id="cam-1", state="recording", since=at.isoformat())
        settings.paths.run.mkdir(parents=True, exist_ok=True)
        post.put(settings.paths.run, post.Posted(at=at.isoformat(), cameras=[one]))
        return [one.state for one in cameras.standing(settings, CameraCounts())]

    def test_a_word_counts_while_somebody_watches_and_it_is_fresh(self, made: Config) -> None:
        assert self.said(made) == ["off", "off"]
        with locks.only_one(made.paths.watching_lock):
            assert self.said(made) == ["recording", "off"]
            assert self.said(made, age_s=100) == ["off", "off"]

    def test_who_may_read_no_lock_counts_what_delivers_nothing(self, made: Config) -> None:
        self.said(made)
        assert cameras.lost(made) == 1, "cam-2 is not spoken of"
        self.said(made, age_s=100)
        assert cameras.lost(made) == 2, "nobody watches"

    def test_gaps_and_what_was_dropped_come_from_the_ledger(self, box: app.Box) -> None:
        box.ledger.noted(
            "camera.gap", camera="cam-9", **{"from": "2026-11-26T01:00:00Z", "to": "2026-11-26T01:01:00Z"}, reason="cut"
        )
        with answers.reader(box.settings) as book:
            found = book.viewing(counts)
        assert found.gaps["cam-9"] == 1
        assert found.last_gap["cam-9"] == ("2026-11-26T01:00:00Z", "2026-11-26T01:01:00Z")

    def test_status_shows_every_camera_in_words(self, box: app.Box, capsys: pytest.CaptureFixture[str]) -> None:
        line = answers.cameras.standing(box.settings, CameraCounts(dropped={"cam-1": 7}, gaps={"cam-1": 2}))[0]
        shown = view.box._camera(line, None)
        assert "7 dropped unread" in shown
        assert "gaps" in shown


def test_the_run_folder_says_nothing_but_names_times_codes_and_counts(made: Config) -> None:
    assert set(post.CameraPost.__struct_fields__) == {
        "id", "state", "since", "reason", "recordings", "gaps", "gap_from", "gap_to", "seen_at"
    }  # fmt: skip
    assert Path(made.paths.run / post.FILE).name == "cameras.json"
