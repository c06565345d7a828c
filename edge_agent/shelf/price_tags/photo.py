"""Price tags in any photo, without a trained detector: light rectangles and big digits, confirmed by OCR.

First light, even, upright rectangles with dark print (`shapes`) are read. The tags of a shelf look alike, so where
the digits stand in those that have a price gives the layout by which the remaining groups of big digits (on tags that
melt into a light rail) are framed and read too. Text must be read on a tag; its price is None when the grammar
is not certain. Limits, honestly: dark, strongly tilted or glaring tags and those narrower than about 40 px are missed.
This is for the bench; a calibrated bay never needs it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.price_tags.grammar import Line, PriceReading, price_of
from edge_agent.shelf.price_tags.reading import TAG_MARGIN, Ocr, lines_in, tag_crop
from edge_agent.shelf.price_tags.shapes import Box, digit_groups, overlap, rectangles
from edge_agent.shelf.setup.bay import Picture

MAX_GROUPS: Final = 48
MIN_SEEN: Final = 3
LAYOUT: Final = (-3.8, -1.1, 0.5, 0.9)
"""Left, top, right, bottom edges of a tag beside its price, in digit heights, when the photo itself does not tell."""
PRINT_SHARE: Final = 0.74
"""Height of digits in the box that the text detector draws around them."""
SAME: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReading:
    """One tag of a photo: `box` = (left, top, right, bottom) as fractions of the photo, text lines, price or None."""

    box: Box
    price: str | None
    text: tuple[str, ...]
    confidence: float


def find_tags(rgb: Picture, ocr: Ocr) -> list[TagReading]:
    """The price tags of a photo (H x W x 3), top to bottom, left to right."""
    found: list[TagReading] = []
    layouts: list[Box] = []
    tall = rgb.shape[0] / rgb.shape[1]
    for box in rectangles(rgb):
        lines, price = _read(rgb, box, ocr)
        if _has_digits(lines):
            found.append(_reading(box, lines, price))
            if price is not None:
                layouts.append(_layout(box, lines, tall))
    usual = _usual(layouts)
    for group in _free(digit_groups(rgb), found):
        box = _framed(group, usual, tall)
        if any(overlap(box, one.box) > SAME for one in found):
            continue
        lines, price = _read(rgb, box, ocr)
        if price is None or not (price.places or price.marked or len(price.price) > 1):
            continue
        box = _framed(_digits(box, lines, tall), usual, tall)
        if all(overlap(box, one.box) <= SAME for one in found):
            found.append(_reading(box, lines, price))
    return sorted(found, key=lambda tag: (round(tag.box[1], 1), tag.box[0]))


def _read(rgb: Picture, box: Box, ocr: Ocr) -> tuple[list[Line], PriceReading | None]:
    left, top, right, bottom = box
    quad: Quad = ((left, top), (right, top), (right, bottom), (left, bottom))
    tag = tag_crop(rgb, quad)
    size = np.asarray((tag.shape[1], tag.shape[0]), dtype=float)
    lines = lines_in(tag, ocr)
    price = price_of(lines)
    shares = [_in_shares(line, size) for line in lines]
    return shares, price


def _in_shares(line: Line, size: np.ndarray) -> Line:
    """The line with its box in shares of the tag itself (the crop has a margin around it)."""
    grown = 1 + 2 * TAG_MARGIN
    return Line(
        left=line.left / size[0] * grown - TAG_MARGIN,
        top=line.top / size[1] * grown - TAG_MARGIN,
        right=line.right / size[0] * grown - TAG_MARGIN,
        bottom=line.bottom / size[1] * grown - TAG_MARGIN,
        text=line.text,
        confidence=line.confidence,
    )


def _has_digits(lines: Iterable[Line]) -> bool:
    return any(letter.isdigit() for line in lines for letter in line.text)


def _reading(box: Box, lines: Sequence[Line], price: PriceReading | None) -> TagReading:
    mean = sum(line.confidence for line in lines) / len(lines)
    return TagReading(
        box=box,
        price=None if price is None else price.price,
        text=tuple(line.text for line in lines),
        confidence=round(mean if price is not None else 0.5 * mean, 4),
    )


def _digits(box: Box, lines: Sequence[Line], tall: float) -> Box:
    """Where the tallest line with digits stands in the photo: the text detector's box without its padding."""
    big = max((line for line in lines if any(letter.isdigit() for letter in line.text)), key=lambda line: line.height)
    wide, high = box[2] - box[0], box[3] - box[1]
    pad = (1 - PRINT_SHARE) / 2 * big.height * high
    return (
        box[0] + big.left * wide + pad * tall,
        box[1] + big.top * high + pad,
        box[0] + big.right * wide - pad * tall,
        box[1] + big.bottom * high - pad,
    )


def _layout(box: Box, lines: Sequence[Line], tall: float) -> Box:
    """The tag's edges seen from the right end of its tallest digits, in digit heights."""
    digits = _digits(box, lines, tall)
    high = max(digits[3] - digits[1], 1e-4)
    wide = high * tall
    right = digits[2]
    return ((box[0] - right) / wide, (box[1] - digits[1]) / high, (box[2] - right) / wide, (box[3] - digits[3]) / high)


def _usual(layouts: Sequence[Box]) -> Box:
    """The median layout of the tags that were found whole."""
    if len(layouts) < MIN_SEEN:
        return LAYOUT
    left, top, right, bottom = (float(edge) for edge in np.median(np.asarray(layouts), axis=0))
    return (left, top, right, bottom)


def _framed(group: Box, usual: Box, tall: float) -> Box:
    height = group[3] - group[1]
    wide = height * tall
    return (
        max(0.0, group[2] + usual[0] * wide),
        max(0.0, group[1] + usual[1] * height),
        min(1.0, group[2] + usual[2] * wide),
        min(1.0, group[3] + usual[3] * height),
    )


def _free(groups: Iterable[Box], found: Sequence[TagReading]) -> list[Box]:
    free = [group for group in groups if all(overlap(group, one.box) < SAME for one in found)]
    return free[:MAX_GROUPS]
