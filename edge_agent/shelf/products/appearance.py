"""What each SKU looks like in this bay, and where it stands in the picture of a slot.

A SKU is known by its photos. Key points (SIFT) of a slot's picture are matched to each photo, similarity transforms are
found one after another (RANSAC), and each hypothesis is verified by laying the photo over the slot: correlation of
brightness, and distance of chromaticity, which tells flavours of one line apart. Hypotheses of different SKUs compete
for the same place; a unit counts only when the winner is good and clearly better than the runner-up.
Photos are taken under other light and with another lens than the bay. So each SKU is also learnt from the units of it that
are found in the reference photo where the plan puts it (`cut_out`), and the photos' colours are shifted by the median
difference seen there (`tinted`). Method: Lowe 2004; Arandjelovic and Zisserman 2012.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import Mask, resized
from edge_agent.shelf.setup.bay import Picture

TALL_PX: Final = 240
"""Slot pictures and photos are brought to about this height."""
FEATURES: Final = 400
RATIO: Final = 0.85
MIN_INLIERS: Final = 6
MAX_UNITS: Final = 8
CANDIDATES: Final = 8
MIN_SCALE, MAX_SCALE = 0.3, 1.8
MIN_SIDE_PX: Final = 12
MAX_TURN_DEG: Final = 15.0
REPROJECTION_PX: Final = 4.0

MIN_CORRELATION: Final = 0.4
MAX_CHROMA: Final = 0.12
GOODNESS, LEAD = 0.55, 0.2
"""What an intruder must show: goodness, and lead over the planned SKU at the same place."""
PLANNED_GOODNESS, PLANNED_LEAD = 0.42, 0.04
"""What the planned SKU must show: goodness, and lead over any other SKU at the same place."""

Floats = npt.NDArray[np.float32]
Affine = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One photo of a SKU at `TALL_PX` height: pixels, the product's inner mask, key points and root-SIFT descriptors."""

    sku: str
    rgb: Picture
    mask: Mask
    points: Floats
    descriptors: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One hypothetical unit of a SKU in a slot picture. `hull` is its box (left, top, right, bottom) in pixels.

    `goodness` combines correlation, chromaticity and number of agreeing key points; `rivals` holds the best
    goodness of every other SKU at the same place.
    """

    sku: str
    inliers: int
    correlation: float
    chroma: float
    hull: tuple[float, float, float, float]
    tint: tuple[float, float, float]
    affine: Affine = field(compare=False, repr=False)
    rivals: Mapping[str, float] = field(default_factory=dict)

    @property
    def goodness(self) -> float:
        return self.correlation - 4.0 * self.chroma + 0.25 * float(np.log(self.inliers / 15))

    @property
    def lead(self) -> float:
        """By how much it beats the best other SKU at its place."""
        return self.goodness - max(self.rivals.values(), default=-1.0)

    def stands_for(self, planned: str) -> bool:
        """Whether the unit proves its SKU against the `planned` one; for the planned SKU itself the plan is evidence too."""
        if self.correlation < MIN_CORRELATION or self.chroma > MAX_CHROMA:
            return False
        if self.sku == planned:
            return self.goodness >= PLANNED_GOODNESS and self.lead >= PLANNED_LEAD
        return self.goodness >= GOODNESS and self.goodness - self.rivals.get(planned, -1.0) >= LEAD

    @property
    def confidence(self) -> float:
        """Logistic in how good the match is and how far the next SKU lies behind."""
        return float(1 / (1 + np.exp(-5.0 * min(self.goodness - 0.3, self.lead + 0.15))))

    @property
    def centre(self) -> tuple[float, float]:
        return ((self.hull[0] + self.hull[2]) / 2, (self.hull[1] + self.hull[3]) / 2)


def scaled_for_match(rgb: Picture) -> Picture:
    """A slot picture at `TALL_PX` height, never wider than 4 times that."""
    scale = min(TALL_PX / rgb.shape[0], 4 * TALL_PX / rgb.shape[1])
    return resized(rgb, max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale)))


def photo_look(sku: str, photo: Picture) -> Look:
    """Learn one photo: the product is what differs from the photo's border; without such a difference, all of it."""
    rgb = scaled_for_match(photo)
    return _look(sku, rgb, _foreground(rgb))


