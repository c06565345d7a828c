"""Price tags as text: OCR of small tag crops and the settling of several readings into one price.

A crop is rectified, widened by `TAG_MARGIN` and at least 200 px wide; whole frames are never read here. A price is settled
when at least three readings from different frames agree and nothing like a second opinion remains; otherwise it is
unread. Digits get lost, so a reading is not believed when it may be a fragment: a whole number in a bay whose tags show
decimals, a beginning of the list price ("24.9" of 24.99), or an end of it without its currency mark ("4.99"). A tag is
missing only where nothing is read and nothing is printed: a place as even as no tag of this bay is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

import cv2

from edge_agent.domain.shelf import Quad
from edge_agent.shelf.bay import Picture
from edge_agent.shelf.geometry import crop, resized, side_px, widened
from edge_agent.shelf.price import Line, PriceReading, price_of

TAG_MARGIN: Final = 0.1
MIN_WIDTH_PX: Final = 200
MIN_CONFIDENCE: Final = 0.6
AGREEING: Final = 3
AGREEING_SHARE: Final = 0.75
SCALES: Final = (1.0, 0.72, 0.55)
"""Sizes at which a tag is tried: the text detector sometimes misses big digits beside small ones, and finds them smaller."""
BARE_INK: Final = 0.4
CENT: Final = Decimal("0.01")


class Ocr(Protocol):
    """A text reader for small pictures (see `edge_agent.infer.ocr_engine`)."""

    def read(self, rgb: Picture) -> Sequence[tuple[Any, str, float]]:
        """(four corner points in pixels, text, confidence) per line."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRead:
    """What one frame showed of one tag. `any_text`: something was recognised. `ink`: standard deviation of its grey."""

    at_ms: int
    price: PriceReading | None
    any_text: bool
    ink: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TagStyle:
    """What the tags of a bay have in common: whether they show decimals, and their usual ink."""

    decimals: bool
    ink: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPrice:
    """The settled price ("12.90", two decimals) or "" when unread; `promotion`: a promotion stands on the tag."""

    price: str
    confidence: float
    reads: int
    settled_at_ms: int
    promotion: bool
    visible: bool | None


UNREAD: Final = TagPrice(price="", confidence=0.0, reads=0, settled_at_ms=0, promotion=False, visible=None)


def tag_crop(rgb: Picture, quad: Quad) -> Picture:
    """The tag at `quad` (fractions of `rgb`), rectified with a margin, at least 200 px wide."""
    grown = widened(quad, TAG_MARGIN)
    width, height = side_px(grown, rgb.shape[1], rgb.shape[0])
    scale = max(1.0, MIN_WIDTH_PX / width)
    return crop(rgb, grown, round(width * scale), round(height * scale))


def lines_in(rgb: Picture, ocr: Ocr) -> list[Line]:
    """Recognised lines with upright boxes, in reading order; weak ones (confidence below 0.6) are left out."""
    lines = []
    for quad, text, confidence in ocr.read(rgb):
        if confidence < MIN_CONFIDENCE or not text.strip():
            continue
        left, top, wide, tall = cv2.boundingRect(_points(quad))
        lines.append(Line(left=left, top=top, right=left + wide, bottom=top + tall, text=text, confidence=float(confidence)))
    return sorted(lines, key=lambda line: (round(line.top / max(1, rgb.shape[0]) * 8), line.left))


def _points(quad: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - kept beside its one use

    return np.asarray(quad, dtype=np.float32).reshape(-1, 1, 2)


def read_tag(tag: Picture, at_ms: int, ocr: Ocr) -> TagRead:
    """One reading of one tag crop, smaller again while no price is found; a tag without any text is tried once."""
    ink = float(cv2.cvtColor(tag, cv2.COLOR_RGB2GRAY).std())
    any_text = False
    for scale in SCALES:
        width, height = round(tag.shape[1] * scale), round(tag.shape[0] * scale)
        lines = lines_in(tag if scale == 1 else resized(tag, width, height), ocr)
        any_text = any_text or bool(lines)
        price = price_of(lines)
        if price is not None or not any_text:
            return TagRead(at_ms=at_ms, price=price, any_text=any_text, ink=ink)
    return TagRead(at_ms=at_ms, price=None, any_text=any_text, ink=ink)


def style_of(reads: Sequence[TagRead]) -> TagStyle:
    """The style of a bay's tags from all readings of a scan."""
    told = [one.price.places > 0 for one in reads if one.price is not None]
    ink = sorted(one.ink for one in reads if one.any_text)
    return TagStyle(decimals=2 * sum(told) > len(told), ink=ink[len(ink) // 2] if ink else 0.0)


def settle(reads: Sequence[TagRead], price_list: str, style: TagStyle) -> TagPrice:
    """Several readings of one tag in time order, settled into one price or left unread."""
    if not reads:
        return UNREAD
    visible = _visible(reads, style)
    told = [(one, _amount(one.price, price_list, decimals=style.decimals)) for one in reads if one.price is not None]
    values = Counter(value for _, value in told if value is not None)
    promotion = any(one.price is not None and one.price.promotion for one in reads)
    if not values:
        return TagPrice(price="", confidence=0.0, reads=0, settled_at_ms=0, promotion=promotion, visible=visible)
    value, count = values.most_common(1)[0]
    agreeing = [one for one, told_value in told if told_value == value]
    settled = count >= AGREEING and count >= AGREEING_SHARE * len(told)
    confidence = sum(one.price.confidence for one in agreeing if one.price is not None) / count
    return TagPrice(
        price=format(value, "f") if settled else "",
        confidence=round(confidence * count / len(reads), 4) if settled else 0.0,
        reads=count,
        settled_at_ms=agreeing[AGREEING - 1].at_ms if settled else 0,
        promotion=promotion,
        visible=True,
    )


def _visible(reads: Sequence[TagRead], style: TagStyle) -> bool | None:
    if any(one.any_text for one in reads):
        return True
    bare = max(one.ink for one in reads) < BARE_INK * style.ink
    return False if bare and len(reads) >= AGREEING else None


def _amount(reading: PriceReading, price_list: str, *, decimals: bool) -> Decimal | None:
    """The amount read, or None when it may be a fragment of what the tag shows."""
    value = Decimal(reading.price).quantize(CENT)
    if value == Decimal(price_list):
        return value
    if reading.places == 0:
        tenfold = value in (Decimal(price_list) * 10, Decimal(price_list) * 100)
        return None if decimals or tenfold else value
    printed = reading.price[: len(reading.price) - 2 + reading.places]
    if len(printed) < len(price_list):
        beginning = price_list.startswith(printed)
        end = price_list.endswith(printed) and not reading.marked
        return None if beginning or end else value
    return value
