"""Where people are in one picture, as boxes that live for one call: the SSDLite detector's numbers around its network.

The picture is covered with overlapping squares, for people squeezed to another shape are overlooked: on the 16:9 clip of people
at a table squeezing found half as many as squares did. Each is shrunk to 300 x 300 and scaled to -1..1; the network answers per
anchor; boxes are decoded, weak ones dropped, and of those that overlap the strongest stays. Boxes are fractions of the picture.
Nobody is recognised, and nothing of a box leaves `shelf.floor`: what goes on is a count of cells (see `grid`).

Sources: Liu et al. 2016 (SSD: anchors, decoding with variances 0.1 and 0.2); the anchors' scales are those of the graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.floor.people.convert import SIDE_PX
from edge_agent.shelf.setup.bay import Picture

Numbers = npt.NDArray[np.float32]
Network = Callable[[Numbers], tuple[Numbers, Numbers]]
"""(1, 3, 300, 300) in -1..1 -> (n, 4) raw boxes and (n, 2) scores before the sigmoid (background, person)."""

MIN_SCORE: Final = 0.5
CUT: Final = 0.01
LONG: Final = 1.15
"""From here on a picture is too long to be squeezed into one square."""
MAX_OVERLAP: Final = 0.5
MAX_PEOPLE: Final = 100
GRIDS: Final = (19, 10, 5, 3, 2, 1)
SCALES: Final = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
SMALLEST: Final = 0.1
ASPECTS: Final = (1.0, 2.0, 0.5, 3.0, 0.3333)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One person in one picture, in fractions of it; kept in memory for the length of one frame."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def foot(self) -> tuple[float, float]:
        """Where the person stands: the middle of the lower edge."""
        return ((self.left + self.right) / 2, self.bottom)


Square = tuple[int, int, int]
"""Left, top and side in pixels; what lies beyond the picture is left away."""
People = Callable[[Picture], Sequence[Box]]


def squares(width: int, height: int) -> list[Square]:
    """Squares as large as the picture allows, side by side and overlapping by half or more, that cover all of it."""
    side, length = min(width, height), max(width, height)
    count = 1 if length < LONG * side else 1 + ceil((length - side) / (side / 2))
    starts = [round(number * (length - side) / (count - 1)) for number in range(count)] if count > 1 else [0]
    if count == 1:
        return [(0, 0, length)]
    return [(at, 0, side) if width >= height else (0, at, side) for at in starts]


class Detector:
    """Finds people with a given network; implements `People`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._anchors = _anchors()

    def __call__(self, rgb: Picture) -> list[Box]:
        """The people in an (h, w, 3) uint8 RGB picture, strongest first; at most 100."""
        found = [self._in_square(rgb, square) for square in squares(rgb.shape[1], rgb.shape[0])]
        boxes, likely = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(-likely, kind="stable")
        kept = _apart(boxes[order])[:MAX_PEOPLE]
        return [_box(boxes[order[one]], float(likely[order[one]])) for one in kept]

    def _in_square(self, rgb: Picture, square: Square) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Boxes (fractions of the whole picture) and scores of one square; a box cut by its inner edge is another square's."""
        x, y, side = square
        height, width = rgb.shape[:2]
        part = rgb[y : y + side, x : x + side]
        small = cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA if side > SIDE_PX else cv2.INTER_LINEAR)
        raw, scores = self._network(np.ascontiguousarray((small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]))
        likely = 1 / (1 + np.exp(-np.clip(scores[:, 1].astype(np.float64), -50, 50)))
        chosen = np.flatnonzero(likely >= MIN_SCORE)
        boxes = _decoded(raw[chosen].astype(np.float64), self._anchors[chosen])
        inner = np.asarray([x > 0, y > 0, x + side < width, y + side < height])
        edge = np.stack([boxes[:, 0] < CUT, boxes[:, 1] < CUT, boxes[:, 2] > 1 - CUT, boxes[:, 3] > 1 - CUT], axis=1)
        whole = ~(edge & inner).any(axis=1)
        scale, shift = np.asarray([part.shape[1] / width, part.shape[0] / height] * 2), np.asarray([x / width, y / height] * 2)
        return boxes[whole] * scale + shift, likely[chosen][whole]


def _anchors() -> npt.NDArray[np.float64]:
    """(1917, 4): centre y, centre x, height, width of every anchor, in the order of the network's rows."""
    rows = []
    for level, count in enumerate(GRIDS):
        scale, following = SCALES[level], SCALES[level + 1]
        if level:
            shapes = [(scale / aspect**0.5, scale * aspect**0.5) for aspect in ASPECTS]
            shapes.append(((scale * following) ** 0.5,) * 2)
        else:
            shapes = [(SMALLEST, SMALLEST), *((scale / aspect**0.5, scale * aspect**0.5) for aspect in ASPECTS[1:3])]
        centres = (np.arange(count) + 0.5) / count
        rows += [(y, x, height, width) for y in centres for x in centres for height, width in shapes]
    return np.asarray(rows)


def _decoded(raw: npt.NDArray[np.float64], anchors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n, 4): left, top, right, bottom, cut to the picture."""
    y = raw[:, 0] / 10 * anchors[:, 2] + anchors[:, 0]
    x = raw[:, 1] / 10 * anchors[:, 3] + anchors[:, 1]
    half_height = np.exp(np.minimum(raw[:, 2] / 5, 4.0)) * anchors[:, 2] / 2
    half_width = np.exp(np.minimum(raw[:, 3] / 5, 4.0)) * anchors[:, 3] / 2
    return np.clip(np.stack([x - half_width, y - half_height, x + half_width, y + half_height], axis=1), 0.0, 1.0)


def _apart(boxes: npt.NDArray[np.float64]) -> list[int]:
    """Indices of the boxes that overlap no stronger one by more than `MAX_OVERLAP` (intersection over union)."""
    kept: list[int] = []
    sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for one in range(len(boxes)):
        width = np.minimum(boxes[kept, 2], boxes[one, 2]) - np.maximum(boxes[kept, 0], boxes[one, 0])
        height = np.minimum(boxes[kept, 3], boxes[one, 3]) - np.maximum(boxes[kept, 1], boxes[one, 1])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        union = sizes[kept] + sizes[one] - shared
        if sizes[one] > 0 and not (shared > MAX_OVERLAP * union).any():
            kept.append(one)
    return kept


def _box(sides: npt.NDArray[np.float64], score: float) -> Box:
    left, top, right, bottom = (float(one) for one in sides)
    return Box(left=left, top=top, right=right, bottom=bottom, score=score)
