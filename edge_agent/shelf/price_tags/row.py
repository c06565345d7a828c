"""The row of digits that is a tag's price, found by shape, and set anew in one size so that it can be read.

A text detector looks past small raised decimals, and a recogniser loses the point between big digits. Shapes tell both: a run
of equally tall digits is the integer; smaller digits at its right shoulder, or whatever stands behind a dot at its foot, are
the decimals. `reset` cuts both out and sets them as one even line with a plain point: only what each digit is remains to be
recognised. Pixels are of the picture given; heights are shares of the integer's height.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np

from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.setup.bay import Picture

Box = tuple[float, float, float, float]

TALL_PX: Final = 64
"""Height at which shapes are looked at."""
BIG: Final = 0.82
SMALL: Final = (0.28, 0.8)
"""Height of raised decimals."""
DOT: Final = 0.3
JOIN: Final = 0.7
"""The widest gap between two digits of one number."""
PAD: Final = 0.12
LIGHT_PAPER: Final = 0.4
"""Where at least this share around the digits is light, light is the paper."""
EDGE: Final = 0.05
"""A crop has a margin around the tag: nothing is looked for in the outermost part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`whole` and `decimals` as (left, top, right, bottom) in pixels; decimals None where there are none."""

    whole: Box
    decimals: Box | None

    @property
    def height(self) -> float:
        return self.whole[3] - self.whole[1]

    @property
    def box(self) -> Box:
        if self.decimals is None:
            return self.whole
        one, other = self.whole, self.decimals
        return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def price_row(tag: Picture, line: Box) -> Row | None:
    """The digits in and to the right of `line`, a box that holds the integer; None when no digit-like shape stands there."""
    tall = line[3] - line[1]
    high, wide = tag.shape[:2]
    left, top = max(int(EDGE * wide), int(line[0] - 1.3 * tall)), max(int(EDGE * high), int(line[1] - 0.3 * tall))
    right, bottom = min(int((1 - EDGE) * wide), int(line[2] + 1.7 * tall)), min(int((1 - EDGE) * high), int(line[3] + 0.3 * tall))
    if right - left < 4 or bottom - top < 4:
        return None
    scale = TALL_PX / tall
    view = resized(tag[top:bottom, left:right], max(8, round((right - left) * scale)), max(8, round((bottom - top) * scale)))
    inside = ((line[0] - left) * scale, (line[1] - top) * scale, (line[2] - left) * scale, (line[3] - top) * scale)
    parts = None
    for ink in _inks(view, inside):
        parts = parts or _parts(ink, _shapes(ink), inside)
    if parts is None:
        return None
    whole, decimals = (None if one is None else _moved(one, scale, left, top) for one in parts)
    assert whole is not None
    return Row(whole=whole, decimals=decimals)


def reset(tag: Picture, row: Row) -> Picture:
    """The row as one even line with a plain point, `TALL_PX` high digits on a margin of paper."""
    whole = _cut(tag, row.whole)
    edge = TALL_PX // 4
    paper = np.median(np.concatenate([whole[:2].reshape(-1, 3), whole[-2:].reshape(-1, 3)]), axis=0).astype(np.uint8)
    margin = np.broadcast_to(paper, (whole.shape[0], edge, 3))
    pieces = [margin, whole, margin]
    if row.decimals is not None:
        decimals = _cut(tag, row.decimals)
        dark = np.percentile(whole.reshape(-1, 3), 8, axis=0).astype(np.uint8)
        light = whole.reshape(-1, 3).mean(axis=1).mean() < paper.mean() - 1
        point = np.array(np.broadcast_to(paper, (whole.shape[0], round(0.34 * TALL_PX), 3)))
        foot, side = round(whole.shape[0] - PAD * TALL_PX), max(5, TALL_PX // 7)
        start = (point.shape[1] - side) // 2
        point[foot - side : foot, start : start + side] = dark if light else np.percentile(whole.reshape(-1, 3), 92, axis=0)
        pieces = [margin, whole, point, decimals, margin]
    line = np.concatenate(pieces, axis=1)
    band = np.broadcast_to(paper, (edge // 2, line.shape[1], 3))
    return np.ascontiguousarray(np.concatenate([band, line, band]))


def _cut(tag: Picture, box: Box) -> Picture:
    tall = box[3] - box[1]
    pad = PAD * tall
    side = 0.04 * tall
    left, top = max(0.0, box[0] - side), box[1] - pad
    width, height = box[2] + side - left, tall + 2 * pad
    high = round(TALL_PX * (1 + 2 * PAD))
    wide = max(4, round(width * high / height))
    matrix = np.asarray([[wide / width, 0, -left * wide / width], [0, high / height, -top * high / height]], dtype=np.float64)
    cut = cv2.warpAffine(tag, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, dtype=np.uint8)


def _inks(view: Picture, inside: Box) -> Iterator[Any]:
    """Print = 255: what differs from the paper, whose colour is the commoner one around the line; then the other way round."""
    reach = 0.25 * (inside[3] - inside[1])
    left, top, right, bottom = (max(0, round(edge)) for edge in (inside[0] - reach, inside[1], inside[2] + reach, inside[3]))
    core = view[top:bottom, left:right].reshape(-1, 3).astype(np.float32)
    grey = core.mean(axis=1)
    middle = (np.percentile(grey, 3) + np.percentile(grey, 97)) / 2
    light = np.median(core[grey >= middle], axis=0) if (grey >= middle).any() else core.mean(axis=0)
    dark = np.median(core[grey < middle], axis=0) if (grey < middle).any() else core.mean(axis=0)
    pairs = [(light, dark), (dark, light)]
    for paper, ink in pairs if (grey >= middle).mean() >= LIGHT_PAPER else pairs[::-1]:
        away = ink - paper
        along = ((view.astype(np.float32) - paper) @ away) / max(float(away @ away), 1.0)
        flat = np.clip(along * 200 + 20, 0, 255).astype(np.uint8)
        level, _ = cv2.threshold(flat[top:bottom, left:right], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        yield np.asarray(flat > level, dtype=np.uint8) * 255


def _shapes(ink: Any) -> list[tuple[int, int, int, int]]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    high, wide = ink.shape
    return sorted(
        (x, y, x + w, y + h)
        for x, y, w, h, area in (stats[n].tolist() for n in range(1, count))
        if area >= 12 and not (w >= 0.8 * wide or h >= 0.92 * high)
    )


Shape = tuple[int, int, int, int]


def _parts(ink: Any, shapes: Sequence[Shape], inside: Box) -> tuple[Box, Box | None] | None:
    digits = [one for one in shapes if _in(one, inside) and _digit_like(one)]
    if not digits:
        return None
    tall = max(one[3] - one[1] for one in digits)
    big = [one for one in shapes if _digit_like(one) and BIG * tall <= one[3] - one[1] <= tall / BIG]
    run = _longest(big, tall, inside)
    left, top, right, bottom = _around(run)
    tall = bottom - top
    foot = next((one for one in shapes if _dot(one, (left, top, right, bottom), run)), None)
    if foot is not None:
        before, after = [one for one in run if one[0] < foot[0]], [one for one in run if one[0] >= foot[0]]
        if before and after and _around(after)[2] - _around(after)[0] <= 1.9 * tall:
            return _floats(_around(before)), _floats(_around(after))
    low = _behind_dot(shapes, (left, top, right, bottom))
    if low:
        return _floats((left, top, right, bottom)), _floats(_around(low))
    small: list[Shape] = []
    for one in shapes:
        reach = small[-1][2] if small else right
        if _shoulder(one, (left, top, right, bottom), reach) and (not small or _even(small[0], one)):
            small.append(one)
    if sum(one[2] - one[0] for one in small) < 0.4 * tall:
        end = _valley(ink, (left, top, right, bottom))
        if end < right:
            decimals = _trimmed(ink, (end, top, right, round(top + 0.8 * tall)))
            return _floats((left, top, end, bottom)), _floats(_around([decimals, *small]))
    if small and _around(small)[2] - _around(small)[0] <= 2.1 * (_around(small)[3] - _around(small)[1]):
        return _floats((left, top, right, bottom)), _floats(_around(small))
    return _floats((left, top, right, bottom)), None


def _digit_like(one: Shape) -> bool:
    wide, tall = one[2] - one[0], one[3] - one[1]
    return tall >= 0.35 * TALL_PX and 0.13 <= wide / tall <= 3.2


def _in(one: Shape, inside: Box) -> bool:
    x, y = (one[0] + one[2]) / 2, (one[1] + one[3]) / 2
    return (
        inside[0] - 8 <= x <= inside[2] + 8 and inside[1] <= y <= inside[3] and one[3] - one[1] <= 1.3 * (inside[3] - inside[1])
    )


def _longest(big: Sequence[Shape], tall: int, inside: Box) -> list[Shape]:
    """The run of digits with the most print in the line's box; it may reach beyond it."""
    runs: list[list[Shape]] = []
    for one in sorted(big):
        if runs and one[0] - runs[-1][-1][2] <= JOIN * tall and abs(one[3] - runs[-1][-1][3]) <= 0.2 * tall:
            runs[-1].append(one)
        else:
            runs.append([one])
    return max(runs, key=lambda run: sum(one[2] - one[0] for one in run if _in(one, inside)))


