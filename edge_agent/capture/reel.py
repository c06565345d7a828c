"""Sound on its way to the seal while it is still being heard: cut into recordings, without losing a sample in between.

A bounded queue: one thread puts blocks in, another seals them as they come. A recording ends after `frames_each` frames, where
the device went away, or at the end. What does not fit, because the seal stands still for minutes, is counted in frames, and so is
what was taken out and could not be sealed.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from edge_agent.capture import segment, sidecar
from edge_agent.capture.segment import WIDTH_BYTES
from edge_agent.config import Source
from edge_agent.domain.recording import Circumstances

HELD_S: Final = 300
"""Seconds of sound that may wait for the seal."""


@dataclass(slots=True)
class _Block:
    """Sound with the time at which it began."""

    content: bytes
    at: datetime


class Reel:
    """`put`, `gap` and `end` from the thread that hears; `recordings` in the thread that seals."""

    def __init__(self, source: Source, *, frames_each: int, held_s: float = HELD_S) -> None:
        self._source = source
        self._frame_bytes = WIDTH_BYTES * len(source.speakers)
        self._bytes_each = frames_each * self._frame_bytes
        self._room = int(held_s * source.rate_hz) * self._frame_bytes
        self._waiting: deque[_Block | None] = deque()
        self._held = 0
        self._over = False
        self._news = threading.Condition()
        self.lost_frames = 0

    def put(self, content: bytes, *, ended_at: datetime) -> None:
        """Sound that was heard until `ended_at`; whole frames."""
        with self._news:
            if self._held + len(content) > self._room:
                self.lost_frames += len(content) // self._frame_bytes
                return
            self._held += len(content)
            self._waiting.append(_Block(content, ended_at - self._lasting(len(content))))
            self._news.notify()

    def gap(self) -> None:
        """The device went away: what was heard until now is one recording."""
        with self._news:
            self._waiting.append(None)
            self._news.notify()

    def end(self) -> None:
        with self._news:
            self._over = True
            self._news.notify()

    def drop(self, unsealed: "StreamedSound | None" = None) -> None:
        """Nothing can be sealed any more: what waits is lost, and counted, with what was taken out for a seal that failed."""
        with self._news:
            self.lost_frames += self._held // self._frame_bytes + (0 if unsealed is None else unsealed.taken_frames)
            self._waiting.clear()
            self._held = self._room = 0

    def recordings(self) -> "Iterator[StreamedSound]":
        """Each one as soon as its first sample is there; take all of its blocks before the next."""
        while True:
            first = self._next()
            if first is not None:
                yield StreamedSound(self, self._source, first)
            elif self._done():
                return

    def lasting(self, frames: int) -> timedelta:
        return timedelta(seconds=frames / self._source.rate_hz)

    def blocks(self, first: _Block) -> Iterator[bytes]:
        """`first` and what follows, up to where the recording ends; the rest of a block goes back."""
        left, block = self._bytes_each, first
        while True:
            content = block.content
            if len(content) > left:
                rest = _Block(content[left:], block.at + self._lasting(left))
                with self._news:
                    self._waiting.appendleft(rest)
                    self._held += len(rest.content)
                content = content[:left]
            if content:
                yield content
            left -= len(content)
            if not left:
                return
            following = self._next()
            if following is None:
                return
            block = following

    def _next(self) -> _Block | None:
        """The next block, waiting for it; None for a gap and at the end."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._over)
            found = self._waiting.popleft() if self._waiting else None
            self._held -= len(found.content) if found is not None else 0
            return found

    def _done(self) -> bool:
        with self._news:
            return self._over and not self._waiting

    def _lasting(self, count_bytes: int) -> timedelta:
        return self.lasting(count_bytes // self._frame_bytes)


@dataclass(slots=True)
class StreamedSound:
    """Implements `ports.Arrival`: one recording of a reel, a WAV file without a length, read while it is heard."""

    _reel: Reel
    _source: Source
    _first: _Block
    pseudonym: sidecar.Pseudonym | None = None
    before_each: Callable[[], None] = lambda: None
    """Called in the thread that seals, before each block is."""
    frames: int = field(default=0, init=False)
    """How many were handed to the seal so far."""

    @property
    def taken_frames(self) -> int:
        """How many no longer wait in the reel: the first block was taken before anything was handed on."""
        return self.frames or len(self._first.content) // self._frame_bytes

    @property
    def _frame_bytes(self) -> int:
        return WIDTH_BYTES * len(self._source.speakers)

    @property
    def path(self) -> Path:
        return Path(os.devnull)

    @property
    def started_at(self) -> datetime:
        return self._first.at

    def circumstances(self) -> Circumstances:
        return circumstances(self._source, self._first.at, self.pseudonym)

    def chunks(self) -> Iterator[bytes]:
        yield segment.header(self._source, None)
        for content in self._reel.blocks(self._first):
            self.frames += len(content) // self._frame_bytes
            self.before_each()
            yield content

    def discard(self) -> None:
        """There is no plain file."""


def circumstances(source: Source, at: datetime, pseudonym: sidecar.Pseudonym | None) -> Circumstances:
    """What the configuration says of a recording of this source that began at `at`; BadInput."""
    return sidecar.read(segment.sidecar(source, at).encode(), pseudonym)
