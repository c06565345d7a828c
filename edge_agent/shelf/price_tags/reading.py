"""One look at one price tag: the crop, its recognised lines, and the price in two independent ways.

A crop is rectified, widened by `TAG_MARGIN` and at least 200 px wide; whole frames are never read here. The price is read as
the text reader finds it and once more from the shapes of its digits (`row`). Where both say the same, or one alone says
anything, that is the reading; where the text reader lost decimals that stand there by shape, the shapes are right; where they
differ otherwise, both are kept as `doubtful` and there is no price.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Protocol

import cv2
import numpy as np

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.frames.geometry import crop, resized, side_px, widened
from edge_agent.shelf.price_tags.grammar import Box, Line, PriceReading, price_of
from edge_agent.shelf.price_tags.row import Row, price_row, reset
from edge_agent.shelf.setup.bay import Picture

TAG_MARGIN: Final = 0.1
MIN_WIDTH_PX: Final = 200
MIN_CONFIDENCE: Final = 0.6
SMALLER: Final = 0.72
"""A second size at which a tag is tried: the text detector can miss big digits beside small ones, and finds them smaller."""
BIG_PRINT: Final = 0.24
"""Digits at least this share of the tag's height are the price's."""
NUMBER: Final = re.compile(r"\d[\d.,·:°\-\s]*\d|\d")


class Ocr(Protocol):
    """A text reader for small pictures (see `edge_agent.infer.ocr_engine`)."""

    def read(self, rgb: Picture) -> Sequence[tuple[Any, str, float]]:
        """(four corner points in pixels, text, confidence) per line."""
        ...

    def read_lines(self, pictures: Sequence[Picture]) -> Sequence[tuple[str, float]]:
        """(text, confidence) of pictures that each hold one line; text may be empty."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRead:
    """What one frame showed of one tag. `any_text`: something was recognised. `ink`: standard deviation of its inner grey.

    `doubtful`: two readings that contradict each other. `row`: where the price's digits stand in the crop; `lines`: what else
    was recognised. `by_text`: digits were recognised in this frame; False = the tag only looks as one that was read before.
    `sku`: the product whose name stands there, "" where that is not clear. `warmth`: how red or yellow it is (`warmth_of`), 0
    where that was not measured.
    """

    at_ms: int
    price: PriceReading | None
    any_text: bool
    ink: float
    doubtful: tuple[PriceReading, ...] = ()
    row: Row | None = None
    lines: tuple[Line, ...] = ()
    by_text: bool = True
    sku: str = ""
    warmth: float = 0.0


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


