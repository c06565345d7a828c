"""Price tags in any photo, without a trained detector: bright rectangles with dark digits, confirmed by OCR.

Rules: a tag is a light, even, upright rectangle wider than tall; it counts only when text is read on it, and its price is
None when the grammar of `price` is not certain. Limits, honestly: tags that glare into their rail, dark or strongly
tilted ones, and tags narrower than about 40 px are missed. This is for the bench; a calibrated bay never needs it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.domain.shelf import Quad
from edge_agent.shelf.bay import Picture
from edge_agent.shelf.geometry import resized
from edge_agent.shelf.price import Line, price_of
from edge_agent.shelf.tag_text import Ocr, lines_in, tag_crop

WIDTH_PX: Final = 1600
LEVELS: Final = (110, 135, 160, 180, 200, 220)
MIN_WIDE, MAX_WIDE = 0.018, 0.16
MIN_TALL, MAX_TALL = 0.02, 0.16
MIN_ASPECT, MAX_ASPECT = 0.9, 3.4
MIN_FILL: Final = 0.72
MAX_CHROMA: Final = 70
SAME: Final = 0.35
MAX_PROPOSALS: Final = 90

Box = tuple[int, int, int, int]
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReading:
    """One tag of a photo: `box` = (left, top, right, bottom) as fractions of the photo, text lines, price or None."""

    box: tuple[float, float, float, float]
    price: str | None
    text: tuple[str, ...]
    confidence: float


def find_tags(rgb: Picture, ocr: Ocr) -> list[TagReading]:
    """The price tags of a photo (H x W x 3), top to bottom, left to right."""
    found: list[TagReading] = []
    for box in proposals(rgb):
        lines = lines_in(tag_crop(rgb, _quad(box)), ocr)
        if not any(any(letter.isdigit() for letter in line.text) for line in lines):
            continue
        price = price_of(lines)
        found.append(
            TagReading(
                box=box,
                price=None if price is None else price.price,
                text=tuple(line.text for line in lines),
                confidence=round(_confidence(lines, certain=price is not None), 4),
            )
        )
    return sorted(found, key=lambda tag: (round(tag.box[1], 1), tag.box[0]))


def _confidence(lines: Sequence[Line], *, certain: bool) -> float:
    mean = sum(line.confidence for line in lines) / len(lines)
    return mean if certain else 0.5 * mean


def proposals(rgb: Picture) -> list[tuple[float, float, float, float]]:
    """Boxes (fractions) that look like tags, the most rectangular first, without overlaps."""
    height = max(8, round(rgb.shape[0] * WIDTH_PX / rgb.shape[1]))
    small = cv2.bilateralFilter(resized(rgb, WIDTH_PX, height), 5, 30, 3)
    grey = np.asarray(small.min(axis=2), dtype=np.uint8)
    chroma = np.asarray(small.max(axis=2) - small.min(axis=2), dtype=np.uint8)
    scored: list[tuple[float, Box]] = []
    for mask in _masks(grey, np.asarray(small.max(axis=2), dtype=np.uint8), chroma):
        scored += _rectangles(mask, grey)
    kept: list[Box] = []
    for _, box in sorted(scored, reverse=True):
        if len(kept) == MAX_PROPOSALS:
            break
        if all(_overlap(box, other) < SAME for other in kept):
            kept.append(box)
    return [(x / WIDTH_PX, y / height, (x + w) / WIDTH_PX, (y + h) / height) for x, y, w, h in kept]


def _masks(low: Grey, high: Grey, chroma: Grey) -> Iterator[Any]:
    pale = (chroma < MAX_CHROMA).astype(np.uint8) * 255
    for level in LEVELS:
        yield cv2.bitwise_and((low > level).astype(np.uint8) * 255, pale)
    local = cv2.adaptiveThreshold(low, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 151, -12)
    yield cv2.bitwise_and(local, pale)
    yellow = ((high > 150) & (high - low > 60)).astype(np.uint8) * 255
    yield yellow


def _rectangles(mask: Any, grey: Grey) -> Iterator[tuple[float, Box]]:
    height, width = grey.shape
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        if not (MIN_WIDE <= w / width <= MAX_WIDE and MIN_TALL <= h / height <= MAX_TALL):
            continue
        if not MIN_ASPECT <= w / h <= MAX_ASPECT:
            continue
        fill = cv2.contourArea(contour) / (w * h)
        if fill < MIN_FILL:
            continue
        inner = grey[y + h // 8 : y + h - h // 8, x + w // 10 : x + w - w // 10]
        light, dark = np.percentile(inner, 80), np.percentile(inner, 2)
        ink = float((inner < (light + dark) / 2).mean())
        if light - dark < 50 or not 0.015 <= ink <= 0.45:
            continue
        yield fill, (x, y, w, h)


def _overlap(one: Box, other: Box) -> float:
    """Intersection over the smaller box."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    tall = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, wide) * max(0, tall) / min(one[2] * one[3], other[2] * other[3])


def _quad(box: tuple[float, float, float, float]) -> Quad:
    left, top, right, bottom = box
    return ((left, top), (right, top), (right, bottom), (left, bottom))
