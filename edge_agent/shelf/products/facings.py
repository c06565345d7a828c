"""Facings as the reference photo shows them, and where they stand in the view of a slot: the first and cheap witness.

Camera, lens and place are those of the reference photo, so a facing looks as it did there; only the light, a few millimetres
and the turn of a pack differ. Each facing of each slot is a template; at about `TALL_PX` per slot a template is slid over
the view (normalised cross-correlation of Lab, Lewis 1995), and its colour compared where it fits best. SKUs that look alike
are told apart by sliding the rival's templates too. What no template fits is left to the other witnesses.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.shelf.frames.geometry import SLOT_MARGIN, Matrix, crop, resized, side_px, through, widened
from edge_agent.shelf.setup.bay import Picture

TALL_PX: Final = 100
"""Height of the bay's median slot in its views; every slot of the bay is brought to the same scale."""
MAX_SIDE_PX: Final = 480
TRIM: Final = 0.08
"""Share of a facing's column that is left out on each side, and of its height above; a unit is not always in the middle."""
MIN_FIT: Final = 0.55
COLOUR: Final = 40.0
"""Mean difference in a and b (8-bit Lab) that costs as much as a whole correlation."""
ALIKE: Final = 0.45
"""SKUs whose templates fit each other this well are rivals: they must always be compared."""
APART: Final = 0.6
"""Two facings of one SKU stand at least this share of a template's width apart."""

Lab = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One place where a template of `sku` fits: `fit` = correlation less the cost of its colour.

    `box` (left, top, right, bottom) in pixels of the view.
    """

    sku: str
    correlation: float
    colour: float
    box: tuple[int, int, int, int]
    template: Lab = field(repr=False, compare=False)

    @property
    def fit(self) -> float:
        return self.correlation - self.colour / COLOUR

    @property
    def middle(self) -> float:
        return (self.box[0] + self.box[2]) / 2

    @property
    def wide(self) -> int:
        return self.box[2] - self.box[0]


def slot_picture(rgb: Picture, slot: Slot, homography: Matrix | None = None) -> Picture:
    """The slot cut out of a frame (or, without a homography, of the reference photo), with a margin, rectified."""
    area = widened(slot.area, SLOT_MARGIN)
    width, height = side_px(area, rgb.shape[1], rgb.shape[0])
    return crop(rgb, area if homography is None else through(homography, area), width, height)


class Facings:
    """The facings of one plan's reference photo, by SKU."""

    def __init__(self, plan: Planogram, reference: Picture) -> None:
        pictures = {slot.id: slot_picture(reference, slot) for slot in plan.slots}
        self._sizes = {one: (picture.shape[1], picture.shape[0]) for one, picture in pictures.items()}
        tall = float(np.median([picture.shape[0] for picture in pictures.values()])) / (1 + 2 * SLOT_MARGIN)
        self._scale = TALL_PX / max(tall, 1.0)
        self._templates: dict[str, list[Lab]] = defaultdict(list)
        for slot in plan.slots:
            self._templates[slot.sku] += _columns(self.view(slot, pictures[slot.id]), slot.facings)
        self._pool = ThreadPoolExecutor(max(1, cv2.getNumThreads()), "facings")
        # OpenCV lets go of the interpreter while it slides a template, and does not share that out by itself.
        self.rivals = self._alike()

    def view(self, slot: Slot, picture: Picture) -> Lab:
        """A slot's picture (from `slot_picture`, under the reference's light) at the bay's common scale."""
        width, height = self._sizes[slot.id]
        scale = min(self._scale, MAX_SIDE_PX / max(width, height))
        small = resized(picture, max(12, round(width * scale)), max(12, round(height * scale)))
        return np.asarray(cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.COLOR_RGB2LAB), dtype=np.float32)

    @property
    def skus(self) -> Sequence[str]:
        """The SKUs that have a slot in this plan."""
        return tuple(self._templates)

    def find(self, view: Lab, sku: str) -> list[Hit]:
        """Where facings of `sku` stand in the view, best first, none on top of another."""
        hits = [hit for template in self._templates.get(sku, ()) for hit in _hits(view, template, sku)]
        kept: list[Hit] = []
        for hit in sorted(hits, key=lambda one: -one.fit):
            if all(abs(hit.middle - one.middle) >= APART * one.wide for one in kept):
                kept.append(hit)
        return kept

    def best(self, view: Lab, skus: Iterable[str]) -> list[Hit]:
        """The best hit of each SKU, best first."""
        found = self._pool.map(lambda sku: self.find(view, sku), skus)
        return sorted((hits[0] for hits in found if hits), key=lambda one: -one.fit)

    @staticmethod
    def told_apart(view: Lab, one: Hit, other: Hit) -> float:
        """Where the two facings differ, does the view look like `one` (1) or like `other` (-1)? 0 where they do not meet."""
        left, top = (max(a, b) for a, b in zip(one.box[:2], other.box[:2], strict=True))
        right, bottom = (min(a, b) for a, b in zip(one.box[2:], other.box[2:], strict=True))
        if right - left < 6 or bottom - top < 6:
            return 0.0
        seen = view[top:bottom, left:right]
        ours, theirs = (
            hit.template[top - hit.box[1] : bottom - hit.box[1], left - hit.box[0] : right - hit.box[0]] for hit in (one, other)
        )
        unlike = np.abs(ours - theirs)
        lead = unlike * (np.abs(seen - theirs) - np.abs(seen - ours))
        return float(lead.sum() / max(1.0, float((unlike * unlike).sum())))

    def _alike(self) -> Mapping[str, tuple[str, ...]]:
        """For each SKU those that could pass for it."""
        found: dict[str, list[str]] = defaultdict(list)
        for sku, templates in self._templates.items():
            room = cv2.copyMakeBorder(templates[0], 8, 8, 8, 8, cv2.BORDER_REPLICATE)
            for other, theirs in self._templates.items():
                if other != sku and max((hit.fit for hit in _hits(room, theirs[0], other)), default=0.0) >= ALIKE:
                    found[sku].append(other)
                    found[other].append(sku)
        return {sku: tuple(dict.fromkeys(others)) for sku, others in found.items()}


