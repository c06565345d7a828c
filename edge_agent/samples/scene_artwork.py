"""The printed front of a pack: ground, pattern, brand, name, motif and small print on a flat label (RGB picture).

Text is real Chinese type, so that matching and reading see what a camera would see. Shapes are in pixels of the label.
"""

import math
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge_agent.samples.scene_motifs import scatter
from edge_agent.samples.scene_products import Colour, Product, mix

Box = tuple[float, float, float, float]
Tone = tuple[int, int, int, int]

_WHITE: Colour = (250, 249, 244)
_INK: Colour = (38, 32, 30)


@lru_cache(maxsize=256)
def font(size: int, *, serif: bool = False) -> Any:
    """The bundled Chinese typeface at `size` pixels."""
    import pylopdf_fonts_zh_cn as faces  # noqa: PLC0415 - the fonts weigh megabytes; only a rendering needs them

    return ImageFont.truetype(str(faces.serif_path() if serif else faces.sans_path()), max(6, size))


def write(draw: Any, box: Box, text: str, ink: Colour, *, serif: bool = False, bold: float = 0.0, left: bool = False) -> None:
    """Set `text` as large as `box` allows, centred (or at its left edge). `bold` = stroke as a share of the size."""
    x0, y0, x1, y1 = box
    size = int(y1 - y0)
    wide = font(100, serif=serif).getlength(text) / 100
    size = int(min(size, (x1 - x0) / max(wide, 0.1)))
    stroke = round(size * bold * 0.5)
    anchor, x = ("lm", x0) if left else ("mm", (x0 + x1) / 2)
    draw.text((x, (y0 + y1) / 2), text, ink, font(size, serif=serif), anchor=anchor, stroke_width=stroke, stroke_fill=ink)


def write_down(draw: Any, box: Box, text: str, ink: Colour, *, serif: bool = False, bold: float = 0.0) -> None:
    """Set `text` top to bottom, one character under the other."""
    x0, y0, x1, y1 = box
    step = (y1 - y0) / len(text)
    for index, character in enumerate(text):
        write(draw, (x0, y0 + index * step, x1, y0 + (index + 0.94) * step), character, ink, serif=serif, bold=bold)


def legible(ground: Colour) -> Colour:
    """White on dark grounds, near-black on pale ones."""
    return _INK if 0.3 * ground[0] + 0.59 * ground[1] + 0.11 * ground[2] > 170 else _WHITE


def label(product: Product, width: int, height: int) -> Any:
    """Draw the front of `product` as an RGB picture of `width` x `height` pixels."""
    rng = Random(product.look)
    picture = _ground(product, width, height, rng)
    draw = ImageDraw.Draw(picture, "RGBA")
    _pattern(draw, product, (width, height), rng)
    _LAYOUTS[product.layout](draw, product, width, height, rng)
    _small_print(draw, product, width, height)
    return picture


def _ground(product: Product, width: int, height: int, rng: Random) -> Any:
    top = np.array(mix(product.base, _WHITE, rng.uniform(0.1, 0.35)), float)
    bottom = np.array(mix(product.base, (0, 0, 0), rng.uniform(0.1, 0.4)), float)
    slope = np.linspace(0, 1, height)[:, None] * 0.8 + np.linspace(0, 1, width)[None, :] * 0.2
    pixels = top + slope[..., None] * (bottom - top)
    return Image.fromarray(pixels.astype(np.uint8))


