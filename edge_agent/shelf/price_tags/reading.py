"""Price tags as text: OCR of small tag crops and the settling of several readings into one price.

A crop is rectified, widened by `TAG_MARGIN` and at least 200 px wide; whole frames are never read here. A price is settled
when at least three readings from different frames agree and nothing like a second opinion remains; otherwise it is
unread. Digits get lost, so a reading is not believed when it may be a fragment: a whole number in a bay whose tags show
decimals, a beginning of the list price ("24.9" of 24.99), or an end of it without its currency mark ("4.99"). A tag is
missing only where nothing is read and nothing is printed: a place as even as no tag of this bay is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Protocol

import cv2
import numpy as np

from edge_agent.domain.planogram import Planogram, Quad, Slot
from edge_agent.shelf.frames.geometry import crop, resized, side_px, widened
from edge_agent.shelf.price_tags.grammar import Line, PriceReading, price_of
from edge_agent.shelf.setup.bay import Picture

TAG_MARGIN: Final = 0.1
MIN_WIDTH_PX: Final = 200
MIN_CONFIDENCE: Final = 0.6
AGREEING: Final = 3
AGREEING_SHARE: Final = 0.75
MIN_SHARPNESS: Final = 0.4
"""A tag less sharp than this share of its reference is not read: on blurred digits OCR is confidently wrong."""
SMALLER: Final = 0.72
"""A second size at which a tag is tried: the text detector can miss big digits beside small ones, and finds them smaller."""
SECOND_LOOK: Final = (0.55, 0.72)
"""Sizes, in green light only, at which a reading that contradicts the price list is tried again."""
BIG_PRINT: Final = 0.28
"""Digits at least this share of the tag's height are the price's."""
BARE_INK: Final = 0.4
CENT: Final = Decimal("0.01")


class Ocr(Protocol):
    """A text reader for small pictures (see `edge_agent.infer.ocr_engine`)."""

    def read(self, rgb: Picture) -> Sequence[tuple[Any, str, float]]:
        """(four corner points in pixels, text, confidence) per line."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRead:
    """What one frame showed of one tag. `any_text`: something was recognised. `ink`: standard deviation of its inner grey."""

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
        left, top, wide, tall = cv2.boundingRect(np.asarray(quad, dtype=np.float32).reshape(-1, 1, 2))
        lines.append(Line(left=left, top=top, right=left + wide, bottom=top + tall, text=text, confidence=float(confidence)))
    return sorted(lines, key=lambda line: (round(line.top / max(1, rgb.shape[0]) * 8), line.left))


class TagReader:
    """Reads the tags of one plan's slots; knows the price list and how sharp each tag is in the reference photo.

    A reading that contradicts the price list is looked at a second time, smaller and in green light only (red print is
    black there). It stands only if both say the same; if the second look finds the list price, that stands: the reader is
    sometimes sure of a wrong digit, and of the same one in every frame, but it does not hit the list price by chance.
    """

    def __init__(self, ocr: Ocr, reference: Picture, plan: Planogram) -> None:
        self._ocr = ocr
        self._sharpness = {slot.id: sharpness(tag_crop(reference, slot.tag)) for slot in plan.slots if slot.tag is not None}
        prices = {sku.id: sku.price for sku in plan.skus}
        self._prices = {slot.id: Decimal(prices[slot.sku]) for slot in plan.slots}

    def read(self, slot: Slot, tag: Picture, at_ms: int) -> TagRead:
        """One reading of `tag` (from `tag_crop`); nothing is read from one that is too blurred."""
        if sharpness(tag) < MIN_SHARPNESS * self._sharpness[slot.id]:
            return TagRead(at_ms=at_ms, price=None, any_text=False, ink=_ink(tag))
        read = read_tag(tag, at_ms, self._ocr)
        if read.price is None or Decimal(read.price.price) == self._prices[slot.id]:
            return read
        again = _in_green(tag, self._ocr)
        believable = {self._prices[slot.id], Decimal(read.price.price)}
        return replace(read, price=again if again is not None and Decimal(again.price) in believable else None)


def _in_green(tag: Picture, ocr: Ocr) -> PriceReading | None:
    grey = np.repeat(tag[..., 1:2], 3, axis=2)
    for scale in SECOND_LOOK:
        small = resized(grey, round(tag.shape[1] * scale), round(tag.shape[0] * scale))
        price = price_of(lines_in(small, ocr))
        if price is not None:
            return price
    return None


def sharpness(tag: Picture) -> float:
    """Steepness of the steepest edges (97th percentile) after normalising contrast."""
    grey = cv2.cvtColor(tag, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = (grey - grey.mean()) / max(float(grey.std()), 4.0)
    steep = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(np.percentile(steep, 97))


def read_tag(tag: Picture, at_ms: int, ocr: Ocr) -> TagRead:
    """One reading of one tag crop; a tag without any text is tried once, one without a price also smaller and in part."""
    lines = lines_in(tag, ocr)
    price = price_of(lines)
    if lines and price is None:
        price = price_of(lines_in(resized(tag, round(tag.shape[1] * SMALLER), round(tag.shape[0] * SMALLER)), ocr))
    if lines and price is None:
        price = price_of([*lines, *_big_digits(tag, lines, ocr)])
    return TagRead(at_ms=at_ms, price=price, any_text=bool(lines), ink=_ink(tag))


def _ink(tag: Picture) -> float:
    edge, side = tag.shape[0] // 5, tag.shape[1] // 5
    return float(cv2.cvtColor(tag, cv2.COLOR_RGB2GRAY)[edge:-edge, side:-side].std())


def _big_digits(tag: Picture, lines: Sequence[Line], ocr: Ocr) -> list[Line]:
    """What can be read where big print stands that no line covers: the price, when the detector looked past it."""
    grey = cv2.cvtColor(tag, cv2.COLOR_RGB2LAB)[..., 0]
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    height, width = grey.shape
    big = [
        (left, top, left + wide, top + tall)
        for left, top, wide, tall, _ in (stats[n].tolist() for n in range(1, count))
        if BIG_PRINT <= tall / height <= 0.75
        and 0.15 <= wide / tall <= 1.3
        and not any(line.left <= left + wide / 2 <= line.right and line.top <= top + tall / 2 <= line.bottom for line in lines)
    ]
    if not big:
        return []
    tall = max(bottom - top for _, top, _, bottom in big)
    left = max(0, round(min(box[0] for box in big) - 0.7 * tall))
    right = min(width, round(max(box[2] for box in big) + 1.6 * tall))
    top = max(0, round(min(box[1] for box in big) - 0.3 * tall))
    bottom = min(height, round(max(box[3] for box in big) + 0.3 * tall))
    return [
        replace(line, left=line.left + left, right=line.right + left, top=line.top + top, bottom=line.bottom + top)
        for line in lines_in(np.ascontiguousarray(tag[top:bottom, left:right]), ocr)
        if any(letter.isdigit() for letter in line.text)
    ]


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