def _look(sku: str, rgb: Picture, mask: Mask) -> Look:
    points, descriptors = describe(rgb)
    rows = np.clip(points[:, 1].astype(int), 0, rgb.shape[0] - 1)
    columns = np.clip(points[:, 0].astype(int), 0, rgb.shape[1] - 1)
    kept = mask[rows, columns] if len(points) else np.zeros(0, dtype=bool)
    return Look(sku=sku, rgb=rgb, mask=mask, points=points[kept], descriptors=descriptors[kept])


def cut_out(look: Look, picture: Picture, unit: Unit) -> Look:
    """The unit of `look`'s SKU as `picture` shows it, brought into the photo's geometry: a second look at that SKU."""
    size = (look.rgb.shape[1], look.rgb.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    rgb = np.asarray(cv2.warpAffine(picture, unit.affine, size, flags=flags), dtype=np.uint8)
    return _look(look.sku, rgb, look.mask)


def plain_look(sku: str, picture: Picture) -> Look:
    """Learn a SKU from a cut-out of the reference photo, where its photo is not recognised."""
    rgb = scaled_for_match(picture)
    return _look(sku, rgb, _inner(rgb))


def describe(rgb: Picture) -> tuple[Floats, Floats]:
    """Key points (n, 2) in pixels and root-SIFT descriptors (n, 128)."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    found, descriptors = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.03).detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return np.asarray([one.pt for one in found], dtype=np.float32), np.asarray(rooted, dtype=np.float32)


def units_in(rgb: Picture, looks: Sequence[Look]) -> list[Unit]:
    """Units standing in a slot picture (as from `scaled_for_match`), the best of every place with its rival's goodness."""
    points, descriptors = describe(rgb)
    if len(points) < MIN_INLIERS:
        return []
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.0)
    matched = [(look, *_matches(descriptors, look)) for look in looks]
    matched = sorted((one for one in matched if len(one[1]) >= MIN_INLIERS), key=lambda one: -len(one[1]))
    found = [
        unit for look, ours, theirs in matched[:CANDIDATES] for unit in _hypotheses(soft, look, points[ours], look.points[theirs])
    ]
    return _winners(found)


def tinted(look: Look, tint: Sequence[float]) -> Look:
    """The photo under the bay's light: channels scaled by `tint`."""
    scaled = np.clip(look.rgb * np.asarray(tint) + 0.5, 0, 255).astype(np.uint8)
    return replace(look, rgb=scaled)


