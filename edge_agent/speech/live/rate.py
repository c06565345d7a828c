"""Sound of a microphone as recognition wants it: 16 bit interleaved at any rate in, (channels, n) float32 at 16 kHz out.

The resampler is the one that also reads files (libswresample's default), fed with our own samples only.
"""

from typing import Any

import numpy as np

from edge_agent.speech.clips import RATE_HZ, Samples

_SCALE = np.float32(1 / 32_768)


class Hearing:
    """One source; call it with whole frames as they come. It holds back a few milliseconds when rates differ."""

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._channels, self._rate = channels, rate_hz
        self._resamplers = [] if rate_hz == RATE_HZ else [_resampler() for _ in range(channels)]

    def __call__(self, block: bytes) -> Samples:
        lanes = np.frombuffer(block, "<i2").reshape(-1, self._channels).T
        if not self._resamplers:
            return lanes.astype(np.float32) * _SCALE
        found = [self._resampled(one, lane) for one, lane in zip(self._resamplers, lanes, strict=True)]
        return np.stack(found)

    def _resampled(self, resampler: Any, lane: Any) -> Samples:
        from av import AudioFrame  # noqa: PLC0415 - heavy

        frame = AudioFrame.from_ndarray(np.ascontiguousarray(lane[None]), format="s16", layout="mono")
        frame.sample_rate = self._rate
        pieces = [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _resampler() -> Any:
    from av import AudioResampler  # noqa: PLC0415

    return AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
