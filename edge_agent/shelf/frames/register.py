"""Registration: where the bay of the reference photo lies in a frame, or the refusal to say.

SIFT key points at 800 px width, matched only within a window (a fixed camera moves little, and a shelf repeats itself:
without the window a product's neighbour is as good a match), MAGSAC homography, then sanity checks. A frame that fails
any of them is not assessable; nothing is guessed from it. Method: Lowe 2004 (ratio test), Barath et al. 2020 (MAGSAC++).
The other frames of a video are followed from one that was registered so (`Follower`), which costs a tenth.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import Matrix
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 800
FEATURES: Final = 1500
WINDOW: Final = 0.08
"""Largest shift of a point against the reference, as a fraction of the picture's width: beyond it the camera was moved."""
RATIO: Final = 0.8
REPROJECTION_PX: Final = 2.0
MIN_INLIERS: Final = 40
MIN_INLIER_SHARE: Final = 0.3
GRID: Final = (4, 3)
MIN_CELLS: Final = 5
"""Inliers must lie in at least this many of the 4 x 3 cells of the picture: a person may hide the rest."""
MIN_AREA, MAX_AREA = 0.7, 1.4
FOLLOWED: Final = 300
"""Points that are followed from frame to frame."""
FOLLOW_SHARE: Final = 0.5
"""Smallest share of them that must be found again and agree: a person may hide the rest."""
FOLLOW_PX: Final = 1.5

