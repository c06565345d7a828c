"""Little pictures on packs: fruit slices, berries, leaves, blossoms, drops, nuts and crisps, drawn as plain shapes.

A motif is drawn about (x, y) with radius r in pixels of the label, in the colours of the product.
"""

import math
from random import Random
from typing import Any, Final

from edge_agent.samples.scene_products import Colour, Product, mix

Box = tuple[float, float, float, float]
Spot = tuple[float, float, float]
"""x, y, radius."""

_WHITE: Final[Colour] = (250, 249, 244)
_INK: Final[Colour] = (38, 32, 30)


def scatter(draw: Any, product: Product, box: Box, rng: Random, count: int) -> None:
    """Draw `count` of the product's motif across `box`, each a little different."""
    x0, y0, x1, y1 = box
    across = min((x1 - x0) / 2.4, (y1 - y0) / 1.6)
    places = [(x0 + (x1 - x0) * (i + 0.5) / count, y0 + (y1 - y0) * rng.uniform(0.3, 0.7)) for i in range(count)]
    rng.shuffle(places)
    for x, y in places:
        radius, turn = across * rng.uniform(0.42, 0.62), rng.uniform(0, math.tau)
        _MOTIFS.get(product.motif, _oval)(draw, product, (x, y, radius), turn)


def _tones(product: Product) -> tuple[Colour, Colour]:
    return mix(product.accent, _INK, 0.35), mix(product.base, _WHITE, 0.55)


def _citrus(draw: Any, product: Product, spot: Spot, turn: float) -> None:
    x, y, r = spot
    _, pale = _tones(product)
    draw.ellipse((x - r, y - r, x + r, y + r), product.base, _WHITE, 3)
    for k in range(8):
        a = turn + k * math.tau / 8
        draw.line([(x, y), (x + 0.85 * r * math.cos(a), y + 0.85 * r * math.sin(a))], pale, 3)


def _berry(draw: Any, product: Product, spot: Spot, _: float) -> None:
    x, y, r = spot
    dark, pale = _tones(product)
    for dx, dy in ((-0.4, 0.2), (0.4, 0.2), (0, -0.4)):
        cx, cy, s = x + dx * r, y + dy * r, r * 0.62
        draw.ellipse((cx - s, cy - s, cx + s, cy + s), mix(product.base, _INK, 0.25), dark, 2)
        draw.ellipse((cx - s * 0.5, cy - s * 0.6, cx - s * 0.1, cy - s * 0.2), pale)


def _leaf(draw: Any, product: Product, spot: Spot, turn: float) -> None:
    x, y, r = spot
    dark, pale = _tones(product)
    for k in range(-2, 3):
        a = turn + k * (0.5 if product.motif == "leaf" else 0.24)
        tip = (x + r * 1.2 * math.cos(a), y + r * 1.2 * math.sin(a))
        side = (-math.sin(a) * r * 0.22, math.cos(a) * r * 0.22)
        half = ((x + tip[0]) / 2, (y + tip[1]) / 2)
        ring = [(x, y), (half[0] + side[0], half[1] + side[1]), tip, (half[0] - side[0], half[1] - side[1])]
        draw.polygon(ring, pale if k % 2 else product.accent, dark)


def _flower(draw: Any, product: Product, spot: Spot, turn: float) -> None:
    x, y, r = spot
    dark, pale = _tones(product)
    for k in range(6):
        a = turn + k * math.tau / 6
        cx, cy = x + 0.6 * r * math.cos(a), y + 0.6 * r * math.sin(a)
        draw.ellipse((cx - r * 0.4, cy - r * 0.4, cx + r * 0.4, cy + r * 0.4), pale, dark)
    draw.ellipse((x - r * 0.3, y - r * 0.3, x + r * 0.3, y + r * 0.3), product.accent)


def _drop(draw: Any, product: Product, spot: Spot, _: float) -> None:
    x, y, r = spot
    dark, pale = _tones(product)
    draw.polygon([(x, y - r * 1.2), (x + r * 0.7, y + r * 0.2), (x - r * 0.7, y + r * 0.2)], pale)
    draw.ellipse((x - r * 0.75, y - r * 0.4, x + r * 0.75, y + r), pale, dark, 2)


def _oval(draw: Any, product: Product, spot: Spot, _: float) -> None:
    x, y, r = spot
    dark, _pale = _tones(product)
    flat = r * (0.55 if product.motif == "crisp" else 0.75)
    draw.ellipse((x - r, y - flat, x + r, y + flat), mix(product.base, (226, 178, 96), 0.75), dark, 3)
    draw.arc((x - r * 0.7, y - flat * 0.6, x + r * 0.7, y + flat * 0.8), 200, 340, dark, 3)


_MOTIFS = {"citrus": _citrus, "berry": _berry, "leaf": _leaf, "wheat": _leaf, "flower": _flower, "drop": _drop}
