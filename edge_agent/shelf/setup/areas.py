"""Areas of slots from the rows of tags: each reaches to the middle between neighbouring tags, up to the rail above.

All in widths of the photo on both axes (so that right angles are right); `quad` turns the result into fractions of the photo.
Sides rise at right angles to the board. The first board, with no rail above it, is as high as the second is; a single board
reaches to the top of the photo. The bay's sides are the median of what its boards say: an outer tag hangs in its slot's middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Point, Quad
from edge_agent.shelf.setup.rows import TagRow

RAIL: Final = 0.08
"""Rail above and below a tag, in tag heights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """One row of tags as it hangs: its line, the middles of all its tags from the left, and a tag's usual width and height."""

    line: TagRow
    middles: tuple[float, ...]
    wide: float
    tall: float


def edges(middles: Sequence[float]) -> list[float]:
    """The len + 1 sides of the places of tags: halfway to the neighbour, the outer ones mirrored."""
    if len(middles) == 1:
        return [middles[0] - 0.5, middles[0] + 0.5]
    inner = [(a + b) / 2 for a, b in pairwise(middles)]
    return [2 * middles[0] - inner[0], *inner, 2 * middles[-1] - inner[-1]]


def sides(rails: Sequence[Rail]) -> tuple[float, float]:
    """The bay's left and right side: the median of what the boards say, never inside a tag, never outside the photo."""
    several = [one for one in rails if len(one.middles) > 1] or list(rails)
    left = float(np.median([edges(one.middles)[0] for one in several]))
    right = float(np.median([edges(one.middles)[-1] for one in several]))
    outermost = [one.middles[0] - one.wide / 2 for one in rails], [one.middles[-1] + one.wide / 2 for one in rails]
    return max(0.0, min(left, *outermost[0])), min(1.0, max(right, *outermost[1]))


def bounds(rails: Sequence[Rail], index: int) -> tuple[TagRow, TagRow]:
    """The lines between which the products of board `index` stand: under the rail above, down to their own rail."""
    own = rails[index]
    bottom = _moved(own.line, -(0.5 + RAIL) * own.tall)
    if index > 0:
        above = rails[index - 1]
        return _moved(above.line, (0.5 + RAIL) * above.tall), bottom
    if len(rails) == 1:
        return TagRow(members=(), level=0.0, slope=0.0), bottom
    below = rails[1]
    high = below.line.at(0.5) - own.line.at(0.5) - (1 + 2 * RAIL) * own.tall
    turned = 2 * own.line.slope - below.line.slope
    return TagRow(members=(), level=bottom.at(0.5) - high - turned * 0.5, slope=turned), bottom


def below(rails: Sequence[Rail], index: int) -> tuple[TagRow, TagRow]:
    """The same where tags hang above their products: from under the own tags down to those of the next board."""
    own = rails[index]
    top = _moved(own.line, (0.5 + RAIL) * own.tall)
    if index + 1 < len(rails):
        return top, _moved(rails[index + 1].line, -(0.5 + RAIL) * rails[index + 1].tall)
    if len(rails) == 1:
        return top, _moved(own.line, 8 * own.tall)
    above = rails[index - 1]
    high = own.line.at(0.5) - above.line.at(0.5) - (1 + 2 * RAIL) * own.tall
    turned = 2 * own.line.slope - above.line.slope
    return top, TagRow(members=(), level=top.at(0.5) + high - turned * 0.5, slope=turned)


def area(top: TagRow, bottom: TagRow, left: float, right: float) -> tuple[Point, Point, Point, Point]:
    """The slot over the board's points at `left` and `right`, between two lines; corners clockwise from the top left."""
    lean = -(top.slope + bottom.slope) / 2
    corners = []
    for x in (left, right):
        low = (x, bottom.at(x))
        high = low[1] - top.at(x)
        corners.append(((x - lean * high, top.at(x - lean * high)), low))
    return corners[0][0], corners[1][0], corners[1][1], corners[0][1]


def quad(points: Sequence[Point], aspect: float) -> Quad:
    """Points in widths of the photo as fractions of it, kept inside; `aspect` = height / width."""
    a, b, c, d = ((min(1.0, max(0.0, x)), min(1.0, max(0.0, y / aspect))) for x, y in points)
    return (a, b, c, d)


def _moved(line: TagRow, down: float) -> TagRow:
    return TagRow(members=(), level=line.level + down, slope=line.slope)
