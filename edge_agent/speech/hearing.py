"""Hears noisy sound twice, as it is and with the steady noise turned down, and keeps the reading that is surer of itself.

- The noise of each band is what its quieter moments hold; a Wiener filter turns down what does not rise above it, by 16 dB at
  most. The recogniser knows noise, but not what a filter makes of speech: so neither hearing is better for every window.
- Only windows with noise between the words (under 20 dB) are heard twice; clear sound stays exactly as it is.

Source of the filter: Ephraim & Malah 1984, the decision-directed estimate of the signal-to-noise ratio a priori.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from edge_agent.speech.clips import Samples
from edge_agent.speech.recogniser import Reading
from edge_agent.speech.sound import measured
from edge_agent.speech.windows import Window

NOISY_DB: Final = 20.0
FLOOR: Final = 10 ** (-16 / 20)
QUIETEST: Final = 0.15
BIAS: Final = 1.25
"""The mean of noise lies that much above the part of its moments that is taken for it."""
SMOOTH: Final = 0.8
LASTING: Final = 0.92
FRAME: Final = 512
STEP: Final = 128


def heard(windows: Sequence[Window], read: Callable[[Sequence[Samples]], list[Reading]]) -> list[Reading]:
    """One Reading per window; `read` recognises a batch of sounds."""
    readings = read([window.sound for window in windows])
    noisy = [number for number, window in enumerate(windows) if _is_noisy(window)]
    if noisy:
        for number, other in zip(noisy, read([clearer(windows[number].sound) for number in noisy]), strict=True):
            if other.logprob > readings[number].logprob:
                readings[number] = other
    return readings


def clearer(sound: Samples) -> Samples:
    """The same sound, as long, with its steady noise up to 16 dB lower."""
    if len(sound) < FRAME:
        return sound
    shape = np.sqrt(np.hanning(FRAME + 1)[:FRAME])
    padded = np.pad(sound, (FRAME, FRAME + STEP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::STEP]
    spectra = np.fft.rfft(frames * shape, axis=1)
    spectra *= _gains(np.abs(spectra) ** 2)
    parts = np.fft.irfft(spectra, FRAME, axis=1) * shape
    summed = np.zeros((len(frames) - 1) * STEP + FRAME)
    for number, part in enumerate(parts):
        summed[number * STEP : number * STEP + FRAME] += part
    weight = float((shape**2).sum()) / STEP
    return (summed[FRAME : FRAME + len(sound)] / weight).astype(np.float32)


def _gains(powers: np.ndarray) -> np.ndarray:
    """(frames, bins) in FLOOR..1."""
    smooth = powers.copy()
    for number in range(1, len(smooth)):
        smooth[number] = SMOOTH * smooth[number - 1] + (1 - SMOOTH) * powers[number]
    noise = BIAS * np.quantile(smooth, QUIETEST, axis=0)
    noise = np.maximum(np.convolve(np.pad(noise, 2, "edge"), np.ones(5) / 5, "valid"), 1e-12)
    over = powers / noise
    gains, before = np.ones_like(powers), np.zeros(powers.shape[1])
    for number, now in enumerate(over):
        rise = LASTING * before + (1 - LASTING) * np.maximum(now - 1, 0)
        gains[number] = np.maximum(rise / (1 + rise), FLOOR)
        before = gains[number] ** 2 * now
    return gains


def _is_noisy(window: Window) -> bool:
    snr_db = measured(window).snr_db
    return snr_db is not None and snr_db < NOISY_DB
