"""From a reference photo's tags and the planned boards to slots: which tag is whose, where each slot lies, and what is doubtful.

A slot is certain when its own tag speaks for it (price or name), or when the tags between two that do are as many as planned
there. Everything else is said as a doubt: nothing is guessed silently. Lengths inside are widths of the photo.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Point, Quad
from edge_agent.shelf.price_tags.photo import TagReading
from edge_agent.shelf.setup import areas
from edge_agent.shelf.setup.agreement import ALONE, SPEAKS, agreement, other_price
from edge_agent.shelf.setup.align import Alignment, align
from edge_agent.shelf.setup.areas import Rail
from edge_agent.shelf.setup.grid import gridded
from edge_agent.shelf.setup.outcome import Boards, Doubt, Remark, Understanding, Understood
from edge_agent.shelf.setup.pieces import whole_tags
from edge_agent.shelf.setup.rows import TagRow, rows_of
from edge_agent.shelf.setup.second_look import Stretch
from edge_agent.shelf.setup.sheets import Outlined, Planned, Priced

CLEAR: Final = 1.2
"""Least margin by which a tag's partner must beat the next best one."""
ODD_SIZE: Final = (0.45, 2.2)


Between = Callable[[tuple[TagRow, TagRow], float, float, float], float]
"""Where to divide a board (its top and bottom line) between the middles of two tags of a width: see `dividing`."""
LookAgain = Callable[[Stretch, Sequence[Priced]], list[TagReading]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hung:
    """A tag with its middle and size in widths of the photo."""

    reading: TagReading
    x: float
    y: float
    wide: float
    tall: float


def halfway(_: tuple[TagRow, TagRow], left: float, right: float, __: float) -> float:
    return (left + right) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How slots are cut out of the boards."""

    aspect: float
    between: Between
    tags_above: bool


def understand(
    tags: Sequence[TagReading],
    boards: Boards,
    listed: dict[str, Priced],
    aspect: float,
    look_again: LookAgain,
    *,
    between: Between = halfway,
    tags_above: bool = False,
) -> Understanding:
    """Slots from tags.

    `aspect` = height / width of the photo; `look_again` searches a stretch of rail for missing tags; `between` divides a board
    between two tags. `tags_above`: they hang above their products (hooks), not below.
    """
    hung = _usable([_hung(one, aspect) for one in whole_tags(tags)])
    if not hung:
        return Understanding(slots=tuple(_unplaced(boards)))
    tall = float(np.median([one.tall for one in hung]))
    rows = rows_of([(one.x, one.y) for one in hung], tall)
    groups = [[hung[index] for index in row.members] for row in rows]
    scores = np.asarray([[_pairs(group, board, listed).total for board in boards] for group in groups])
    which = align(scores, [ALONE * len(one) for one in groups], [ALONE * len(one) for one in boards]).found_of
    lines = [None if at is None else rows[at] for at in which]
    found = [[] if at is None else groups[at] for at in which]
    found = [
        group if line is None else _completed(group, board, listed, line=line, aspect=aspect, look_again=look_again)
        for group, board, line in zip(found, boards, lines, strict=True)
    ]
    way = _Way(aspect=aspect, between=between, tags_above=tags_above)
    return _placed(found, boards, listed, lines, way)


def corrected(understanding: Understanding, outlined: dict[str, Outlined]) -> Understanding:
    """With the corners a person gave, which leave no doubt."""
    return replace(
        understanding,
        slots=tuple(
            one
            if one.slot not in outlined
            else replace(one, area=outlined[one.slot].area, tag=outlined[one.slot].tag or _kept(one), doubt=None)
            for one in understanding.slots
        ),
    )


def _kept(one: Understood) -> Quad | None:
    """The tag that was found for certain, though the area was corrected."""
    return one.tag if one.doubt is None else None


def _usable(hung: Sequence[_Hung]) -> list[_Hung]:
    """Without what is far from a tag's usual size."""
    if not hung:
        return []
    wide, tall = float(np.median([one.wide for one in hung])), float(np.median([one.tall for one in hung]))
    low, high = ODD_SIZE
    return [one for one in hung if low * wide <= one.wide <= high * wide and low * tall <= one.tall <= high * tall]


def _hung(tag: TagReading, aspect: float) -> _Hung:
    left, top, right, bottom = (float(edge) for edge in tag.box)
    return _Hung(
        reading=tag, x=(left + right) / 2, y=(top + bottom) / 2 * aspect, wide=right - left, tall=(bottom - top) * aspect
    )


def _pairs(group: Sequence[_Hung], board: Sequence[Planned], listed: dict[str, Priced]) -> Alignment:
    scores = np.asarray([[agreement(one.reading, listed[planned.sku]) for planned in board] for one in group])
    return align(scores.reshape(len(group), len(board)), [ALONE] * len(group), [ALONE] * len(board))


def _completed(
    group: list[_Hung], board: Sequence[Planned], listed: dict[str, Priced], *, line: TagRow, aspect: float, look_again: LookAgain
) -> list[_Hung]:
    """The row's tags with those that a second look between them finds."""
    pairs = _pairs(group, board, listed).found_of
    wide, tall = (float(np.median([getattr(one, size) for one in group])) for size in ("wide", "tall"))
    more = list(group)
    for first, last in _gaps(pairs):
        before = next((group[at].x for at in reversed(pairs[:first]) if at is not None), -wide / 2)
        after = next((group[at].x for at in pairs[last:] if at is not None), 1 + wide / 2)
        stretch = Stretch(line=line, left=max(0.0, before + wide / 2), right=min(1.0, after - wide / 2), wide=wide, tall=tall)
        sought = [listed[one.sku] for one in board[first:last]]
        again = [_hung(one, aspect) for one in look_again(stretch, sought)]
        more += [one for one in again if all(abs(one.x - other.x) > 0.7 * wide for other in more)]
    return sorted(more, key=lambda one: one.x)


def _gaps(pairs: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """(first, end) of each run of planned things without a partner."""
    first: int | None = None
    for index, at in enumerate((*pairs, 0)):
        if at is None and first is None:
            first = index
        elif at is not None and first is not None:
            yield first, index
            first = None


def _placed(
    found: Sequence[Sequence[_Hung]],
    boards: Boards,
    listed: dict[str, Priced],
    lines: Sequence[TagRow | None],
    way: _Way,
) -> Understanding:
    aspect = way.aspect
    pairs = [_pairs(group, board, listed) for group, board in zip(found, boards, strict=True)]
    known = [
        (index, _rail(line, group))
        for index, (line, group) in enumerate(zip(lines, found, strict=True))
        if line is not None and group
    ]
    rails = [next((rail for at, rail in known if at == index), None) or _assumed(known, index) for index in range(len(boards))]
    left, right = areas.sides([rail for _, rail in known])
    slots: list[Understood] = []
    unplanned: list[Quad] = []
    for index, board in enumerate(boards):
        middles = _middles(found[index], pairs[index].found_of, left, right)
        own = {at for at in pairs[index].found_of if at is not None}
        strangers = [one for at, one in enumerate(found[index]) if at not in own and one.reading.price is not None]
        top, bottom = areas.below(rails, index) if way.tags_above else areas.bounds(rails, index)
        divide = partial(way.between, (top, bottom))
        cuts = _cuts(middles, [one.x for one in strangers], (left, right), divide, rails[index].wide)
        doubts = _doubts(pairs[index], found[index], board, listed, no_board=lines[index] is None)
        unplanned += [_tag(one, rails[index].line, aspect) for one in strangers]
        for place, planned in enumerate(board):
            at = pairs[index].found_of[place]
            tag = None if at is None else found[index][at]
            slots.append(Understood(
                slot=planned.slot, row=planned.row, sku=planned.sku, facings=planned.facings,
                area=areas.quad(areas.area(top, bottom, *cuts[place]), aspect),
                tag=None if tag is None else _tag(tag, rails[index].line, aspect),
                price=None if tag is None else tag.reading.price, doubt=doubts[place],
                remark=Remark.OTHER_PRICE if tag is not None and other_price(tag.reading, listed[planned.sku]) else None,
            ))  # fmt: skip
    return Understanding(slots=tuple(slots), unplanned=tuple(unplanned))


def _rail(line: TagRow, group: Sequence[_Hung]) -> Rail:
    return Rail(
        line=line,
        middles=tuple(one.x for one in group),
        wide=float(np.median([one.wide for one in group])),
        tall=float(np.median([one.tall for one in group])),
    )


def _assumed(known: Sequence[tuple[int, Rail]], index: int) -> Rail:
    """Where a board without any tag would hang: at the step of the others, or in between its neighbours."""
    if len(known) == 1:
        (at, only), step = known[0], 4 * known[0][1].tall
        return replace(only, line=replace(only.line, level=only.line.level + (index - at) * step))
    (a, one), (b, other) = next(
        ((low, high) for low, high in pairwise(known) if low[0] < index < high[0]),
        known[:2] if index < known[0][0] else known[-2:],
    )
    share = (index - a) / (b - a)
    return replace(
        one,
        line=TagRow(
            members=(),
            level=one.line.level + share * (other.line.level - one.line.level),
            slope=one.line.slope + share * (other.line.slope - one.line.slope),
        ),
    )


def _middles(group: Sequence[_Hung], pairs: Sequence[int | None], left: float, right: float) -> list[float]:
    """Where each planned slot's tag hangs; those without one are spread evenly between their neighbours."""
    middles = [0.0 if at is None else group[at].x for at in pairs]
    for first, last in _gaps(pairs):
        count = last - first
        at_start, at_end = first == 0, last == len(pairs)
        low, high = left if at_start else middles[first - 1], right if at_end else middles[last]
        before, after = 0.5 if at_start else 1.0, 0.5 if at_end else 1.0
        step = (high - low) / (count - 1 + before + after)
        for index in range(count):
            middles[first + index] = low + (before + index) * step
    return middles


def _cuts(
    middles: Sequence[float],
    strangers: Sequence[float],
    ends: tuple[float, float],
    divide: Callable[[float, float, float], float],
    wide: float,
) -> list[tuple[float, float]]:
    """Left and right side of each slot at its board; a tag that the plan does not know takes its own room."""
    every = sorted([*((x, place) for place, x in enumerate(middles)), *((x, -1) for x in strangers)])
    edges = [ends[0], *(divide(a, b, wide) for (a, _), (b, _) in pairwise(every)), ends[1]]
    cuts = [(0.0, 0.0)] * len(middles)
    for index, (_, place) in enumerate(every):
        if place >= 0:
            cuts[place] = (edges[index], edges[index + 1])
    return cuts


def _doubts(
    pairs: Alignment, group: Sequence[_Hung], board: Sequence[Planned], listed: dict[str, Priced], *, no_board: bool
) -> list[Doubt | None]:
    if no_board:
        return [Doubt.NO_BOARD] * len(board)
    speaks = [
        at is not None and agreement(group[at].reading, listed[planned.sku]) > SPEAKS
        for at, planned in zip(pairs.found_of, board, strict=True)
    ]
    return [_doubt(place, pairs, speaks, len(group)) for place in range(len(board))]


def _doubt(place: int, pairs: Alignment, speaks: Sequence[bool], found: int) -> Doubt | None:
    at = pairs.found_of[place]
    if at is None:
        return Doubt.NO_TAG
    if pairs.margin[place] < CLEAR:
        return Doubt.UNCLEAR
    if speaks[place]:
        return None
    before = next((one for one in range(place - 1, -1, -1) if speaks[one]), None)
    after = next((one for one in range(place + 1, len(speaks)) if speaks[one]), None)
    if before is None and after is None:
        return Doubt.ORDER_ONLY
    first, first_at = (-1, -1) if before is None else (before, pairs.found_of[before])
    last, last_at = (len(speaks), found) if after is None else (after, pairs.found_of[after])
    assert first_at is not None
    assert last_at is not None
    return None if last - first == last_at - first_at else Doubt.ORDER_ONLY


def _tag(tag: _Hung, line: TagRow, aspect: float) -> Quad:
    half_wide, half_tall, tilt = tag.wide / 2, tag.tall / 2, line.slope * tag.wide / 2
    corners: tuple[Point, ...] = (
        (tag.x - half_wide, tag.y - tilt - half_tall),
        (tag.x + half_wide, tag.y + tilt - half_tall),
        (tag.x + half_wide, tag.y + tilt + half_tall),
        (tag.x - half_wide, tag.y - tilt + half_tall),
    )
    return areas.quad(corners, aspect)


def _unplaced(boards: Boards) -> Iterator[Understood]:
    """Nothing was found: even boards and slots over the whole photo, every one in doubt."""
    whole: Quad = ((0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98))
    yield from (replace(one, doubt=Doubt.NO_BOARD) for one in gridded(boards, {}, whole).slots)
