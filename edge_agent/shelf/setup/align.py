"""Which found thing is which planned thing, when both stand in order and either may lack some: global sequence alignment.

Needleman and Wunsch (doi:10.1016/0022-2836(70)90057-4), with a price for every thing left out, and for each planned thing the
margin by which its partner beats the next best one over all alignments (forward and backward tables). A margin near zero says
that the order alone does not decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """`found_of[j]`: which found thing is planned thing j, None = none is. `margin[j]`: how clearly. `total`: the score."""

    found_of: tuple[int | None, ...]
    margin: tuple[float, ...]
    total: float


def align(agreement: Table, found_alone: Sequence[float], planned_alone: Sequence[float]) -> Alignment:
    """The alignment of highest total: `agreement` (found x planned) of the pairs, plus the scores of what stays alone."""
    forward = _table(agreement, found_alone, planned_alone)
    backward = _table(agreement[::-1, ::-1], found_alone[::-1], planned_alone[::-1])[::-1, ::-1]
    found, planned = agreement.shape
    total = float(forward[found, planned])
    partners: list[int | None] = []
    margins: list[float] = []
    for j in range(planned):
        paired = forward[:found, j] + agreement[:, j] + backward[1:, j + 1]
        alone = float(np.max(forward[:, j] + planned_alone[j] + backward[:, j + 1]))
        choices: list[tuple[float, int | None]] = sorted(
            [(alone, None), *((float(p), i) for i, p in enumerate(paired))], key=_first
        )
        best = choices[-1]
        partners.append(best[1])
        margins.append(best[0] - choices[-2][0] if len(choices) > 1 else best[0])
    return Alignment(found_of=_in_order(partners, margins), margin=tuple(margins), total=total)


def _first(choice: tuple[float, int | None]) -> float:
    return choice[0]


def _in_order(partners: Sequence[int | None], margins: Sequence[float]) -> tuple[int | None, ...]:
    """Equal scores may come from different alignments: whoever breaks the order with the least margin stays alone."""
    kept = list(partners)
    while True:
        clash = [
            min((j, k), key=lambda one: (margins[one], -one))
            for j in range(len(kept))
            for k in range(j + 1, len(kept))
            if kept[j] is not None and kept[k] is not None and kept[j] >= kept[k]  # type: ignore[operator]
        ]
        if not clash:
            return tuple(kept)
        kept[min(clash, key=lambda one: margins[one])] = None


def _table(agreement: Table, found_alone: Sequence[float], planned_alone: Sequence[float]) -> Table:
    """(found + 1) x (planned + 1): the best score of each pair of beginnings."""
    found, planned = agreement.shape
    best = np.zeros((found + 1, planned + 1))
    best[1:, 0] = np.cumsum(found_alone) if found else best[1:, 0]
    best[0, 1:] = np.cumsum(planned_alone) if planned else best[0, 1:]
    for i in range(1, found + 1):
        for j in range(1, planned + 1):
            best[i, j] = max(
                best[i - 1, j - 1] + agreement[i - 1, j - 1],
                best[i - 1, j] + found_alone[i - 1],
                best[i, j - 1] + planned_alone[j - 1],
            )
    return best
