"""One recording in the making: a WAV file that is a `.part` until it is whole, then its sidecar is named, then the file itself.

So the inbox never sees a half. Header and sidecar take their room at the beginning, so that a segment which meets a full inbox
can still be finished as far as it got. Samples are 16 bit, little-endian, interleaved; names are generated; times are UTC.
"""

import json
import os
import struct
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_agent.capture.arrival import META
from edge_agent.config import Source
from edge_agent.ids import new_id

WIDTH_BYTES: Final = 2
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_UNKNOWN: Final = 0xFFFFFFFF
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Segment:
    """Grows with `write`, ends with `finish`, or with `drop` when nothing of it can be kept. OSError as the disk has it."""

    def __init__(self, folder: Path, source: Source, started_at: datetime) -> None:
        self._folder = folder
        self._source = source
        self._frame_bytes = WIDTH_BYTES * len(source.speakers)
        self._name = f"{new_id()}.wav"
        self._part, self._meta = folder / f".{self._name}.part", folder / f".{self._name}{META}.part"
        self.frames = 0
        self._file = -1
        try:
            _whole(self._meta, sidecar(source, started_at).encode())
            self._file = os.open(self._part, _NEW, 0o640)
            _write(self._file, self._header(0))
        except OSError:
            self.drop()
            raise

    def write(self, block: bytes) -> None:
        _write(self._file, block)
        self.frames += len(block) // self._frame_bytes

    def finish(self) -> bool:
        """Hand it to the worker; False when it holds nothing and was dropped."""
        held = os.fstat(self._file).st_size - _HEADER.size
        content = held - held % self._frame_bytes  # a full inbox may have taken half a frame
        if content <= 0:
            self.drop()
            return False
        os.ftruncate(self._file, _HEADER.size + content)
        os.pwrite(self._file, self._header(content), 0)
        os.fsync(self._file)
        self._close()
        self._meta.rename(self._folder / f"{self._name}{META}")
        self._part.rename(self._folder / self._name)
        return True

    def drop(self) -> None:
        """Forget what was written; never fails."""
        self._close()
        for path in (self._part, self._meta):
            with suppress(OSError):
                path.unlink()

    def _close(self) -> None:
        handle, self._file = self._file, -1
        if handle >= 0:
            os.close(handle)

    def _header(self, content_bytes: int) -> bytes:
        return header(self._source, content_bytes)


def header(source: Source, content_bytes: int | None) -> bytes:
    """The head of a WAV file; with None of one whose length nobody knows yet (its readers go on to the end)."""
    frame_bytes = WIDTH_BYTES * len(source.speakers)
    whole, content = (_UNKNOWN, _UNKNOWN) if content_bytes is None else (_HEADER.size - 8 + content_bytes, content_bytes)
    return _HEADER.pack(
        b"RIFF", whole, b"WAVE", b"fmt ", 16, 1, len(source.speakers), source.rate_hz, source.rate_hz * frame_bytes, frame_bytes,
        WIDTH_BYTES * 8, b"data", content,
    )  # fmt: skip


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _whole(path: Path, content: bytes) -> None:
    handle = os.open(path, _NEW, 0o640)
    try:
        _write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def sidecar(source: Source, started_at: datetime) -> str:
    """What the worker is told of a recording of this source (see `capture.sidecar`)."""
    lists = {"channels": source.speakers, "context": sorted(source.context), "own": source.own, "competitors": source.competitors}
    lines = [
        'kind = "call"',
        f"started_at = {started_at.isoformat()}",
        *([f"rep = {json.dumps(source.rep, ensure_ascii=False)}"] if source.rep else []),
        *(f"{key} = {json.dumps(list(values), ensure_ascii=False)}" for key, values in lists.items()),
        f'industry = "{source.industry}"',
        f'channel = "{source.channel}"',
        "[consent]",
        f'basis = "{source.basis}"',
    ]
    return "\n".join(lines) + "\n"
