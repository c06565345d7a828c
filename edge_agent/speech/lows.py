"""Gives a telephone's voice its low tones back, for the detector of speech alone: it knows voices by their pitch.

A line that passes 300 to 3,400 Hz takes the fundamental away, and the network then doubts whole sentences of a high voice. Half
of each wave (the sound without its negative half) holds that tone again, as the difference of its harmonics. Sound that has lows
of its own comes back untouched.

Source: the missing fundamental, made audible by a non-linearity (Larsen & Aarts 2004, Audio Bandwidth Extension, chapter 2).
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

LOW_HZ: Final = (80.0, 250.0)
VOICE_HZ: Final = (300.0, 1000.0)
LACKING: Final = 10 ** (-15 / 10)
"""Power a hertz in the lows against that in the voice's band, below which they are missing. Voices have more of it there."""
GAIN: Final = 2.5
PITCH_HZ: Final = (60.0, 300.0)
STEEP: Final = 8

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[Any]


def with_lows(sound: Samples, rate_hz: int) -> Samples:
    """The same sound, as long, with lows if it had none."""
    if not len(sound):
        return sound
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    if not _lacks_lows(spectrum, hertz):
        return sound
    half = np.fft.rfft(np.maximum(sound, 0))
    half /= np.sqrt(1 + (PITCH_HZ[0] / np.maximum(hertz, 1)) ** STEEP) * np.sqrt(1 + (hertz / PITCH_HZ[1]) ** STEEP)
    restored: Samples = (sound + GAIN * np.fft.irfft(half, len(sound))).astype(np.float32)
    return restored


def _lacks_lows(spectrum: Spectrum, hertz: Spectrum) -> bool:
    low, voice = (spectrum[(hertz >= since) & (hertz < to)] for since, to in (LOW_HZ, VOICE_HZ))
    if not len(low) or not len(voice):
        return False
    return bool(np.mean(np.abs(low) ** 2) < LACKING * np.mean(np.abs(voice) ** 2))
