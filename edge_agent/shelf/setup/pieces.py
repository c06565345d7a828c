"""Tags that were found in pieces, made whole."""

from collections.abc import Sequence
from typing import Final

from edge_agent.shelf.price_tags.photo import Box, TagReading

OVERLAP: Final = 0.08


def whole_tags(tags: Sequence[TagReading]) -> list[TagReading]:
    """Tags hang side by side: boxes of one board that overlap are pieces of one tag, found twice."""
    whole: list[TagReading] = []
    for tag in sorted(tags, key=lambda one: one.box[0]):
        piece = next((at for at, one in enumerate(whole) if _pieces(one.box, tag.box)), None)
        if piece is None:
            whole.append(tag)
        else:
            whole[piece] = _united(whole[piece], tag)
    return whole


def _pieces(one: Box, other: Box) -> bool:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return wide > OVERLAP * min(one[2] - one[0], other[2] - other[0]) and tall > 0.5 * min(one[3] - one[1], other[3] - other[1])


def _united(one: TagReading, other: TagReading) -> TagReading:
    """Both boxes, both texts, and the longer of two prices: the shorter one is a piece of it."""
    (left, top, right, bottom), (a, b, c, d) = one.box, other.box
    return TagReading(
        box=(min(left, a), min(top, b), max(right, c), max(bottom, d)),
        price=max(one.price or "", other.price or "", key=len) or None,
        text=(*one.text, *other.text),
        confidence=max(one.confidence, other.confidence),
    )
