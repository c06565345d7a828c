"""How far the analysis under way is, and how fast the last ones went: two small files in the run folder, numbers and ids only.

They lie in memory on an installed box and are replaced whole, so a reader never sees half of one; after a restart of the machine
nothing is known until the first analysis is done. Time in which an analysis stood aside for a live talk does not count.
What cannot be written is not known either: progress is never worth a recording.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from edge_agent.domain.recording import Kind, Recording

T = TypeVar("T")
D = TypeVar("D")
KEEPS: Final = 20
SAID_EVERY_S: Final = 1.0


class Doing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`total_ms` is an estimate from the bytes read so far; None = unknown."""

    recording: str
    kind: Kind
    since: datetime
    done_ms: int = 0
    total_ms: int | None = None
    aside: bool = False
    """It waits for a live talk to end."""


class Done(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finished analysis; `media_ms` 0 = not known."""

    kind: Kind
    bytes: int
    media_ms: int
    took_ms: int


class Pace:
    """The worker's side; called from one thread."""

    def __init__(self, run: Path, now: Callable[[], datetime], *, uptime_s: Callable[[], float] = time.monotonic) -> None:
        self._doing_file, self._done_file = _files(run)
        self._now, self._uptime_s = now, uptime_s
        self._doing: Doing | None = None
        self._bytes = 0
        self._began_s = self._said_s = self._aside_s = 0.0
        _remove(self._doing_file)

    def begin(self, recording: Recording) -> None:
        self._doing = Doing(recording=recording.id, kind=recording.circumstances.kind, since=self._now())
        self._bytes, self._aside_s, self._began_s = recording.size_bytes, 0.0, self._uptime_s()
        self._say()

    def at(self, done_ms: int, total_ms: int | None) -> None:
        """So much of the media is understood."""
        if self._doing is None:
            return
        self._doing = msgspec.structs.replace(self._doing, done_ms=done_ms, total_ms=total_ms)
        if self._uptime_s() - self._said_s >= SAID_EVERY_S:
            self._say()

    def aside(self, waited_s: float) -> None:
        """It stands aside, since `waited_s` seconds more than said before; 0 = it goes on."""
        if self._doing is None:
            return
        self._aside_s += waited_s
        if self._doing.aside != (waited_s > 0):
            self._doing = msgspec.structs.replace(self._doing, aside=waited_s > 0)
            self._say()

    def end(self, *, finished: bool) -> None:
        """`finished`: it was analysed, so its speed tells something about the next."""
        doing, self._doing = self._doing, None
        if doing is None:
            return
        if finished:
            took_ms = int((self._uptime_s() - self._began_s - self._aside_s) * 1000)
            done = Done(kind=doing.kind, bytes=self._bytes, media_ms=doing.done_ms, took_ms=max(1, took_ms))
            _replace(self._done_file, [*_read(self._done_file, list[Done], [])[1 - KEEPS :], done])
        _remove(self._doing_file)

    def _say(self) -> None:
        self._said_s = self._uptime_s()
        _replace(self._doing_file, self._doing)


def doing(run: Path) -> Doing | None:
    """What is analysed now; None when nothing is, or nobody says."""
    return _read(_files(run)[0], Doing, None)


def recent(run: Path) -> Sequence[Done]:
    """The last analyses, oldest first; empty when nothing is known."""
    return _read(_files(run)[1], list[Done], [])


def speed(done: Sequence[Done]) -> float | None:
    """Seconds of media understood per second, over analyses whose length is known."""
    known = [one for one in done if one.media_ms]
    return sum(one.media_ms for one in known) / sum(one.took_ms for one in known) if known else None


def media_s(size_bytes: int, kind: Kind, done: Sequence[Done]) -> float | None:
    """About how long a recording of this size is, from recent ones of its kind."""
    like = [one for one in done if one.kind is kind and one.media_ms and one.bytes]
    return size_bytes * sum(one.media_ms for one in like) / sum(one.bytes for one in like) / 1000 if like else None


def takes_s(size_bytes: int, kind: Kind, done: Sequence[Done]) -> float | None:
    """About how long its analysis will take, from recent ones of its kind."""
    like = [one for one in done if one.kind is kind and one.bytes]
    return size_bytes * sum(one.took_ms for one in like) / sum(one.bytes for one in like) / 1000 if like else None


def _files(run: Path) -> tuple[Path, Path]:
    return run / "progress.json", run / "pace.json"


def _replace(file: Path, said: object) -> None:
    beside = file.with_suffix(".part")
    with suppress(OSError):
        beside.write_bytes(msgspec.json.encode(said))
        beside.rename(file)


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)


def _read(file: Path, type_: type[T], default: D) -> T | D:
    try:
        return msgspec.json.decode(file.read_bytes(), type=type_)
    except (OSError, msgspec.MsgspecError):
        return default
