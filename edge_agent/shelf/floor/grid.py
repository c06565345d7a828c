"""From where somebody's feet are in the picture to counts per zone and per cell; places finer than a cell end here.

A point beyond the horizon or off the plan counts among the people seen, but in no cell. A person is in the first zone of the plan
that holds them. Homography by direct linear transformation (Hartley and Zisserman 2004, section 4.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from edge_agent.domain.floor import FloorPlan, Matrix, Point

Place = tuple[int, int]
"""(column, row) of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many people one frame shows: in all, in each zone (in the plan's order), and in each cell that is not empty."""

    people: int
    zones: tuple[int, ...]
    cells: tuple[tuple[Place, int], ...]


def counted(plan: FloorPlan, feet: Iterable[Point]) -> Counts:
    """The counts behind the feet (fractions of the picture) of everybody in one frame."""
    people, zones, cells = 0, [0] * len(plan.zones), dict[Place, int]()
    width, depth = size(plan)
    for foot in feet:
        people += 1
        place = on_floor(plan.to_floor, foot)
        if place is None:
            continue
        zone = next((number for number, one in enumerate(plan.zones) if within(one.outline, place)), None)
        if zone is not None:
            zones[zone] += 1
        cell = (int(place[0] // plan.cell_m), int(place[1] // plan.cell_m))
        if 0 <= cell[0] < width and 0 <= cell[1] < depth:
            cells[cell] = cells.get(cell, 0) + 1
    return Counts(people=people, zones=tuple(zones), cells=tuple(sorted(cells.items())))


def size(plan: FloorPlan) -> tuple[int, int]:
    """Columns and rows of the plan's grid."""
    return ceil(plan.width_m / plan.cell_m - 1e-9), ceil(plan.depth_m / plan.cell_m - 1e-9)


def on_floor(matrix: Matrix, point: Point) -> Point | None:
    """Metres on the floor of a point of the picture; None beyond the horizon."""
    x, y = point
    scale = matrix[6] * x + matrix[7] * y + matrix[8]
    if scale <= 1e-9:
        return None
    return ((matrix[0] * x + matrix[1] * y + matrix[2]) / scale, (matrix[3] * x + matrix[4] * y + matrix[5]) / scale)


def in_picture(matrix: Matrix, point: Point) -> Point | None:
    """The way back: where a point of the floor is in the picture; None beyond the horizon."""
    back = np.linalg.inv(np.asarray(matrix, np.float64).reshape(3, 3))
    x, y, scale = back @ np.asarray([point[0], point[1], 1.0])
    return None if scale <= 1e-12 else (float(x / scale), float(y / scale))


def within(outline: Sequence[Point], point: Point) -> bool:
    """Whether a polygon holds the point: a ray to the right crosses its edges an odd number of times."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            odd = not odd
    return odd


def fitted(picture: Sequence[Point], floor: Sequence[Point]) -> tuple[Matrix, float] | None:
    """The homography through four or more pairs, and how far (metres) it misses the worst; None when they fix none.

    Its sign is such that the pairs lie before the horizon.
    """
    if len(picture) < 4:
        return None
    centre, spread = _normal(picture)
    middle, reach = _normal(floor)
    rows = []
    for (x, y), (u, v) in zip(_moved(picture, centre, spread), _moved(floor, middle, reach), strict=True):
        rows += [(-x, -y, -1, 0, 0, 0, u * x, u * y, u), (0, 0, 0, -x, -y, -1, v * x, v * y, v)]
    _, sizes, basis = np.linalg.svd(np.asarray(rows, np.float64))
    if sizes[7] < 1e-6 * sizes[0]:
        return None
    to_normal = np.asarray([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, spread]]) / spread
    from_normal = np.asarray([[reach, 0, middle[0]], [0, reach, middle[1]], [0, 0, 1.0]])
    matrix = from_normal @ basis[-1].reshape(3, 3) @ to_normal
    scales = [float(matrix[2] @ np.asarray([x, y, 1.0])) for x, y in picture]
    if min(scales) < 0 < max(scales) or not all(scales):
        return None
    matrix = matrix / np.abs(matrix[2]).max() * (1 if scales[0] > 0 else -1)
    found = _plain(matrix)
    met = [on_floor(found, one) for one in picture]
    misses = [
        float("inf") if one is None else float(np.hypot(one[0] - there[0], one[1] - there[1]))
        for one, there in zip(met, floor, strict=True)
    ]
    return found, max(misses)


def _normal(points: Sequence[Point]) -> tuple[Point, float]:
    x, y = (float(one) for one in np.mean(np.asarray(points), axis=0))
    return (x, y), max(float(np.std(np.asarray(points))), 1e-9)


def _moved(points: Sequence[Point], centre: Point, spread: float) -> list[Point]:
    return [((x - centre[0]) / spread, (y - centre[1]) / spread) for x, y in points]


def _plain(matrix: npt.NDArray[np.float64]) -> Matrix:
    a, b, c, d, e, f, g, h, i = (float(one) for one in matrix.ravel())
    return (a, b, c, d, e, f, g, h, i)
