"""Turns one foreign file into samples or pictures with libav; runs in the confined child only.

- Only named containers and codecs are tried, on one thread, with the pixel limit handed to the decoders as well.
- A recording's packets are walked once before anything is decoded: what is cut short or too long is refused at once.
- Up to 1 % damaged packets (at least 3) are skipped, as a player would; more is `damaged`.
- Gaps in a recording's time stamps are not filled: samples count as they come.
- Key frames closer than 200 ms are thinned out (a camera may send nothing but key frames).
- Every channel is kept; resampling to 16 kHz is libswresample's default.

Not here: the walls (`confine`), the socket (`child`).
"""

import io
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from edge_agent.sandbox import headers
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.wire import BLOCK_SAMPLES, MAX_CHANNELS, RATE_HZ, Job, MediaInfo

CONTAINERS: Final = (
    "wav,w64,flac,mp3,aac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,amr,aiff,au,caf,asf,gif"
)
CODECS: Final = (
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_u8,pcm_s8,"
    "pcm_mulaw,pcm_alaw,adpcm_ima_wav,adpcm_ms,gsm_ms,flac,alac,mp3float,mp3,mp2float,mp2,aac,opus,vorbis,wmav2,amrnb,amrwb,"
    "h264,hevc,mpeg4,mpeg2video,mjpeg,vp8,vp9,libdav1d,av1,gif,png,webp,bmp"
)
PICTURE_DEMUXERS: Final = {"png": "png_pipe", "jpeg": "jpeg_pipe", "webp": "webp_pipe", "bmp": "bmp_pipe"}
SELF_TIMED: Final = frozenset({"mp3", "aac", "mpegts", "mpeg", "amr", "gif", "h264", "hevc"})
"""Containers whose duration libav can only estimate: no promise to hold them to."""

KEY_FRAME_GAP_MS: Final = 200
RATES_HZ: Final = (4_000, 384_000)


class FaultyError(Exception):
    """The file is at fault; `code` is one of `faults.FAULTS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    at_ms: int
    rgb: npt.NDArray[np.uint8]


def warm_up() -> None:
    """Decode a little sound and a picture of our own, so that every module is imported before the walls close."""
    av.logging.set_level(None)
    sound, picture = io.BytesIO(), io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 800, "NONE", ""))
        writer.writeframes(bytes(1600))
    picture.write(b"BM" + (70).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little"))
    picture.write((2).to_bytes(4, "little") * 2 + b"\1\0\x18\0" + bytes(24) + bytes(16))
    for buffer, operation in ((sound, audio), (picture, picture_of)):
        content = buffer.getvalue()
        file = RemoteFile(lambda offset, size, content=content: content[offset : offset + size], len(content))  # type: ignore[misc]
        job = Job(operation="audio", max_duration_ms=1000, max_px=100)
        for _ in operation(file, job):
            pass


def probe(file: RemoteFile, job: Job) -> Iterator[MediaInfo]:
    """One MediaInfo from headers."""
    if which := headers.picture_format(file):
        width, height = _picture_size(file, which, job.max_px)
        yield MediaInfo(container=which, kind="picture", width=width, height=height)
        return
    with _opened(file, job) as container:
        video, sound = _video(container), _sound(container)
        if video is None and sound is None:
            raise FaultyError("not-media")
        duration_ms = _declared_ms(container)
        if duration_ms is not None and duration_ms > job.max_duration_ms:
            raise FaultyError("too-long")
        yield MediaInfo(
            container=_name(container),
            kind="audio" if video is None else "video",
            channels=0 if sound is None else sound.codec_context.channels,
            rate_hz=0 if sound is None else sound.codec_context.sample_rate,
            duration_ms=duration_ms,
            width=0 if video is None else video.codec_context.width,
            height=0 if video is None else video.codec_context.height,
        )


def audio(file: RemoteFile, job: Job) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks (channels, n <= 480,000) of float32 at 16 kHz in -1..1."""
    with _opened(file, job) as container:
        _check_sound(_sound(container))
        length_ms, packets = _walk(container, file)
    if length_ms > job.max_duration_ms:
        raise FaultyError("too-long")
    decoded = 0
    with _opened(file, job) as container:
        for block in _blocks(_resampled(container, packets)):
            decoded += block.shape[1]
            if decoded * 1000 // RATE_HZ > job.max_duration_ms + _slack_ms(job.max_duration_ms):
                raise FaultyError("too-long")
            if not np.isfinite(block).all():
                raise FaultyError("non-finite")
            yield np.ascontiguousarray(np.clip(block, -1.0, 1.0), dtype=np.float32)
    if not decoded:
        raise FaultyError("empty" if not packets else "damaged")
    if decoded * 1000 // RATE_HZ < length_ms - _slack_ms(length_ms):
        raise FaultyError("damaged")


