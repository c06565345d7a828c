"""Records every configured source into the inbox, in files of some minutes, and survives an unplugged device.

One thread, one loop. A device that goes away ends its file cleanly; it is opened again when it is back, however long that takes.
Lost blocks (overruns of the sound card, a full inbox) are counted, never hidden: `.capture.json` beside the recordings says how
it goes.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final, Protocol

import msgspec

from edge_agent import log
from edge_agent.capture.segment import WIDTH_BYTES, Segment
from edge_agent.config import Source
from edge_agent.errors import Unavailable

POLL_S: Final = 0.1
RETRY_S: Final = 10.0
SILENT_S: Final = 10.0
"""A stream that delivers no block for so long is dead, whatever it says of itself."""
HEALTH: Final = ".capture.json"
HEALTH_S: Final = 10.0


class Stream(Protocol):
    """One open device. `blocks` hands out what came since the last call: 16 bit samples, interleaved."""

    def blocks(self) -> Sequence[bytes]: ...

    @property
    def alive(self) -> bool: ...

    @property
    def overruns(self) -> int:
        """How often samples were lost since it was opened."""
        ...

    def close(self) -> None: ...


class Microphones(Protocol):
    """The sound devices of this machine."""

    def open(self, source: Source) -> Stream:
        """Unavailable while the device is not there."""
        ...


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source: counts since the process started; `heard_at` is when the last block came, empty before the first."""

    name: str
    recording: bool
    files: int
    overruns: int
    lost_blocks: int
    heard_at: str


class CaptureHealth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: str
    sources: list[SourceHealth]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The wall clock, and seconds that only move forward."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


class Recorder:
    """`run(stop)` records until `stop` is set and finishes every file it began."""

    def __init__(
        self, sources: Sequence[Source], folder: Path, microphones: Microphones, *, minutes: float, clocks: Clocks | None = None
    ) -> None:
        self._folder = folder
        self._clocks = clocks or Clocks()
        self._lanes = [_Lane(source, folder, microphones, minutes * 60, self._clocks) for source in sources]
        self._health_due = 0.0

    def run(self, stop: Event) -> None:
        for pattern in (".*.wav.part", ".*.wav.meta.toml.part"):
            for part in self._folder.glob(pattern):
                part.unlink(missing_ok=True)  # of a process that was killed: its header does not fit its content
        try:
            while not stop.is_set():
                self.turn()
                stop.wait(POLL_S)
        finally:
            self.end()

    def end(self) -> None:
        """Close every device and hand over what was recorded."""
        for lane in self._lanes:
            lane.end()
        self._say()

    def turn(self) -> None:
        """Take what came, everywhere, once."""
        for lane in self._lanes:
            lane.turn()
        if self._clocks.monotonic() >= self._health_due:
            self._health_due = self._clocks.monotonic() + HEALTH_S
            self._say()

    def _say(self) -> None:
        health = CaptureHealth(at=self._clocks.now().isoformat(), sources=[lane.health() for lane in self._lanes])
        part = self._folder / f"{HEALTH}.part"
        try:
            part.write_bytes(msgspec.json.encode(health))
            part.chmod(0o640)
            part.replace(self._folder / HEALTH)
        except OSError:
            log.get().warning("health.unwritten", reason="inbox-full")


class _Lane:
    """One source: its stream while there is one, its file while there is sound."""

    def __init__(self, source: Source, folder: Path, microphones: Microphones, length_s: float, clocks: Clocks) -> None:
        self._source, self._folder, self._microphones, self._clocks = source, folder, microphones, clocks
        self._frames_each = int(length_s * source.rate_hz)
        self._frame_bytes = WIDTH_BYTES * len(source.speakers)
        self._stream: Stream | None = None
        self._segment: Segment | None = None
        self._retry_at = 0.0
        self._heard_s = 0.0
        self._heard_at = ""
        self._files = self._lost = self._overruns_before = 0
        self._missed = False

    def turn(self) -> None:
        now_s = self._clocks.monotonic()
        if self._stream is None:
            if now_s >= self._retry_at:
                self._open(now_s)
            return
        for block in self._stream.blocks():
            self._heard_s, self._heard_at = now_s, self._clocks.now().isoformat()
            self._keep(block)
        if not self._stream.alive or now_s - self._heard_s > SILENT_S:
            log.get().warning("microphone.lost", reason="ended" if not self._stream.alive else "silent")
            self.end()
            self._retry_at = now_s + RETRY_S

    def end(self) -> None:
        """Close the device and hand over what was recorded."""
        if self._stream is not None:
            self._overruns_before += self._stream.overruns
            self._stream.close()
            for block in self._stream.blocks():
                self._keep(block)
            self._stream = None
        self._finish()

    def health(self) -> SourceHealth:
        overruns = self._overruns_before + (self._stream.overruns if self._stream is not None else 0)
        return SourceHealth(
            name=self._source.name, recording=self._stream is not None, files=self._files, overruns=overruns,
            lost_blocks=self._lost, heard_at=self._heard_at,
        )  # fmt: skip

    def _open(self, now_s: float) -> None:
        try:
            self._stream = self._microphones.open(self._source)
        except Unavailable:
            if not self._missed:
                log.get().warning("microphone.missed", wait_s=RETRY_S)
            self._missed = True
            self._retry_at = now_s + RETRY_S
            return
        self._missed = False
        self._heard_s = now_s
        log.get().info("microphone.opened")

    def _keep(self, block: bytes) -> None:
        try:
            if self._segment is None:
                lasted = timedelta(seconds=len(block) / self._frame_bytes / self._source.rate_hz)
                self._segment = Segment(self._folder, self._source, self._clocks.now() - lasted)
            self._segment.write(block)
            if self._segment.frames >= self._frames_each:
                self._finish()
        except OSError:
            self._full()

    def _finish(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            self._files += segment.finish()
        except OSError:
            segment.drop()
            self._full()

    def _full(self) -> None:
        """The inbox takes no more: what is begun is handed over as far as it goes, the rest is counted as lost."""
        if not self._lost:
            log.get().error("recording.lost", reason="inbox-full")
        self._lost += 1
        segment, self._segment = self._segment, None
        if segment is not None:
            try:
                self._files += segment.finish()
            except OSError:
                segment.drop()


def read_health(folder: Path) -> CaptureHealth | None:
    """What the recorder last said; None when it never ran here or its word cannot be read."""
    try:
        handle = os.open(folder / HEALTH, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            return msgspec.json.decode(file.read(1 << 16), type=CaptureHealth)
    except (OSError, msgspec.DecodeError):
        return None
