"""Pictures: the key frames of a video, and single pictures whose size is known from their header before they are decoded.

Key frames closer than 200 ms are thinned out (a camera may send nothing but key frames). Pictures come upright, RGB. A clock that
jumps back, as a camera's does when it is set, goes on where it was. More than half of the key frames damaged is `damaged`.
Runs in the confined child only.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge_agent.sandbox import headers
from edge_agent.sandbox.containers import FaultyError, bounded, declared_ms, decoded, opened, slack_ms, to_ms, video_of
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.wire import Job

PICTURE_DEMUXERS: Final = {"png": "png_pipe", "jpeg": "jpeg_pipe", "webp": "webp_pipe", "bmp": "bmp_pipe"}
KEY_FRAME_GAP_MS: Final = 200
REORDERED: Final = 64
JUMP_MS: Final = 1500
"""Pictures are stored up to so much out of their order; a larger step back is the clock's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    at_ms: int
    rgb: npt.NDArray[np.uint8]


def key_frames(file: RemoteFile, job: Job) -> Iterator[Picture]:
    """Key frames, upright, at least 200 ms apart."""
    with opened(file, job) as container:
        stream, promised_ms = video_of(container), declared_ms(container)
        check_video(stream, promised_ms, job)
        context = stream.codec_context
        context.thread_count = 1
        context.skip_frame = "NONKEY"
        context.options = bounded(job)
        keys, seen, packets, last_ms = 0, 0, 0, -KEY_FRAME_GAP_MS
        start, clock = stream.start_time or 0, _Clock()
        for packet in container.demux(stream):
            packets += bool(packet.size)
            if packet.pts is not None and packet.size:
                clock.heed(to_ms(packet.pts - start, stream.time_base), to_ms(packet.duration or 0, stream.time_base))
                if packet.is_keyframe:
                    clock.keep(packet.pts)
            if clock.end_ms > job.max_duration_ms:
                raise FaultyError("too-long")
            keys += bool(packet.is_keyframe and packet.size)
            for frame in _keys(packet):
                seen += 1
                at_ms = max(0, clock.of(frame.pts, to_ms((frame.pts or start) - start, frame.time_base or stream.time_base)))
                if at_ms - last_ms >= KEY_FRAME_GAP_MS:
                    yield Picture(at_ms=at_ms, rgb=upright(frame, job.max_px))
                    last_ms = at_ms
        if not keys and packets and not seen:
            raise FaultyError("no-key-frames")
        if promised_ms is not None and seen and clock.end_ms < promised_ms - slack_ms(promised_ms):
            raise FaultyError("truncated")
        if not seen or keys > 2 * seen:
            raise FaultyError("damaged")


def _keys(packet: Any) -> list[Any]:
    return [one for one in decoded(packet) if one.key_frame]


class _Clock:
    """The time of a film in milliseconds, going on over jumps back; `end_ms` is where its last packet ended.

    A picture comes some packets after its own, so what was added to the time of a packet is kept by its stamp for a while.
    """

    def __init__(self) -> None:
        self._added_ms = self._newest_ms = self.end_ms = 0
        self._kept: deque[tuple[int, int]] = deque(maxlen=REORDERED)

    def heed(self, at_ms: int, lasting_ms: int) -> None:
        """A packet of that time came."""
        if self._newest_ms - at_ms > JUMP_MS:
            self._added_ms, self._newest_ms = self.end_ms - at_ms, at_ms
        self._newest_ms = max(self._newest_ms, at_ms)
        self.end_ms = max(self.end_ms, at_ms + self._added_ms + lasting_ms)

    def keep(self, stamp: int) -> None:
        """The packet heeded last holds a key frame."""
        self._kept.append((stamp, self._added_ms))

    def of(self, stamp: int | None, at_ms: int) -> int:
        """When a picture is to be shown; of two with the same stamp the earlier one is asked for first."""
        found = next(((known, added) for known, added in self._kept if known == stamp), None)
        if found is None:
            return at_ms + self._added_ms
        self._kept.remove(found)
        return at_ms + found[1]


def picture(file: RemoteFile, job: Job) -> Iterator[Picture]:
    """One picture; its size is known from its header before it is decoded."""
    which = headers.picture_format(file)
    if which is None:
        raise FaultyError("no-picture")
    picture_size(file, which, job.max_px)
    if not headers.picture_is_whole(file, which):
        raise FaultyError("truncated")
    file.seek(0)
    with opened(file, job, demuxer=PICTURE_DEMUXERS[which]) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = bounded(job)
        for packet in container.demux(stream):
            for frame in decoded(packet):
                yield Picture(at_ms=0, rgb=upright(frame, job.max_px))
                return
    raise FaultyError("damaged")


def check_video(stream: Any, promised_ms: int | None, job: Job) -> None:
    if stream is None:
        raise FaultyError("no-video")
    if promised_ms is not None and promised_ms > job.max_duration_ms:
        raise FaultyError("too-long")
    if stream.codec_context.width * stream.codec_context.height > job.max_px:
        raise FaultyError("too-many-pixels")


def picture_size(file: RemoteFile, which: headers.PictureFormat, max_px: int) -> tuple[int, int]:
    """(width, height) by the header; refuses a broken one and more than `max_px` pixels."""
    try:
        width, height = headers.picture_size(file, which)
    except headers.BrokenHeaderError as error:
        raise FaultyError("truncated") from error
    if width * height > max_px:
        raise FaultyError("too-many-pixels")
    return width, height


def upright(frame: Any, max_px: int) -> npt.NDArray[np.uint8]:
    """RGB uint8 (height, width, 3), turned by the rotation the file states."""
    if frame.width * frame.height > max_px:
        raise FaultyError("too-many-pixels")
    rgb = frame.reformat(format="rgb24", threads=1).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90) % 4))
