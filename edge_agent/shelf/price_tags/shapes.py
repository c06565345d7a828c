"""Where tags may hang in a photo, by shape alone: light rectangles with dark print, and groups of big dark digits.

Nothing is read here. Boxes are (left, top, right, bottom) as fractions of the photo, the likeliest first.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 1600
LEVELS: Final = (110, 135, 160, 180, 200, 220)
MIN_WIDE, MAX_WIDE = 0.018, 0.16
MIN_TALL, MAX_TALL = 0.02, 0.16
MIN_ASPECT, MAX_ASPECT = 0.9, 3.4
MIN_FILL: Final = 0.72
MAX_CHROMA: Final = 70
SAME: Final = 0.35
MAX_RECTANGLES: Final = 90
MIN_DIGIT_PX, MAX_DIGIT_PX = 13, 60

Box = tuple[float, float, float, float]
Grey = npt.NDArray[np.uint8]


def rectangles(rgb: Picture) -> list[Box]:
    """Light upright rectangles with dark print, the most rectangular first, without overlaps."""
    small = _small(rgb)
    smooth = cv2.bilateralFilter(small, 5, 30, 3)
    low = np.asarray(smooth.min(axis=2), dtype=np.uint8)
    high = np.asarray(smooth.max(axis=2), dtype=np.uint8)
    scored = [item for mask in _masks(low, high) for item in _outlines(mask, low)]
    return _distinct([box for _, box in sorted(scored, reverse=True)], small)[:MAX_RECTANGLES]


def digit_groups(rgb: Picture) -> list[Box]:
    """Rows of one to four big, bold, dark digits of equal height on light ground, the tallest first."""
    small = _small(rgb)
    low = np.asarray(small.min(axis=2), dtype=np.uint8)
    dark = cv2.adaptiveThreshold(low, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 61, 28)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    digits = [
        (left, top, wide, tall)
        for left, top, wide, tall, area in (stats[n].tolist() for n in range(1, count))
        if MIN_DIGIT_PX <= tall <= MAX_DIGIT_PX
        and 0.2 <= wide / tall <= 0.95
        and 0.25 <= area / (wide * tall) <= 0.9
        and _on_light(low, (left, top, wide, tall))
    ]
    rows = sorted(_rows(sorted(digits)), key=lambda box: box[3] - box[1], reverse=True)
    return _distinct([(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in rows], small)


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection of two (left, top, right, bottom) boxes over the smaller of them."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(0.0, wide) * max(0.0, tall) / max(smaller, 1e-9)


def _small(rgb: Picture) -> Picture:
    return resized(rgb, WIDTH_PX, max(8, round(rgb.shape[0] * WIDTH_PX / rgb.shape[1])))


def _distinct(boxes: Sequence[tuple[int, int, int, int]], small: Picture) -> list[Box]:
    height, width = small.shape[:2]
    kept: list[Box] = []
    for x, y, w, h in boxes:
        box = (x / width, y / height, (x + w) / width, (y + h) / height)
        if all(overlap(box, other) < SAME for other in kept):
            kept.append(box)
    return kept


def _masks(low: Grey, high: Grey) -> Iterator[Any]:
    chroma = high - low
    pale = (chroma < MAX_CHROMA).astype(np.uint8) * 255
    for level in LEVELS:
        yield cv2.bitwise_and((low > level).astype(np.uint8) * 255, pale)
    local = cv2.adaptiveThreshold(low, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 151, -12)
    yield cv2.bitwise_and(local, pale)
    yield ((high > 150) & (chroma > 60)).astype(np.uint8) * 255


def _outlines(mask: Any, low: Grey) -> Iterator[tuple[float, tuple[int, int, int, int]]]:
    height, width = low.shape
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        if not (MIN_WIDE <= w / width <= MAX_WIDE and MIN_TALL <= h / height <= MAX_TALL):
            continue
        fill = cv2.contourArea(contour) / (w * h)
        if not MIN_ASPECT <= w / h <= MAX_ASPECT or fill < MIN_FILL:
            continue
        inner = low[y + h // 8 : y + h - h // 8, x + w // 10 : x + w - w // 10]
        light, dark = np.percentile(inner, 80), np.percentile(inner, 2)
        ink = float((inner < (light + dark) / 2).mean())
        if light - dark >= 50 and 0.015 <= ink <= 0.45:
            yield fill, (x, y, w, h)


def _on_light(low: Grey, digit: tuple[int, int, int, int]) -> bool:
    left, top, wide, tall = digit
    pad = max(3, tall // 4)
    around = low[max(0, top - pad) : top + tall + pad, max(0, left - pad) : left + wide + pad]
    return bool(np.percentile(around, 70) > 95 and np.percentile(around, 70) - np.percentile(around, 5) > 60)


def _rows(digits: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Neighbours of equal height and line, joined from left to right; a digit alone is a row too."""
    free = list(digits)
    while free:
        left, top, wide, tall = free.pop(0)
        box, members = (left, top, left + wide, top + tall), 1
        for other in list(free):
            near = -2 <= other[0] - box[2] <= 0.6 * tall
            even = abs(other[3] - tall) <= 0.2 * tall and abs(other[1] - top) <= 0.25 * tall
            if near and even and members < 4:
                box = (box[0], min(box[1], other[1]), other[0] + other[2], max(box[3], other[1] + other[3]))
                members += 1
                free.remove(other)
        yield box
