"""Sound of one channel that leaked into another: known by being the same wave, quieter, up to 250 ms earlier or later.

- A clip is an echo only if the other channel explains nearly all of it (what is left is a quarter of its energy, or no more than
  the channel's own noise), and no 300 ms hold something of their own: who speaks at the same time is not lost.
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
"""The source is at least 3 dB louder than its echo."""
EXPLAINED: Final = 0.75
RELATED: Final = 0.1
NOISY: Final = 2.0
QUIETEST: Final = 0.1
"""The quietest tenth of a channel is its noise; a little more than that is still noise."""
FRAME: Final = RATE_HZ // 10
OWN_FRAMES: Final = 3
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

    def is_echo(self, clip: Clip, channel: int) -> bool:
        """Whether another channel explains a clip of this one."""
        speech = clip.sound[clip.before : clip.before + clip.end - clip.start]
        low, high = clip.start - DELAY - self._at, clip.end + DELAY - self._at
        wide = np.pad(self._held[:, max(0, low) : high], ((0, 0), (max(0, -low), max(0, high - self._held.shape[1]))))
        frames = _frames(self._held[channel])
        noise = NOISY * float(np.quantile(frames, QUIETEST)) if len(frames) else 0.0
        return any(_explains(wide[other], speech, noise) for other in range(len(wide)) if other != channel)


def _explains(wide: Samples, speech: Samples, noise: float) -> bool:
    """Whether `speech` is a quieter copy of some stretch of `wide`, which is longer by twice the longest delay.

    `noise` is the mean square that may be left without meaning anything.
    """
    energy, others = float(speech @ speech), np.square(wide, dtype=np.float64)
    if others[DELAY:-DELAY].sum() < LOUDER * energy or energy == 0:
        return False
    size = 1 << (len(wide) + len(speech) - 1).bit_length()
    spectra = np.fft.rfft(wide, size) * np.conj(np.fft.rfft(speech, size))
    products = np.fft.irfft(spectra, size)[: 2 * DELAY + 1]
    sums = np.concatenate([[0.0], np.cumsum(others)])
    energies = np.maximum(sums[len(speech) :] - sums[: -len(speech)], 1e-12)[: 2 * DELAY + 1]
    lag = int(np.argmax(products**2 / energies))
    explained = products[lag] ** 2 / energies[lag]
    if explained < RELATED * energy or energies[lag] < LOUDER * energy:
        return False
    if energy - explained > max((1 - EXPLAINED) * energy, noise * len(speech)):
        return False
    rest = speech - np.float32(products[lag] / energies[lag]) * wide[lag : lag + len(speech)]
    return not _has_own(rest, speech, noise)


def _has_own(rest: Samples, speech: Samples, noise: float) -> bool:
    """Whether 300 ms in a row hold sound that is not explained."""
    left, whole = _frames(rest), _frames(speech)
    own = (left > whole / 2) & (whole > whole.mean() / 10) & (left > noise)
    return bool((np.convolve(own, np.ones(OWN_FRAMES), "valid") >= OWN_FRAMES).any()) if len(own) >= OWN_FRAMES else False


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
