"""A row of products against the plan: how much of the order holds, and whether the row is shifted or was jumbled.

- In order: length of the longest common subsequence (Wagner and Fischer, "The String-to-String Correction Problem", 1974).
- Aligned: Needleman and Wunsch, "A general method applicable to the search for similarities …"
  (doi:10.1016/0022-2836(70)90057-4), global, with a substitution as dear as a gap (1) and a match free, so the cost is the edit
  distance. Where one product was pushed in at the left, slot by slot everything behind it is wrong; aligned, it is one insertion
  and a row that is right, one slot to the right.
"""

from collections.abc import Sequence

Item = str | None
"""A product's code; None = nothing stands there, which matches nothing."""


def in_order(observed: Sequence[Item], planned: Sequence[Item]) -> int:
    """Length of the longest common subsequence of products."""
    best = [0] * (len(planned) + 1)
    for one in observed:
        before = 0
        for number, other in enumerate(planned, 1):
            above = best[number]
            best[number] = before + 1 if one is not None and one == other else max(above, best[number - 1])
            before = above
    return best[-1]


def aligned(observed: Sequence[Item], planned: Sequence[Item]) -> tuple[int, tuple[tuple[int, int], ...]]:
    """(cost, pairs of places that match) of a cheapest global alignment; of several the one that keeps most in their places."""
    rows, columns = len(observed), len(planned)
    cost = [[(0, 0)] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows + 1):
        for column in range(columns + 1):
            if row and column:
                same = _same(observed[row - 1], planned[column - 1])
                over, kept = cost[row - 1][column - 1]
                options = [(over + (not same), kept - (same and row == column))]
            else:
                options = [(0, 0)] if not row and not column else []
            if row:
                options.append((cost[row - 1][column][0] + 1, cost[row - 1][column][1]))
            if column:
                options.append((cost[row][column - 1][0] + 1, cost[row][column - 1][1]))
            cost[row][column] = min(options)
    return cost[rows][columns][0], tuple(reversed(_pairs(observed, planned, cost)))


def _pairs(observed: Sequence[Item], planned: Sequence[Item], cost: Sequence[Sequence[tuple[int, int]]]) -> list[tuple[int, int]]:
    row, column, pairs = len(observed), len(planned), []
    while row or column:
        here = cost[row][column]
        if row and column:
            same = _same(observed[row - 1], planned[column - 1])
            over, kept = cost[row - 1][column - 1]
            if (over + (not same), kept - (same and row == column)) == here:
                row, column = row - 1, column - 1
                if same:
                    pairs.append((row, column))
                continue
        if row and (cost[row - 1][column][0] + 1, cost[row - 1][column][1]) == here:
            row -= 1
        else:
            column -= 1
    return pairs


def shift(observed: Sequence[Item], planned: Sequence[Item]) -> tuple[int, int]:
    """(by how many slots to the right a run of the row stands shifted, how many products), (0, 0) where it is not.

    A run are neighbours that match the plan at one and the same distance; it counts from two products on, if it has more than
    stand at their own place.
    """
    _, pairs = aligned(observed, planned)
    runs: list[tuple[int, int]] = []
    last: tuple[int, int] | None = None
    for at, to in pairs:
        again = last == (at - 1, to - 1)
        runs = [*runs[:-1], (runs[-1][0], runs[-1][1] + 1)] if again else [*runs, (at - to, 1)]
        last = (at, to)
    in_place = sum(_same(one, other) for one, other in zip(observed, planned, strict=False))
    offset, number = max((one for one in runs if one[0]), key=lambda one: (one[1], -abs(one[0])), default=(0, 0))
    return (offset, number) if number >= 2 and number > in_place else (0, 0)


def _same(one: Item, other: Item) -> bool:
    return one is not None and one == other
