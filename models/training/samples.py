"""Random crops with targets for the tag network: scale, aspect, tilt, colour and blur vary, and real tags are pasted about."""

from random import Random
from typing import Any, Final

import numpy as np
from camera import homography, moved
from network import STRIDE
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter
from pool import Boxes, Photo
from torch.utils.data import IterableDataset, get_worker_info

CROP: Final = 320
MIN_PX: Final = (9.0, 7.0)
SEEN: Final = 0.4
"""A tag cut by the crop's edge counts when this share of it is inside; else its place is left out of the loss."""
TAG_PX: Final = (15.0, 170.0)
"""Widths at which tags are shown; a photo is looked at 1280 px wide, where they are 25 to 150 px."""

Sample = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def crop(picture: Any, boxes: Boxes, rng: Random, *, real: bool) -> tuple[Any, Boxes, NDArray[np.float32]]:
    """A CROP x CROP view, the boxes in it cut to it, and the share of each that is inside."""
    usual = float(np.median(boxes[:, 2] - boxes[:, 0])) if len(boxes) else 60.0
    low, high = max(TAG_PX[0] / usual, 0.3), min(TAG_PX[1] / usual, 1.8)
    scale = low * (max(high, low) / low) ** rng.random()
    if scale < 0.6:
        shrink = max(0.5, scale)
        picture = picture.resize((round(picture.width * shrink), round(picture.height * shrink)), Image.Resampling.BILINEAR)
        boxes, scale = boxes * shrink, scale / shrink
    side = CROP / scale
    if len(boxes) and rng.random() < 0.75:
        one = boxes[rng.randrange(len(boxes))]
        x, y = (one[0] + one[2]) / 2 - rng.uniform(0.05, 0.95) * side, (one[1] + one[3]) / 2 - rng.uniform(0.05, 0.95) * side
    else:
        x, y = rng.uniform(-0.1, 1) * (picture.width - side * 0.8), rng.uniform(-0.1, 1) * (picture.height - side * 0.8)
    stretch = np.exp(rng.uniform(-0.25, 0.25) if real else rng.uniform(-0.12, 0.12))
    corners = np.array(((0, 0), (side * stretch, 0), (side * stretch, side / stretch), (0, side / stretch))) + np.array((x, y))
    spread = rng.choice((0.0, 0.03, 0.08)) if real else 0.0
    corners += np.array([(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(4)]) * spread * side
    if rng.random() < (0.3 if real else 0.1):
        corners = corners[[1, 0, 3, 2]]
    there = homography(corners, np.array(((0, 0), (CROP, 0), (CROP, CROP), (0, CROP)), float))
    back = np.linalg.inv(there)
    back /= back[2, 2]
    seen = picture.transform((CROP, CROP), Image.Transform.PERSPECTIVE, back.flatten()[:8].tolist(), Image.Resampling.BILINEAR)
    if not len(boxes):
        return seen, np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    quads = [moved(there, ((b[0], b[1]), (b[2], b[1]), (b[2], b[3]), (b[0], b[3]))) for b in boxes.tolist()]
    points = np.array(quads, np.float32)
    # the mean of each side, not the hull: a label is a loose upright box already
    whole = np.stack([
        np.sort(points[..., 0], axis=1)[:, :2].mean(axis=1), np.sort(points[..., 1], axis=1)[:, :2].mean(axis=1),
        np.sort(points[..., 0], axis=1)[:, 2:].mean(axis=1), np.sort(points[..., 1], axis=1)[:, 2:].mean(axis=1),
    ], axis=1)  # fmt: skip
    inside = np.clip(whole, 0, CROP)
    area = (whole[:, 2] - whole[:, 0]) * (whole[:, 3] - whole[:, 1])
    share = (inside[:, 2] - inside[:, 0]) * (inside[:, 3] - inside[:, 1]) / np.maximum(area, 1e-3)
    touched = share > 0
    return seen, inside[touched], share[touched].astype(np.float32)


def coloured(picture: Any, rng: Random) -> Any:
    """Other light, another camera, another compression."""
    pixels = np.asarray(picture, np.float32) / 255
    if rng.random() < 0.8:
        gain = np.array([rng.gauss(1, 0.08) for _ in range(3)], np.float32) * rng.uniform(0.6, 1.35)
        pixels = np.clip(pixels * gain + rng.uniform(-0.06, 0.06), 0, 1) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.25:
        slope = np.linspace(rng.uniform(0.5, 1.2), rng.uniform(0.5, 1.2), CROP, dtype=np.float32)
        pixels = pixels * (slope[:, None, None] if rng.random() < 0.5 else slope[None, :, None])
    picture = Image.fromarray(np.clip(pixels * 255, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        picture = ImageEnhance.Color(picture).enhance(rng.uniform(0.1, 1.6))
    if rng.random() < 0.15:
        hue, saturation, value = picture.convert("HSV").split()
        turn = rng.randint(0, 255)
        picture = Image.merge("HSV", (hue.point(lambda level: (level + turn) % 256), saturation, value)).convert("RGB")
    if rng.random() < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.3)))
    elif rng.random() < 0.2:
        picture = picture.filter(ImageFilter.UnsharpMask(1.5, rng.randint(50, 200), 2))
    return picture


