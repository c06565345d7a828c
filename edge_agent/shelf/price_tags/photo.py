"""Price tags in any photo: found by the tag network, read by the reading room.

The photo is looked at 1280 px wide; where its tags come out small, or none is seen, once more at twice that, as far as the
photo has the pixels. A tag is listed with its box even when nothing can be read on it; its price is None when the grammar
is not certain. Limits, honestly: see `models/cards/price-tags.md`. This is for photos of shelves that nobody set up; a
calibrated bay knows where its tags hang.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.price_tags.grammar import price_of
from edge_agent.shelf.price_tags.reading import Ocr, lines_in, read_tag, tag_crop
from edge_agent.shelf.setup.bay import Picture

LOOK_PX: Final = 1280
SMALL_PX: Final = 26.0
"""Tags narrower than this in the first look are looked at again, larger."""
LEAST: Final = 0.3
SAME: Final = 0.4
UNREAD: Final = 0.8
"""A tag on which no price is read is this much less sure to be one."""

Box = tuple[float, float, float, float]


class Finder(Protocol):
    """What finds tags in a picture (see `edge_agent.infer.TagFinder`)."""

    def find(self, rgb: Picture) -> Sequence[tuple[Box, float]]:
        """Boxes (left, top, right, bottom; pixels) and scores 0..1, best first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReading:
    """One tag of a photo: `box` = (left, top, right, bottom) as fractions of the photo, text lines, price or None.

    `confidence`: how sure it is that there is a tag, 0..1.
    """

    box: Box
    price: str | None
    text: tuple[str, ...]
    confidence: float


def find_tags(rgb: Picture, finder: Finder, ocr: Ocr) -> list[TagReading]:
    """The price tags of a photo (H x W x 3), top to bottom, left to right."""
    found = [_read(rgb, box, score, ocr) for box, score in tag_boxes(rgb, finder) if score >= LEAST]
    return sorted(found, key=lambda tag: (round(tag.box[1], 1), tag.box[0]))


def tag_boxes(rgb: Picture, finder: Finder) -> list[tuple[Box, float]]:
    """Where tags are, as fractions of the photo, and how sure that is; best first. Nothing is read."""
    found = _looked(rgb, finder, LOOK_PX)
    sure = sorted((right - left) * LOOK_PX for (left, _, right, _), score in found if score >= LEAST)
    if max(rgb.shape[:2]) <= LOOK_PX or (sure and sure[len(sure) // 2] >= SMALL_PX):
        return found
    nearer = _looked(rgb, finder, min(2 * LOOK_PX, max(rgb.shape[:2])))
    return list(_distinct(sorted([*found, *nearer], key=lambda one: one[1], reverse=True)))


def _looked(rgb: Picture, finder: Finder, long_px: int) -> list[tuple[Box, float]]:
    height, width = rgb.shape[:2]
    scale = long_px / max(height, width)
    small = resized(rgb, round(width * scale), round(height * scale))
    tall, wide = small.shape[:2]
    return [
        ((left / wide, top / tall, right / wide, bottom / tall), score)
        for (left, top, right, bottom), score in finder.find(small)
    ]


def _distinct(found: Sequence[tuple[Box, float]]) -> Iterator[tuple[Box, float]]:
    kept: list[Box] = []
    for box, score in found:
        if all(_overlap(box, other) < SAME for other in kept):
            kept.append(box)
            yield box, score


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide, tall = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, wide) * max(0.0, tall)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / max(area - both, 1e-12)


def _read(rgb: Picture, box: Box, score: float, ocr: Ocr) -> TagReading:
    left, top, right, bottom = box
    quad: Quad = ((left, top), (right, top), (right, bottom), (left, bottom))
    tag = np.ascontiguousarray(tag_crop(rgb, quad))
    lines = lines_in(tag, ocr)
    price = price_of(lines)
    if lines and price is None:
        price = read_tag(tag, 0, ocr).price
    return TagReading(
        box=box,
        price=None if price is None else price.price,
        text=tuple(line.text for line in lines),
        confidence=round(score if price is not None else UNREAD * score, 4),
    )
