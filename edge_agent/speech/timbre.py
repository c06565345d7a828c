"""What a voice sounds like, as 256 numbers: the GE2E encoder of Resemblyzer in numpy, without PyTorch.

- In: 16 kHz sound, brought up to -30 dBFS; 40 mel bands of power (no logarithm), 25 ms every 10 ms; windows of 1.6 s.
- Three LSTM layers of 256, a linear layer, ReLU; length 1. Voices that sound alike have a cosine near 1.
- These numbers are as personal as a fingerprint: they live in memory for the length of one recording and go nowhere else.

Sources: Wan et al. 2018, "Generalized end-to-end loss for speaker verification"; mel scale and its areas as in Slaney's toolbox.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.tensors import tensors

WEIGHTS: Final = "pretrained.pt"
BANDS: Final = 40
FRAME: Final = 400
HOP: Final = 160
FRAMES: Final = 160
WINDOW: Final = FRAMES * HOP
LAYERS: Final = 3
WIDTH: Final = 256
LEVEL: Final = 10 ** (-30 / 20)
BATCH: Final = 64
STEEPEST: Final = 80.0
"""Beyond this a gate is shut for good, and its exponential would overflow."""

Vectors = npt.NDArray[np.float32]


class Timbre:
    """The encoder on a verified model folder.

    Raises:
        MissingAsset: the folder holds no such weights.
    """

    def __init__(self, folder: Path) -> None:
        found = tensors(folder / WEIGHTS, "model_state")
        self._layers = [
            (
                np.ascontiguousarray(found[f"lstm.weight_ih_l{layer}"].T),
                np.ascontiguousarray(found[f"lstm.weight_hh_l{layer}"].T),
                found[f"lstm.bias_ih_l{layer}"] + found[f"lstm.bias_hh_l{layer}"],
            )
            for layer in range(LAYERS)
        ]
        self._linear = found["linear.weight"].T, found["linear.bias"]
        self._mel = _mel_areas()
        self._libraries = ThreadpoolController()
        self._taper = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)

    def __call__(self, windows: Sequence[Samples]) -> Vectors:
        """(n, 256): one row per window of sound; what is shorter than 1.6 s is repeated, what is longer is cut.

        On one thread: shared out among several, steps as small as these cost ten times the processor time.
        """
        if not windows:
            return np.zeros((0, WIDTH), np.float32)
        mels = np.stack([self._mel_of(window) for window in windows])
        with self._libraries.limit(limits=1, user_api="blas"):
            return np.concatenate([self._encoded(mels[at : at + BATCH]) for at in range(0, len(mels), BATCH)])

    def _mel_of(self, sound: Samples) -> Vectors:
        loud = float(np.sqrt(np.mean(sound**2))) + 1e-9
        sound = np.resize(sound, WINDOW) * np.float32(max(1.0, LEVEL / loud))
        padded = np.pad(sound, FRAME // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][:FRAMES]
        power = np.abs(np.fft.rfft(frames * self._taper, axis=1)) ** 2
        return (power @ self._mel).astype(np.float32)

    def _encoded(self, mels: Vectors) -> Vectors:
        """Batch first in, (batch, 256) out; inside, time comes first so that each step reads one block."""
        steps = np.ascontiguousarray(mels.swapaxes(0, 1))
        for into, around, bias in self._layers:
            steps = _lstm(steps, into, around, bias)
        raw = np.maximum(steps[-1] @ self._linear[0] + self._linear[1], 0)
        return np.asarray(raw / (np.linalg.norm(raw, axis=1, keepdims=True) + 1e-9), np.float32)


def _lstm(steps: Vectors, into: Vectors, around: Vectors, bias: Vectors) -> Vectors:
    """(time, batch, in) -> (time, batch, 256); gates in the order input, forget, cell, output."""
    time, batch, _ = steps.shape
    width = len(around)
    driven = (steps.reshape(time * batch, -1) @ into + bias).reshape(time, batch, -1)
    out = np.empty((time, batch, width), np.float32)
    state, held = np.zeros((batch, width), np.float32), np.zeros((batch, width), np.float32)
    for step in range(time):
        gates = driven[step] + state @ around
        gates[:, 2 * width : 3 * width] *= 2  # tanh(x) = 2 sigmoid(2x) - 1: one exponential for all four gates
        opened = 1 / (1 + np.exp(np.minimum(-gates, STEEPEST)))
        cell = 2 * opened[:, 2 * width : 3 * width] - 1
        held = opened[:, width : 2 * width] * held + opened[:, :width] * cell
        state = opened[:, 3 * width :] * np.tanh(held)
        out[step] = state
    return out


def _mel_areas() -> Vectors:
    """(201, 40): triangles even on Slaney's mel scale from 0 to 8 kHz, each of area 1."""
    step, knee = 200 / 3, 1000.0
    growth = np.log(6.4) / 27

    def to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(mel < knee / step, mel * step, knee * np.exp(growth * (mel - knee / step)))

    top = knee / step + np.log(RATE_HZ / 2 / knee) / growth
    edges = to_hz(np.linspace(0, top, BANDS + 2))
    bins = np.fft.rfftfreq(FRAME, 1 / RATE_HZ)
    rising = (bins[:, None] - edges[None, :-2]) / np.diff(edges)[None, :-1]
    falling = (edges[None, 2:] - bins[:, None]) / np.diff(edges)[None, 1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (edges[2:] - edges[:-2]))).astype(np.float32)
