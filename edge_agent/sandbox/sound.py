"""The sound of a recording: walked once for what is missing or too long, then decoded and resampled block by block.

- Up to 1 % damaged packets (at least 3) are skipped, as a player would; more is `damaged`.
- Gaps in the time stamps are not filled: samples count as they come.
- Every channel is kept; resampling to 16 kHz is libswresample's default; what is louder than full scale is clipped.

Runs in the confined child only.
"""

from collections.abc import Iterator
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from edge_agent.sandbox import headers
from edge_agent.sandbox.containers import FaultyError, declared_ms, name, opened, slack_ms, sound_of, to_ms
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.wire import BLOCK_SAMPLES, MAX_CHANNELS, RATE_HZ, Job

RATES_HZ: Final = (4_000, 384_000)


def audio(file: RemoteFile, job: Job) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks (channels, n <= 480,000) of float32 at 16 kHz in -1..1."""
    with opened(file, job) as container:
        _check_sound(sound_of(container))
        length_ms, packets = _walk(container, file)
    if length_ms > job.max_duration_ms:
        raise FaultyError("too-long")
    decoded = 0
    with opened(file, job) as container:
        for block in _blocks(_resampled(container, packets)):
            decoded += block.shape[1]
            if decoded * 1000 // RATE_HZ > job.max_duration_ms + slack_ms(job.max_duration_ms):
                raise FaultyError("too-long")
            if not np.isfinite(block).all():
                raise FaultyError("non-finite")
            yield np.ascontiguousarray(np.clip(block, -1.0, 1.0), dtype=np.float32)
    if not decoded:
        raise FaultyError("empty" if not packets else "damaged")
    if decoded * 1000 // RATE_HZ < length_ms - slack_ms(length_ms):
        raise FaultyError("damaged")


def _check_sound(stream: Any) -> None:
    if stream is None:
        raise FaultyError("no-audio")
    if stream.codec_context.channels > MAX_CHANNELS:
        raise FaultyError("too-many-channels")
    if not RATES_HZ[0] <= stream.codec_context.sample_rate <= RATES_HZ[1]:
        raise FaultyError("bad-rate")


def _walk(container: Any, file: RemoteFile) -> tuple[int, int]:
    """(length in ms, packets of sound) by reading every packet; refuses what is shorter than its own promise."""
    ends: dict[int, int] = {}
    sound, packets = sound_of(container), 0
    for packet in container.demux():
        if packet.size and packet.pts is not None:
            stream = packet.stream
            end = packet.pts + (packet.duration or 0) - (stream.start_time or 0)
            ends[stream.index] = max(ends.get(stream.index, 0), to_ms(end, stream.time_base))
            packets += stream.index == sound.index
    longest_ms, promised_ms = max(ends.values(), default=0), declared_ms(container)
    promised = headers.mp3_frames(file) if name(container) == "mp3" else None
    if promised is not None and packets < promised - 2 - promised // 50:
        raise FaultyError("truncated")
    if promised_ms is not None and longest_ms < promised_ms - slack_ms(promised_ms):
        raise FaultyError("truncated")
    return ends.get(sound.index, 0), packets


def _resampled(container: Any, packets: int) -> Iterator[npt.NDArray[np.float32]]:
    stream = sound_of(container)
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
