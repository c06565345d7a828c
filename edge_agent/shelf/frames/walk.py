"""Walk-by registration: where the part of the bay that a passing phone shows lies on the reference photo, frame after frame.

Each frame is registered to the reference photo by itself: root-SIFT, ratio test, MAGSAC homography, then all points are matched
anew near where that puts them, so that the many like units of a shelf help instead of confusing. Where this fails, the frame is
registered to the last one that was registered, and the chain of both is tried in the same way; a chain alone is believed for
`MAX_CHAIN` frames, since it drifts. Blurred frames are refused, and so is what is no plausible view of a plane from before it.
Method: Lowe 2004, Barath et al. 2020 (MAGSAC++), Brown and Lowe 2007 (chains of homographies).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import Matrix
from edge_agent.shelf.setup.bay import Picture

REFERENCE_PX, FRAME_PX = 1600, 960
REFERENCE_FEATURES, FRAME_FEATURES = 5000, 1800
RATIO: Final = 0.82
NEAR: Final = 0.03
"""How far from where a first estimate puts it a point is looked for, in widths of the reference photo."""
LIKE: Final = 0.93
"""Smallest likeness (cosine of root-SIFT) of a point found there."""
REPROJECTION: Final = 0.0025
SEARCH_PX: Final = 1000.0
FIRST_INLIERS, MIN_INLIERS = 12, 40
MIN_SHARE: Final = 0.35
GRID: Final = (4, 3)
MIN_CELLS: Final = 6
MAX_CHAIN: Final = 3
CRISP: Final = 0.5
"""Smallest ratio of second to first differences of brightness, across and down; a smear of 8 pixels brings it to a third."""
MIN_ZOOM, MAX_ZOOM = 0.5, 5.0
MAX_ROLL_DEG: Final = 25.0
MAX_FORESHORTENING: Final = 2.0

Points = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Key points (n, 2) in widths of the picture, their root-SIFT descriptors, and the picture's height in widths."""

    points: Points
    descriptors: Points
    tall: float


class WalkMap:
    """What frames of a walk are registered to: the reference photo (RGB, any size)."""

    def __init__(self, reference: Picture) -> None:
        self.features = described(_grey(reference, REFERENCE_PX), REFERENCE_FEATURES)


class Walker:
    """Registers the frames of one walk, in their order."""

    def __init__(self, reference: WalkMap) -> None:
        self._reference = reference.features
        self._last: tuple[Features, Matrix] | None = None
        self._chained = 0

    def register(self, rgb: Picture) -> Matrix | None:
        """Homography from reference fractions to frame fractions, or None when the frame is blurred or cannot be placed."""
        grey = _grey(rgb, FRAME_PX)
        if crispness(grey) < CRISP:
            return None
        frame = described(grey, FRAME_FEATURES)
        found = self._direct(frame)
        if found is None:
            found = self._chain(frame)
        if found is None:
            return None
        self._last = (frame, found)
        to_frame = np.diag([1.0, 1 / frame.tall, 1.0])
        from_reference = np.diag([1.0, self._reference.tall, 1.0])
        homography = to_frame @ found @ from_reference
        return np.asarray(homography / homography[2, 2], dtype=np.float64)

    def _direct(self, frame: Features) -> Matrix | None:
        first = estimate(self._reference, frame)
        found = None if first is None else refined(self._reference, frame, first)
        if found is not None:
            self._chained = 0
        return found

    def _chain(self, frame: Features) -> Matrix | None:
        if self._last is None:
            return None
        before, placed = self._last
        step = estimate(before, frame)
        if step is None:
            return None
        first = step @ placed
        found = refined(self._reference, frame, first)
        if found is not None:
            self._chained = 0
            return found
        closer = refined(before, frame, step)
        self._chained += 1
        if closer is None or self._chained > MAX_CHAIN:
            return None
        first = closer @ placed
        first = np.asarray(first / first[2, 2], dtype=np.float64)
        return first if plausible(first, self._reference.tall, frame.tall) else None


def described(grey: Grey, count: int) -> Features:
    """The `count` strongest features of a grey picture."""
    wide = grey.shape[1]
    even = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 5)).apply(grey)
    found, descriptors = cv2.SIFT.create(nfeatures=count, contrastThreshold=0.02).detectAndCompute(even, None)
    if descriptors is None:
        return Features(
            points=np.zeros((0, 2), np.float32), descriptors=np.zeros((0, 128), np.float32), tall=grey.shape[0] / wide
        )
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    points = np.asarray([one.pt for one in found], dtype=np.float32) / np.float32(wide)
    return Features(points=points, descriptors=np.asarray(rooted, dtype=np.float32), tall=grey.shape[0] / wide)


