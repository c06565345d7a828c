"""Boxes out of the network's answer, and average precision of boxes against labels."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pool import Boxes, Photo

sys.path.insert(0, str(Path(__file__).parents[2]))
from edge_agent.infer import tag_boxes

LOOK_PX: Final = 1280

Scored = tuple[Boxes, NDArray[np.float32]]


def look(picture: Any, wide: int = LOOK_PX) -> tuple[Any, float]:
    """The photo as the network sees it: its longer side `wide` px, padded to multiples of 32; and the scale."""
    scale = wide / max(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    small = np.asarray(picture.resize(size, Image.Resampling.BILINEAR), np.float32) / 255
    padded = np.zeros((-(-size[1] // 32) * 32, -(-size[0] // 32) * 32, 3), np.float32)
    padded[: size[1], : size[0]] = small
    return padded.transpose(2, 0, 1)[None], scale


def boxes_of(answer: NDArray[np.float32], scale: float, size: tuple[int, int]) -> Scored:
    """Boxes in pixels of the photo, and scores, as the appliance itself takes them out of the answer."""
    boxes, scores = tag_boxes(answer, round(size[0] * scale), round(size[1] * scale))
    return np.array(boxes, np.float32).reshape(-1, 4) / scale, np.array(scores, np.float32)


def iou(one: Boxes, others: Boxes) -> NDArray[np.float32]:
    """Intersection over union of one box with each of several."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return np.asarray(shared / np.maximum(area - shared, 1e-6), np.float32)


def found(net: Any, photos: Sequence[Photo]) -> list[Scored]:
    """What a network (in the form it is exported in) finds on photos."""
    told = []
    with torch.no_grad():
        for photo in photos:
            picture = photo.picture()
            seen, scale = look(picture)
            told.append(boxes_of(net(torch.from_numpy(seen))[0].numpy(), scale, picture.size))
    return told


def average_precision(told: Sequence[Scored], truth: Sequence[Boxes], least: float = 0.5) -> float:
    """Area under the precision-recall curve over all photos (every point, monotone envelope: PASCAL VOC 2010 on)."""
    rows: list[tuple[float, bool]] = []
    for (boxes, scores), labels in zip(told, truth, strict=True):
        free = np.ones(len(labels), bool)
        for number in np.argsort(-scores, kind="stable"):
            fits = np.where(free, iou(boxes[number], labels), 0) if len(labels) else np.zeros(1)
            best = int(np.argmax(fits))
            hit = bool(fits[best] >= least)
            if hit:
                free[best] = False
            rows.append((float(scores[number]), hit))
    hits = np.array([hit for _, hit in sorted(rows, key=lambda row: -row[0])], bool)
    if not hits.any():
        return 0.0
    right = np.cumsum(hits)
    recall, precision = right / sum(len(one) for one in truth), right / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate(([0.0], recall))) * envelope))
