"""Slots where there are no tags to go by: the bay divided by its boards and the facings on them."""

from collections.abc import Sequence

import numpy as np

from edge_agent.domain.planogram import Point, Quad
from edge_agent.shelf.setup.outcome import Boards, Understanding, Understood
from edge_agent.shelf.setup.sheets import Priced


def gridded(boards: Boards, listed: dict[str, Priced], bay: Quad, bottoms: Sequence[float] = ()) -> Understanding:
    """Slots without tags: the bay's four corners, boards of equal height or down to `bottoms` (fractions of the bay's height),
    slots as wide as their facings (times the width of one, where the whole board's are known).
    """
    ends = list(bottoms) or [number / len(boards) for number in range(1, len(boards) + 1)]
    slots = []
    for board, top, bottom in zip(boards, [0.0, *ends], ends, strict=False):
        widths = [None if one.sku not in listed else listed[one.sku].width_cm for one in board]
        shares = [one.facings * (wide or 1.0 if None not in widths else 1.0) for one, wide in zip(board, widths, strict=True)]
        cuts = np.concatenate(([0.0], np.cumsum(shares))) / sum(shares)
        slots += [
            Understood(
                slot=one.slot, row=one.row, sku=one.sku, facings=one.facings, tag=None,
                area=_within(bay, (float(cuts[place]), top, float(cuts[place + 1]), bottom)),
            )
            for place, one in enumerate(board)
        ]  # fmt: skip
    return Understanding(slots=tuple(slots))


def _within(bay: Quad, box: tuple[float, float, float, float]) -> Quad:
    """The part (left, top, right, bottom), fractions of the bay, of a quad."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = bay

    def at(u: float, v: float) -> Point:
        return (
            (1 - v) * ((1 - u) * ax + u * bx) + v * ((1 - u) * dx + u * cx),
            (1 - v) * ((1 - u) * ay + u * by) + v * ((1 - u) * dy + u * cy),
        )

    left, top, right, bottom = box
    return (at(left, top), at(right, top), at(right, bottom), at(left, bottom))
