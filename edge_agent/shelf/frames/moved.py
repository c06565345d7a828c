"""Whether a camera still shows what it was set up on: how well a picture matches the reference it was calibrated with, 0..1.

Low for a camera that was turned or shifted, a lens that is covered, defocused or in the dark; untouched by light, and little by
people who stand before a part of it. It costs a few milliseconds and asks no calibration but the photo: the `calibration_match`
of `floor.camera_moved`, which holds below 0.5. Where a scan registers its pictures exactly, its own answer is the better one.

Tiles of the picture are compared by the slope of their brightness, which light does not change, after one common shift of at
most `WINDOW` was taken out (a camera hangs a little differently each day). What a tile's slope tells weighs as much as it is
strong, so that a blank wall says nothing. Defocus is told by how fine the structure is: it costs the match in proportion.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import Mask
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 240
TILE_PX: Final = 20
WINDOW: Final = 0.02
"""Largest shift, as a share of the picture's width, at which a calibration still holds."""
LIKE: Final = 0.5
"""A tile agrees from this correlation on."""
FAINT: Final = 6.0
"""Less contrast than this (standard deviation of 255) is a covered lens or the dark."""
BLURRED: Final = 0.35
"""Below this share of the reference's fineness a picture is out of focus."""

Plane = npt.NDArray[np.float32]


class Reference:
    """What a camera showed when it was set up (RGB uint8, any size)."""

    def __init__(self, rgb: Picture) -> None:
        self._grey = _grey(rgb)
        self._slopes = _slopes(self._grey)
        self._fine = _fineness(self._grey)

    def match(self, rgb: Picture) -> float:
        """How well a picture of the same shape of frame matches, 0..1."""
        grey = _grey(rgb)
        if grey.shape != self._grey.shape or float(grey.std()) < FAINT:
            return 0.0
        dx, dy = self._shift(grey)
        if max(abs(dx), abs(dy)) > WINDOW * WIDTH_PX:
            dx = dy = 0.0
        moved = cv2.warpAffine(
            grey,
            np.array([[1, 0, -dx], [0, 1, -dy]], np.float32),
            (grey.shape[1], grey.shape[0]),
            borderMode=cv2.BORDER_REPLICATE,
        )
        agreed = _agreement(self._slopes, _slopes(moved))
        return agreed * min(1.0, _fineness(grey) / (BLURRED * self._fine))

    def _shift(self, grey: Plane) -> tuple[float, float]:
        ours, theirs = (np.hypot(*_slopes(one)) for one in (self._grey, grey))
        window = cv2.createHanningWindow((grey.shape[1], grey.shape[0]), cv2.CV_32F)
        (dx, dy), _ = cv2.phaseCorrelate(np.minimum(ours, 200), np.minimum(theirs, 200), window)
        return float(dx), float(dy)


def is_frozen(one: Picture, later: Picture) -> bool:
    """Whether two pictures are the same to the last bit, which a living sensor's noise never lets them be."""
    return one.shape == later.shape and bool(np.array_equal(one, later))


def _grey(rgb: Picture) -> Plane:
    height = max(TILE_PX, round(rgb.shape[0] * WIDTH_PX / rgb.shape[1]) // TILE_PX * TILE_PX)
    small = cv2.resize(rgb, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _slopes(grey: Plane) -> tuple[Plane, Plane]:
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    return (
        np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0), dtype=np.float32),
        np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 1), dtype=np.float32),
    )


def _fineness(grey: Plane) -> float:
    """Energy of the finest structure against that of all slopes: no light changes it, blur does."""
    fine = float((cv2.Laplacian(grey, cv2.CV_32F) ** 2).mean())
    slope = float(sum((one**2).mean() for one in _slopes(grey)))
    return fine / max(slope, 1e-6)


def _agreement(ours: tuple[Plane, Plane], theirs: tuple[Plane, Plane]) -> float:
    """Weighted share of tiles that agree in both directions together."""
    (power, other), cross = (
        (sum(_tiles(one**2) for one in pair) for pair in (ours, theirs)),
        sum(_tiles(a * b) for a, b in zip(ours, theirs, strict=True)),
    )
    like = cross / np.sqrt(np.maximum(power * other, 1e-3))
    weight = np.sqrt(power)
    agree: Mask = like > LIKE
    return float((weight * agree).sum() / max(float(weight.sum()), 1e-6))


def _tiles(plane: Plane) -> Plane:
    """Sums over tiles."""
    rows, columns = plane.shape[0] // TILE_PX, plane.shape[1] // TILE_PX
    return np.asarray(plane.reshape(rows, TILE_PX, columns, TILE_PX).sum(axis=(1, 3)), dtype=np.float32)