def estimate(before: Features, after: Features) -> Matrix | None:
    """A first homography (widths to widths) from what occurs once in both pictures, or None."""
    if min(len(before.points), len(after.points)) < MIN_INLIERS:
        return None
    likeness = after.descriptors @ before.descriptors.T
    rows = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    top = likeness[rows, best]
    back = likeness.argmax(axis=0)
    likeness[rows, best] = -1.0
    second = likeness.max(axis=1)
    apart = np.sqrt(np.maximum(0, 2 - 2 * top)) < RATIO * np.sqrt(np.maximum(0, 2 - 2 * second))
    good = apart & (back[best] == rows)
    if good.sum() < FIRST_INLIERS:
        return None
    matrix, inliers = _homography(before.points[best[good]], after.points[good], 2 * REPROJECTION)
    if matrix is None or inliers.sum() < FIRST_INLIERS:
        return None
    return matrix if plausible(matrix, before.tall, after.tall) else None


def refined(before: Features, after: Features, first: Matrix) -> Matrix | None:
    """The homography of all points that lie where `first` puts them, or None when too few of those in view do."""
    there = cv2.perspectiveTransform(before.points.reshape(1, -1, 2).astype(np.float64), first)[0]
    inside = (there[:, 0] > 0) & (there[:, 0] < 1) & (there[:, 1] > 0) & (there[:, 1] < after.tall)
    ours = np.flatnonzero(inside)
    if len(ours) < MIN_INLIERS:
        return None
    near = NEAR * float(np.sqrt(abs(np.linalg.det(first[:2, :2]))))
    likeness = before.descriptors[ours] @ after.descriptors.T
    far = np.abs(there[ours][:, None, :] - after.points[None, :, :]).max(axis=2) > near
    likeness[far] = -1.0
    best = likeness.argmax(axis=1)
    good = likeness[np.arange(len(ours)), best] > LIKE
    if good.sum() < MIN_INLIERS:
        return None
    source, target = before.points[ours[good]], after.points[best[good]]
    matrix, inliers = _homography(source, target, REPROJECTION)
    if matrix is None:
        return None
    enough = inliers.sum() >= max(MIN_INLIERS, MIN_SHARE * good.sum()) and _cells(target[inliers], after.tall) >= MIN_CELLS
    return matrix if enough and plausible(matrix, before.tall, after.tall) else None


def _homography(source: Points, target: Points, reprojection: float) -> tuple[Matrix | None, npt.NDArray[np.bool_]]:
    """In widths; the search itself needs numbers of the size of pixels."""
    matrix, kept = cv2.findHomography(
        source * SEARCH_PX, target * SEARCH_PX, cv2.USAC_MAGSAC, reprojection * SEARCH_PX, maxIters=5000, confidence=0.999
    )
    if matrix is None:
        return None, np.zeros(len(source), dtype=np.bool_)
    found = np.diag([1 / SEARCH_PX, 1 / SEARCH_PX, 1.0]) @ matrix @ np.diag([SEARCH_PX, SEARCH_PX, 1.0])
    return np.asarray(found / found[2, 2], dtype=np.float64), np.asarray(kept.ravel().astype(bool), dtype=np.bool_)


def plausible(matrix: Matrix, before_tall: float, after_tall: float) -> bool:
    """Whether it is a view of an upright plane: seen from before it, neither tiny nor huge, not lying, not from far aside."""
    if not np.isfinite(matrix).all():
        return False
    middle = np.linalg.solve(matrix, np.asarray([0.5, after_tall / 2, 1.0]))
    if abs(middle[2]) < 1e-9:
        return False
    x, y = middle[:2] / middle[2]
    if not (-0.5 <= x <= 1.5 and -0.5 * before_tall <= y <= 1.5 * before_tall):
        return False
    depth = matrix[2] @ np.asarray([x, y, 1.0])
    u, v = 0.5, after_tall / 2
    jacobian = (matrix[:2, :2] - np.outer((u, v), matrix[2, :2])) / depth
    zoom = float(np.linalg.det(jacobian))
    turn = float(np.degrees(np.arctan2(jacobian[1, 0], jacobian[0, 0])))
    stretch = float(np.linalg.cond(jacobian))
    return MIN_ZOOM**2 <= zoom <= MAX_ZOOM**2 and abs(turn) <= MAX_ROLL_DEG and stretch <= MAX_FORESHORTENING


def crispness(grey: Grey) -> float:
    """The lesser, across and down, of mean second over mean first difference where there are edges."""
    plane = grey.astype(np.float32)
    told = []
    for axis in (0, 1):
        first = np.abs(np.diff(plane, axis=axis))
        second = np.abs(np.diff(plane, n=2, axis=axis))
        edges = first > max(8.0, float(np.percentile(first, 95)))
        there = edges[:-1] | edges[1:] if axis == 0 else edges[:, :-1] | edges[:, 1:]
        told.append(float(second[there].mean() / max(float(first[edges].mean()), 1e-3)) if edges.any() else 0.0)
    return min(told)


def _grey(rgb: Picture, wide: int) -> Grey:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if rgb.shape[1] > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (wide, round(rgb.shape[0] * wide / rgb.shape[1])), interpolation=method), dtype=np.uint8)


def _cells(points: Points, tall: float) -> int:
    columns = np.clip((points[:, 0] * GRID[0]).astype(int), 0, GRID[0] - 1)
    lines = np.clip((points[:, 1] / tall * GRID[1]).astype(int), 0, GRID[1] - 1)
    return int((np.bincount(lines * GRID[0] + columns, minlength=GRID[0] * GRID[1]) >= 3).sum())
