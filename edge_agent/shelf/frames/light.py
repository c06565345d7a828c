"""Light normalisation: make a straightened frame look as if lit like the reference photo.

Per colour channel the logarithm of (reference / frame) is modelled as a plane over the picture and fitted robustly, so
that a removed or foreign product, being an outlier, does not bend it: iteratively reweighted least squares with Tukey's
biweight (Holland and Welsch 1977). Too little light is a refusal, not a very large gain.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import Mask
from edge_agent.shelf.setup.bay import Picture

MAX_GAIN: Final = 3.0
"""More than this would lift noise, not light."""
MIN_LUMA: Final = 18.0
STEP_PX: Final = 6
ROUNDS: Final = 8
TUKEY: Final = 4.685

Field = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Log-gain planes: `planes` (3 channels, [at centre, per width, per height])."""

    planes: Field

    @property
    def gain(self) -> float:
        """Mean gain at the picture's centre; above 1 the frame is darker than the reference."""
        return float(np.exp(self.planes[:, 0].mean()))

    def applied(self, rgb: Picture) -> Picture:
        """The picture (a straightened whole bay, any size) under the reference's light."""
        height, width = rgb.shape[:2]
        x = np.linspace(-0.5, 0.5, width)[None, :, None]
        y = np.linspace(-0.5, 0.5, height)[:, None, None]
        return self._scaled(rgb, x, y)

    def applied_at(self, rgb: Picture, centre: tuple[float, float]) -> Picture:
        """A crop around `centre` (fractions of the reference photo): one gain per channel is exact enough."""
        return self._scaled(rgb, np.asarray(centre[0] - 0.5), np.asarray(centre[1] - 0.5))

    def _scaled(self, rgb: Picture, x: Field, y: Field) -> Picture:
        gain = np.exp(self.planes[:, 0] + x * self.planes[:, 1] + y * self.planes[:, 2])
        return np.asarray(np.clip(rgb * gain + 0.5, 0, 255), dtype=np.uint8)


def fit(reference: Picture, frame: Picture, covered: Mask) -> Light | None:
    """The light of `frame` against `reference` (same size, straightened), or None when there is too little of it."""
    luma = frame[covered].mean() if covered.any() else 0.0
    if luma < MIN_LUMA:
        return None
    ours = cv2.GaussianBlur(reference, (0, 0), 2.0)[::STEP_PX, ::STEP_PX].astype(np.float64)
    theirs = cv2.GaussianBlur(frame, (0, 0), 2.0)[::STEP_PX, ::STEP_PX].astype(np.float64)
    usable = covered[::STEP_PX, ::STEP_PX] & (ours.min(axis=2) > 8) & (ours.max(axis=2) < 247)
    usable &= (theirs.max(axis=2) < 250) & (theirs.min(axis=2) > 2)
    if usable.sum() < 60:
        return None
    rows, columns = np.nonzero(usable)
    height, width = usable.shape
    base = np.stack([np.ones(len(rows)), columns / width - 0.5, rows / height - 0.5], axis=1)
    ratio = np.log((ours[usable] + 2.0) / (theirs[usable] + 2.0))
    light = Light(planes=np.stack([_plane(base, ratio[:, channel]) for channel in range(3)]))
    return light if 1 / MAX_GAIN <= light.gain <= MAX_GAIN else None


def _plane(base: Field, values: Field) -> Field:
    weights = np.ones(len(values))
    plane = np.asarray([np.median(values), 0.0, 0.0])
    for _ in range(ROUNDS):
        off = values - base @ plane
        scale = max(1.4826 * float(np.median(np.abs(off - np.median(off)))), 0.02)
        weights = np.where(np.abs(off) < TUKEY * scale, (1 - (off / (TUKEY * scale)) ** 2) ** 2, 0.0)
        weighted = base * weights[:, None]
        normal = weighted.T @ base + 1e-3 * len(values) * np.diag([0.0, 0.1, 0.1])
        plane = np.linalg.solve(normal, weighted.T @ values)
    return np.asarray(plane, dtype=np.float64)
