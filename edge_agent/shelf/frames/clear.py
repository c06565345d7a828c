"""Clear-view choice: in which frames each slot can be seen with nobody in front of it.

Two witnesses at 480 px width. Against the median of all frames, whatever moves stands out; against the reference photo,
whatever hides the shelf itself (edges and gaps around a slot, which no product changes) stands out, so that a person who
never moves does not pass for a product. Only a slot with a clear view in at least `MIN_CLEAR` frames is judged; of its
clear frames the sharpest are used. Nothing at full resolution is held here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.domain.planogram import Slot
from edge_agent.shelf.frames.geometry import Mask, Matrix, area_mask, inside, median, resized, straightened, through, widened
from edge_agent.shelf.frames.light import MIN_LUMA, Light, fit
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 480
MOVED: Final = 30
"""Smallest difference (0..255, after blurring) that counts as something else in a pixel."""
MAX_MOVED: Final = 0.10
MAX_HIDDEN: Final = 0.25
MIN_COVERED: Final = 0.97
TILE_PX: Final = 16
MIN_AGREEMENT: Final = 0.5
"""Smallest share of the structure outside the slots that must agree with the reference: a back panel's regular holes
register anywhere, rails and tags do not."""
MIN_CLEAR: Final = 2
KEEP: Final = 5

Small = npt.NDArray[np.uint8]
Detail = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One usable key frame: where the bay is in it, its light, and the bay at 480 px, straightened and relit.

    `agreement` 0..1: of the shelf's structure with the reference photo's.
    """

    at_ms: int
    homography: Matrix
    light: Light
    small: Small
    covered: Mask
    agreement: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """The views of one slot: indices of its best clear looks, how many there were, and the first and last of them."""

    slot: Slot
    best: tuple[int, ...]
    count: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One slot in the small picture: flat indices of its own pixels, of shelf pixels around it, and of those right under it."""

    slot: Slot
    inner: Indices
    ring: Indices
    foot: Indices
    box: tuple[slice, slice]


class Gate:
    """Judges looks against one reference photo and one plan."""

    def __init__(self, reference: Picture, slots: Sequence[Slot]) -> None:
        height = max(8, round(reference.shape[0] * WIDTH_PX / reference.shape[1]))
        self._size = (WIDTH_PX, height)
        self._reference = resized(reference, *self._size)
        self._soft = _soft(self._reference)
        products = area_mask([widened(one.area, 0.03) for one in slots], *self._size)
        tags = area_mask([widened(one.tag, 0.08) for one in slots if one.tag is not None], *self._size)
        self._fixed = ~products
        self._shelf = ~products & ~tags
        self._places = tuple(self._place(one) for one in slots)

    def _place(self, slot: Slot) -> _Place:
        inner = area_mask([slot.area] if slot.tag is None else [slot.area, slot.tag], *self._size)
        rows, columns = np.flatnonzero(inner.any(axis=1)), np.flatnonzero(inner.any(axis=0))
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)) if len(rows) else (slice(0, 1), slice(0, 1))
        return _Place(
            slot=slot, inner=np.flatnonzero(inner), ring=np.flatnonzero(self._ring(slot)),
            foot=np.flatnonzero(self._foot(slot)), box=box,
        )  # fmt: skip

    def look(self, rgb: Picture, at_ms: int, homography: Matrix) -> Look | None:
        """The frame straightened and relit, or None when there is too little light or it is not this bay after all."""
        small, covered = straightened(rgb, homography, *self._size)
        light = fit(self._reference, small, covered)
        agrees = agreement(self._reference, small, covered & self._fixed)
        if light is None or agrees < MIN_AGREEMENT:
            return None
        relit = light.applied(small)
        return Look(at_ms=at_ms, homography=homography, light=light, small=relit, covered=covered, agreement=round(agrees, 4))

    @staticmethod
    def dark(rgb: Picture) -> bool:
        """Whether there is too little light to judge anything, the camera's place included."""
        return float(rgb[::8, ::8].mean()) < MIN_LUMA

    def clear_views(self, looks: Sequence[Look]) -> list[Clear]:
        """For each slot of the plan, in order, its clear looks; `best` is empty when it cannot be assessed."""
        if not looks:
            return [Clear(slot=one.slot, best=(), count=0) for one in self._places]
        soft = [_soft(one.small) for one in looks]
        usual = median(soft)
        moved = [_differs(one, usual).ravel() for one in soft]
        strange = [_differs(one, self._soft).ravel() for one in soft]
        sharp = [_detail(one.small) for one in looks]
        return [self._of_slot(place, looks, moved, strange, sharp) for place in self._places]

    @staticmethod
    def _of_slot(
        place: _Place, looks: Sequence[Look], moved: Sequence[Mask], strange: Sequence[Mask], sharp: Sequence[Detail]
    ) -> Clear:
        slot = place.slot
        quads = [slot.area] if slot.tag is None else [slot.area, slot.tag]
        clear: list[tuple[float, int]] = []
        for index, look in enumerate(looks):
            seen = all(inside(through(look.homography, quad)) for quad in quads)
            covered = look.covered.ravel()
            if not seen or _share(covered, place.inner) < MIN_COVERED:
                continue
            around = (where[covered[where]] for where in (place.ring, place.foot))
            if max(_share(strange[index], where) for where in around) > MAX_HIDDEN:
                continue
            if min(_share(moved[index], place.inner), _share(strange[index], place.inner)) > MAX_MOVED:
                continue
            clear.append((float(sharp[index][place.box].mean()), index))
        if len(clear) < MIN_CLEAR:
            return Clear(slot=slot, best=(), count=len(clear))
        best = sorted(index for _, index in sorted(clear, reverse=True)[:KEEP])
        indices = [index for _, index in clear]
        return Clear(slot=slot, best=tuple(best), count=len(clear), first=min(indices), last=max(indices))

    def _foot(self, slot: Slot) -> Mask:
        """Shelf pixels right under the slot: whoever stands before it hides them, however slim."""
        _, _, c, d = widened(slot.area, 0.15)
        return area_mask([(slot.area[3], slot.area[2], c, d)], *self._size) & self._shelf

    def _ring(self, slot: Slot) -> Mask:
        """Shelf pixels around the slot: at least 40 of them, widening as needed."""
        for share in (0.12, 0.25, 0.5, 1.0):
            ring = area_mask([widened(slot.area, share)], *self._size) & self._shelf
            if ring.sum() >= 40:
                return ring
        return self._shelf


