"""Pictures: the key frames of a video, and single pictures whose size is known from their header before they are decoded.

Key frames closer than 200 ms are thinned out (a camera may send nothing but key frames). Pictures come upright, RGB.
Runs in the confined child only.
"""

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
        keys, shown, end_ms, last_ms = 0, 0, 0, -KEY_FRAME_GAP_MS
        start = stream.start_time or 0
        for packet in container.demux(stream):
            if packet.pts is not None:
                end_ms = max(end_ms, to_ms(packet.pts + (packet.duration or 0) - start, stream.time_base))
            if end_ms > job.max_duration_ms:
                raise FaultyError("too-long")
            keys += bool(packet.is_keyframe and packet.size)
            for frame in decoded(packet):
                at_ms = max(0, to_ms((frame.pts or start) - start, frame.time_base or stream.time_base))
                if frame.key_frame and at_ms - last_ms >= KEY_FRAME_GAP_MS:
                    yield Picture(at_ms=at_ms, rgb=upright(frame, job.max_px))
                    shown, last_ms = shown + 1, at_ms
        if not shown:
            raise FaultyError("damaged" if keys else "no-key-frames")
        if promised_ms is not None and end_ms < promised_ms - slack_ms(promised_ms):
            raise FaultyError("truncated")


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
