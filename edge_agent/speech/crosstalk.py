"""Sound of one channel that leaked into another: known by being the same wave, quieter, up to 250 ms earlier or later.

- A clip is an echo only if the other channel explains nearly all of it (what is left is a quarter of its energy, or no more than
  the channel's own noise), and no 200 ms hold something of their own: who speaks at the same time is not lost.
- Where they do, the clip is made shorter: from the first to the last such stretch, and 200 ms around, where the other channel
  explains what is cut off.
- Channels hold the same sound when one is the other at equal level: a mono recording written as stereo.

What a room has changed too much for this is left to the comparison of texts (`turns`).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.speech.clips import LONGEST_S, RATE_HZ, STRETCH, Clip, Samples

DELAY: Final = RATE_HZ // 4
KEPT: Final = STRETCH + int(2 * LONGEST_S) * RATE_HZ
LOUDER: Final = 2.0
"""A source is at least 3 dB louder than its echo."""
EXPLAINED: Final = 0.75
RELATED: Final = 0.05
"""Share of a clip's energy that another channel must explain before they have anything to do with each other."""
NOISY: Final = 2.0
QUIETEST: Final = 0.1
"""The quietest tenth of a channel is its noise; a little more than that is still noise."""
FRAME: Final = RATE_HZ // 10
OWN_FRAMES: Final = 2
AROUND: Final = 2
SAME: Final = 0.01
"""Energy of the difference, as a share: -20 dB, more than any coder leaves between two equal channels."""
SOUND: Final = 1e-5
"""Mean square (-50 dBFS) from which a block counts as sound."""


class Recent:
    """The last two minutes of every channel, so that a clip can be compared with what the others held at its time."""

    def __init__(self, channels: int) -> None:
        self._held: Samples = np.zeros((channels, 0), np.float32)
        self._at = 0

    def add(self, block: Samples) -> None:
        self._held = np.concatenate([self._held, block], axis=1)
        if (spare := self._held.shape[1] - KEPT) > RATE_HZ * 10:
            self._held, self._at = self._held[:, spare:].copy(), self._at + spare

    def own(self, clip: Clip, channel: int) -> Clip | None:
        """What is left of a clip of this channel without what another channel explains at its ends; None when it is an echo."""
        speech = clip.speech
        low, high = clip.start - DELAY - self._at, clip.end + DELAY - self._at
        wide = np.pad(self._held[:, max(0, low) : high], ((0, 0), (max(0, -low), max(0, high - self._held.shape[1]))))
        frames = _frames(self._held[channel])
        noise = NOISY * float(np.quantile(frames, QUIETEST)) if len(frames) else 0.0
        start, end = 0, len(speech)
        for other in range(len(wide)):
            if other != channel and start < end:
                first, last = _own(wide[other], speech, noise)
                start, end = max(start, first), min(end, last)
        if start >= end:
            return None
        if (start, end) == (0, len(speech)):
            return clip
        left, right = (clip.before + start if start else 0), (clip.before + end if end < len(speech) else len(clip.sound))
        return Clip(
            start=clip.start + start, end=clip.start + end, before=0 if start else clip.before, sound=clip.sound[left:right]
        )


def _own(wide: Samples, speech: Samples, noise: float) -> tuple[int, int]:
    """From where to where `speech` is its own; (0, 0) when all of it is a quieter copy of some stretch of `wide`.

    `wide` is longer by twice the longest delay; `noise` is the mean square that may be left without meaning anything.
    """
    everything = (0, len(speech))
    whole, sources = _frames(speech), _frames(wide)
    if len(whole) < OWN_FRAMES:
        whole, sources = _frames(np.resize(speech, OWN_FRAMES * FRAME)), _frames(np.resize(wide, (OWN_FRAMES + 6) * FRAME))
    louder = np.lib.stride_tricks.sliding_window_view(sources, 6).max(axis=1)[: len(whole)]
    maybe = np.pad(louder, (0, len(whole) - len(louder)), "edge") >= LOUDER * whole
    quieter = np.where(np.pad(np.repeat(maybe, FRAME), (0, FRAME), "edge")[: len(speech)], speech, np.float32(0))
    energy, others = float(quieter @ quieter), np.square(wide, dtype=np.float64)
    if energy == 0:
        return everything
    size = 1 << (len(wide) + len(speech) - 1).bit_length()
    spectra = np.fft.rfft(wide, size) * np.conj(np.fft.rfft(quieter, size))
    products = np.fft.irfft(spectra, size)[: 2 * DELAY + 1]
    sums = np.concatenate([[0.0], np.cumsum(others)])
    energies = np.maximum(sums[len(speech) :] - sums[: -len(speech)], 1e-12)[: 2 * DELAY + 1]
    lag = int(np.argmax(products**2 / energies))
    explained = products[lag] ** 2 / energies[lag]
    if explained < RELATED * energy:
        return everything
    rest = speech - np.float32(products[lag] / energies[lag]) * wide[lag : lag + len(speech)]
    left = _frames(rest) if len(rest) >= OWN_FRAMES * FRAME else _frames(np.resize(rest, OWN_FRAMES * FRAME))
    own = (~maybe | (left > whole / 2)) & (whole > whole.mean() / 10) & (left > noise)
    runs = np.flatnonzero(np.convolve(own, np.ones(OWN_FRAMES), "valid") >= OWN_FRAMES)
    if not len(runs):
        rested = energy - explained <= max((1 - EXPLAINED) * energy, noise * len(speech))
        return (0, 0) if rested and energy > float(speech @ speech) / 2 else everything
    first, last = max(0, int(runs[0]) - AROUND), int(runs[-1]) + OWN_FRAMES + AROUND
    head, tail = left[:first].sum() <= whole[:first].sum() / 2, left[last:].sum() <= whole[last:].sum() / 2
    return first * FRAME if head else 0, min(len(speech), last * FRAME) if tail and last < len(left) else len(speech)


def _frames(sound: Samples) -> npt.NDArray[np.float64]:
    count = len(sound) // FRAME
    return np.asarray(np.square(sound[: count * FRAME].reshape(count, FRAME), dtype=np.float64).mean(axis=1))


def same_sound(channels: Samples) -> bool | None:
    """Whether all channels (rows) hold the same; None while there is hardly any sound in them."""
    first = channels[0]
    energies = [float(np.mean(np.square(one, dtype=np.float64))) for one in channels]
    if max(energies) < SOUND:
        return None
    return all(float(np.mean(np.square(one - first, dtype=np.float64))) < SAME * max(energies) for one in channels[1:])
