"""A small painted bay: two rows of two slots before a perforated panel, its plan, photos of its SKUs, and bad pictures of it."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_agent.domain.planogram import Planogram, Sku, Slot

WIDE, TALL = 640, 480
HUES = {"apple": 0, "bean": 45, "corn": 90, "date": 135}
SKUS = tuple(HUES)
PLACES = {"r1s1": (60, 44), "r1s2": (340, 44), "r2s1": (60, 264), "r2s2": (340, 264)}
PLANNED = dict(zip(PLACES, SKUS, strict=True))


def pack(sku: str) -> np.ndarray:
    """A 160 x 110 label: the SKU's hue, its own shapes, a border."""
    rng = np.random.default_rng(sum(map(ord, sku)))
    label = cv2.cvtColor(np.full((160, 110, 3), (HUES[sku], 150, 190), np.uint8), cv2.COLOR_HSV2RGB)
    for _ in range(26):
        x, y, size = (int(v) for v in rng.integers((8, 8, 4), (102, 152, 14)))
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        if rng.random() < 0.5:
            cv2.circle(label, (x, y), size, colour, -1)
        else:
            cv2.rectangle(label, (x - size, y - size // 2), (x + size, y + size // 2), colour, -1)
    cv2.rectangle(label, (1, 1), (108, 158), (30, 30, 30), 2)
    return label


def photo(sku: str) -> np.ndarray:
    picture = np.full((220, 170, 3), 225, np.uint8)
    picture[30:190, 30:140] = pack(sku)
    return picture


def bay(stock: dict[str, str | None]) -> np.ndarray:
    """Two rows of two slots before a panel with regular holes; rails with printed strips; None = empty."""
    rng = np.random.default_rng(7)
    picture = np.full((TALL, WIDE, 3), (150, 148, 145), np.uint8)
    for x in range(6, WIDE, 24):
        for y in range(6, TALL, 24):
            cv2.circle(picture, (x, y), 2, (110, 108, 105), -1)
    for y in (0, 220, 440):
        picture[y : y + 40] = (60, 62, 70)
        for _ in range(60):
            x, wide, tall = (int(v) for v in rng.integers((0, 4, 8), (WIDE - 16, 16, 30)))
            colour = tuple(int(v) for v in rng.integers(60, 200, 3))
            cv2.rectangle(picture, (x, y + 4), (x + wide, y + 4 + tall), colour, -1)
    for slot, sku in stock.items():
        x, y = PLACES[slot]
        if sku:
            picture[y + 14 : y + 174, x + 50 : x + 160] = pack(sku)
    return picture


def quad(x, y, wide, tall):
    left, top, right, bottom = x / WIDE, y / TALL, (x + wide) / WIDE, (y + tall) / TALL
    return ((left, top), (right, top), (right, bottom), (left, bottom))


SLOTS = tuple(
    Slot(id=slot, row=int(slot[1]), sku=sku, facings=1, area=quad(*PLACES[slot], 210, 176), tag=None)
    for slot, sku in PLANNED.items()
)
PLAN = Planogram(
    bay="b", version="1", reference=Path("reference"), slots=SLOTS, digest="0" * 64,
    skus=tuple(Sku(id=sku, name=sku, brand="x", price="5.00", photos=()) for sku in SKUS),
)  # fmt: skip


@dataclass
class KeyFrame:
    at_ms: int
    rgb: np.ndarray


class NoText:
    def read(self, rgb):
        return []


def shaken(picture, n, zoom=1.0):
    rng = np.random.default_rng(n)
    matrix = cv2.getRotationMatrix2D((WIDE / 2, TALL / 2), float(rng.normal(0, 0.15)), zoom)
    matrix[:, 2] += rng.normal(0, 1.5, 2)
    moved = cv2.warpAffine(picture, matrix, (WIDE, TALL), borderMode=cv2.BORDER_REPLICATE)
    return np.clip(moved + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def person(picture, x, wide=150):
    hidden = picture.copy()
    cv2.ellipse(hidden, (x, 300), (wide // 2, 270), 0, 0, 360, (52, 60, 120), -1)
    return hidden
