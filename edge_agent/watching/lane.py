"""One camera from the first connection to the last: its recordings into the seal, its outages into the audit log.

A thread of its own, with a ledger and a vault of its own (both are safe beside others'). An outage begins with the last bytes
that came and ends with the first of the next recording. `camera.lost` is entered when it begins, so that one that never ends
stands there too, `camera.gap` (from, to) when it is over. Outside its hours a camera is not lost. `camera.watched` is entered at
each start, with the end of what was there before: of a watcher that was killed nothing else would tell.
"""

import os
import queue
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from edge_agent import app, errors, log, pipeline
from edge_agent.capture.cameras.footage import FULL, POLL_S, STOPPED, Connection, Footage
from edge_agent.capture.cameras.post import CameraPost
from edge_agent.capture.cameras.wire import Reader
from edge_agent.config.cameras import Camera, is_open
from edge_agent.domain.recording import State
from edge_agent.errors import BadInput, NotAllowed, NotFound, Unavailable
from edge_agent.ids import new_id

if TYPE_CHECKING:
    from edge_agent.ledger.book import SqliteLedger

FROZEN: Final = "frozen"
UNWATCHED: Final = "unwatched"
ABSENT_S: Final = 15.0
"""A camera that is there so soon after the start of watching, or of its hours, was never lost."""
REST_S: Final = 10.0


