"""What one connection of a camera delivers, as recordings that are sealed while they come. Nothing is held but one piece.

Reads the `wire` of one puller. A recording ends with the next key frame after its time, or with the connection; each is a file of
its own, whole up to where it was cut. Why a connection ended is a code (`ended`), once its recordings are done.

A puller that a camera has taken over is bounded: in the length and bytes of a recording, in recordings (one a second in the
long run), in what it says without a picture. While a recording grows the disk is asked for room every `ROOM_BYTES`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final

from edge_agent.capture import sidecar
from edge_agent.capture.cameras.wire import Kind, Misbehaved, Reader, code_of
from edge_agent.config.cameras import Camera
from edge_agent.domain.recording import Circumstances

POLL_S: Final = 0.5
OPENING_S: Final = 30.0
"""So long the first picture may take to come."""
SPARE_S: Final = 60.0
"""A recording that lasts twice its time, and at least so much longer, waits for no key frame any more."""
AT_OPENING: Final = 10.0
"""So many recordings may begin at once on a new connection: what came while libav looked at the stream comes in one go."""
BURST: Final = 60.0
"""So many recordings may begin at once after a standstill of the seal; else one a second."""
BREATH_S: Final = 0.01
"""Between two words that a camera hangs."""
ROOM_BYTES: Final = 16 << 20
CUT: Final = "cut"
FULL: Final = "no-room"
STOPPED: Final = "stopped"


class Connection:
    """`recordings` gives each as soon as its first bytes are there; take all of one before the next."""

    def __init__(
        self,
        camera: Camera,
        reader: Reader,
        stop: Event,
        *,
        most_bytes: int,
        room: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.camera, self._reader, self._stop, self._most_bytes = camera, reader, stop, most_bytes
        self._room, self._now, self._monotonic = room, now, monotonic
        self._patience_s = OPENING_S
        self._next_begins = self._opened = False
        self._beginnings, self._counted_at = AT_OPENING, monotonic()
        self.hangs = False
        """Whether the camera sends the same picture over and over."""
        self.ended = ""
        self.seen_at: datetime | None = None
        """When the last bytes came; None before the first."""

    def recordings(self) -> "Iterator[Footage | None]":
        """None: there is none now, for the camera `hangs`; another may follow."""
        try:
            while not self.ended:
                kind, payload = (Kind.NEW, b"") if self._next_begins else self._frame()
                self._next_begins = False
                if kind is Kind.PART:
                    self._over("misbehaved")
                if self.hangs:
                    yield None
                if kind is not Kind.NEW:
                    continue
                kind, payload = self._frame()
                if kind is Kind.PART:
                    yield Footage(self, payload, self._now())
        finally:
            self._reader.close()

    def drop(self, code: str) -> None:
        """Nothing more of it is wanted."""
        self._over(code)

    def parts(self, first: bytes) -> Iterator[bytes]:
        """`first` and what follows, up to where the recording ends."""
        count, part, asked = 0, first, 0
        began, longest_s = self._monotonic(), max(2 * self.camera.segment_s, self.camera.segment_s + SPARE_S)
        while True:
            count += len(part)
            yield part
            if count >= self._most_bytes:
                self._over("too-large")
            if self._monotonic() - began > longest_s:
                self._over("misbehaved")
            if count - asked >= ROOM_BYTES:
                asked = count
                if not self._room():
                    self._over(FULL)
            kind, part = self._frame()
            if kind is not Kind.PART:
                self._next_begins = kind is Kind.NEW
                return

    def _frame(self) -> tuple[Kind, bytes]:
        """The next frame; GONE for everything that ends the connection, which `ended` then says."""
        heard = self._monotonic()
        while not self.ended:
            if self._stop.is_set():
                self._over(STOPPED)
                break
            try:
                found = self._reader.next()
            except TimeoutError:
                if self._monotonic() - heard > self._patience_s:
                    self._over("silent")
                continue
            except Misbehaved:
                self._over("misbehaved")
                break
            if found is None or found[0] is Kind.GONE:
                self._over(CUT if found is None else code_of(found[1]))
                break
            if not self._may_say(found[0]):
                self._over("misbehaved")
                break
            self.hangs = found[0] is Kind.STILL
            if self.hangs:
                self._stop.wait(BREATH_S)
            if found[0] is Kind.PART:
                self.seen_at = self._now()
                self._patience_s = self.camera.silent_s + 2 * POLL_S
            return found
        return Kind.GONE, b""

    def _may_say(self, kind: Kind) -> bool:
        if kind is Kind.OPEN:
            self._opened, before = True, self._opened
            return not before
        if kind is Kind.NEW:
            now = self._monotonic()
            self._beginnings = min(BURST, self._beginnings + now - self._counted_at) - 1
            self._counted_at = now
            return self._beginnings >= 0
        return True

    def _over(self, code: str) -> None:
        self.ended = self.ended or code
        with suppress(OSError):
            self._reader.close()


class Footage:
    """Implements `ports.Arrival`: one recording of a connection, read while it is seen."""

    def __init__(self, connection: Connection, first: bytes, started_at: datetime) -> None:
        self._connection, self._first, self.started_at = connection, first, started_at

    @property
    def path(self) -> Path:
        return Path(os.devnull)

    def circumstances(self) -> Circumstances:
        return circumstances(self._connection.camera, self.started_at)

    def chunks(self) -> Iterator[bytes]:
        return self._connection.parts(self._first)

    def discard(self) -> None:
        """There is no plain file."""


def circumstances(camera: Camera, at: datetime) -> Circumstances:
    """What the configuration says of a recording of this camera that began at `at`; BadInput."""
    shows = ("shelf", "bay", camera.bay) if camera.bay else ("floor", "floor", camera.floor)
    lines = (
        f'kind = "{shows[0]}"',
        f"started_at = {at.isoformat()}",
        f'{shows[1]} = "{shows[2]}"',
        "[consent]",
        f'basis = "{camera.basis}"',
    )
    return replace(sidecar.read("\n".join(lines).encode()), camera=camera.id)