def _columns(view: Lab, facings: int) -> list[Lab]:
    """The templates of a reference slot: one upright part for each facing."""
    height, width = view.shape[:2]
    edge = SLOT_MARGIN / (1 + 2 * SLOT_MARGIN)
    left, right, top, bottom = width * edge, width * (1 - edge), height * edge, height * (1 - edge)
    wide, rows = (right - left) / facings, slice(round(top + TRIM * (bottom - top)), round(bottom - 0.03 * height))
    return [
        np.ascontiguousarray(view[rows, round(left + (n + TRIM) * wide) : round(left + (n + 1 - TRIM) * wide)])
        for n in range(facings)
        if wide * (1 - 2 * TRIM) >= 6
    ]


def _hits(view: Lab, template: Lab, sku: str) -> list[Hit]:
    """Peaks of the template's correlation in the view; a template larger than the view is cut to its middle."""
    template = _middle(template, view.shape[0], view.shape[1])
    tall, wide = template.shape[:2]
    likeness = cv2.matchTemplate(view, template, cv2.TM_CCOEFF_NORMED)
    columns = likeness.max(axis=0)
    hits: list[Hit] = []
    for _ in range(view.shape[1] // wide + 1):
        x = int(columns.argmax())
        if not columns[x] >= MIN_FIT:
            break
        y = int(likeness[:, x].argmax())
        patch = view[y : y + tall, x : x + wide, 1:]
        colour = float(np.abs(patch - template[..., 1:]).mean())
        hits.append(Hit(sku=sku, correlation=float(columns[x]), colour=colour, box=(x, y, x + wide, y + tall), template=template))
        reach = max(1, int(APART * wide))
        columns[max(0, x - reach) : x + reach] = -1.0
    return hits


def _middle(template: Lab, tall: int, wide: int) -> Lab:
    top, left = max(0, template.shape[0] - tall), max(0, (template.shape[1] - wide) // 2)
    return np.ascontiguousarray(template[top : top + tall, left : left + wide])
