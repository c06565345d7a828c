"""One microphone held open: its stream while the device is there, opened again when it is back, however long that takes.

`turn` never waits. A stream that ended, or that delivers nothing for `SILENT_S`, is closed; what it still held is handed out
first. What the sound card lost is counted over all streams.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from edge_agent import log
from edge_agent.config import Source
from edge_agent.errors import Unavailable

RETRY_S: Final = 10.0
SILENT_S: Final = 10.0
"""A stream that delivers no block for so long is dead, whatever it says of itself."""


class Stream(Protocol):
    """One open device. `blocks` hands out what came since the last call: 16 bit samples, interleaved, whole frames."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The wall clock, and seconds that only move forward."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


class Line:
    """`turn` gives what came; `end` closes the device and gives the rest."""

    def __init__(self, source: Source, microphones: Microphones, clocks: Clocks, *, retry_s: float = RETRY_S) -> None:
        self._source, self._microphones, self._clocks, self._retry_s = source, microphones, clocks, retry_s
        self._stream: Stream | None = None
        self._retry_at = 0.0
        self._heard_s = 0.0
        self._overruns_before = 0
        self.missed = False
        """Whether the device was not there when it was last looked for."""
        self.heard_at = ""
        """When the last block came; empty before the first."""

    @property
    def open(self) -> bool:
        return self._stream is not None

    @property
    def overruns(self) -> int:
        return self._overruns_before + (self._stream.overruns if self._stream is not None else 0)

    def turn(self) -> list[bytes]:
        now_s = self._clocks.monotonic()
        if self._stream is None:
            if now_s >= self._retry_at:
                self._open(now_s)
            return []
        found = list(self._stream.blocks())
        if found:
            self._heard_s, self.heard_at = now_s, self._clocks.now().isoformat()
        if not self._stream.alive or now_s - self._heard_s > SILENT_S:
            log.get().warning("microphone.lost", reason="ended" if not self._stream.alive else "silent")
            found += self.end()
            self._retry_at = now_s + self._retry_s
        return found

    def end(self) -> list[bytes]:
        if self._stream is None:
            return []
        self._overruns_before += self._stream.overruns
        self._stream.close()
        rest, self._stream = list(self._stream.blocks()), None
        return rest

    def _open(self, now_s: float) -> None:
        try:
            self._stream = self._microphones.open(self._source)
        except Unavailable:
            if not self.missed:
                log.get().warning("microphone.missed", wait_s=self._retry_s)
            self.missed = True
            self._retry_at = now_s + self._retry_s
            return
        self.missed = False
        self._heard_s = now_s
        log.get().info("microphone.opened")
