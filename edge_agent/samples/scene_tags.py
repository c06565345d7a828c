"""Printed price tags: name, price with a big integer and small raised decimals, unit, pack size and a bar code.

Drawn flat as an RGB picture; one store uses one style for all its tags, with now and then a yellow offer tag.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from edge_agent.samples.scene_artwork import font, write
from edge_agent.samples.scene_products import Colour, Product

_PAPER: Final[Colour] = (247, 246, 240)
_OFFER: Final[Colour] = (250, 221, 96)
_INK: Final[Colour] = (32, 30, 34)


@dataclass(frozen=True, slots=True)
class TagStyle:
    """How this store prints: `header` colour (None = no header), `price` ink, and whether the price stands right."""

    header: Colour | None
    price: Colour
    right: bool
    raised: float


def tag_style(rng: Random) -> TagStyle:
    """Draw a store's tag style."""
    header = rng.choice([None, None, (196, 40, 38), (28, 110, 72), (34, 74, 150)])
    return TagStyle(header, rng.choice([(190, 26, 30), _INK]), rng.random() < 0.7, rng.uniform(0.42, 0.58))


def price_tag(product: Product, price: str, style: TagStyle, size: tuple[int, int], rng: Random) -> Any:
    """Draw the tag of `product` with `price` printed on it, `size` = (width, height) in pixels."""
    width, height = size
    paper = _OFFER if product.look % 7 == 0 else _PAPER
    picture = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(picture)
    name_ink = _INK
    if style.header is not None:
        draw.rectangle((0, 0, width, height * 0.31), style.header)
        name_ink = (250, 250, 246)
    write(draw, (width * 0.04, height * 0.05, width * 0.96, height * 0.28), product.name, name_ink, bold=0.02, left=True)
    price_x = width * (0.42 if style.right else 0.04)
    small_x = width * (0.04 if style.right else 0.64)
    write(draw, (small_x, height * 0.36, small_x + width * 0.34, height * 0.5), f"规格 {product.net}", _INK, left=True)
    write(draw, (small_x, height * 0.52, small_x + width * 0.34, height * 0.66), f"单位 {product.unit}", _INK, left=True)
    _bars(draw, product.id, (small_x, height * 0.71, small_x + width * 0.32, height * 0.93))
    _price(draw, price, price_x, style, (width * 0.54, height))
    draw.rectangle((0, 0, width - 1, height - 1), None, (150, 148, 144), max(1, height // 60))
    return _plastic(picture, rng)


def _price(draw: Any, price: str, x: float, style: TagStyle, room: tuple[float, float]) -> None:
    whole, _, cents = price.partition(".")
    width, height = room
    size = height * 0.6
    while True:
        big, small = font(int(size)), font(int(size * style.raised))
        parts = (small.getlength("¥"), big.getlength(whole), small.getlength("." + cents))
        if sum(parts) <= width:
            break
        size *= 0.94
    base, stroke = height * 0.92, max(1, int(size * 0.025))
    top = base - size * 0.74
    draw.text((x, base), "¥", style.price, small, anchor="ls")
    draw.text((x + parts[0], base), whole, style.price, big, anchor="ls", stroke_width=stroke, stroke_fill=style.price)
    raised = top + size * style.raised * 0.76
    draw.text(
        (x + parts[0] + parts[1] + stroke, raised), "." + cents, style.price, small,
        anchor="ls", stroke_width=max(0, stroke - 1), stroke_fill=style.price,
    )  # fmt: skip


def _bars(draw: Any, code: str, box: tuple[float, float, float, float]) -> None:
    rng = Random(code)
    x, y, end, foot = box
    module = (end - x) / 95
    while x < end:
        bar = rng.choice((1, 1, 2, 3)) * module
        draw.rectangle((x, y, x + bar * 0.8, foot), _INK)
        x += bar + rng.choice((1, 2, 2, 3)) * module


def _plastic(picture: Any, rng: Random) -> Any:
    """The clear sleeve over the paper: a faint glare from above and a slightly curled sheet."""
    pixels = np.asarray(picture, np.float32)
    height, width = pixels.shape[:2]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    curl = 1 - 0.05 * np.cos((across - rng.uniform(0.2, 0.8)) * 5) - 0.05 * down
    glare = 26 * np.exp(-(((down - 0.16 - 0.05 * across) / 0.07) ** 2)) * rng.uniform(0.1, 0.9)
    return Image.fromarray(np.clip(pixels * curl[..., None] + glare[..., None], 0, 255).astype(np.uint8))