def _dot(one: Shape, whole: Shape, run: Sequence[Shape]) -> bool:
    tall = whole[3] - whole[1]
    small = one[3] - one[1] <= DOT * tall and one[2] - one[0] <= DOT * tall
    low = (one[1] + one[3]) / 2 >= whole[3] - 0.25 * tall and one[3] <= whole[3] + 0.15 * tall
    between = any(a[2] <= one[0] + 3 and one[2] <= b[0] + 3 for a, b in pairwise(run))
    return small and low and between


def _behind_dot(shapes: Sequence[Shape], whole: Shape) -> list[Shape]:
    """Smaller decimals that stand on the integer's line, behind a dot."""
    _, top, right, bottom = whole
    tall = bottom - top
    dot = next(
        (
            one
            for one in shapes
            if max(one[3] - one[1], one[2] - one[0]) <= DOT * tall
            and abs(one[3] - bottom) <= 0.15 * tall
            and -0.05 * tall <= one[0] - right <= 0.3 * tall
        ),
        None,
    )
    found: list[Shape] = []
    for one in shapes if dot is not None else ():
        reach = found[-1][2] if found else dot[2] if dot is not None else right
        level = abs(one[3] - bottom) <= 0.12 * tall and 0.4 * tall <= one[3] - one[1] <= tall
        if level and -0.05 * tall <= one[0] - reach <= 0.3 * tall and (one[2] - one[0]) <= 1.7 * (one[3] - one[1]):
            found.append(one)
    return found if found and found[-1][2] - found[0][0] <= 1.9 * (found[0][3] - found[0][1]) else []


