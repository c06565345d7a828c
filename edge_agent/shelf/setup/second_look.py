"""A second look for planned tags that were not found: the rail between the found ones, read piece by piece.

What a board's other tags taught - where the rail runs, how large its tags are - says where to look; only a piece whose text or
price speaks for one of the products sought becomes a tag.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.price_tags.grammar import price_of
from edge_agent.shelf.price_tags.photo import TagReading
from edge_agent.shelf.price_tags.reading import TAG_MARGIN, Ocr, lines_in, tag_crop
from edge_agent.shelf.setup.agreement import SPEAKS, agreement
from edge_agent.shelf.setup.bay import Picture
from edge_agent.shelf.setup.rows import TagRow
from edge_agent.shelf.setup.sheets import Priced

MAX_LOOKS: Final = 24
STEP: Final = 0.45
"""From one piece to the next, in tag widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of rail without a tag: from `left` to `right` on `line`, tags of `wide` x `tall`; all in widths of the photo."""

    line: TagRow
    left: float
    right: float
    wide: float
    tall: float


def look_again(photo: Picture, stretch: Stretch, sought: Sequence[Priced], ocr: Ocr) -> list[TagReading]:
    """Tags on the stretch that speak for one of the sought products, from the left."""
    room = stretch.right - stretch.left
    if room < 0.7 * stretch.wide or not sought:
        return []
    count = min(MAX_LOOKS, max(1, round((room - stretch.wide) / (STEP * stretch.wide)) + 1))
    reach = max(0.0, room - stretch.wide) / 2
    middle = (stretch.left + stretch.right) / 2
    seen = [_look(photo, stretch, float(x), ocr) for x in np.linspace(middle - reach, middle + reach, count)]
    scored = [(max(agreement(tag, one) for one in sought), tag) for tag in seen if tag is not None]
    kept: list[TagReading] = []
    for score, tag in sorted(scored, key=lambda one: (one[0], one[1].confidence), reverse=True):
        apart = all(abs(tag.box[0] - other.box[0]) > 0.8 * stretch.wide for other in kept)
        if score > SPEAKS and apart and len(kept) < len(sought):
            kept.append(tag)
    return sorted(kept, key=lambda tag: tag.box[0])


def _look(photo: Picture, stretch: Stretch, x: float, ocr: Ocr) -> TagReading | None:
    aspect = photo.shape[0] / photo.shape[1]
    half_wide, half_tall = 0.62 * stretch.wide, 0.56 * stretch.tall
    y, tilt = stretch.line.at(x), stretch.line.slope * half_wide
    quad: Quad = (
        (x - half_wide, (y - tilt - half_tall) / aspect),
        (x + half_wide, (y + tilt - half_tall) / aspect),
        (x + half_wide, (y + tilt + half_tall) / aspect),
        (x - half_wide, (y - tilt + half_tall) / aspect),
    )
    crop = tag_crop(photo, quad)
    lines = lines_in(crop, ocr)
    price = price_of(lines)
    if not any(letter.isdigit() for line in lines for letter in line.text):
        return None
    scale = 2 * half_wide * (1 + 2 * TAG_MARGIN) / crop.shape[1]
    print_middle = (min(line.left for line in lines) + max(line.right for line in lines)) / 2
    centre = x + (print_middle - crop.shape[1] / 2) * scale
    y = stretch.line.at(centre)
    return TagReading(
        box=(
            centre - stretch.wide / 2, (y - stretch.tall / 2) / aspect,
            centre + stretch.wide / 2, (y + stretch.tall / 2) / aspect,
        ),
        price=None if price is None else price.price,
        text=tuple(line.text for line in lines),
        confidence=min(line.confidence for line in lines),
    )  # fmt: skip