def agreement(reference: Small, frame: Small, where: Mask) -> float:
    """Share of the reference's structure that the frame shows at the same place, among the pixels of `where`.

    Structure is the horizontal and the vertical slope of brightness in `TILE_PX` tiles; a tile agrees at a correlation
    above 0.5. The lesser of both shares counts: a rail looks the same however far it is shifted along itself.
    """
    return min(_agreement(reference, frame, where, across) for across in (True, False))


def _agreement(reference: Small, frame: Small, where: Mask, across: bool) -> float:  # noqa: FBT001 - one of two axes
    rows, columns = reference.shape[0] // TILE_PX, reference.shape[1] // TILE_PX

    def tiles(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return plane[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX)

    def slope(rgb: Small) -> npt.NDArray[np.float32]:
        grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
        return np.asarray(cv2.Sobel(grey, cv2.CV_32F, int(across), int(not across)) * where, dtype=np.float32)

    ours, theirs = tiles(slope(reference)), tiles(slope(frame))
    power = (ours**2).sum(axis=(1, 3))
    like = (ours * theirs).sum(axis=(1, 3)) / np.sqrt(np.maximum(power * (theirs**2).sum(axis=(1, 3)), 1e-3))
    weight = np.sqrt(power)
    return float((weight * (like > 0.5)).sum() / max(float(weight.sum()), 1e-6))


def _soft(rgb: Small) -> Small:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.6), dtype=np.uint8)


def _differs(one: Small, other: Small) -> Mask:
    return np.asarray(cv2.absdiff(one, other).max(axis=2) > MOVED, dtype=np.bool_)


def _share(mask: Mask, where: Indices) -> float:
    return float(mask[where].mean()) if len(where) else 0.0


def _detail(small: Small) -> Detail:
    return np.asarray(np.abs(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.CV_32F)), dtype=np.float32)
