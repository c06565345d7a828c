"""The second witness: SKUs as their photos show them, asked only about slots that do not look as in the reference photo.

A plan's photos are taken under other light and with another lens than the bay. So each SKU is also learnt from the units
of it that are found in the reference photo where the plan puts it, and the photos' colours are shifted by the median
difference seen there. A SKU is learnt when it is first asked for, and then known for good: most scans ask for few.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.shelf.frames.geometry import SLOT_MARGIN, column, crop, side_px
from edge_agent.shelf.products.appearance import Look, Unit, cut_out, photo_look, plain_look, scaled_for_match, tinted, units_in
from edge_agent.shelf.products.backdrop import Backdrop
from edge_agent.shelf.products.facings import slot_picture
from edge_agent.shelf.setup.bay import Picture

MAX_TINT: Final = 2.5
CUT_OUTS: Final = 2
SAMPLED: Final = 6
"""SKUs from which the difference between photos and bay, and the bare shelf, are learnt."""
FOUND_GOODNESS: Final = 0.1
"""A unit of the planned SKU in the reference photo needs no better proof: the plan says that it stands there."""


class Photos:
    """What the photos of one plan teach (RGB).

    A SKU that is not found where the reference photo must show it is known only by the look of its own slot, and can
    be confirmed there but never be claimed elsewhere.
    """

    def __init__(self, plan: Planogram, reference: Picture, photos: Mapping[str, Sequence[Picture]]) -> None:
        self._reference = reference
        self._photos = photos
        self._slots: dict[str, list[Slot]] = {sku: [] for sku in photos}
        for slot in plan.slots:
            self._slots.setdefault(slot.sku, []).append(slot)
        self._found: dict[str, list[tuple[Look, Unit, Picture]]] = {}
        self._looks: dict[str, list[Look]] = {}
        self._plain: dict[str, list[Look]] = {}
        self._tint: Sequence[float] | None = None
        self._backdrop = Backdrop()
        self._bare: set[str] = set()

    def units(self, slot: Slot, picture: Picture, skus: Iterable[str]) -> list[Unit]:
        """Units of these SKUs and of the planned one that stand in the slot, in `picture` (from `facings.slot_picture`)."""
        scaled = scaled_for_match(picture)
        looks = [look for sku in dict.fromkeys([slot.sku, *skus]) for look in self._of(sku)] + self._own(slot)
        return [one for one in units_in(scaled, looks) if _stands_in(one, scaled)]

    def emptiness(self, slot: Slot, picture: Picture, facings: int = 0) -> tuple[float, bool]:
        """(share of the slot that looks like bare shelf, whether the slot is empty); `picture` from `facings.slot_picture`.

        `facings` that have room in the picture where it shows only a part of the slot.
        """
        for sku in (*self._sampled(), slot.sku):
            if sku not in self._bare:
                self._bare.add(sku)
                for one in {id(each): each for _, _, each in self._in_bay(sku)}.values():
                    self._backdrop.learn(one, [unit for _, unit, each in self._in_bay(sku) if each is one])
        return self._backdrop.emptiness(scaled_for_match(picture), facings or slot.facings)

    @property
    def strangers(self) -> tuple[str, ...]:
        """SKUs that the plan knows but gives no slot."""
        return tuple(sku for sku, slots in self._slots.items() if not slots)

    def _of(self, sku: str) -> list[Look]:
        if sku not in self._looks:
            photos = [photo_look(sku, one) for one in self._photos.get(sku, ())]
            cut = [cut_out(look, picture, unit) for look, unit, picture in self._in_bay(sku)[:CUT_OUTS]]
            self._looks[sku] = [tinted(look, self._bay_tint()) for look in photos] + cut
        return self._looks[sku]

    def _own(self, slot: Slot) -> list[Look]:
        if self._in_bay(slot.sku):
            return []
        if slot.id not in self._plain:
            columns = [column(slot.area, index, slot.facings) for index in range(min(slot.facings, 3))]
            size = (self._reference.shape[1], self._reference.shape[0])
            self._plain[slot.id] = [plain_look(slot.sku, crop(self._reference, one, *side_px(one, *size))) for one in columns]
        return self._plain[slot.id]

    def _in_bay(self, sku: str) -> list[tuple[Look, Unit, Picture]]:
        """Units of the SKU in its slots of the reference photo, best first, each with the photo that found it."""
        if sku not in self._found:
            looks = [photo_look(sku, one) for one in self._photos.get(sku, ())]
            pictures = [scaled_for_match(slot_picture(self._reference, slot)) for slot in self._slots.get(sku, ())]
            found = [(look, unit, one) for one in pictures for look in looks for unit in units_in(one, [look])]
            good = [each for each in found if each[1].goodness >= FOUND_GOODNESS and _stands_in(each[1], each[2])]
            self._found[sku] = sorted(good, key=lambda each: each[1].goodness, reverse=True)
        return self._found[sku]

    def _bay_tint(self) -> Sequence[float]:
        if self._tint is None:
            tints = [unit.tint for sku in self._sampled() for _, unit, _ in self._in_bay(sku)]
            middle = np.clip(np.median(tints, axis=0), 1 / MAX_TINT, MAX_TINT) if tints else np.ones(3)
            self._tint = [float(one) for one in middle]
        return self._tint

    def _sampled(self) -> Sequence[str]:
        placed = [sku for sku, slots in self._slots.items() if slots and self._photos.get(sku)]
        return placed[:: max(1, len(placed) // SAMPLED)]


def _stands_in(unit: Unit, picture: Picture) -> bool:
    """Whether the unit's centre lies in the slot itself, not in the margin around it."""
    edge = SLOT_MARGIN / (1 + 2 * SLOT_MARGIN)
    x, y = unit.centre[0] / picture.shape[1], unit.centre[1] / picture.shape[0]
    return bool(edge <= x <= 1 - edge and edge <= y <= 1 - edge)
