"""The check of one slot against its plan, view by view, and the vote over views.

Rules: one view says expected, other, empty or unknown. First the facings of the reference photo are looked for (`facings`): a
slot that looks as planned, and more so than like any SKU that resembles it, is expected, and nothing dearer is asked. Only a slot
that has changed goes to the photos (`photos`). There an intruder must beat the planned SKU at its place, and all units together
must lead clearly over every other SKU; it outweighs proved units of the planned SKU when it fills at least as much of the slot.
What is neither proved nor bare is unknown. A verdict needs two views and two thirds of them. No clear view at all is not
assessable (see `frames.clear`), which is not said here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.domain.shelf import Seen
from edge_agent.shelf.frames.geometry import SLOT_MARGIN
from edge_agent.shelf.products.appearance import PLANNED_GOODNESS, Unit
from edge_agent.shelf.products.facings import Facings, Hit, Lab
from edge_agent.shelf.products.photos import Photos
from edge_agent.shelf.setup.bay import Picture

MIN_FRAMES: Final = 2
MAJORITY: Final = 2 / 3
SURE: Final = 0.7
"""A facing that fits this well is the SKU's, if no rival fits nearly as well."""
SURE_LEAD: Final = 0.04
FOREIGN: Final = 0.75
FOREIGN_LEAD: Final = 0.08
"""What a facing of another SKU must show: its fit, and its lead over the planned SKU and over every third one."""
TOLD_APART: Final = 0.3
"""How clearly the places in which two like SKUs differ must speak for one of them (see `Facings.told_apart`)."""
SOME_FIT: Final = 0.62
"""Below this fit of every SKU's facings a bare slot is empty, whatever its photos would say."""
COUNTED, COUNTED_SHARE = 0.45, 0.55
"""A facing counts when it fits this well, and at least this share of the slot's best."""
CANDIDATES: Final = 4
"""SKUs, by how well their facings fit, whose photos are compared."""
STRENGTH: Final = 0.15
"""An intruder's units together must lead this far over all other SKUs, or it is some product we cannot name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one view says of one slot. `holds_planned`: at least one unit of the planned SKU stands there.

    `facings` of the planned SKU in the front row, None where they cannot be counted.
    """

    seen: Seen
    sku: str
    confidence: float
    holds_planned: bool
    facings: int | None = None


UNKNOWN: Final = Opinion(seen=Seen.UNKNOWN, sku="", confidence=0.0, holds_planned=False)