def _pattern(draw: Any, product: Product, size: tuple[int, int], rng: Random) -> None:
    tone = (*mix(product.second, _WHITE, 0.2), 70)
    step = max(10, size[0] // 9)
    if product.pattern in _PATTERNS:
        _PATTERNS[product.pattern](draw, size, step, tone, rng)


def _dots(draw: Any, size: tuple[int, int], step: int, tone: Tone, _: Random) -> None:
    for row, y in enumerate(range(0, size[1], step)):
        for x in range((row % 2) * step // 2, size[0], step):
            draw.ellipse((x, y, x + step * 0.45, y + step * 0.45), tone)


def _rays(draw: Any, size: tuple[int, int], _: int, tone: Tone, __: Random) -> None:
    middle, reach = (size[0] / 2, size[1] * 0.45), sum(size)
    for turn in range(0, 360, 24):
        edges = (math.radians(turn), math.radians(turn + 12))
        draw.polygon([middle, *((middle[0] + reach * math.cos(t), middle[1] + reach * math.sin(t)) for t in edges)], tone)


def _waves(draw: Any, size: tuple[int, int], step: int, tone: Tone, _: Random) -> None:
    for y in range(0, size[1], step):
        points = [(x, y + step * 0.3 * math.sin(x / size[0] * 9 + y)) for x in range(0, size[0] + 8, 8)]
        draw.line(points, tone, max(3, step // 5))


def _checks(draw: Any, size: tuple[int, int], step: int, tone: Tone, _: Random) -> None:
    for x in range(-size[1], size[0], step * 2):
        draw.line([(x, 0), (x + size[1], size[1])], tone, step // 2)
        draw.line([(x + size[1], 0), (x, size[1])], tone, step // 2)


def _grain(draw: Any, size: tuple[int, int], step: int, tone: Tone, rng: Random) -> None:
    for _ in range(160):
        x, y, r = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(2, step * 0.3)
        draw.ellipse((x - r, y - r * 0.5, x + r, y + r * 0.5), tone)


_PATTERNS = {"dots": _dots, "rays": _rays, "waves": _waves, "checks": _checks, "grain": _grain}


def _medallion(draw: Any, p: Product, w: int, h: int, rng: Random) -> None:
    scatter(draw, p, (w * 0.05, h * 0.66, w * 0.95, h * 0.93), rng, 5)
    write(draw, (w * 0.12, h * 0.06, w * 0.88, h * 0.2), p.brand, legible(p.base), serif=p.serif, bold=0.05)
    draw.ellipse((w * 0.08, h * 0.24, w * 0.92, h * 0.64), _WHITE, p.accent, max(3, w // 40))
    write(draw, (w * 0.16, h * 0.33, w * 0.84, h * 0.48), p.flavour, mix(p.base, _INK, 0.5), serif=p.serif, bold=0.05)
    write(draw, (w * 0.25, h * 0.5, w * 0.75, h * 0.59), p.noun, _INK, serif=p.serif)


def _band(draw: Any, p: Product, w: int, h: int, rng: Random) -> None:
    draw.polygon([(0, h * 0.14), (w, h * 0.04), (w, h * 0.3), (0, h * 0.4)], p.second)
    draw.line([(0, h * 0.41), (w, h * 0.31)], p.accent, max(3, w // 30))
    write(draw, (w * 0.1, h * 0.12, w * 0.9, h * 0.3), p.brand, legible(p.second), serif=p.serif, bold=0.06)
    write(draw, (w * 0.08, h * 0.42, w * 0.92, h * 0.58), p.flavour, legible(p.base), serif=p.serif, bold=0.05)
    draw.rounded_rectangle((w * 0.2, h * 0.59, w * 0.8, h * 0.68), h * 0.03, p.accent)
    write(draw, (w * 0.25, h * 0.6, w * 0.75, h * 0.67), p.noun, _WHITE)
    scatter(draw, p, (w * 0.02, h * 0.7, w * 0.98, h * 0.95), rng, 4)


def _column(draw: Any, p: Product, w: int, h: int, rng: Random) -> None:
    draw.rectangle((w * 0.07, h * 0.05, w * 0.46, h * 0.8), _WHITE)
    draw.rectangle((w * 0.1, h * 0.065, w * 0.43, h * 0.785), None, p.second, max(2, w // 60))
    write_down(
        draw, (w * 0.13, h * 0.1, w * 0.4, h * 0.75), p.flavour + p.noun[-2:], mix(p.base, _INK, 0.6), serif=p.serif, bold=0.04
    )
    draw.ellipse((w * 0.54, h * 0.07, w * 0.94, h * 0.07 + w * 0.4), p.second, _WHITE, 3)
    write(
        draw, (w * 0.57, h * 0.07 + w * 0.09, w * 0.91, h * 0.07 + w * 0.31), p.brand, legible(p.second), serif=p.serif, bold=0.05
    )
    scatter(draw, p, (w * 0.5, h * 0.36, w * 0.98, h * 0.92), rng, 4)


def _window(draw: Any, p: Product, w: int, h: int, rng: Random) -> None:
    wave = [(x, h * 0.46 + h * 0.05 * math.sin(x / w * 5 + 1)) for x in range(0, w + 6, 6)]
    draw.polygon([*wave, (w, h), (0, h)], mix(p.second, _WHITE, 0.65))
    write(draw, (w * 0.06, h * 0.06, w * 0.94, h * 0.26), p.brand, legible(p.base), serif=p.serif, bold=0.07)
    write(draw, (w * 0.1, h * 0.27, w * 0.9, h * 0.42), p.flavour, mix(p.accent, _WHITE, 0.75), serif=p.serif, bold=0.04)
    scatter(draw, p, (w * 0.05, h * 0.56, w * 0.95, h * 0.84), rng, 6)
    draw.rectangle((0, h * 0.86, w, h * 0.94), p.base)
    write(draw, (w * 0.1, h * 0.865, w * 0.9, h * 0.935), p.noun, _WHITE)


def _stripes(draw: Any, p: Product, w: int, h: int, rng: Random) -> None:
    for index in range(4):
        y = h * (0.06 + index * 0.235)
        draw.rectangle((0, y, w, y + h * 0.1), p.second if index % 2 else mix(p.base, _INK, 0.35))
    draw.rounded_rectangle((w * 0.1, h * 0.16, w * 0.9, h * 0.6), w * 0.05, _WHITE, p.accent, max(2, w // 50))
    write(draw, (w * 0.16, h * 0.18, w * 0.84, h * 0.3), p.brand, p.accent, serif=p.serif, bold=0.06)
    write(draw, (w * 0.14, h * 0.31, w * 0.86, h * 0.46), p.flavour, mix(p.base, _INK, 0.55), serif=p.serif, bold=0.05)
    write(draw, (w * 0.22, h * 0.47, w * 0.78, h * 0.57), p.noun, _INK)
    scatter(draw, p, (w * 0.06, h * 0.64, w * 0.94, h * 0.92), rng, 4)


_LAYOUTS = {"medallion": _medallion, "band": _band, "column": _column, "window": _window, "stripes": _stripes}


def _small_print(draw: Any, p: Product, w: int, h: int) -> None:
    write(draw, (w * 0.06, h * 0.945, w * 0.5, h * 0.985), f"净含量：{p.net}", _WHITE, left=True)
    for line in range(3):
        y = h * (0.945 + line * 0.014)
        draw.line([(w * 0.58, y), (w * (0.94 - 0.05 * line), y)], (*_WHITE, 150), 2)