Points = npt.NDArray[np.float32]
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A registered frame: `homography` from reference fractions to its fractions, its agreeing points (n, 2) in widths."""

    homography: Matrix
    points: Points


class Registrar:
    """Registers frames to one reference photo (RGB, any size)."""

    def __init__(self, reference: Picture) -> None:
        self._sift = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02)
        self._tall = reference.shape[0] / reference.shape[1]
        self._points, self._descriptors = self._describe(reference)

    def register(self, rgb: Picture) -> Matrix | None:
        """Homography from reference fractions to frame fractions, or None when it cannot be trusted."""
        found = self.anchor(rgb)
        return None if found is None else found.homography

    def anchor(self, rgb: Picture) -> Anchor | None:
        """As `register`, with the frame's points that agree with it."""
        points, descriptors = self._describe(rgb)
        if min(len(points), len(self._points)) < MIN_INLIERS:
            return None
        ours, theirs = self._matches(points, descriptors)
        if len(ours) < MIN_INLIERS:
            return None
        matrix, kept = cv2.findHomography(
            self._points[ours] * WIDTH_PX, points[theirs] * WIDTH_PX, cv2.USAC_MAGSAC, REPROJECTION_PX, maxIters=4000
        )
        if matrix is None:
            return None
        inliers = kept.ravel().astype(bool)
        if inliers.sum() < max(MIN_INLIERS, MIN_INLIER_SHARE * len(ours)):
            return None
        tall = rgb.shape[0] / rgb.shape[1]
        agreeing = points[theirs][inliers]
        if self._cells(agreeing, tall) < MIN_CELLS:
            return None
        homography = _in_fractions(np.asarray(matrix, dtype=np.float64), self._tall, tall)
        return Anchor(homography=homography, points=agreeing) if sane(homography) else None

    def _describe(self, rgb: Picture) -> tuple[Points, Points]:
        """Key points in units of the picture's width, and root-SIFT descriptors."""
        grey = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 5)).apply(_grey(rgb))
        found, descriptors = self._sift.detectAndCompute(grey, None)
        if descriptors is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
        points: Points = np.asarray([(one.pt[0] / WIDTH_PX, one.pt[1] / WIDTH_PX) for one in found], np.float32)
        rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
        return points, np.asarray(rooted, dtype=np.float32)

    def _matches(self, points: Points, descriptors: Points) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Indices (reference, frame) of matches that are mutually best and pass the ratio test inside the window."""
        likeness = self._descriptors @ descriptors.T
        far = (
            np.abs(self._points[:, None, 0] - points[None, :, 0]) > WINDOW
        ) | (np.abs(self._points[:, None, 1] - points[None, :, 1]) > WINDOW)  # fmt: skip
        likeness[far] = -1.0
        best = likeness.argmax(axis=1)
        rows = np.arange(len(likeness))
        top = likeness[rows, best]
        back = likeness.argmax(axis=0)
        likeness[rows, best] = -1.0
        second = likeness.max(axis=1)
        distance = np.sqrt(np.maximum(0.0, 2 - 2 * top))
        next_distance = np.sqrt(np.maximum(0.0, 2 - 2 * np.maximum(second, 0.0)))
        good = (top > 0) & (back[best] == rows) & (distance < RATIO * next_distance)
        return rows[good], best[good]

    @staticmethod
    def _cells(points: Points, tall: float) -> int:
        columns = np.clip((points[:, 0] * GRID[0]).astype(int), 0, GRID[0] - 1)
        lines = np.clip((points[:, 1] / tall * GRID[1]).astype(int), 0, GRID[1] - 1)
        counts = np.bincount(lines * GRID[0] + columns, minlength=GRID[0] * GRID[1])
        return int((counts >= 3).sum())


class Follower:
    """Registers the frames of one video, one after another.

    Points of the last frame that was registered by itself are followed (pyramidal Lucas-Kanade, after Bouguet 2001, forth and
    back); where too few of them are found again, the frame is registered by itself and followed from then on.
    """

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self._anchor: tuple[Grey, Points, Matrix] | None = None

    def register(self, rgb: Picture) -> Matrix | None:
        """As `Registrar.register`."""
        grey = _grey(rgb)
        found = self._followed(grey)
        if found is not None:
            return found
        anchor = self._registrar.anchor(rgb)
        if anchor is None:
            return None
        points = anchor.points[:: -(-len(anchor.points) // FOLLOWED)] * np.float32(WIDTH_PX)
        self._anchor = (grey, points.reshape(-1, 1, 2), anchor.homography)
        return anchor.homography

    def _followed(self, grey: Grey) -> Matrix | None:
        if self._anchor is None or self._anchor[0].shape != grey.shape:
            return None
        before, points, homography = self._anchor
        there, found, _ = cv2.calcOpticalFlowPyrLK(before, grey, points, np.empty_like(points), winSize=(15, 15), maxLevel=3)
        back, again, _ = cv2.calcOpticalFlowPyrLK(grey, before, there, np.empty_like(points), winSize=(15, 15), maxLevel=3)
        kept = (found.ravel() > 0) & (again.ravel() > 0) & (np.abs(back - points).max(axis=(1, 2)) < FOLLOW_PX)
        if kept.sum() < FOLLOW_SHARE * len(points):
            return None
        matrix, agreeing = cv2.findHomography(points[kept], there[kept], cv2.RANSAC, FOLLOW_PX)
        if matrix is None or agreeing.sum() < FOLLOW_SHARE * len(points):
            return None
        tall = grey.shape[0] / WIDTH_PX
        moved = _in_fractions(np.asarray(matrix, dtype=np.float64), tall, tall) @ homography
        moved = np.asarray(moved / moved[2, 2], dtype=np.float64)
        return moved if sane(moved) else None


def _grey(rgb: Picture) -> Grey:
    height = max(8, round(rgb.shape[0] * WIDTH_PX / rgb.shape[1]))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if rgb.shape[1] > WIDTH_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (WIDTH_PX, height), interpolation=method), dtype=np.uint8)


def _in_fractions(matrix: Matrix, reference_tall: float, frame_tall: float) -> Matrix:
    to_px = np.diag([WIDTH_PX, WIDTH_PX * reference_tall, 1.0])
    to_fraction = np.diag([1 / WIDTH_PX, 1 / (WIDTH_PX * frame_tall), 1.0])
    homography = to_fraction @ matrix @ to_px
    return np.asarray(homography / homography[2, 2], dtype=np.float64)


def sane(homography: Matrix) -> bool:
    """Whether the mapped picture is still nearly the same rectangle: shifted within the window, not folded or rescaled."""
    square = np.asarray([[(0, 0), (1, 0), (1, 1), (0, 1)]], dtype=np.float64)
    if not np.isfinite(homography).all():
        return False
    mapped = cv2.perspectiveTransform(square, homography)[0]
    area = float(cv2.contourArea(mapped.astype(np.float32)))
    shift = np.abs(mapped - square[0]).max()
    convex = bool(cv2.isContourConvex((mapped * 1000).astype(np.int32)))
    return convex and MIN_AREA <= area <= MAX_AREA and shift <= 1.5 * WINDOW
