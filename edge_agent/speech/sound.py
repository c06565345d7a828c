"""What can be measured of a window's sound: level, noise and band, from the speech in it and from what lies between.

- Power spectra are of 32 ms frames, half overlapped. Speech = the frames of the clips; noise = those of the gaps around them,
  the quieter half, since a gap also holds the end of a word.
- Noise that sounds only together with the speech (a codec's) does not count as noise here.
- `band_hz` counts only what stands clear of the noise (3 dB); below it lies 98 % of that, weighed by the square of the frequency:
  the power of speech lies low, but what it says does not.
"""

from dataclasses import dataclass
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.windows import Window

FRAME: Final = 512
STEP: Final = FRAME // 2
BINS: Final = FRAME // 2 + 1
SILENT: Final = 1e-10
"""Mean square below which sound is digital silence (-100 dBFS)."""
CLIPPED: Final = 0.985
CLEAR: Final = 2.0
GAP_FRAMES: Final = 8
"""So many quiet frames must have been heard before anything is said about the noise."""
Powers = npt.NDArray[np.float64]
T = TypeVar("T", float, Powers)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """Mean power spectra, and how many frames each is the mean of; `clipped` = share of the samples at full scale."""

    speech: Powers
    speech_frames: int
    noise: Powers
    noise_frames: int
    clipped: float

    def __add__(self, other: Self) -> "Sound":
        return Sound(
            speech=_mean(self.speech, self.speech_frames, other.speech, other.speech_frames),
            speech_frames=self.speech_frames + other.speech_frames,
            noise=_mean(self.noise, self.noise_frames, other.noise, other.noise_frames),
            noise_frames=self.noise_frames + other.noise_frames,
            clipped=_mean(self.clipped, self.speech_frames, other.clipped, other.speech_frames),
        )

    @property
    def level_db(self) -> float | None:
        """Speech with its noise, in dBFS."""
        power = float(self.speech.sum())
        return 10 * float(np.log10(power)) if self.speech_frames and power > SILENT else None

    @property
    def snr_db(self) -> float | None:
        """Speech against noise within the band that holds speech, -10 to 60; None where there were no gaps to hear it in."""
        if not self.speech_frames or self.noise_frames < GAP_FRAMES:
            return None
        noise = max(float(self.noise.sum()), SILENT)
        ratio = float(self.speech.sum()) / noise - 1
        return float(np.clip(10 * np.log10(max(ratio, 0.1)), -10, 60))

    @property
    def band_hz(self) -> int | None:
        """Where the speech ends; None without speech."""
        if not self.speech_frames:
            return None
        clear = self.speech > CLEAR * self.noise
        added = np.where(clear, self.speech - self.noise, 0) * np.arange(BINS) ** 2
        total = added.sum()
        if total <= 0:
            return None
        return int(np.searchsorted(np.cumsum(added), 0.98 * total)) * RATE_HZ // FRAME


NOTHING: Final = Sound(speech=np.zeros(BINS), speech_frames=0, noise=np.zeros(BINS), noise_frames=0, clipped=0.0)


def measured(window: Window) -> Sound:
    """One window's sound."""
    speech: list[Powers] = []
    gaps: list[Powers] = []
    full = samples = 0
    for clip in window.clips:
        end = clip.before + clip.end - clip.start
        said = clip.speech
        full, samples = full + int((np.abs(said) >= CLIPPED).sum()), samples + len(said)
        speech.append(_powers(said))
        gaps += [_powers(clip.sound[: clip.before]), _powers(clip.sound[end:])]
    spoken, quiet = np.concatenate(speech), np.concatenate(gaps)
    calmest = quiet[np.argsort(quiet.sum(axis=1))[: (len(quiet) + 1) // 2]]
    return Sound(
        speech=spoken.mean(axis=0) if len(spoken) else np.zeros(BINS),
        speech_frames=len(spoken),
        noise=calmest.mean(axis=0) if len(calmest) else np.zeros(BINS),
        noise_frames=len(calmest),
        clipped=full / max(1, samples),
    )


def _powers(sound: Samples) -> Powers:
    """(frames, BINS): mean squares, so that a row's sum is the mean square of its frame."""
    count = (len(sound) - FRAME) // STEP + 1
    if count < 1:
        return np.zeros((0, BINS))
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::STEP] * np.hanning(FRAME)
    powers: Powers = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    powers[:, 1:-1] *= 2
    powers /= FRAME * (np.hanning(FRAME) ** 2).sum()
    return powers


def _mean(one: T, ones: int, other: T, others: int) -> T:
    return (one * ones + other * others) / max(1, ones + others)
