"""The bay as a drawn thing: boards, back panel, products in ranks, price tags in strips, in one-point perspective.

Lengths are centimetres on the front plane (z = 0, growing backwards). `Bay.draw` gives a straight-on RGB canvas, larger
than the camera's view by `MARGIN`, `PX` pixels per centimetre; tilt, light and noise are the camera's affair.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from edge_agent.samples.scene_artwork import write
from edge_agent.samples.scene_packaging import pack
from edge_agent.samples.scene_products import Colour, Product, mix
from edge_agent.samples.scene_tags import TagStyle, price_tag

VIEW: Final = (213.3, 120.0)
"""Width and height of the camera's view on the front plane, cm."""
PX: Final = 11.25
MARGIN: Final = 16.0
_EYE: Final = 330.0
_DEPTH: Final = 42.0

Corner = tuple[float, float]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One slot: `opening` = where its products stand, `tag` = where its tag hangs (x0, y0, x1, y1 in cm)."""

    id: str
    row: int
    product: Product
    facings: int
    opening: Rect
    tag: Rect


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a slot really holds: `product` (None = empty), the printed `price` ("" = no tag)."""

    product: Product | None
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bay:
    """The furniture and its plan. `wood` paints boards and uprights, `panel` the back."""

    places: tuple[Place, ...]
    rows: tuple[Rect, ...]
    strip_cm: float
    wood: Colour
    panel: Colour
    strip: Colour
    style: TagStyle
    sign: str

    def draw(self, fillings: Mapping[str, Filling], rng: Random, light: float) -> Any:
        """Paint the bay as filled; `rng` places the units by hand, `light` in -1..1 is the side it is lit from."""
        canvas = Image.new("RGB", _size(), mix(self.panel, (0, 0, 0), 0.7))
        for row in self.rows:
            self._compartment(canvas, row)
        for place in self.places:
            _stand(canvas, place, fillings[place.id].product, rng, light)
        for row in self.rows:
            _shade(canvas, row)
        self._frame(canvas)
        for place in self.places:
            _hang(canvas, place, fillings[place.id].price, self.style, rng)
        return canvas

    def _compartment(self, canvas: Any, row: Rect) -> None:
        x0, y0, x1, y1 = row
        draw = ImageDraw.Draw(canvas)
        back = [at(x, y, _DEPTH) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        front = [at(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        draw.polygon(front, mix(self.wood, (0, 0, 0), 0.55))
        draw.polygon([front[3], front[2], back[2], back[3]], mix(self.wood, (0, 0, 0), 0.25))
        draw.polygon([front[0], front[1], back[1], back[0]], mix(self.wood, (0, 0, 0), 0.7))
        draw.polygon(back, self.panel)
        hole = mix(self.panel, (0, 0, 0), 0.3)
        for y in range(int(y0 * 10) + 12, int(y1 * 10), 25):
            for x in range(int(x0 * 10) + 15, int(x1 * 10), 25):
                cx, cy = at(x / 10, y / 10, _DEPTH)
                draw.ellipse((cx - 2, cy - 2, cx + 2, cy + 2), hole)

    def _frame(self, canvas: Any) -> None:
        draw = ImageDraw.Draw(canvas)
        left, right = self.rows[0][0], self.rows[0][2]
        for x0, x1 in ((left - 3.2, left), (right, right + 3.2)):
            draw.rectangle((*at(x0, -MARGIN), *at(x1, VIEW[1] + MARGIN)), mix(self.wood, (0, 0, 0), 0.2))
            draw.line([at(x1 - 0.4, -MARGIN), at(x1 - 0.4, VIEW[1] + MARGIN)], mix(self.wood, (255, 255, 255), 0.2), 3)
        top = self.rows[0][1]
        draw.rectangle((*at(left - 3.2, -MARGIN), *at(right + 3.2, top)), self.wood)
        write(draw, (*at(left, top - 6.4), *at(right, top - 1.6)), self.sign, mix(self.wood, (255, 255, 255), 0.7), bold=0.03)
        for x0, _, x1, y1 in self.rows:
            _strip(canvas, (x0, y1, x1, y1 + self.strip_cm), self.strip)
        foot = self.rows[-1][3] + self.strip_cm
        draw.rectangle((*at(left, foot), *at(right, VIEW[1] + MARGIN)), mix(self.wood, (0, 0, 0), 0.45))


def at(x: float, y: float, z: float = 0.0) -> Corner:
    """Canvas pixel of a point `z` cm behind the front plane."""
    scale = _EYE / (_EYE + z)
    across = VIEW[0] / 2 + (x - VIEW[0] / 2) * scale
    down = VIEW[1] / 2 + (y - VIEW[1] / 2) * scale
    return (across + MARGIN) * PX, (down + MARGIN) * PX


def _size() -> tuple[int, int]:
    return round((VIEW[0] + 2 * MARGIN) * PX), round((VIEW[1] + 2 * MARGIN) * PX)


def _stand(canvas: Any, place: Place, product: Product | None, rng: Random, light: float) -> None:
    """Put units in ranks from the back to the front; a hand-stocked shelf is never quite even."""
    if product is None:
        return
    x0, y0, x1, y1 = place.opening
    tall = (y1 - y0) * product.stature
    wide = tall * product.aspect
    count = units(x1 - x0, y1 - y0, product)
    pitch = (x1 - x0) / count
    sprites = [
        pack(product, yaw=rng.uniform(-0.22, 0.22), light=light + rng.uniform(-0.1, 0.1), seed=rng.getrandbits(16))
        for _ in range(min(count, 2))
    ]
    depth = wide * (0.4 if product.form in {"bag", "box", "carton"} else 1.0) * 1.06
    taken = [rng.random() < 0.22 for _ in range(count)]
    outward = sorted(range(count), key=lambda i: -abs(x0 + pitch * (i + 0.5) - VIEW[0] / 2))
    for rank in reversed(range(4)):
        for i in outward:
            if rank == 0 and taken[i]:
                continue
            x = x0 + pitch * (i + 0.5) + rng.uniform(-0.06, 0.06) * wide
            unit = _Unit(
                rect=(x - wide / 2, y1 - tall, x + wide / 2, y1),
                front=1.2 + rank * depth + rng.uniform(0, 0.5),
                depth=depth * 0.92,
                shade=0.86 if taken[i] and rank == 1 else 0.62**rank,
                lean=rng.uniform(-1.4, 1.4),
            )
            _place(canvas, sprites[i % len(sprites)], product, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """One pack on the board: its front (cm), how far back it stands and reaches, its share of the light, its lean (degrees)."""

    rect: Rect
    front: float
    depth: float
    shade: float
    lean: float


def units(wide_cm: float, tall_cm: float, product: Product) -> int:
    """How many facings of `product` fit side by side in an opening."""
    return max(1, min(4, int(wide_cm / (tall_cm * product.stature * product.aspect * 1.04))))


def _place(canvas: Any, sprite: Any, product: Product, unit: _Unit) -> None:
    x0, y0, x1, y1 = unit.rect
    (left, top), (right, bottom) = at(x0, y0, unit.front), at(x1, y1, unit.front)
    draw = ImageDraw.Draw(canvas, "RGBA")
    draw.ellipse((left - 6, bottom - 12, right + 6, bottom + 8), (0, 0, 0, 90))
    if product.form in {"box", "carton"}:
        _sides(draw, product, unit)
    size = max(2, round(right - left)), max(2, round(bottom - top))
    small = sprite.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    small = small.rotate(unit.lean, Image.Resampling.BICUBIC, center=(size[0] / 2, size[1]))
    mask, front = small.getchannel("A"), small.convert("RGB")
    if unit.shade < 1:
        front = front.point(lambda value: value * unit.shade)
    canvas.paste(front, (round(left), round(top)), mask)


def _sides(draw: Any, product: Product, unit: _Unit) -> None:
    """The side of a box that faces the middle of the bay, and its lid where the camera looks down on it."""
    x0, y0, x1, y1 = unit.rect
    near, far = unit.front, unit.front + unit.depth
    edge = x1 if (x0 + x1) / 2 < VIEW[0] / 2 else x0
    low = y0 + (y1 - y0) * (0.17 if product.form == "carton" else 0)
    side = [at(edge, low, near), at(edge, low, far), at(edge, y1, far), at(edge, y1, near)]
    draw.polygon(side, (*mix(mix(product.base, product.second, 0.2), (0, 0, 0), 1 - 0.6 * unit.shade), 255))
    if y0 > VIEW[1] / 2 and product.form == "box":
        lid = [at(x0, y0, near), at(x1, y0, near), at(x1, y0, far), at(x0, y0, far)]
        draw.polygon(lid, (*mix(product.base, (0, 0, 0), 1 - 0.8 * unit.shade), 255))


def _shade(canvas: Any, row: Rect) -> None:
    """The board above keeps the light off the upper part of a compartment."""
    (left, top), (right, bottom) = at(row[0], row[1]), at(row[2], row[3])
    box = (round(left), round(top), round(right), round(bottom))
    region = np.asarray(canvas.crop(box), np.float32)
    down = np.linspace(0, 1, region.shape[0], dtype=np.float32)
    gain = 1.0 - 0.5 * np.exp(-down / 0.16) - 0.1 * np.exp(-(1 - down) / 0.05)
    canvas.paste(Image.fromarray((region * gain[:, None, None]).astype(np.uint8)), box[:2])


def _strip(canvas: Any, rect: Rect, colour: Colour) -> None:
    (left, top), (right, bottom) = at(rect[0], rect[1]), at(rect[2], rect[3])
    box = (round(left), round(top), round(right), round(bottom))
    height, width = box[3] - box[1], box[2] - box[0]
    down = np.linspace(0, 1, height, dtype=np.float32)
    tone = 0.82 + 0.3 * np.exp(-(((down - 0.1) / 0.08) ** 2)) - 0.25 * np.exp(-(1 - down) / 0.06)
    pixels = np.clip(np.array(colour, np.float32) * tone[:, None, None], 0, 255) + np.zeros((1, width, 1), np.float32)
    canvas.paste(Image.fromarray(pixels.astype(np.uint8)), box[:2])


def _hang(canvas: Any, place: Place, price: str, style: TagStyle, rng: Random) -> None:
    if not price:
        return
    (left, top), (right, bottom) = at(place.tag[0], place.tag[1]), at(place.tag[2], place.tag[3])
    size = round(right - left), round(bottom - top)
    paper = price_tag(place.product, price, style, (size[0] * 2, size[1] * 2), rng)
    shadow = Image.new("L", (size[0] + 12, size[1] + 12), 0)
    ImageDraw.Draw(shadow).rectangle((6, 6, size[0] + 5, size[1] + 5), 110)
    spot = round(left), round(top)
    canvas.paste((0, 0, 0), (spot[0] - 4, spot[1] - 3), shadow.filter(ImageFilter.GaussianBlur(3)))
    canvas.paste(paper.resize(size, Image.Resampling.LANCZOS), spot)
