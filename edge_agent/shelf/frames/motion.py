"""Whether anything moves before a fixed camera: a small grey picture against the mean of those before it.

Cheap enough for every key frame (a few milliseconds at any resolution), so that what costs more is done only where something
moves. Light that changes evenly is no motion: each picture is stretched to the same contrast first. A shelf whose picture does
not move shows what it showed; a person who stands still fades into the mean within a few times `MEMORY` pictures.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 160
MEMORY: Final = 10
DIFFERS: Final = 28.0
"""Smallest difference of a pixel (of 255, stretched and blurred) from the mean that counts."""
MOVES: Final = 0.004
"""Share of the picture from which on something moves: a head at the far end of an aisle."""
_DARKEST: Final = 12.0

Grey = npt.NDArray[np.float32]


class Motion:
    """Asked picture after picture, in their order; holds one small mean."""

    def __init__(self) -> None:
        self._mean: Grey | None = None

    def share(self, rgb: Picture) -> float:
        """How much of the picture (RGB uint8, any size) differs from the usual, 0..1; 1.0 for the first: nothing is usual yet."""
        small = stretched(rgb)
        if self._mean is None or self._mean.shape != small.shape:
            self._mean = small
            return 1.0
        moved = float((np.abs(small - self._mean) > DIFFERS).mean())
        self._mean += (small - self._mean) / MEMORY
        return moved

    def moves(self, rgb: Picture) -> bool:
        """Whether something moves; true for the first picture."""
        return self.share(rgb) >= MOVES


def stretched(rgb: Picture) -> Grey:
    """The picture as grey, `WIDTH_PX` wide, stretched from its 2nd .. 98th percentile to 0..255, blurred; a dark one stays so."""
    height = max(8, round(rgb.shape[0] * WIDTH_PX / rgb.shape[1]))
    method = cv2.INTER_AREA if rgb.shape[1] > WIDTH_PX else cv2.INTER_LINEAR
    grey = cv2.cvtColor(cv2.resize(rgb, (WIDTH_PX, height), interpolation=method), cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = np.percentile(grey, (2, 98))
    spread = max(float(high - low), _DARKEST)
    flat = np.clip((grey - low) * (255.0 / spread), 0, 255)
    return np.asarray(cv2.GaussianBlur(flat, (0, 0), 1.5), dtype=np.float32)
