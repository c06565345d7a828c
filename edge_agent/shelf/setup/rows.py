"""Boards from price tags: which tags hang in one line, in a photo that may be tilted or taken from the side.

Points are in units of the photo's width on both axes, so that a slope is a slope. Lines of boards form a pencil: their slope
changes evenly from the top of the photo to its bottom. The pencil under which the tags fall into the fewest, tightest rows
is searched; each row's line is then the median of pairwise slopes (Theil 1950, Sen 1968, doi:10.1080/01621459.1968.10480934), and
a tag off its line is no member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

SLOPES: Final = np.linspace(-0.18, 0.18, 73)
TURNS: Final = np.linspace(-0.4, 0.4, 17)
"""Change of slope over one photo width downwards."""
APART: Final = 0.75
"""Rows are at least this many tag heights apart."""
STRAY: Final = 0.7
"""A tag more than this many tag heights off the line of its row is no member."""

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """One line of tags: indices from the left, and the line through their middles: y = level + slope * x."""

    members: tuple[int, ...]
    level: float
    slope: float

    def at(self, x: float) -> float:
        return self.level + self.slope * x


def rows_of(middles: Sequence[tuple[float, float]], tall: float) -> list[TagRow]:
    """The rows from the top. `middles` of the tags; `tall`: a tag's usual height; both in widths of the photo."""
    if not middles:
        return []
    points = np.asarray(middles, dtype=np.float64)
    slope, turn = _pencil(points, tall)
    level = _levels(points, slope, turn)
    rows = [
        _row(points, members, _slope_at(slope, turn, float(np.median(level[members]))), tall) for members in _split(level, tall)
    ]
    return sorted(rows, key=lambda row: row.at(0.5))


def _pencil(points: Points, tall: float) -> tuple[float, float]:
    """(slope, turn) of the pencil that explains the tags with the fewest and tightest rows."""
    best, chosen = np.inf, (0.0, 0.0)
    for turn in TURNS if len(points) >= 6 else (0.0,):
        for slope in SLOPES:
            level = _levels(points, float(slope), float(turn))
            groups = _split(level, tall)
            off = sum(float(np.abs(level[one] - np.median(level[one])).clip(max=tall).sum()) for one in groups)
            cost = off / tall + 1.2 * len(groups) + 0.3 * abs(float(slope)) + 0.3 * abs(float(turn))
            if cost < best - 1e-9:
                best, chosen = cost, (float(slope), float(turn))
    return chosen


def _levels(points: Points, slope: float, turn: float) -> Points:
    """Where each point's line crosses the middle of the photo: y = level + (slope + turn * level) * (x - 1/2)."""
    across = points[:, 0] - 0.5
    return np.asarray((points[:, 1] - slope * across) / (1 + turn * across), dtype=np.float64)


def _slope_at(slope: float, turn: float, level: float) -> float:
    return slope + turn * level


def _split(level: Points, tall: float) -> list[npt.NDArray[np.intp]]:
    order = np.argsort(level, kind="stable")
    breaks = np.nonzero(np.diff(level[order]) > APART * tall)[0] + 1
    return [np.asarray(one, dtype=np.intp) for one in np.split(order, breaks)]


def _row(points: Points, members: npt.NDArray[np.intp], usual: float, tall: float) -> TagRow:
    """The line of one row; `usual` is the pencil's slope there, for rows of too few tags to tell their own."""
    apart = [
        (points[b, 1] - points[a, 1]) / (points[b, 0] - points[a, 0])
        for a, b in combinations(members.tolist(), 2)
        if abs(points[b, 0] - points[a, 0]) > tall
    ]
    slope = float(np.median(apart)) if len(members) >= 4 and apart else usual
    level = float(np.median(points[members, 1] - slope * points[members, 0]))
    near = [one for one in members.tolist() if abs(points[one, 1] - level - slope * points[one, 0]) <= STRAY * tall]
    near.sort(key=lambda one: points[one, 0])
    return TagRow(members=tuple(near), level=level, slope=slope)