@dataclass(kw_only=True)
class Lane:
    """`offer` hands over a connection with its number, from any thread; `run` is the thread. `end` has one ended."""

    box: "app.Box"
    camera: Camera
    stop: Event
    end: Callable[[int], None] = lambda _: None
    rest_s: float = REST_S
    unseen_since: datetime | None = None
    """When it was there for the last time, before this watching; None where it never was."""
    torn: set[str] = field(default_factory=set)
    """Recordings of it whose taking in broke off, which nobody else will end while this one watches."""
    post: CameraPost = field(init=False)
    _waiting: "queue.SimpleQueue[tuple[int, socket.socket]]" = field(default_factory=queue.SimpleQueue, init=False)
    _lost_at: datetime | None = field(default=None, init=False)
    _said: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._zone = ZoneInfo(self.box.settings.timezone) if self.box.settings.timezone else None
        self.post = CameraPost(id=self.camera.id, state="starting", since=self._now().isoformat())

    def offer(self, number: int, connection: socket.socket) -> None:
        self._waiting.put((number, connection))

    def run(self) -> None:
        """Until `stop`. Raises what no other recording would fare better with: a broken ledger or vault."""
        settings = self.box.settings
        book = app.ledger(settings, self.box.keys)
        try:
            kit = replace(self.box.kit, ledger=book, vault=app.vault(settings, self.box.keys))
            self._begin(book)
            while not self.stop.is_set():
                self._heed_hours()
                with suppress(queue.Empty):
                    self._connected(kit, book, *self._waiting.get(timeout=POLL_S))
            self._leave(book)
        finally:
            book.close()

    def _connected(self, kit: pipeline.Kit, book: "SqliteLedger", number: int, ours: socket.socket) -> None:
        reader = Reader(ours, patience_s=POLL_S)
        settings = self.box.settings
        connection = Connection(
            self.camera, reader, self.stop, most_bytes=settings.limits.max_file_bytes, now=self._now,
            room=lambda: book.room_for_media(settings.paths, settings.limits),
        )  # fmt: skip
        with closing(reader):
            for footage in connection.recordings():
                if footage is None:
                    self._lost(book, connection.seen_at, FROZEN)
                    continue
                try:
                    self._seal(kit, book, footage)
                except BadInput as error:  # the same content again: a file that stands in for a camera
                    log.get().info("recording.refused", camera=self.camera.id, reason=error.kind)
                except Unavailable as error:
                    connection.drop(FULL if error.zh == _NO_ROOM.zh else errors.code(error))
                    self.give_up(kit)
                    self.stop.wait(self.rest_s)
        self.end(number)  # it may stand still
        if connection.ended != STOPPED:
            self._lost(book, connection.seen_at, connection.ended)

    def _seal(self, kit: pipeline.Kit, book: "SqliteLedger", footage: Footage) -> None:
        settings = self.box.settings
        if not book.room_for_media(settings.paths, settings.limits):
            raise _NO_ROOM
        self._found(book, footage.started_at)
        name = new_id()
        self.torn.add(name)
        try:
            pipeline.take_in(kit, footage, under=name)
        except BadInput:
            self.torn.discard(name)
            raise
        self.torn.discard(name)
        self.give_up(kit)
        self.post = msgspec.structs.replace(self.post, recordings=self.post.recordings + 1, seen_at=self._now().isoformat())

    def give_up(self, kit: pipeline.Kit) -> None:
        """End what is `torn`; what cannot be, for the disk is full, is tried again after the next recording."""
        alone = replace(kit, listens=lambda _: False)
        for name in sorted(self.torn):
            try:
                one = kit.ledger.recording(name)
                if one.state is State.CAPTURED:
                    pipeline.advance(alone, one)
            except Unavailable:
                continue
            except (BadInput, NotAllowed, NotFound):
                pass  # it is ended, by this or by the worker, or never began
            self.torn.discard(name)

    def _begin(self, book: "SqliteLedger") -> None:
        self._lost_at = self.unseen_since
        before = {} if self.unseen_since is None else {"from": _stamp(self.unseen_since)}
        _note(book, "camera.watched", camera=self.camera.id, **before)

    def _heed_hours(self) -> None:
        open_now = is_open(self.camera.hours, self._now().astimezone(self._zone).time())
        if not open_now and self.post.state != "closed":
            self._is("closed")
            self._lost_at, self._said = None, False
        elif open_now and self.post.state == "closed":
            self._is("starting")
        if self.post.state == "starting" and self._lost_at is None:
            self._lost_at = self._now()

    def _found(self, book: "SqliteLedger", at: datetime) -> None:
        """A recording begins: whatever outage there was is over."""
        since, self._lost_at = self._lost_at, None
        if since is not None and (self._said or (at - since).total_seconds() > ABSENT_S):
            _note(
                book,
                "camera.gap",
                camera=self.camera.id,
                **{"from": _stamp(since), "to": _stamp(at)},
                reason=self.post.reason or UNWATCHED,
            )
            log.get().info("camera.resumed", camera=self.camera.id, duration_ms=max(0, int((at - since).total_seconds() * 1000)))
            self.post = msgspec.structs.replace(
                self.post, gaps=self.post.gaps + 1, gap_from=since.isoformat(), gap_to=at.isoformat()
            )
        self._said = False
        if self.post.state != "recording":
            self._is("recording")

    def _lost(self, book: "SqliteLedger", seen_at: datetime | None, reason: str) -> None:
        if not is_open(self.camera.hours, self._now().astimezone(self._zone).time()):
            return
        since = self._lost_at = self._lost_at or seen_at or self._now()
        self._is("lost", reason, since)
        if not self._said:
            self._said = True
            _note(book, "camera.lost", camera=self.camera.id, **{"from": _stamp(since)}, reason=reason)
            log.get().warning("camera.lost", camera=self.camera.id, reason=reason)

    def _leave(self, book: "SqliteLedger") -> None:
        """Watching ends in good order: from now on there is nothing of this camera."""
        _note(book, "camera.unwatched", camera=self.camera.id, **{"from": _stamp(self._lost_at or self._now())})

    def _is(self, state: str, reason: str = "", since: datetime | None = None) -> None:
        changed = {"state": state, "reason": reason, "since": (since or self._now()).isoformat()}
        self.post = msgspec.convert(msgspec.structs.asdict(self.post) | changed, CameraPost)

    def _now(self) -> datetime:
        return self.box.kit.clock.now()


_NO_ROOM: Final = Unavailable(
    "the disk is nearly full, no new media is taken in", remedy="free space", zh="磁盘空间不足，暂停接收"
)


def _note(book: "SqliteLedger", kind: str, /, **body: str) -> None:
    """A busy ledger or a full disk is no reason to lose the camera over its note; it is said in the log."""
    try:
        book.noted(kind, **body)
    except Unavailable as error:
        log.get().error("camera.unnoted", kind=kind, error=type(error).__name__, pid=os.getpid())


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
