"""A telephone's voice gets its pitch back for the detector, other sound comes back as it was: made-up sound, no model."""

import numpy as np
import pytest
from spoilt_sound import telephone

from edge_agent.speech.lows import with_lows

RATE_HZ = 16_000


def voice(pitch_hz: float) -> np.ndarray:
    """Two seconds of a tone with all its harmonics, weaker with their number."""
    at_s = np.arange(2 * RATE_HZ) / RATE_HZ
    sound = sum(np.cos(2 * np.pi * pitch_hz * n * at_s) / n for n in range(1, int(7000 / pitch_hz)))
    return (0.1 * sound).astype(np.float32)


def power(sound: np.ndarray, at_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    return float(spectrum[np.abs(hertz - at_hz) < 3].sum())


@pytest.mark.parametrize("pitch_hz", [110, 180, 240])
def test_the_pitch_that_the_line_took_is_there_again(pitch_hz):
    whole = voice(pitch_hz)
    line = telephone(whole)
    back = with_lows(line, RATE_HZ)
    assert power(line, pitch_hz) < 1e-3 * power(whole, pitch_hz)
    assert power(back, pitch_hz) > 0.05 * power(whole, pitch_hz)
    assert back.shape == line.shape
    assert back.dtype == np.float32


@pytest.mark.parametrize("sound", [voice(120), np.random.default_rng(3).normal(0, 0.1, RATE_HZ).astype(np.float32)])
def test_sound_with_lows_of_its_own_is_left_alone(sound):
    assert with_lows(sound, RATE_HZ) is sound


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_silence_and_hardly_any_sound_are_left_alone(samples):
    sound = np.zeros(samples, np.float32)
    assert with_lows(sound, RATE_HZ) is sound
