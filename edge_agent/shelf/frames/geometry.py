"""Plane geometry between the reference photo and a frame: quads, homographies, rectified crops, masks.

A homography here maps fractions of the reference photo to fractions of the frame, so it holds at every resolution.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.setup.bay import Picture

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MAX_CROP_PX: Final = 640
SLOT_MARGIN: Final = 0.06
"""Share of a slot that its pictures show beyond it on every side."""


def corners_px(quad: Quad, width: int, height: int) -> npt.NDArray[np.float32]:
    """The quad's corners (4, 2) in pixels of a `width` x `height` picture."""
    return np.asarray(quad, dtype=np.float32) * np.asarray((width, height), dtype=np.float32)


def side_px(quad: Quad, width: int, height: int) -> tuple[int, int]:
    """Mean width and height of the quad in whole pixels of such a picture, at least 8 and at most 640."""
    a, b, c, d = corners_px(quad, width, height)
    wide = float(np.linalg.norm(b - a) + np.linalg.norm(c - d)) / 2
    tall = float(np.linalg.norm(d - a) + np.linalg.norm(c - b)) / 2
    return (min(MAX_CROP_PX, max(8, round(wide))), min(MAX_CROP_PX, max(8, round(tall))))


def widened(quad: Quad, share: float) -> Quad:
    """The quad grown about its own axes by `share` of its size on every side; it may leave the unit square."""
    source = np.asarray([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float32)
    square_to_quad = cv2.getPerspectiveTransform(source, np.asarray(quad, dtype=np.float32))
    low, high = -share, 1 + share
    grown = np.asarray([[(low, low), (high, low), (high, high), (low, high)]], dtype=np.float32)
    a, b, c, d = ((float(x), float(y)) for x, y in cv2.perspectiveTransform(grown, square_to_quad)[0])
    return (a, b, c, d)


def column(quad: Quad, index: int, count: int) -> Quad:
    """The `index`-th of `count` equal upright parts of the quad: one facing of a slot."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    s, e = index / count, (index + 1) / count
    return (
        (ax + (bx - ax) * s, ay + (by - ay) * s),
        (ax + (bx - ax) * e, ay + (by - ay) * e),
        (dx + (cx - dx) * e, dy + (cy - dy) * e),
        (dx + (cx - dx) * s, dy + (cy - dy) * s),
    )


def through(homography: Matrix, quad: Quad) -> Quad:
    """Where the quad lies in the frame."""
    a, b, c, d = cv2.perspectiveTransform(np.asarray([quad], dtype=np.float64), homography)[0]
    return (
        (float(a[0]), float(a[1])),
        (float(b[0]), float(b[1])),
        (float(c[0]), float(c[1])),
        (float(d[0]), float(d[1])),
    )


def inside(quad: Quad) -> bool:
    """Whether all corners lie in the picture (1 % grace)."""
    return all(-0.01 <= x <= 1.01 and -0.01 <= y <= 1.01 for x, y in quad)


def crop(rgb: Picture, quad: Quad, width: int, height: int) -> Picture:
    """The quad (fractions of `rgb`) rectified to `width` x `height` pixels; edges are continued outside the picture."""
    target = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners_px(quad, rgb.shape[1], rgb.shape[0]), target)
    warped = cv2.warpPerspective(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)


def straightened(rgb: Picture, homography: Matrix, width: int, height: int) -> tuple[Picture, Mask]:
    """The frame as the reference camera would see it, `width` x `height`, and which of its pixels the frame covers."""
    if rgb.shape[1] >= 4 * width:  # twice the size is enough to sample from, and does not alias
        rgb = resized(rgb, rgb.shape[1] // 2, rgb.shape[0] // 2)
    to_frame = np.diag([rgb.shape[1], rgb.shape[0], 1.0]) @ homography @ np.diag([1 / width, 1 / height, 1.0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(rgb, to_frame, (width, height), flags=flags)
    inner = np.full(rgb.shape[:2], 255, dtype=np.uint8)
    covered = cv2.warpPerspective(inner, to_frame, (width, height), flags=flags)
    return np.asarray(warped, dtype=np.uint8), np.asarray(covered > 250, dtype=np.bool_)


def area_mask(quads: list[Quad], width: int, height: int) -> Mask:
    """True inside any of the quads."""
    mask = np.zeros((height, width), dtype=np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(mask, np.round(corners_px(quad, width, height)).astype(np.int32), 255)
    return np.asarray(mask > 0, dtype=np.bool_)


def resized(rgb: Picture, width: int, height: int) -> Picture:
    """Resampled to `width` x `height`; area averaging when shrinking."""
    shrink = width < rgb.shape[1]
    method = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=method), dtype=np.uint8)


def median(pictures: Sequence[Picture]) -> Picture:
    """The pixel-wise (lower) median of pictures of one size."""
    if len(pictures) == 3:
        a, b, c = pictures
        return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    stack = np.stack(pictures)
    return np.asarray(np.partition(stack, (len(stack) - 1) // 2, axis=0)[(len(stack) - 1) // 2], dtype=np.uint8)


def median_seen(pictures: Sequence[Picture], covered: Sequence[Mask]) -> Picture:
    """As `median`, of the pictures that cover a pixel; 0 where none does."""
    if all(one.all() for one in covered):
        return median(pictures)
    seen = np.stack(covered)
    stack = np.sort(np.where(seen[..., None], np.stack(pictures).astype(np.int16), np.int16(999)), axis=0)
    middle = np.maximum(seen.sum(axis=0) - 1, 0) // 2
    found = np.take_along_axis(stack, middle[None, :, :, None], axis=0)[0]
    return np.asarray(np.where(found == 999, 0, found), dtype=np.uint8)


def alike(one: Picture, other: Picture) -> float:
    """Correlation -1..1 of two pictures of the same size over all pixels and channels, each channel less its mean."""
    a, b = (np.asarray(each, dtype=np.float32) - each.mean(axis=(0, 1), dtype=np.float32) for each in (one, other))
    return float((a * b).sum() / max(1e-6, float(np.sqrt((a * a).sum() * (b * b).sum()))))
