"""Reads the tags of one plan's slots at the least cost that still reads them.

Rules: a tag is read fully the first time; if that reading is certain, how the tag looks and where its price stands are
remembered, over scans. Later only the digits of the price are recognised, and where the same scan has read the list price
already, a tag that still looks alike counts as read. Whatever does not come out as remembered is read fully.

A reading that contradicts the price list is looked at again, in green light only (red print is black there) and smaller. It
stands only if both say the same; if the second look finds the list price, that stands: the reader is sometimes sure of a
wrong digit, and of the same one in every frame, but it does not hit the list price by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Planogram, Side, Slot
from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.price_tags.grammar import Box, PriceReading, amounts_in
from edge_agent.shelf.price_tags.names import named, plain
from edge_agent.shelf.price_tags.reading import Ocr, TagRead, digits_of, ink_of, read_tag, sharpness, tag_crop, warmth_of
from edge_agent.shelf.price_tags.row import Row, price_row, reset
from edge_agent.shelf.price_tags.unchanged import Remembered
from edge_agent.shelf.setup.bay import Picture

MIN_SHARPNESS: Final = 0.4
"""A tag less sharp than this share of its reference is not read: on blurred digits OCR is confidently wrong."""
SECOND_LOOK: Final = (0.4, 0.55)
"""Sizes, in green light only, at which a reading that contradicts the price list is tried again."""
SAME_PRICE: Final = 0.8
"""Likeness of the price from which a tag counts as unchanged."""
SAME_NAME: Final = 0.8
"""Another name of as many characters reaches 0.75."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagView:
    """One tag in one frame: its slot, its crop (from `tag_crop`), the time, and what this scan has read of it so far."""

    slot: Slot
    tag: Picture
    at_ms: int
    reads: tuple[TagRead, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A tag that was read with certainty. `beside`: boxes and amounts of the other prices on it. Boxes: fractions of the crop."""

    look: Remembered
    reading: PriceReading
    price: Box
    beside: tuple[tuple[Box, tuple[str, ...]], ...]
    sku: str


class TagReader:
    """Reads the tags of one plan; knows its price list, its names, and how sharp each tag is in the reference photo."""

    def __init__(self, ocr: Ocr, reference: Picture, plan: Planogram) -> None:
        self._ocr = ocr
        self._sharpness = {slot.id: sharpness(tag_crop(reference, slot.tag)) for slot in plan.slots if slot.tag is not None}
        self._prices = {slot.id: Decimal(plan.sku(slot.sku).price) for slot in plan.slots}
        self._rivals = {slot.id for slot in plan.slots if plan.sku(slot.sku).side is Side.COMPETITOR}
        self._names = {sku.id: plain(sku.name) for sku in plan.skus}
        self._known: dict[str, _Known] = {}

    def read(self, slot: Slot, tag: Picture, at_ms: int) -> TagRead:
        """One reading of `tag` (from `tag_crop`); nothing is read from one that is too blurred."""
        return self.read_all([TagView(slot=slot, tag=tag, at_ms=at_ms)])[0]

    def read_all(self, views: Sequence[TagView]) -> list[TagRead]:
        """One reading of each view, in order; digits of several tags are recognised together."""
        reads: list[TagRead | None] = [self._at_a_glance(view) for view in views]
        rows: list[tuple[int, Row]] = []
        for index, view in enumerate(views):
            known = self._known.get(view.slot.id)
            if reads[index] is None and known is not None:
                row = price_row(view.tag, _of(known.price, view.tag))
                if row is not None:
                    rows.append((index, row))
        texts = self._ocr.read_lines([reset(views[index].tag, row) for index, row in rows]) if rows else []
        for (index, row), text in zip(rows, texts, strict=True):
            reads[index] = self._as_known(views[index], row, text)
        return [self._fully(view) if read is None else read for view, read in zip(views, reads, strict=True)]

    def _at_a_glance(self, view: TagView) -> TagRead | None:
        """A tag too blurred to be read, or one that still looks as what this scan has read already; else None."""
        if sharpness(view.tag) < MIN_SHARPNESS * self._sharpness[view.slot.id]:
            return TagRead(at_ms=view.at_ms, price=None, any_text=False, ink=ink_of(view.tag), by_text=False)
        known = self._known.get(view.slot.id)
        if known is None or Decimal(known.reading.price) != self._prices[view.slot.id]:
            return None
        told = [Decimal(one.price.price) for one in view.reads if one.by_text and one.price is not None]
        if not told or any(price != self._prices[view.slot.id] for price in told):
            return None
        like = known.look.likeness(view.tag)
        return self._known_read(view, known, by_text=False) if like.price >= SAME_PRICE and like.name >= SAME_NAME else None

    def _as_known(self, view: TagView, row: Row, text: tuple[str, float]) -> TagRead | None:
        """The remembered reading where the recognised digits, and on a rival's tag its other prices, are the remembered ones."""
        known = self._known[view.slot.id]
        digits = digits_of(row, text)
        if digits is None or Decimal(digits.text) != Decimal(known.reading.price):
            return None
        if known.look.likeness(view.tag).name < SAME_NAME:
            return None
        if view.slot.id in self._rivals and known.beside:
            cuts = [_cut(view.tag, box) for box, _ in known.beside]
            said = [amounts_in(line) for line, _ in self._ocr.read_lines(cuts)]
            if said != [amounts for _, amounts in known.beside]:
                return None
        return self._known_read(view, known, by_text=True)

    def _known_read(self, view: TagView, known: _Known, *, by_text: bool) -> TagRead:
        return TagRead(
            at_ms=view.at_ms, price=known.reading, any_text=True, ink=ink_of(view.tag), by_text=by_text, sku=known.sku,
            warmth=warmth_of(view.tag),
        )  # fmt: skip

    def _fully(self, view: TagView) -> TagRead:
        read = read_tag(view.tag, view.at_ms, self._ocr)
        read = replace(read, sku=named([line.text for line in read.lines], self._names))
        listed = self._prices[view.slot.id]
        told = [one for one in (read.price, *read.doubtful) if one is not None]
        chosen = next((one for one in told if Decimal(one.price) == listed), None)
        certain = chosen is not None and not read.doubtful
        if chosen is None and told:
            seen = self._second_look(view.tag, read, {listed, *(Decimal(one.price) for one in told)})
            chosen = next((one for one in told if Decimal(one.price) == seen), None)
            if chosen is None and seen == listed:
                chosen = replace(told[0], price=format(listed, "f"), places=2)
            certain = chosen is not None and not read.doubtful and Decimal(chosen.price) != listed
        if certain and chosen is not None and read.row is not None:
            self._known[view.slot.id] = self._memory(view.tag, replace(read, price=chosen))
        return replace(read, price=chosen, doubtful=())

    def _second_look(self, tag: Picture, read: TagRead, believable: set[Decimal]) -> Decimal | None:
        """The first believable price that is found in green light, smaller."""
        green = np.repeat(tag[..., 1:2], 3, axis=2)
        if read.row is not None:
            row = read.row
            line = reset(green, row)
            looks = [
                resized(line, max(8, round(line.shape[1] * size)), max(8, round(line.shape[0] * size))) for size in SECOND_LOOK
            ]
            numbers = [digits_of(row, text) for text in self._ocr.read_lines(looks)]
            found = [Decimal(one.text) for one in numbers if one is not None]
            if found:
                return next((price for price in found if price in believable), None)
        again = read_tag(resized(green, round(tag.shape[1] * SMALL), round(tag.shape[0] * SMALL)), 0, self._ocr).price
        return None if again is None or Decimal(again.price) not in believable else Decimal(again.price)

    def _memory(self, tag: Picture, read: TagRead) -> _Known:
        assert read.price is not None
        assert read.row is not None
        names = [line for line in read.lines if plain(line.text) and not any(letter.isdigit() for letter in line.text)]
        name = max(names, key=lambda line: (line.bottom - line.top) * (line.right - line.left), default=None)
        others = [line for line in read.lines if amounts_in(line.text) and not _meets(line.box, read.row.box)]
        return _Known(
            look=Remembered(tag, _share(read.row.box, tag), None if name is None else _share(name.box, tag)),
            reading=read.price,
            price=_share(read.row.whole, tag),
            beside=tuple((_share(line.box, tag), amounts_in(line.text)) for line in others),
            sku=read.sku,
        )


SMALL: Final = 0.72


def _share(box: Box, tag: Picture) -> Box:
    high, wide = tag.shape[:2]
    return (box[0] / wide, box[1] / high, box[2] / wide, box[3] / high)


def _of(box: Box, tag: Picture) -> Box:
    high, wide = tag.shape[:2]
    return (box[0] * wide, box[1] * high, box[2] * wide, box[3] * high)


def _cut(tag: Picture, box: Box) -> Picture:
    left, top, right, bottom = (round(edge) for edge in _of(box, tag))
    return np.ascontiguousarray(tag[max(0, top) : max(bottom, top + 4), max(0, left) : max(right, left + 4)])


def _meets(one: Box, other: Box) -> bool:
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(one[1], other[1])