class Verifier:
    """Knows what every SKU of a plan and its bare shelves look like, learnt from the plan's pictures (RGB)."""

    def __init__(self, plan: Planogram, reference: Picture, photos: Mapping[str, Sequence[Picture]]) -> None:
        self._facings = Facings(plan, reference)
        self._photos = Photos(plan, reference, photos)

    def opinion(self, slot: Slot, picture: Picture) -> Opinion:
        """What one rectified view of a slot (from `facings.slot_picture`, under the reference's light) shows."""
        view = self._facings.view(slot, picture)
        own = self._facings.find(view, slot.sku)
        rivals = self._facings.best(view, self._facings.rivals.get(slot.sku, ()))
        if own and own[0].fit >= SURE and self._beats(view, own[0], rivals[:1], SURE_LEAD):
            return self._planned(slot, picture, view, own)
        ranked = self._facings.best(view, [sku for sku in self._facings.skus if sku != slot.sku])
        if ranked and ranked[0].fit >= FOREIGN and self._beats(view, ranked[0], [*own[:1], *ranked[1:3]], FOREIGN_LEAD):
            return _foreign(ranked[0], holds_planned=False)
        if max(_fit(own), _fit(ranked)) < SOME_FIT:
            share, empty = self._photos.emptiness(slot, picture)
            if empty:
                return Opinion(seen=Seen.EMPTY, sku="", confidence=share, holds_planned=False, facings=0)
        return self._by_photos(slot, picture, own, ranked)

    def _beats(self, view: Lab, hit: Hit, others: Sequence[Hit], lead: float) -> bool:
        """Whether the hit fits better than each of the others by `lead`, or else better where the two SKUs differ."""
        return all(hit.fit >= one.fit + lead or self._facings.told_apart(view, hit, one) >= TOLD_APART for one in others)

    def _planned(self, slot: Slot, picture: Picture, view: Lab, own: Sequence[Hit]) -> Opinion:
        """The planned SKU stands there: how often, and whether another one stands beside it that takes as much room."""
        counted = [one for one in own if one.fit >= max(COUNTED, COUNTED_SHARE * own[0].fit)]
        facings = min(len(counted), slot.facings)
        if facings < slot.facings:
            ranked = [hit for sku in self._facings.skus if sku != slot.sku for hit in self._facings.find(view, sku)]
            beside = [hit for hit in ranked if hit.fit >= FOREIGN and all(_apart(hit, one) for one in counted)]
            best = max(beside, key=lambda one: one.fit, default=None)
            wide = sum(one.wide for one in beside if best is not None and one.sku == best.sku)
            if best is not None and wide >= sum(one.wide for one in counted) and not self._bare_at(slot, picture, view, best):
                return replace(_foreign(best, holds_planned=True), facings=facings)
        confidence = _logistic(own[0].fit)
        return Opinion(seen=Seen.EXPECTED, sku=slot.sku, confidence=confidence, holds_planned=True, facings=facings)

    def _bare_at(self, slot: Slot, picture: Picture, view: Lab, hit: Hit) -> bool:
        """Whether bare shelf is all that stands at the hit: the facing of a small pack is mostly the wall above it."""
        left, right = (edge / view.shape[1] for edge in (hit.box[0], hit.box[2]))
        margin = SLOT_MARGIN * (right - left)
        part = picture[:, round(max(0.0, left - margin) * picture.shape[1]) : round((right + margin) * picture.shape[1])]
        return self._photos.emptiness(slot, part, facings=1)[1]

    def _by_photos(self, slot: Slot, picture: Picture, own: Sequence[Hit], ranked: Sequence[Hit]) -> Opinion:
        candidates = [one.sku for one in ranked[:CANDIDATES]]
        found = self._photos.units(slot, picture, [*candidates, *self._photos.strangers])
        proved = [one for one in found if one.stands_for(slot.sku)]
        planned = [one for one in proved if one.sku == slot.sku]
        others = [one for one in proved if one.sku != slot.sku]
        if others and _area(others) >= _area(planned):
            best = max(others, key=lambda one: one.confidence)
            if _strength(best.sku, found) >= STRENGTH:
                return Opinion(seen=Seen.OTHER, sku=best.sku, confidence=best.confidence, holds_planned=bool(planned))
        if planned:
            best = max(planned, key=lambda one: one.confidence)
            counted = min(slot.facings, max(len(planned), sum(one.fit >= COUNTED for one in own)))
            return Opinion(
                seen=Seen.EXPECTED, sku=slot.sku, confidence=best.confidence, holds_planned=True, facings=counted
            )  # fmt: skip
        if others:
            return UNKNOWN
        share, empty = self._photos.emptiness(slot, picture)
        if empty and not any(one.goodness > 0 for one in found):
            return Opinion(seen=Seen.EMPTY, sku="", confidence=share, holds_planned=False, facings=0)
        return UNKNOWN


def vote(opinions: Sequence[Opinion]) -> Opinion:
    """The opinion that at least two views and two thirds of them share, else unknown."""
    counts = Counter((one.seen, one.sku) for one in opinions)
    if not counts:
        return UNKNOWN
    (seen, sku), count = counts.most_common(1)[0]
    if seen is Seen.UNKNOWN or count < MIN_FRAMES or count < MAJORITY * len(opinions):
        return UNKNOWN
    agreeing = [one for one in opinions if (one.seen, one.sku) == (seen, sku)]
    mean = sum(one.confidence for one in agreeing) / count
    facings = sorted(one.facings for one in agreeing if one.facings is not None)
    return Opinion(
        seen=seen,
        sku=sku,
        confidence=round(mean * count / len(opinions), 4),
        holds_planned=sum(one.holds_planned for one in agreeing) * 2 > count,
        facings=facings[len(facings) // 2] if facings else None,
    )


def _fit(hits: Sequence[Hit]) -> float:
    return hits[0].fit if hits else 0.0


def _apart(one: Hit, other: Hit) -> bool:
    return abs(one.middle - other.middle) >= 0.4 * (one.wide + other.wide)


def _foreign(hit: Hit, *, holds_planned: bool) -> Opinion:
    return Opinion(seen=Seen.OTHER, sku=hit.sku, confidence=_logistic(hit.fit), holds_planned=holds_planned)


def _logistic(fit: float) -> float:
    return float(1 / (1 + np.exp(-10.0 * (fit - 0.5))))


def _strength(sku: str, units: Sequence[Unit]) -> float:
    """How clearly a slot's units together say this SKU: leads for it less leads against it, over the root of their number."""
    told = [one for one in units if one.goodness >= PLANNED_GOODNESS]
    leads = sum(one.lead if one.sku == sku else -one.lead for one in told)
    return float(leads / np.sqrt(max(1, len(told))))


def _area(units: Sequence[Unit]) -> float:
    return sum((one.hull[2] - one.hull[0]) * (one.hull[3] - one.hull[1]) for one in units)