def key_frames(file: RemoteFile, job: Job) -> Iterator[Picture]:
    """Key frames, upright, at least 200 ms apart."""
    with _opened(file, job) as container:
        stream = _video(container)
        if stream is None:
            raise FaultyError("no-video")
        declared_ms = _declared_ms(container)
        if declared_ms is not None and declared_ms > job.max_duration_ms:
            raise FaultyError("too-long")
        context = stream.codec_context
        if context.width * context.height > job.max_px:
            raise FaultyError("too-many-pixels")
        context.thread_count = 1
        context.skip_frame = "NONKEY"
        context.options = _bounded(job)
        keys, shown, end_ms, last_ms = 0, 0, 0, -KEY_FRAME_GAP_MS
        start = stream.start_time or 0
        for packet in container.demux(stream):
            if packet.pts is not None:
                end_ms = max(end_ms, _ms(packet.pts + (packet.duration or 0) - start, stream.time_base))
            if end_ms > job.max_duration_ms:
                raise FaultyError("too-long")
            keys += bool(packet.is_keyframe and packet.size)
            for frame in _decoded(packet):
                at_ms = max(0, _ms((frame.pts or start) - start, frame.time_base or stream.time_base))
                if frame.key_frame and at_ms - last_ms >= KEY_FRAME_GAP_MS:
                    yield Picture(at_ms=at_ms, rgb=_upright(frame, job.max_px))
                    shown, last_ms = shown + 1, at_ms
        if not shown:
            raise FaultyError("damaged" if keys else "no-key-frames")
        if declared_ms is not None and end_ms < declared_ms - _slack_ms(declared_ms):
            raise FaultyError("truncated")


def picture(file: RemoteFile, job: Job) -> Iterator[Picture]:
    """One picture; its size is known from its header before it is decoded."""
    which = headers.picture_format(file)
    if which is None:
        raise FaultyError("no-picture")
    _picture_size(file, which, job.max_px)
    if not headers.picture_is_whole(file, which):
        raise FaultyError("truncated")
    file.seek(0)
    with _opened(file, job, demuxer=PICTURE_DEMUXERS[which]) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = _bounded(job)
        for packet in container.demux(stream):
            for frame in _decoded(packet):
                yield Picture(at_ms=0, rgb=_upright(frame, job.max_px))
                return
    raise FaultyError("damaged")


picture_of = picture


@contextmanager
def _opened(file: RemoteFile, job: Job, demuxer: str = "") -> Iterator[Any]:
    """An open container; the one place where libav's errors become ours."""
    if not demuxer and not headers.sound_is_whole(file):
        raise FaultyError("truncated")
    file.seek(0)
    options = {
        "format_whitelist": demuxer or CONTAINERS,
        "codec_whitelist": CODECS,
        "protocol_whitelist": "none",
        "threads": "1",
    } | _bounded(job)
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


def _bounded(job: Job) -> dict[str, str]:
    """Decoders count rows padded for their own use, so theirs is a rough limit behind our exact one."""
    return {"max_pixels": str(2 * job.max_px + 100_000)}


def _decoded(packet: Any) -> list[Any]:
    """Frames of one packet; none for a damaged one."""
    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.ArgumentError):
        return []