def targets(boxes: Boxes, share: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Heat (1 at middles, -1 where nothing is asked), edges and their weight on the network's grid, for one crop."""
    side = CROP // STRIDE
    heat, weight = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    edges = np.ones((4, side, side), np.float32)
    at = (np.arange(side, dtype=np.float32) + 0.5) * STRIDE
    order = np.argsort(-(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])) if len(boxes) else []
    for number in order:
        left, top, right, bottom = boxes[number].tolist()
        wide, tall = right - left, bottom - top
        if share[number] < SEEN or wide < MIN_PX[0] or tall < MIN_PX[1]:
            rows, columns = (
                slice(int(top // STRIDE), int(bottom // STRIDE) + 1),
                slice(int(left // STRIDE), int(right // STRIDE) + 1),
            )
            heat[rows, columns] = np.where(heat[rows, columns] > 0.5, heat[rows, columns], -1)
            continue
        x, y = (left + right) / 2, (top + bottom) / 2
        across, down = max(0.14 * wide, 0.45 * STRIDE), max(0.14 * tall, 0.45 * STRIDE)
        bump = np.exp(-(((at[None, :] - x) / across) ** 2 + ((at[:, None] - y) / down) ** 2) / 2)
        row, column = min(side - 1, int(y // STRIDE)), min(side - 1, int(x // STRIDE))
        bump = np.minimum(bump, 0.95)
        bump[row, column] = 1.0
        inside = (at[None, :] > left) & (at[None, :] < right) & (at[:, None] > top) & (at[:, None] < bottom)
        learn = inside & (bump > np.maximum(weight, 0.3))
        reach = (
            np.stack(np.broadcast_arrays(at[None, :] - left, at[:, None] - top, right - at[None, :], bottom - at[:, None]))
            / STRIDE
        )
        edges[:, learn] = np.maximum(reach[:, learn], 0.05)
        weight[learn] = bump[learn]
        heat = np.where((heat < 0) & (bump < 0.3), heat, np.maximum(heat, bump)).astype(np.float32)
    return heat, edges, weight


class Crops(IterableDataset[Sample]):
    """An endless stream of crops: `share` of them from real photos, the rest from made-up ones. Follows from the seed."""

    def __init__(self, synthetic: list[Photo], real: list[Photo], share: float, seed: int) -> None:
        self._synthetic, self._share, self._seed = synthetic, share, seed
        self._real = [(one.picture(), one.boxes) for one in real]

    def __iter__(self) -> Any:
        worker = get_worker_info()
        rng = Random(self._seed * 1000 + (worker.id if worker else 0))
        while True:
            if self._real and rng.random() < self._share:
                picture, boxes = rng.choice(self._real)
                yield self._sample(picture, boxes, rng, real=True)
                continue
            photo = rng.choice(self._synthetic)
            picture = photo.picture()
            for _ in range(2):
                yield self._sample(picture, photo.boxes, rng, real=False)

    @staticmethod
    def _sample(picture: Any, boxes: Boxes, rng: Random, *, real: bool) -> Sample:
        seen, inside, share = crop(picture, boxes, rng, real=real)
        if real or rng.random() < 0.5:
            seen = coloured(seen, rng)
        return (np.asarray(seen, np.uint8).transpose(2, 0, 1).copy(), *targets(inside, share))
