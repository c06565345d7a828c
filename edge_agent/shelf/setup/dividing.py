"""Where one product ends and its neighbour begins on a board: tags hang under their products, but seldom in the middle.

Each column of the board between two tags is held against the columns above either tag: colours down the board, in eight cells.
The line is where the columns left of it look most like the left product and those right of it like the right one. Where both
look alike, or nothing speaks clearly, it is halfway between the tags.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import crop
from edge_agent.shelf.setup.areas import quad
from edge_agent.shelf.setup.bay import Picture
from edge_agent.shelf.setup.rows import TagRow

CELLS: Final = 8
COLUMN_PX: Final = 4
ACROSS: Final = 400
"""Columns of one photo width."""
OVER_TAG: Final = 0.5
"""Half the width of what counts as above a tag, in tag widths."""
CLEAR: Final = 4.0
"""Mean difference per column, in units of CIE Lab, below which nothing speaks clearly."""

Columns = npt.NDArray[np.float32]


class Divider:
    """Divides the boards of one photo (RGB)."""

    def __init__(self, photo: Picture) -> None:
        self._photo = photo
        self._aspect = photo.shape[0] / photo.shape[1]

    def between(self, lines: tuple[TagRow, TagRow], left: float, right: float, wide: float) -> float:
        """Where to divide, between the middles of two tags; all in widths of the photo.

        `lines`: between which the products stand; `wide`: of a tag.
        """
        over = OVER_TAG * wide
        start, end = max(0.0, left - over), min(1.0, right + over)
        columns = self._columns(lines, start, end)
        step = (end - start) / len(columns)
        first, last = round((left - start) / step), round((right - start) / step)
        reach = max(1, round(over / step))
        leans = _unlike(columns, columns[max(0, last - reach) : last + reach]) - _unlike(columns, columns[: first + reach])
        inner = leans[first:last]
        if len(inner) < 4:
            return (left + right) / 2
        gain = np.concatenate(([0.0], np.cumsum(inner)))
        score = 2 * gain - gain[-1]
        best = int(np.argmax(score))
        if score[best] < CLEAR * len(inner):
            return (left + right) / 2
        return left + (right - left) * best / len(inner)

    def _columns(self, lines: tuple[TagRow, TagRow], start: float, end: float) -> Columns:
        """(columns, cells x 3): mean colour (CIE Lab) of each cell of the board between `start` and `end`."""
        top, bottom = lines
        corners = [(start, top.at(start)), (end, top.at(end)), (end, bottom.at(end)), (start, bottom.at(start))]
        count = max(8, round((end - start) * ACROSS))
        board = crop(self._photo, quad(corners, self._aspect), count * COLUMN_PX, CELLS * 2 * COLUMN_PX)
        lab = cv2.cvtColor(board.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        small = cv2.resize(lab, (count, CELLS), interpolation=cv2.INTER_AREA)
        return np.asarray(small.transpose(1, 0, 2).reshape(count, CELLS * 3), dtype=np.float32)


def _unlike(columns: Columns, known: Columns) -> Columns:
    """How far each column is from the nearest of the known ones: mean difference of colour over the cells."""
    apart = np.abs(columns[:, None, :] - known[None, :, :]).mean(axis=2)
    return np.asarray(apart.min(axis=1), dtype=np.float32)
