"""The camera: where it looks from, how the shop is lit, and what its sensor adds.

A pose is a pure rotation about the lens plus a zoom and a shift, so a plane stays a plane: one 3x3 matrix takes canvas
pixels to picture pixels. Light is a smooth gain per pixel and channel. Pictures are RGB uint8, SIZE wide and high.
"""

import math
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_agent.samples.scene_shelf import MARGIN, PX, VIEW, Rect, at

SIZE: Final = (1920, 1080)
RIM: Final = 24
"""Pixels drawn beyond each edge, so that a shaking frame has something to show."""

Matrix = NDArray[np.float64]
Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Yaw, pitch, roll in degrees; zoom about the middle; shift in picture pixels."""

    yaw: float
    pitch: float
    roll: float
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    def matrix(self) -> Matrix:
        """Canvas pixels -> picture pixels."""
        focus = SIZE[0] * 1.5
        yaw, pitch, roll = (math.radians(a) for a in (self.yaw, self.pitch, self.roll))
        turn_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
        turn_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
        turn_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
        scale = SIZE[0] / (VIEW[0] * PX)
        middle = (VIEW[0] / 2 + MARGIN) * PX, (VIEW[1] / 2 + MARGIN) * PX
        centre = np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, focus]])
        lens = np.array([[focus * self.zoom, 0, 0], [0, focus * self.zoom, 0], [0, 0, 1.0]])
        free = lens @ turn_z @ turn_x @ turn_y @ centre
        aim = free @ np.array([middle[0], middle[1], 1.0])
        shift = np.array([
            [1, 0, SIZE[0] / 2 - aim[0] / aim[2] + self.shift[0]],
            [0, 1, SIZE[1] / 2 - aim[1] / aim[2] + self.shift[1]],
            [0, 0, 1],
        ])  # fmt: skip
        return np.asarray(shift @ free)

    def quad(self, rect: Rect) -> Quad:
        """Where a rectangle of the front plane (cm) is seen, as fractions of the picture, clockwise from top left."""
        x0, y0, x1, y1 = rect
        first, second, third, fourth = (self._seen(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
        return first, second, third, fourth

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        u, v, w = self.matrix() @ np.array([*at(x, y), 1.0])
        return float(u / w / SIZE[0]), float(v / w / SIZE[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A fixed set of lamps: overall gain, slope per axis, warm (+) or cool (-) tint left to right, lamps, vignette."""

    gain: float
    slope: tuple[float, float]
    warmth: tuple[float, float]
    lamps: tuple[tuple[float, float, float], ...]
    vignette: float

    def field(self, width: int, height: int) -> NDArray[np.float32]:
        """Gain per pixel and channel, (height, width, 3)."""
        down, across = np.mgrid[-1:1:60j, -1:1:106j].astype(np.float32)
        level = self.gain * (1 + self.slope[0] * across + self.slope[1] * down)
        for x, y, strength in self.lamps:
            level = level + strength * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 0.35)
        level = level * (1 - self.vignette * (across**2 + down**2) / 2)
        warm = self.warmth[0] + (self.warmth[1] - self.warmth[0]) * (across + 1) / 2
        planes = [level * (1 + warm), level * (1 + 0.15 * warm), level * (1 - warm)]
        return np.stack([_enlarge(plane, width, height) for plane in planes], axis=-1)


def _enlarge(plane: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))


def lamps(rng: Random) -> Light:
    """Draw the light of a shop."""
    return Light(
        gain=rng.uniform(0.92, 1.08),
        slope=(rng.uniform(-0.12, 0.12), rng.uniform(-0.14, 0.02)),
        warmth=(rng.uniform(-0.05, 0.1), rng.uniform(-0.08, 0.05)),
        lamps=tuple((rng.uniform(-1, 1), rng.uniform(-1.2, 0.2), rng.uniform(-0.05, 0.2)) for _ in range(3)),
        vignette=rng.uniform(0.12, 0.28),
    )


def expose(canvas: Any, pose: Pose, light: Light, *, rim: int = 0) -> Any:
    """Look at the canvas: an RGB picture of SIZE plus `rim` pixels on every side."""
    width, height = SIZE[0] + 2 * rim, SIZE[1] + 2 * rim
    forward = np.array([[1, 0, rim], [0, 1, rim], [0, 0, 1.0]]) @ pose.matrix()
    back = np.linalg.inv(forward)
    back /= back[2, 2]
    seen = canvas.transform((width, height), Image.Transform.PERSPECTIVE, back.flatten()[:8].tolist(), Image.Resampling.BICUBIC)
    pixels = np.asarray(seen, np.float32) * light.field(width, height)
    return Image.fromarray(_shoulder(pixels))


def _shoulder(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bright values roll off as a camera's do, instead of being cut."""
    knee = 205.0
    over = np.maximum(pixels - knee, 0)
    rolled = np.minimum(pixels, knee) + 50 * (1 - np.exp(-over / 50))
    return np.asarray(np.clip(rolled, 0, 255), np.uint8)


def grain(rng: np.random.Generator, sigma: float) -> NDArray[np.int16]:
    """A sheet of sensor noise a little larger than a picture, to be cut from at random offsets; partly coloured."""
    height, width = SIZE[1] + 64, SIZE[0] + 64
    grey = rng.normal(0, sigma, (height, width, 1))
    colour = rng.normal(0, sigma * 0.5, (height, width, 3))
    return np.rint(grey + colour).astype(np.int16)
