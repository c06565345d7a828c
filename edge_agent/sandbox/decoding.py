"""What the child can do with one foreign file: the operations of `wire.Job`, and a rehearsal of them all.

Runs in the confined child only. Not here: the walls (`confine`), the socket (`child`).
"""

import collections
import io
import struct
import wave
from collections.abc import Callable, Iterator
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from edge_agent.sandbox import headers
from edge_agent.sandbox.containers import FaultyError, declared_ms, name, opened, sound_of, video_of
from edge_agent.sandbox.paced import frames
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.sound import audio
from edge_agent.sandbox.vision import Picture, key_frames, picture, picture_size
from edge_agent.sandbox.wire import Job, MediaInfo

Result = MediaInfo | Picture | npt.NDArray[np.float32]


def probe(file: RemoteFile, job: Job) -> Iterator[MediaInfo]:
    """One MediaInfo from headers."""
    if which := headers.picture_format(file):
        width, height = picture_size(file, which, job.max_px)
        yield MediaInfo(container=which, kind="picture", width=width, height=height)
        return
    with opened(file, job) as container:
        video, sound = video_of(container), sound_of(container)
        if video is None and sound is None:
            raise FaultyError("not-media")
        duration_ms = declared_ms(container)
        if duration_ms is not None and duration_ms > job.max_duration_ms:
            raise FaultyError("too-long")
        yield MediaInfo(
            container=name(container),
            kind="audio" if video is None else "video",
            channels=0 if sound is None else sound.codec_context.channels,
            rate_hz=0 if sound is None else sound.codec_context.sample_rate,
            duration_ms=duration_ms,
            width=0 if video is None else video.codec_context.width,
            height=0 if video is None else video.codec_context.height,
        )


def warm_up() -> None:
    """Decode a little sound and a picture of our own, so that every module is imported before the walls close."""
    av.logging.set_level(None)
    wav = io.BytesIO()
    with wave.open(wav, "wb") as writer:
        writer.setparams((1, 2, 8000, 800, "NONE", ""))
        writer.writeframes(bytes(1600))
    bmp = struct.pack("<2sI4xIIiiHH24x16x", b"BM", 70, 54, 40, 2, 2, 1, 24)
    job = Job(operation="probe", max_duration_ms=1000, max_px=100)
    for content, rehearsed in ((wav.getvalue(), (probe, audio)), (bmp, (probe, picture))):
        for operation in rehearsed:
            collections.deque(operation(_in_memory(content), job), maxlen=0)


def _in_memory(content: bytes) -> RemoteFile:
    return RemoteFile(lambda offset, size: content[offset : offset + size], len(content))


OPERATIONS: Final[dict[str, Callable[[RemoteFile, Job], Iterator[Result]]]] = {
    "probe": probe,
    "audio": audio,
    "key-frames": key_frames,
    "frames": frames,
    "picture": picture,
}
