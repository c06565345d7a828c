"""Sound that holds no words: silence, white noise, made-up music and babble, to prove that nothing is heard in it.

Rules: all float32 mono at 16 kHz, `n` samples, the same for the same seed; loud like speech (-20 dBFS) unless told otherwise.
Ten minutes take seconds: music is laid from cached notes, babble from the talkers stored in `tests/samples/babble/`, each
looped at its own length, so that the mixture does not come round again. Not here: phone band, and noise at a given SNR.
"""

from functools import cache
from pathlib import Path

import av
import numpy as np

RATE_HZ = 16_000
SPEECH_DBFS = -20.0
BABBLE = Path(__file__).resolve().parents[1] / "samples" / "babble"
CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14), (2, 5, 9), (4, 7, 11))  # I vi IV V ii iii, semitones above the key
PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24)


def silence(n: int) -> np.ndarray:
    return np.zeros(n, np.float32)


def white_noise(n: int, seed: int, level_dbfs: float = SPEECH_DBFS) -> np.ndarray:
    return levelled(np.random.default_rng(seed).standard_normal(n, np.float32), level_dbfs)


def babble(n: int, seed: int, level_dbfs: float = SPEECH_DBFS, talkers: int = 8) -> np.ndarray:
    """Everybody talks all the time at the same level; no word can be made out."""
    dice = np.random.default_rng(seed)
    voices = streams()
    chosen = dice.permutation(len(voices))[:talkers]
    mixed = np.zeros(n, np.float32)
    for voice in (voices[k] for k in chosen):
        mixed += np.resize(np.roll(voice, -int(dice.integers(len(voice)))), n)
    return levelled(mixed, level_dbfs)


def music(n: int, seed: int, level_dbfs: float = SPEECH_DBFS) -> np.ndarray:
    """Chords, a melody, a bass and drums; key, tempo, progression and timbre change every eight bars."""
    dice = np.random.default_rng(seed)
    sound = np.zeros(n + 8 * RATE_HZ, np.float32)
    notes: dict[tuple[int, int, int], np.ndarray] = {}

    def put(at: int, key: int, length: int, timbre: int, gain: float) -> None:
        asked = (key, length, timbre)
        if asked not in notes:
            notes[asked] = _note(*asked)
        sound[at : at + length] += np.float32(gain) * notes[asked]

    at, drums = 0, _drums(dice)
    while at < n:
        notes.clear()
        beat = int(60 * RATE_HZ / dice.integers(72, 132))
        root, timbre, with_drums = int(dice.integers(48, 60)), int(dice.integers(3)), dice.random() < 0.8
        progression = [CHORDS[0], *(CHORDS[k] for k in dice.integers(1, len(CHORDS), 3))]
        step = int(dice.integers(3, 8))
        for bar in range(8):
            if at >= n:
                break
            chord = progression[bar % 4]
            for interval in chord:
                put(at, root + interval, 4 * beat, timbre, 0.25)
            for k in range(8):
                where = at + k * beat // 2
                if k % 4 == 0:
                    put(where, root - 12 + chord[0], 2 * beat, 2, 0.5)
                if dice.random() < 0.7:
                    step = int(np.clip(step + dice.integers(-2, 3), 0, len(PENTATONIC) - 1))
                    put(where, root + 12 + PENTATONIC[step], int(beat * dice.choice((0.5, 1.0))), (timbre + 1) % 3, 0.45)
                if with_drums:
                    hit = drums[0] if k % 4 == 0 else drums[1] if k % 4 == 2 else drums[2]
                    sound[where : where + len(hit)] += hit
            at += 4 * beat
    return levelled(sound[:n], level_dbfs)


def levelled(wave: np.ndarray, level_dbfs: float) -> np.ndarray:
    """At this RMS, peaks clipped just below full scale."""
    rms = float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))
    return np.clip(wave * np.float32(10 ** (level_dbfs / 20) / rms), -0.98, 0.98).astype(np.float32)


@cache
def streams() -> tuple[np.ndarray, ...]:
    """The stored talkers, each at RMS 1."""
    return tuple(_unit(decoded(file)) for file in sorted(BABBLE.glob("*.ogg")))


def decoded(file: Path) -> np.ndarray:
    """A sound file as float32 mono at RATE_HZ; stereo becomes the mean of its channels."""
    with av.open(str(file)) as container:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE_HZ)
        frames = [*container.decode(audio=0), None]
        return np.concatenate([out.to_ndarray()[0] for frame in frames for out in resampler.resample(frame)])


def _unit(wave: np.ndarray) -> np.ndarray:
    return wave / np.float32(np.sqrt(np.mean(np.square(wave))))


def _note(key: int, length: int, timbre: int) -> np.ndarray:
    """Plucked, bowed with vibrato, or a soft flute, by `timbre`; a few harmonics below 7 kHz."""
    t = np.arange(length, dtype=np.float32) / RATE_HZ
    pitch_hz = 440.0 * 2.0 ** ((key - 69) / 12)
    phase = 2 * np.pi * pitch_hz * t
    if timbre == 1:
        phase = phase + 0.9 * np.sin(2 * np.pi * 5.5 * t)
    strength = {0: 0.6, 1: 0.75, 2: 0.3}[timbre]
    wave = np.zeros(length, np.float32)
    for k in range(1, 7):
        if k * pitch_hz < 7_000:
            wave += np.float32(strength ** (k - 1)) * np.sin(k * phase).astype(np.float32)
    decay = np.exp(-t * {0: 3.5, 1: 0.6, 2: 1.2}[timbre])
    attack = np.minimum(1, t / {0: 0.004, 1: 0.06, 2: 0.03}[timbre])
    release = np.minimum(1, (length - np.arange(length)) / (0.02 * RATE_HZ))
    return (wave * decay * attack * release * 0.4).astype(np.float32)


def _drums(dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kick, snare, hi-hat."""
    t = np.arange(RATE_HZ // 5, dtype=np.float32) / RATE_HZ
    hiss = dice.standard_normal(len(t), np.float32)
    kick = np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-t * 14)
    snare = 0.5 * hiss * np.exp(-t * 22) + 0.3 * np.sin(2 * np.pi * 190 * t) * np.exp(-t * 25)
    hat = 0.25 * np.diff(hiss, prepend=np.float32(0)) * np.exp(-t * 60)
    return kick.astype(np.float32), snare.astype(np.float32), hat.astype(np.float32)
