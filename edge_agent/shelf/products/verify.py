"""The check of one slot against its plan, frame by frame, and the vote over frames.

Rules: one frame says expected, other, empty or unknown. A unit belongs to a slot when its centre stands in it. An intruder
must beat the planned SKU at its place, and all units together must lead clearly over every other SKU; it outweighs proved
units of the planned SKU when it fills at least as much of the slot. What is neither proved nor bare is unknown. A verdict
needs two frames and two thirds of them. No clear view at all is not assessable (see `frames.clear`), which is not said here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.domain.shelf import Seen
from edge_agent.shelf.frames.geometry import Matrix, column, crop, side_px, through, widened
from edge_agent.shelf.products.appearance import (
    PLANNED_GOODNESS,
    Look,
    Unit,
    cut_out,
    photo_look,
    plain_look,
    scaled_for_match,
    tinted,
    units_in,
)
from edge_agent.shelf.products.backdrop import Backdrop
from edge_agent.shelf.setup.bay import Picture

SLOT_MARGIN: Final = 0.06
MIN_FRAMES: Final = 2
MAJORITY: Final = 2 / 3
MAX_TINT: Final = 2.5
STRENGTH: Final = 0.15
"""An intruder's units together must lead this far over all other SKUs, or it is some product we cannot name."""
CUT_OUTS: Final = 2
FOUND_GOODNESS: Final = 0.1
"""A unit of the planned SKU in the reference photo needs no better proof: the plan says that it stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one frame says of one slot. `holds_planned`: at least one unit of the planned SKU stands there."""

    seen: Seen
    sku: str
    confidence: float
    holds_planned: bool


UNKNOWN: Final = Opinion(seen=Seen.UNKNOWN, sku="", confidence=0.0, holds_planned=False)


class Verifier:
    """Knows what every SKU of a plan and its bare shelves look like, learnt from the plan's pictures (RGB).

    A SKU that is not found where the reference photo must show it is known only by the look of its own slot, and can
    be confirmed there but never be claimed elsewhere.
    """

    def __init__(self, plan: Planogram, reference: Picture, photos: Mapping[str, Sequence[Picture]]) -> None:
        photographed = {sku: [photo_look(sku, one) for one in pictures] for sku, pictures in photos.items()}
        found = {slot.id: _planned_units(slot, reference, photographed[slot.sku]) for slot in plan.slots}
        tints = [unit.tint for pairs in found.values() for _, unit in pairs]
        tint = np.clip(np.median(tints, axis=0), 1 / MAX_TINT, MAX_TINT) if tints else np.ones(3)
        self._looks = [tinted(look, [float(one) for one in tint]) for looks in photographed.values() for look in looks]
        self._own: dict[str, list[Look]] = {}
        self._backdrop = Backdrop()
        for slot in plan.slots:
            picture = scaled_for_match(slot_picture(reference, slot))
            pairs = found[slot.id]
            if pairs:
                self._looks += [cut_out(look, picture, unit) for look, unit in pairs[:CUT_OUTS]]
            else:
                self._own[slot.id] = [plain_look(slot.sku, one) for one in _facings(reference, slot)]
        for slot in plan.slots:
            if found[slot.id]:
                picture = scaled_for_match(slot_picture(reference, slot))
                self._backdrop.learn(picture, units_in(picture, self._looks))

    def opinion(self, slot: Slot, picture: Picture) -> Opinion:
        """What one rectified view of a slot (from `slot_picture`, under the reference's light) shows."""
        scaled = scaled_for_match(picture)
        looks = self._looks + self._own.get(slot.id, [])
        found = [one for one in units_in(scaled, looks) if _stands_in(one, scaled)]
        proved = [one for one in found if one.stands_for(slot.sku)]
        planned = [one for one in proved if one.sku == slot.sku]
        others = [one for one in proved if one.sku != slot.sku]
        if others and _area(others) >= _area(planned):
            best = max(others, key=lambda one: one.confidence)
            if _strength(best.sku, found) >= STRENGTH:
                return Opinion(seen=Seen.OTHER, sku=best.sku, confidence=best.confidence, holds_planned=bool(planned))
        if planned:
            best = max(planned, key=lambda one: one.confidence)
            return Opinion(seen=Seen.EXPECTED, sku=slot.sku, confidence=best.confidence, holds_planned=True)
        if others:
            return UNKNOWN
        share, empty = self._backdrop.emptiness(scaled, slot.facings)
        if empty and not any(one.goodness > 0 for one in found):
            return Opinion(seen=Seen.EMPTY, sku="", confidence=share, holds_planned=False)
        return UNKNOWN


def _planned_units(slot: Slot, reference: Picture, looks: Sequence[Look]) -> list[tuple[Look, Unit]]:
    """Units of the planned SKU in the reference photo, best first, each with the photo that found it."""
    picture = scaled_for_match(slot_picture(reference, slot))
    pairs = [(look, unit) for look in looks for unit in units_in(picture, [look])]
    good = [(look, unit) for look, unit in pairs if unit.goodness >= FOUND_GOODNESS and _stands_in(unit, picture)]
    return sorted(good, key=lambda pair: pair[1].goodness, reverse=True)


def slot_picture(rgb: Picture, slot: Slot, homography: Matrix | None = None) -> Picture:
    """The slot cut out of a frame (or, without a homography, of the reference photo), with a margin, rectified."""
    area = widened(slot.area, SLOT_MARGIN)
    width, height = side_px(area, rgb.shape[1], rgb.shape[0])
    return crop(rgb, area if homography is None else through(homography, area), width, height)


def vote(opinions: Sequence[Opinion]) -> Opinion:
    """The opinion that at least two frames and two thirds of them share, else unknown."""
    counts = Counter((one.seen, one.sku) for one in opinions)
    if not counts:
        return UNKNOWN
    (seen, sku), count = counts.most_common(1)[0]
    if seen is Seen.UNKNOWN or count < MIN_FRAMES or count < MAJORITY * len(opinions):
        return UNKNOWN
    agreeing = [one for one in opinions if (one.seen, one.sku) == (seen, sku)]
    mean = sum(one.confidence for one in agreeing) / count
    return Opinion(
        seen=seen,
        sku=sku,
        confidence=round(mean * count / len(opinions), 4),
        holds_planned=sum(one.holds_planned for one in agreeing) * 2 > count,
    )


def _facings(reference: Picture, slot: Slot) -> list[Picture]:
    columns = [column(slot.area, index, slot.facings) for index in range(min(slot.facings, 3))]
    return [crop(reference, quad, *side_px(quad, reference.shape[1], reference.shape[0])) for quad in columns]


def _stands_in(unit: Unit, picture: Picture) -> bool:
    """Whether the unit's centre lies in the slot itself, not in the margin around it."""
    edge = SLOT_MARGIN / (1 + 2 * SLOT_MARGIN)
    x, y = unit.centre[0] / picture.shape[1], unit.centre[1] / picture.shape[0]
    return bool(edge <= x <= 1 - edge and edge <= y <= 1 - edge)


def _strength(sku: str, units: Sequence[Unit]) -> float:
    """How clearly a slot's units together say this SKU: leads for it less leads against it, over the root of their number."""
    told = [one for one in units if one.goodness >= PLANNED_GOODNESS]
    leads = sum(one.lead if one.sku == sku else -one.lead for one in told)
    return float(leads / np.sqrt(max(1, len(told))))


def _area(units: Sequence[Unit]) -> float:
    return sum((one.hull[2] - one.hull[0]) * (one.hull[3] - one.hull[1]) for one in units)