def sharpness(tag: Picture) -> float:
    """Steepness of the steepest edges (97th percentile) after normalising contrast."""
    grey = cv2.cvtColor(tag, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = (grey - grey.mean()) / max(float(grey.std()), 4.0)
    steep = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(np.percentile(steep, 97))


def ink_of(tag: Picture) -> float:
    """Standard deviation of the grey inside the tag's edges: how much is printed there."""
    edge, side = tag.shape[0] // 5, tag.shape[1] // 5
    return float(cv2.cvtColor(tag, cv2.COLOR_RGB2GRAY)[edge:-edge, side:-side].std())


def warmth_of(tag: Picture) -> float:
    """Mean of red and green over blue inside the tag's edges: 1 = grey. Light changes it for all tags of a bay by one factor."""
    edge, side = tag.shape[0] // 5, tag.shape[1] // 5
    red, green, blue = tag[edge:-edge, side:-side].reshape(-1, 3).mean(axis=0)
    return float((red + green) / 2 / max(blue, 1.0))


def read_tag(tag: Picture, at_ms: int, ocr: Ocr) -> TagRead:
    """One full reading of one tag crop; where neither way finds a price, the text reader tries a smaller picture."""
    lines = lines_in(tag, ocr)
    read = TagRead(at_ms=at_ms, price=None, any_text=bool(lines), ink=ink_of(tag), lines=tuple(lines), warmth=warmth_of(tag))
    if not lines:
        return read
    said = price_of(lines)
    at = _big_print(tag, lines)
    if at is None or (said is not None and at[3] - at[1] < 0.8 * (said.box[3] - said.box[1])):
        digits = [line for line in lines if any(letter.isdigit() for letter in line.text)]
        at = said.box if said is not None else max(digits, key=lambda line: line.height).box if digits else None
    elif said is not None and at[3] - at[1] > said.box[3] - said.box[1]:
        said = None  # taller digits than those of any line: they are the price
    row = None if at is None else price_row(tag, at)
    shaped = None if row is None else digits_of(row, ocr.read_lines([reset(tag, row)])[0])
    if row is not None:
        by_shape = None if shaped is None else price_of(_with(lines, row, shaped))
        if by_shape is not None and shaped is not None and Decimal(by_shape.price) != Decimal(shaped.text):
            by_shape = None
        price, doubtful = _agreed(said, by_shape, row)
        if price is not None or doubtful:
            return replace(read, price=price, doubtful=doubtful, row=row)
        said = None
    if said is None:
        said = price_of(lines_in(resized(tag, round(tag.shape[1] * SMALLER), round(tag.shape[0] * SMALLER)), ocr))
        said = None if said is None else replace(said, box=_scaled(said.box, 1 / SMALLER))
    return replace(read, price=said, row=row)


def digits_of(row: Row, read: tuple[str, float]) -> Line | None:
    """The number that was recognised in a reset row, as a line with a plain number; None when it is none, or not certain."""
    text, confidence = read
    text = re.sub(r"(?<=\d)\s*[.,·:°'\-]+\s*(?=\d)", ".", text.strip().strip("¥￥元.,·-: "))
    whole, point, decimals = text.partition(".")
    if confidence < MIN_CONFIDENCE or not re.fullmatch(r"\d{1,5}(?:\.\d{1,2})?", text):
        return None
    if (row.decimals is not None) != bool(point) or (len(whole) > 1 and whole[0] == "0"):
        return None
    left, top, right, bottom = row.box
    plain = whole + point + decimals
    return Line(left=left, top=top, right=right, bottom=bottom, text=plain, confidence=confidence)


def _agreed(
    said: PriceReading | None, shaped: PriceReading | None, row: Row
) -> tuple[PriceReading | None, tuple[PriceReading, ...]]:
    if said is not None and said.places == 0 and row.decimals is not None:
        said = None  # decimals stand there and it has none
    if said is None or shaped is None:
        return shaped or said, ()
    if Decimal(said.price) == Decimal(shaped.price):
        return replace(said, confidence=max(said.confidence, shaped.confidence)), ()
    return None, (said, shaped)


def _with(lines: Sequence[Line], row: Row, number: Line) -> list[Line]:
    """The lines, with what stands in the row replaced by the number that its shapes gave."""
    kept: list[Line] = []
    placed = False
    for line in lines:
        over = _overlap(line.box, row.box)
        if over < 0.5 or not NUMBER.search(line.text):
            kept.append(line)
        elif not placed and _overlap(line.box, row.whole) >= 0.5:
            longest = max(NUMBER.finditer(line.text), key=lambda found: len(found[0]))
            text = line.text[: longest.start()] + number.text + line.text[longest.end() :]
            kept.append(replace(line, text=text))
            placed = True
    return kept if placed else [*kept, number]


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(0.0, wide) * max(0.0, tall) / max(smaller, 1e-6)


def _scaled(box: Box, scale: float) -> Box:
    return (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)


def _big_print(tag: Picture, lines: Sequence[Line]) -> Box | None:
    """Where big print stands that no line covers: the price, when the text detector looked past it."""
    grey = cv2.cvtColor(tag, cv2.COLOR_RGB2LAB)[..., 0]
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    height = grey.shape[0]
    big = [
        (left, top, left + wide, top + tall)
        for left, top, wide, tall, _ in (stats[n].tolist() for n in range(1, count))
        if BIG_PRINT <= tall / height <= 0.75
        and 0.2 <= wide / tall <= 1.6
        and not any(line.left <= left + wide / 2 <= line.right and line.top <= top + tall / 2 <= line.bottom for line in lines)
    ]
    if not big:
        return None
    tallest = max(box[3] - box[1] for box in big)
    big = [box for box in big if box[3] - box[1] >= 0.8 * tallest]
    return (min(b[0] for b in big), min(b[1] for b in big), max(b[2] for b in big), max(b[3] for b in big))