def _valley(ink: Any, whole: Shape) -> int:
    """Where raised decimals that touch the integer begin: the emptiest column behind its last foot; `right` if none do."""
    left, top, right, bottom = whole
    tall = bottom - top
    feet = np.flatnonzero(ink[round(bottom - 0.33 * tall) : bottom, left:right].any(axis=0))
    end = left + int(feet[-1]) + 1 if len(feet) else right
    last = round(right - 0.3 * tall)
    if last <= end or end - left < 0.15 * tall:
        return right
    filled = (ink[top:bottom, end:last] > 0).sum(axis=0)
    return end + int(np.argmin(filled)) + 1


def _trimmed(ink: Any, box: Shape) -> Shape:
    left, top, right, bottom = box
    rows = np.flatnonzero(ink[top:bottom, left:right].any(axis=1))
    return (left, top + int(rows[0]), right, top + int(rows[-1]) + 1) if len(rows) else box


def _shoulder(one: Shape, whole: Shape, reach: int) -> bool:
    tall, high = whole[3] - whole[1], one[3] - one[1]
    return (
        SMALL[0] * tall <= high <= SMALL[1] * tall
        and -0.05 * tall <= one[0] - reach <= (JOIN if reach == whole[2] else 0.3) * tall
        and whole[1] - 0.2 * tall <= one[1] <= whole[1] + 0.4 * tall
        and one[3] <= whole[1] + 0.88 * tall
        and (one[2] - one[0]) <= 1.9 * high
    )


def _even(first: Shape, other: Shape) -> bool:
    tall = first[3] - first[1]
    return abs(other[3] - other[1] - tall) <= 0.25 * tall and abs(other[3] - first[3]) <= 0.25 * tall


def _around(shapes: Sequence[Shape]) -> Shape:
    return (min(s[0] for s in shapes), min(s[1] for s in shapes), max(s[2] for s in shapes), max(s[3] for s in shapes))


def _floats(box: Shape) -> Box:
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def _moved(box: Box, scale: float, left: int, top: int) -> Box:
    return (box[0] / scale + left, box[1] / scale + top, box[2] / scale + left, box[3] / scale + top)
