"""Records every configured source into the inbox, in files of some minutes, and survives an unplugged device.

One thread, one loop. A device that goes away ends its file cleanly; it is opened again when it is back, however long that takes.
Lost blocks (overruns of the sound card, a full inbox) are counted, never hidden: `.capture.json` beside the recordings says how
it goes.
"""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Final

import msgspec

from edge_agent import log
from edge_agent.capture.line import Clocks, Line, Microphones
from edge_agent.capture.segment import WIDTH_BYTES, Segment
from edge_agent.config import Source

POLL_S: Final = 0.1
HEALTH: Final = ".capture.json"
HEALTH_S: Final = 10.0


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
    """One source: its line, and its file while there is sound."""

    def __init__(self, source: Source, folder: Path, microphones: Microphones, length_s: float, clocks: Clocks) -> None:
        self._source, self._folder, self._clocks = source, folder, clocks
        self._frames_each = int(length_s * source.rate_hz)
        self._frame_bytes = WIDTH_BYTES * len(source.speakers)
        self._line = Line(source, microphones, clocks)
        self._segment: Segment | None = None
        self._files = self._lost = 0

    def turn(self) -> None:
        for block in self._line.turn():
            self._keep(block)
        if not self._line.open:
            self._finish()

    def end(self) -> None:
        """Close the device and hand over what was recorded."""
        for block in self._line.end():
            self._keep(block)
        self._finish()

    def health(self) -> SourceHealth:
        return SourceHealth(
            name=self._source.name, recording=self._line.open, files=self._files, overruns=self._line.overruns,
            lost_blocks=self._lost, heard_at=self._line.heard_at,
        )  # fmt: skip

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
