"""Which frames can be assessed, and in which of them something changed so that it is worth looking for people.

Against the reference photo at 480 px width: too dark, covered (next to no structure left), or moved (the structure outside of
people no longer agrees, see `frames.clear.agreement`). A frame that looks like the last one searched is not searched again, for
at most `LONGEST_MS`: in an empty shop nearly no frame costs anything. Light that changes as a whole is no motion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.floor.people.detector import Box
from edge_agent.shelf.frames.clear import agreement
from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 480
MOTION_PX: Final = 96
MIN_LUMA: Final = 18.0
MIN_STRUCTURE: Final = 0.2
"""Of the reference's own contrast: less than this and something lies over the lens."""
MIN_MATCH: Final = 0.5
CHANGED: Final = 14.0
"""Smallest difference of a blurred pixel in any colour (0..255) that is a change; a sensor's noise is a third of it."""
MOVING: Final = 0.002
LONGEST_MS: Final = 10_000
AROUND: Final = 0.15
"""How far beyond a person's box the picture is not believed to show the place itself."""


class View(StrEnum):
    """Whether a frame can be assessed, or why not."""

    CLEAR = "clear"
    DARK = "dark"
    BLOCKED = "blocked"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is to be said of a frame before people are looked for; `match` 0..1, None in the dark."""

    view: View
    match: float | None


class Watch:
    """Holds the reference photo of one floor and the last searched frame, both small and blurred."""

    def __init__(self, reference: Picture) -> None:
        height = max(8, round(reference.shape[0] * WIDTH_PX / reference.shape[1]))
        self._size = (WIDTH_PX, height)
        self._reference = resized(reference, *self._size)
        self._contrast = _structure(self._reference)
        self._searched: npt.NDArray[np.float32] | None = None
        self._searched_ms = 0

    def begin(self) -> None:
        """Forget the last recording."""
        self._searched = None

    def changed(self, rgb: Picture, at_ms: int) -> bool:
        """Whether this frame is to be searched; it is then the one that later frames are compared with."""
        height = max(4, round(rgb.shape[0] * MOTION_PX / rgb.shape[1]))
        soft = np.asarray(cv2.GaussianBlur(resized(rgb, MOTION_PX, height).astype(np.float32), (0, 0), 1.2), np.float32)
        before = self._searched
        if before is not None and before.shape == soft.shape and at_ms - self._searched_ms < LONGEST_MS:
            differs = soft - before
            differs -= np.median(differs, axis=(0, 1))
            if float((np.abs(differs).max(axis=2) > CHANGED).mean()) < MOVING:
                return False
        self._searched, self._searched_ms = soft, at_ms
        return True

    def look(self, rgb: Picture, people: Sequence[Box]) -> Look:
        """Whether the frame shows the reference's place well enough, people left out."""
        small = resized(rgb, *self._size)
        if float(small.mean()) < MIN_LUMA:
            return Look(view=View.DARK, match=None)
        if _structure(small) < MIN_STRUCTURE * self._contrast:
            return Look(view=View.BLOCKED, match=0.0)
        place = self._place(people)
        if place.mean() < 0.1:
            return Look(view=View.BLOCKED, match=0.0)
        match = agreement(self._reference, small, place)
        return Look(view=View.CLEAR if match >= MIN_MATCH else View.MOVED, match=match)

    def _place(self, people: Sequence[Box]) -> npt.NDArray[np.bool_]:
        """Pixels in which nobody stands."""
        width, height = self._size
        free = np.ones((height, width), np.bool_)
        for one in people:
            dx, dy = AROUND * (one.right - one.left), AROUND * (one.bottom - one.top)
            top, bottom = max(0, int((one.top - dy) * height)), int((one.bottom + dy) * height) + 1
            left, right = max(0, int((one.left - dx) * width)), int((one.right + dx) * width) + 1
            free[top:bottom, left:right] = False
        return free


def _structure(rgb: Picture) -> float:
    """Mean steepness of brightness, light taken out: what a hand or a box before the lens does not have."""
    grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1.0).astype(np.float32)
    steep = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(steep.mean() / max(float(grey.mean()), 8.0))
