"""Covers people in a picture so that nothing of them is left: whole figures with a margin, in one flat colour.

Not a blur: from a blur or a mosaic a known person can be told. The colour is the mean of nothing in the picture.
"""

from collections.abc import Sequence
from typing import Final

from edge_agent.shelf.floor.people.detector import Box
from edge_agent.shelf.setup.bay import Picture

MARGIN: Final = 0.12
"""Of a figure's width and height, on each side: boxes are a little tight at heads and hands."""
COLOUR: Final = (128, 128, 128)


def covered(rgb: Picture, people: Sequence[Box]) -> Picture:
    """A copy in which every figure is a flat grey rectangle."""
    height, width = rgb.shape[:2]
    copy = rgb.copy()
    for one in people:
        dx, dy = MARGIN * (one.right - one.left), MARGIN * (one.bottom - one.top)
        top, bottom = max(0, int((one.top - dy) * height)), int((one.bottom + dy) * height) + 1
        left, right = max(0, int((one.left - dx) * width)), int((one.right + dx) * width) + 1
        copy[top:bottom, left:right] = COLOUR
    return copy
