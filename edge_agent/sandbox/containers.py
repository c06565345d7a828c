"""Opens a foreign container with libav and reads what it promises; the one place where libav's errors become codes of ours.

Only named containers and codecs are tried, on one thread. Runs in the confined child only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import av

from edge_agent.sandbox import headers
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.wire import Job

CONTAINERS: Final = "wav,w64,flac,mp3,aac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,amr,aiff,au,caf,asf,gif"
CODECS: Final = (
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_u8,pcm_s8,"
    "pcm_mulaw,pcm_alaw,adpcm_ima_wav,adpcm_ms,gsm_ms,flac,alac,mp3float,mp3,mp2float,mp2,aac,opus,vorbis,wmav2,amrnb,amrwb,"
    "h264,hevc,mpeg4,mpeg2video,mjpeg,vp8,vp9,libdav1d,av1,gif,png,webp,bmp"
)
SELF_TIMED: Final = frozenset({"mp3", "aac", "mpegts", "mpeg", "amr", "gif", "h264", "hevc"})
"""Containers whose duration libav can only estimate: no promise to hold them to."""


class FaultyError(Exception):
    """The file is at fault; `code` is one of `faults.FAULTS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def opened(file: RemoteFile, job: Job, demuxer: str = "") -> Iterator[Any]:
    """An open container; the one place where libav's errors become ours."""
    if not demuxer and not headers.sound_is_whole(file):
        raise FaultyError("truncated")
    file.seek(0)
    options = {
        "format_whitelist": demuxer or CONTAINERS,
        "codec_whitelist": CODECS,
        "protocol_whitelist": "none",
        "threads": "1",
    } | bounded(job)
    open_yet = False
    try:
        with av.open(file, options=options, metadata_errors="ignore", buffer_size=1 << 16) as container:
            open_yet = True
            yield container
    except av.error.DecoderNotFoundError as error:
        raise FaultyError("codec") from error
    except MemoryError as error:
        raise FaultyError("decode-limit") from error
    except (av.error.FFmpegError, ValueError) as error:
        if open_yet:
            raise FaultyError("damaged") from error
        raise FaultyError("truncated" if headers.looks_cut(file) else "not-media") from error


def bounded(job: Job) -> dict[str, str]:
    """Decoders count rows padded for their own use, so theirs is a rough limit behind our exact one."""
    return {"max_pixels": str(2 * job.max_px + 100_000)}


def decoded(packet: Any) -> list[Any]:
    """Frames of one packet; none for a damaged one."""
    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.ArgumentError):
        return []


def sound_of(container: Any) -> Any:
    """The first stream of sound, None without one."""
    return container.streams.audio[0] if container.streams.audio else None


def video_of(container: Any) -> Any:
    """The first stream of moving pictures, None without one: cover art is none."""
    covers = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & covers), None)


def declared_ms(container: Any) -> int | None:
    """The length the container promises; None where it says nothing that can be held against it."""
    if container.duration is None or name(container) in SELF_TIMED:
        return None
    return int(container.duration // 1000)


def name(container: Any) -> str:
    """A short code for the container's format."""
    first = str(container.format.name).split(",")[0]
    return "mp4" if first == "mov" else first


def to_ms(ticks: int, time_base: Any) -> int:
    return int(ticks * time_base * 1000)


def slack_ms(length_ms: int) -> int:
    """How far a length may fall short of its promise: encoders pad, and headers round."""
    return max(1000, length_ms // 50)
