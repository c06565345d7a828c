"""Clear sound made worse in known ways: the telephone's band, noise at a given distance. float32 mono at 16 kHz, in -1..1."""

import numpy as np

RATE_HZ = 16_000
MU = 255.0


def telephone(sound: np.ndarray) -> np.ndarray:
    """300 to 3400 Hz, and what mu-law of 8 bits leaves of it at 8 kHz."""
    spectrum = np.fft.rfft(sound)
    at_hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    spectrum[(at_hz < 300) | (at_hz > 3400)] = 0
    narrow = np.clip(np.fft.irfft(spectrum, len(sound))[::2], -1, 1)
    steps = np.round(127 * np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU)) / 127
    coded = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(MU)) / MU
    back = np.fft.rfft(coded)
    wide = np.zeros(len(sound) // 2 + 1, complex)
    wide[: len(back) - 1] = 2 * back[:-1]
    return np.fft.irfft(wide, len(sound)).astype(np.float32)


def noisy(sound: np.ndarray, snr_db: float, noise: np.ndarray) -> np.ndarray:
    """With a noise as long, `snr_db` below the level of the speech."""
    gain = speech_level(sound) / np.sqrt(np.mean(np.square(noise, dtype=np.float64))) * 10 ** (-snr_db / 20)
    return np.clip(sound + np.float32(gain) * noise, -1, 1).astype(np.float32)


def speech_level(sound: np.ndarray) -> float:
    """Root mean square of the 30 ms frames that are at most 30 dB below the loudest."""
    powers = np.square(sound[: len(sound) // 480 * 480].reshape(-1, 480), dtype=np.float64).mean(axis=1)
    return float(np.sqrt(powers[powers > powers.max() * 1e-3].mean()))