def _walk(container: Any, file: RemoteFile) -> tuple[int, int]:
    """(length in ms, packets of sound) by reading every packet; refuses what is shorter than its own promise."""
    ends: dict[int, int] = {}
    sound, packets = _sound(container), 0
    for packet in container.demux():
        if packet.size and packet.pts is not None:
            stream = packet.stream
            end = packet.pts + (packet.duration or 0) - (stream.start_time or 0)
            ends[stream.index] = max(ends.get(stream.index, 0), _ms(end, stream.time_base))
            packets += stream.index == sound.index
    longest_ms, declared_ms = max(ends.values(), default=0), _declared_ms(container)
    promised = headers.mp3_frames(file) if _name(container) == "mp3" else None
    if promised is not None and packets < promised - 2 - promised // 50:
        raise FaultyError("truncated")
    if declared_ms is not None and longest_ms < declared_ms - _slack_ms(declared_ms):
        raise FaultyError("truncated")
    return ends.get(sound.index, 0), packets


def _check_sound(stream: Any) -> None:
    if stream is None:
        raise FaultyError("no-audio")
    if stream.codec_context.channels > MAX_CHANNELS:
        raise FaultyError("too-many-channels")
    if not RATES_HZ[0] <= stream.codec_context.sample_rate <= RATES_HZ[1]:
        raise FaultyError("bad-rate")


def _resampled(container: Any, packets: int) -> Iterator[npt.NDArray[np.float32]]:
    stream = _sound(container)
    stream.codec_context.thread_count = 1
    resampler = av.AudioResampler(format="flt", rate=RATE_HZ)  # planar crashes PyAV at 8 channels
    damaged = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError as error:
            damaged += 1
            if damaged > max(3, packets // 100):
                raise FaultyError("damaged") from error
            continue
        for frame in frames:
            frame.pts = None
            for piece in resampler.resample(frame):
                yield _by_channel(piece)
    for piece in resampler.resample(None):
        yield _by_channel(piece)


def _by_channel(piece: Any) -> npt.NDArray[np.float32]:
    interleaved: npt.NDArray[np.float32] = piece.to_ndarray()
    return interleaved.reshape(-1, piece.layout.nb_channels).T


def _blocks(pieces: Iterator[npt.NDArray[np.float32]]) -> Iterator[npt.NDArray[np.float32]]:
    """The same samples in blocks of 480,000, the last one shorter."""
    held: list[npt.NDArray[np.float32]] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += piece.shape[1]
        while count >= BLOCK_SAMPLES:
            joined = np.concatenate(held, axis=1)
            yield joined[:, :BLOCK_SAMPLES]
            held, count = [joined[:, BLOCK_SAMPLES:]], count - BLOCK_SAMPLES
    if count:
        yield np.concatenate(held, axis=1)


def _sound(container: Any) -> Any:
    return container.streams.audio[0] if container.streams.audio else None


def _video(container: Any) -> Any:
    """The first moving picture: cover art is none."""
    covers = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & covers), None)


def _declared_ms(container: Any) -> int | None:
    if container.duration is None or _name(container) in SELF_TIMED:
        return None
    return int(container.duration // 1000)


def _name(container: Any) -> str:
    name = str(container.format.name).split(",")[0]
    return "mp4" if name == "mov" else name


def _ms(ticks: int, time_base: Any) -> int:
    return int(ticks * time_base * 1000)


def _slack_ms(length_ms: int) -> int:
    """How far a length may fall short of its promise: encoders pad, and headers round."""
    return max(1000, length_ms // 50)


def _picture_size(file: RemoteFile, which: headers.PictureFormat, max_px: int) -> tuple[int, int]:
    try:
        width, height = headers.picture_size(file, which)
    except headers.BrokenHeaderError as error:
        raise FaultyError("truncated") from error
    if width * height > max_px:
        raise FaultyError("too-many-pixels")
    return width, height


def _upright(frame: Any, max_px: int) -> npt.NDArray[np.uint8]:
    """RGB uint8 (height, width, 3), turned by the rotation the file states."""
    if frame.width * frame.height > max_px:
        raise FaultyError("too-many-pixels")
    rgb = frame.reformat(format="rgb24", threads=1).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90) % 4))
