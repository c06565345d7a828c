"""Decodes foreign media in a limited child process, so that a hostile file can hurt nothing but its own decoding.

The child opens no file and has no network: it asks this process for byte ranges of a seekable stream, over one socket pair
(`wire`), confined by rlimits, landlock and seccomp (`confine`). Its answers are checked as foreign input too (`session`).
What a caller sees is blocks of samples, pictures, or `BadInput` whose `kind` says what is wrong with the file (`faults`).

- Audio comes at 16 kHz, float32 in -1..1, every channel kept (up to 8), in blocks of at most 30 s.
- A file that is cut short is refused as `truncated`, even where its beginning decodes: a partial talk would be judged as a
  whole one. What appears before the error is not success.
- Video gives its key frames, or frames at a low pace.

Not here: what the samples or pictures mean.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from edge_agent.config import Limits
from edge_agent.sandbox.session import Frame, Session
from edge_agent.sandbox.wire import Job, MediaInfo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Frame", "MediaInfo", "decode_audio", "decode_frames", "decode_key_frames", "decode_picture", "probe"]

HOUR_MS = 3_600_000


def probe(media: BinaryIO, limits: Limits) -> MediaInfo:
    """What a stream holds, from its headers; nothing but a picture's or stream's head is read.

    Raises:
        BadInput: `empty`, `too-large`, `not-media`, `truncated`, `too-long`, `too-many-pixels` … (see `faults`).
        Unavailable: this box cannot confine the child, or the stream itself cannot be read.
    """
    job = Job(operation="probe", max_duration_ms=_hours(max(limits.max_call_hours, limits.max_video_hours)),
              max_px=limits.max_picture_px)  # fmt: skip
    with Session(media, job, max_file_bytes=limits.max_file_bytes) as session:
        return session.info()


def decode_audio(media: BinaryIO, limits: Limits) -> Iterator["npt.NDArray[np.float32]"]:
    """The first audio stream as blocks (channels, n) of float32 at 16 kHz, n <= 480,000; memory stays at a block or two.

    Raises:
        BadInput: also `no-audio`, `non-finite`, `damaged`, `too-many-channels`, `bad-rate`; possibly after some blocks.
        Unavailable: as in `probe`.
    """
    job = Job(operation="audio", max_duration_ms=_hours(limits.max_call_hours), max_px=limits.max_picture_px)
    with Session(media, job, max_file_bytes=limits.max_file_bytes) as session:
        yield from session.blocks()


def decode_key_frames(media: BinaryIO, limits: Limits) -> Iterator[Frame]:
    """The key frames of the first video stream, upright, RGB uint8 (height, width, 3), in the order of their time.

    Raises:
        BadInput: also `no-video`, `no-key-frames`, `damaged`; possibly after some frames.
        Unavailable: as in `probe`.
    """
    job = Job(operation="key-frames", max_duration_ms=_hours(limits.max_video_hours), max_px=limits.max_picture_px)
    with Session(media, job, max_file_bytes=limits.max_file_bytes) as session:
        yield from session.frames()


def decode_frames(media: BinaryIO, limits: Limits, every_ms: int) -> Iterator[Frame]:
    """Frames of the first video stream about `every_ms` apart, upright, RGB uint8 (height, width, 3), in the order of their time.

    Raises:
        BadInput: also `no-video`, `damaged`; possibly after some frames.
        Unavailable: as in `probe`.
    """
    job = Job(operation="frames", max_duration_ms=_hours(limits.max_video_hours), max_px=limits.max_picture_px, every_ms=every_ms)
    with Session(media, job, max_file_bytes=limits.max_file_bytes) as session:
        yield from session.frames()


def decode_picture(media: BinaryIO, limits: Limits) -> "npt.NDArray[np.uint8]":
    """One PNG, JPEG, WebP or BMP picture, upright, RGB uint8 (height, width, 3).

    Raises:
        BadInput: also `no-picture`, `too-many-pixels` (from the header, before anything is decoded), `damaged`.
        Unavailable: as in `probe`.
    """
    job = Job(operation="picture", max_duration_ms=0, max_px=limits.max_picture_px)
    largest = min(limits.max_file_bytes, 6 * limits.max_picture_px)
    with Session(media, job, max_file_bytes=largest) as session:
        return next(session.frames()).rgb


def _hours(hours: float) -> int:
    return int(hours * HOUR_MS)