def _matches(descriptors: Floats, look: Look) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices (slot, photo) that pass the ratio test; several slot points may share a photo point: there are many units."""
    if len(look.points) < MIN_INLIERS:
        nothing = np.zeros(0, dtype=np.intp)
        return nothing, nothing
    likeness = descriptors @ look.descriptors.T
    rows = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    top = likeness[rows, best]
    likeness[rows, best] = -1.0
    second = likeness.max(axis=1)
    good = np.sqrt(np.maximum(0, 2 - 2 * top)) < RATIO * np.sqrt(np.maximum(0, 2 - 2 * second))
    return rows[good], best[good]


def _hypotheses(soft: Picture, look: Look, ours: Floats, theirs: Floats) -> Iterator[Unit]:
    for _ in range(MAX_UNITS):
        if len(ours) < MIN_INLIERS:
            return
        affine, kept = cv2.estimateAffinePartial2D(
            theirs, ours, method=cv2.RANSAC, ransacReprojThreshold=REPROJECTION_PX, maxIters=1200, confidence=0.995
        )
        if affine is None:
            return
        inliers = kept.ravel().astype(bool)
        if inliers.sum() < MIN_INLIERS:
            return
        unit = _verified(soft, look, np.asarray(affine, dtype=np.float64), int(inliers.sum()))
        if unit is not None:
            yield unit
        ours, theirs = ours[~inliers], theirs[~inliers]


def _verified(soft: Picture, look: Look, affine: Affine, inliers: int) -> Unit | None:
    """Lay the photo over the slot; None for an impossible size, a tilt, or too little of the product in the picture."""
    scale = float(np.hypot(affine[0, 0], affine[1, 0]))
    turn = abs(float(np.degrees(np.arctan2(affine[1, 0], affine[0, 0]))))
    if not (MIN_SCALE <= scale <= MAX_SCALE) or turn > MAX_TURN_DEG:
        return None
    left, top, right, bottom = _reach(look, affine, soft)
    if right - left < MIN_SIDE_PX or bottom - top < MIN_SIDE_PX:
        return None
    part, size = affine - [[0, 0, left], [0, 0, top]], (right - left, bottom - top)
    inside = cv2.warpAffine(look.mask.astype(np.uint8), part, size, flags=cv2.INTER_NEAREST) > 0
    if inside.sum() < 0.6 * scale * scale * look.mask.sum():
        return None
    laid = cv2.warpAffine(look.rgb, part, size, flags=cv2.INTER_AREA)[inside].astype(np.float32)
    seen = soft[top:bottom, left:right][inside].astype(np.float32)
    bright, laid_bright = seen.sum(axis=1), laid.sum(axis=1)
    if bright.std() < 6 or laid_bright.std() < 6:
        return None
    correlation = float(np.corrcoef(bright, laid_bright)[0, 1])
    shades = seen / np.maximum(bright, 30.0)[:, None] - laid / np.maximum(laid_bright, 30.0)[:, None]
    chroma = float(np.abs(shades).sum() / len(shades))
    tint = np.median(seen, axis=0) / np.maximum(np.median(laid, axis=0), 1.0)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    hull = (float(left + columns[0]), float(top + rows[0]), float(left + columns[-1]), float(top + rows[-1]))
    return Unit(
        sku=look.sku,
        inliers=inliers,
        correlation=correlation,
        chroma=chroma,
        hull=hull,
        affine=affine,
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
    )


def _reach(look: Look, affine: Affine, picture: Picture) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) of the laid photo, cut to the picture."""
    height, width = look.rgb.shape[:2]
    corners = np.asarray([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)]) @ affine.T
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)), (picture.shape[1], picture.shape[0])).astype(int)
    return (int(left), int(top), int(right), int(bottom))


def _winners(units: Sequence[Unit]) -> list[Unit]:
    kept: list[Unit] = []
    for unit in sorted(units, key=lambda one: one.goodness, reverse=True):
        same = [n for n, one in enumerate(kept) if _overlap(one.hull, unit.hull) > 0.4]
        if not same:
            kept.append(unit)
            continue
        for n in same:
            if unit.sku not in {kept[n].sku, *kept[n].rivals}:
                kept[n] = replace(kept[n], rivals={**kept[n].rivals, unit.sku: unit.goodness})
    return kept


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over the smaller box."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((one[2] - one[0]) * (one[3] - one[1]), (other[2] - other[0]) * (other[3] - other[1]))
    return max(0.0, wide) * max(0.0, tall) / max(smaller, 1.0)


def _foreground(rgb: Picture) -> Mask:
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.int16)
    border = np.concatenate([lab[:5].reshape(-1, 3), lab[:, :5].reshape(-1, 3), lab[:, -5:].reshape(-1, 3)])
    off = np.abs(lab - np.median(border, axis=0))
    raw = ((off[..., 1:].max(axis=2) > 9) | (off[..., 0] > 40)).astype(np.uint8)
    closed = cv2.morphologyEx(raw, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    if count > 1:
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        inner = cv2.erode((labels == largest).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        if inner.mean() > 0.2:
            return np.asarray(inner, dtype=np.bool_)
    return _inner(rgb)


def _inner(rgb: Picture) -> Mask:
    edge = max(2, rgb.shape[0] // 20)
    whole = np.zeros(rgb.shape[:2], dtype=bool)
    whole[edge:-edge, edge:-edge] = True
    return np.asarray(whole, dtype=np.bool_)
