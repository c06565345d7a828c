"""A file in place of a microphone: its sound at the speed at which it was spoken, for trials and measurements.

Implements `line.Microphones` and `line.Stream` at 16 kHz: block by block like a sound card, each one when its last sample is
due. A 16 bit file at that rate comes out as it is, sample for sample. After its end the device is gone for good.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.config import Source
from edge_agent.errors import Unavailable

RATE_HZ: Final = 16_000
FRAMES: Final = RATE_HZ // 10
_LOUDEST: Final = 32_767


class Pump:
    """`sound`: blocks (channels, n) of float32 in -1..1. `over` once all of it was handed out."""

    def __init__(self, sound: Iterator[npt.NDArray[np.float32]], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._cut = _cut(sound)
        self._monotonic = monotonic
        self._ready = next(self._cut, None)
        self._began: float | None = None
        self._frames = 0
        self._channels = 1 if self._ready is None else self._ready.shape[0]
        self.overruns = 0

    @property
    def channels(self) -> int:
        return self._channels

    @property
    def over(self) -> bool:
        return self._ready is None

    @property
    def alive(self) -> bool:
        """Always: that it is `over` ends the listening, nothing was unplugged."""
        return True

    def open(self, source: Source) -> "Pump":  # noqa: ARG002 - the Protocol's
        if self.over:
            raise Unavailable("the file is at its end")
        self._began = self._monotonic()
        return self

    def blocks(self) -> list[bytes]:
        found: list[bytes] = []
        began = self._monotonic() if self._began is None else self._began
        while self._ready is not None and began + (self._frames + self._ready.shape[1]) / RATE_HZ <= self._monotonic():
            self._frames += self._ready.shape[1]
            found.append(np.clip(np.rint(self._ready.T * (_LOUDEST + 1)), -_LOUDEST - 1, _LOUDEST).astype("<i2").tobytes())
            self._ready = next(self._cut, None)
        return found

    def close(self) -> None:
        """There is nothing to give back."""


def _cut(sound: Iterator[npt.NDArray[np.float32]]) -> Iterator[npt.NDArray[np.float32]]:
    """The same in blocks of 100 ms, the last one shorter."""
    held: npt.NDArray[np.float32] | None = None
    for block in sound:
        held = block if held is None else np.concatenate([held, block], axis=1)
        whole = held.shape[1] // FRAMES * FRAMES
        for at in range(0, whole, FRAMES):
            yield held[:, at : at + FRAMES]
        held = held[:, whole:]
    if held is not None and held.shape[1]:
        yield held
