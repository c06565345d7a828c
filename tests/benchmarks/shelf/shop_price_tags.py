"""Printed and electronic price tags in many house styles: raised, level or trimmed decimals, unit and member price, promotion."""

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw
from shop_lettering import INK, WHITE, face, legible, mix, put

WIDE = 330
"""Tags are drawn this many pixels wide and shrunk."""
RED, PAPER, YELLOW, EINK = (200, 24, 30), (248, 247, 242), (252, 222, 70), (206, 208, 202)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What one tag says. `regular`: the crossed-out price of a promotion, `member`: a second price, `unit`: one per weight."""

    name: str
    price: str
    net: str
    piece: str
    code: int
    regular: str = ""
    member: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """How a chain prints its tags. `digits`: raised, level or trimmed."""

    layout: str
    tall: float
    paper: tuple
    accent: tuple
    ink: tuple
    digits: str
    share: float = 0.55
    member: bool = False
    unit: bool = False
    worn: float = 0.3


def tag(house, printed, rng):
    """RGB array of one tag in its holder."""
    size = (WIDE, round(WIDE * house.tall))
    layout = PROMOTIONS[house.layout] if printed.regular else LAYOUTS[house.layout]
    picture = Image.new("RGB", size, house.paper)
    layout(picture, ImageDraw.Draw(picture), house, printed, *size)
    return _sleeve(np.asarray(picture), house, rng)


def shown(price, digits):
    """The price as this house prints it: "12.90" becomes "12.9" or stays."""
    whole, _, cents = price.partition(".")
    if digits != "trimmed":
        return whole, cents
    return whole, cents.rstrip("0")


def amount(picture, box, price, house, ink, mark="¥", tail="", bold=0.03):
    """The price set as large as `box` allows, right aligned to its middle."""
    x0, y0, x1, y1 = box
    draw = ImageDraw.Draw(picture)
    whole, cents = shown(price, house.digits)
    size = (y1 - y0) / 0.74
    small = house.share if house.digits == "raised" else 1.0 if house.digits == "trimmed" else max(0.7, house.share)
    while True:
        big, minor, sign = face(size), face(size * small), face(size * 0.5)
        parts = [sign.getlength(mark), big.getlength(whole), minor.getlength("." + cents) if cents else 0, sign.getlength(tail)]
        if sum(parts) <= x1 - x0 or size < 8:
            break
        size *= 0.95
    x, base, stroke = x0 + (x1 - x0 - sum(parts)) / 2, (y0 + y1) / 2 + size * 0.37, max(0, round(size * bold))
    draw.text((x, base), mark, ink, sign, anchor="ls", stroke_width=stroke // 2, stroke_fill=ink)
    draw.text((x + parts[0], base), whole, ink, big, anchor="ls", stroke_width=stroke, stroke_fill=ink)
    at = base if house.digits != "raised" else base - size * 0.74 + size * small * 0.76
    if cents:
        draw.text(
            (x + parts[0] + parts[1] + stroke, at),
            "." + cents,
            ink,
            minor,
            anchor="ls",
            stroke_width=max(0, stroke - 1),
            stroke_fill=ink,
        )
    draw.text((x + sum(parts[:3]) + stroke, base), tail, ink, sign, anchor="ls")
    return x, base - size * 0.74, x + sum(parts), base


def bars(draw, box, code, ink=INK):
    x0, y0, x1, y1 = box
    rng, x = Random(code), x0
    while x < x1:
        wide = rng.choice((1, 1, 2, 3)) * (x1 - x0) / 95
        draw.rectangle((x, y0, x + wide * 0.8, y1), ink)
        x += wide + rng.choice((1, 2, 2, 3)) * (x1 - x0) / 95


def squares(draw, box, code):
    x0, y0, x1, _ = box
    rng, step = Random(code), (x1 - x0) / 21
    for row in range(21):
        for column in range(21):
            corner = ((row < 7 or row > 13) and column < 7) or (row < 7 and column > 13)
            if (corner and not (1 <= row % 14 <= 5 and 1 <= column % 14 <= 5)) or (not corner and rng.random() < 0.5):
                draw.rectangle((x0 + column * step, y0 + row * step, x0 + (column + 0.95) * step, y0 + (row + 0.95) * step), INK)


def _extras(picture, house, p, box):
    """Member and unit price, small, one under the other."""
    x0, y0, x1, y1 = box
    lines = [f"会员价 ¥{p.member}"] * bool(p.member and house.member) + [f"单价 {p.unit}"] * bool(p.unit and house.unit)
    for n, line in enumerate(lines):
        tall = (y1 - y0) / max(2, len(lines))
        put(picture, (x0, y0 + n * tall, x1, y0 + (n + 0.9) * tall), line, house.ink, align="l")


def _classic(picture, draw, house, p, w, h):
    put(picture, (w * 0.04, h * 0.05, w * 0.96, h * 0.25), p.name, house.ink, bold=0.02, align="l")
    draw.line((w * 0.03, h * 0.28, w * 0.97, h * 0.28), mix(house.ink, house.paper, 0.5), 2)
    put(picture, (w * 0.04, h * 0.32, w * 0.4, h * 0.45), f"规格:{p.net}", house.ink, align="l")
    put(picture, (w * 0.04, h * 0.47, w * 0.4, h * 0.6), f"单位:{p.piece}", house.ink, align="l")
    bars(draw, (w * 0.04, h * 0.66, w * 0.36, h * 0.9), p.code)
    amount(
        picture, (w * 0.42, h * 0.36, w * 0.97, h * (0.78 if (house.member or house.unit) else 0.9)), p.price, house, house.accent
    )
    _extras(picture, house, p, (w * 0.44, h * 0.78, w * 0.97, h * 0.98 if not (house.member and house.unit) else h))


def _header(picture, draw, house, p, w, h):
    draw.rectangle((0, 0, w, h * 0.3), house.accent)
    put(picture, (w * 0.04, h * 0.05, w * 0.96, h * 0.26), p.name, legible(house.accent), bold=0.02)
    amount(picture, (w * 0.05, h * 0.38, w * 0.62, h * 0.9), p.price, house, house.ink)
    put(picture, (w * 0.66, h * 0.36, w * 0.97, h * 0.5), p.net, house.ink, align="r")
    put(picture, (w * 0.72, h * 0.52, w * 0.97, h * 0.64), f"{p.piece}装", house.ink, align="r")
    if house.member or house.unit:
        _extras(picture, house, p, (w * 0.65, h * 0.68, w * 0.98, h * 0.98))
    else:
        bars(draw, (w * 0.66, h * 0.7, w * 0.96, h * 0.92), p.code)


def _eink(picture, draw, house, p, w, h):
    draw.rectangle((0, 0, w, h), (44, 46, 50))
    draw.rounded_rectangle((w * 0.02, h * 0.04, w * 0.98, h * 0.96), 6, EINK)
    put(picture, (w * 0.05, h * 0.08, w * 0.95, h * 0.27), p.name, INK, align="l")
    amount(picture, (w * 0.05, h * 0.34, w * 0.66, h * 0.78), p.price, house, house.accent)
    squares(draw, (w * 0.74, h * 0.36, w * 0.74 + h * 0.36, h * 0.72), p.code)
    put(picture, (w * 0.05, h * 0.82, w * 0.45, h * 0.93), f"{p.net}/{p.piece}", INK, align="l")
    if p.unit and house.unit:
        put(picture, (w * 0.5, h * 0.82, w * 0.95, h * 0.93), p.unit, INK, align="r")


def _strip(picture, draw, house, p, w, h):
    put(picture, (w * 0.03, h * 0.08, w * 0.45, h * 0.42), p.name, house.ink, bold=0.03, align="l")
    put(picture, (w * 0.03, h * 0.48, w * 0.3, h * 0.66), p.net, house.ink, align="l")
    bars(draw, (w * 0.03, h * 0.72, w * 0.3, h * 0.94), p.code)
    amount(picture, (w * 0.44, h * 0.14, w * 0.98, h * 0.88), p.price, house, house.accent, mark="￥")


def _offer(picture, draw, house, p, w, h):
    picture.paste(YELLOW, (0, 0, w, h))
    draw.rectangle((0, 0, w * 0.28, h), RED)
    put(picture, (w * 0.03, h * 0.12, w * 0.25, h * 0.5), "特价", WHITE, bold=0.05)
    put(picture, (w * 0.03, h * 0.6, w * 0.25, h * 0.85), "促销", WHITE)
    put(picture, (w * 0.31, h * 0.05, w * 0.97, h * 0.24), p.name, INK, align="l")
    amount(picture, (w * 0.31, h * 0.3, w * 0.97, h * 0.76), p.price, house, RED)
    put(picture, (w * 0.34, h * 0.8, w * 0.75, h * 0.96), f"原价 ¥{p.regular}", INK, align="l")
    draw.line((w * 0.34, h * 0.88, w * 0.72, h * 0.88), INK, 2)


def _pharmacy(picture, draw, house, p, w, h):
    draw.rectangle((0, h * 0.88, w, h), house.accent)
    x, y, s = w * 0.05, h * 0.07, h * 0.2
    draw.rectangle((x + s * 0.35, y, x + s * 0.65, y + s), house.accent)
    draw.rectangle((x, y + s * 0.35, x + s, y + s * 0.65), house.accent)
    put(picture, (w * 0.2, h * 0.06, w * 0.97, h * 0.26), p.name, house.ink, bold=0.02, align="l")
    put(picture, (w * 0.05, h * 0.34, w * 0.3, h * 0.46), f"规格 {p.net}", house.ink, align="l")
    put(picture, (w * 0.05, h * 0.5, w * 0.26, h * 0.64), "零售价", house.ink, align="l")
    amount(picture, (w * 0.32, h * 0.32, w * 0.97, h * (0.66 if house.member else 0.82)), p.price, house, house.ink)
    if house.member and p.member:
        put(picture, (w * 0.36, h * 0.69, w * 0.95, h * 0.86), f"会员价 {p.member}元", house.accent, align="l", bold=0.02)


def _kraft(picture, draw, house, p, w, h):
    draw.rectangle((w * 0.02, h * 0.04, w * 0.98, h * 0.96), None, mix(house.ink, house.paper, 0.3), 2)
    put(picture, (w * 0.08, h * 0.1, w * 0.92, h * 0.32), p.name, house.ink, serif=True)
    amount(picture, (w * 0.12, h * 0.4, w * 0.88, h * 0.78), p.price, house, house.ink, mark="", tail="元", bold=0.015)
    put(picture, (w * 0.2, h * 0.82, w * 0.8, h * 0.93), f"{p.net} / {p.piece}", house.ink, serif=True)


def _inverse(picture, draw, house, p, w, h):
    draw.rectangle((0, 0, w * 0.56, h), house.accent)
    amount(picture, (w * 0.03, h * 0.2, w * 0.53, h * 0.78), p.price, house, legible(house.accent))
    words = (p.name[: len(p.name) // 2 + 1], p.name[len(p.name) // 2 + 1 :])
    put(picture, (w * 0.6, h * 0.08, w * 0.97, h * 0.3), words[0], house.ink, align="l")
    put(picture, (w * 0.6, h * 0.33, w * 0.97, h * 0.54), words[1], house.ink, align="l")
    if house.unit and p.unit:
        put(picture, (w * 0.6, h * 0.6, w * 0.97, h * 0.76), p.unit, house.ink, align="l")
    put(picture, (w * 0.6, h * 0.8, w * 0.97, h * 0.94), f"{p.net}/{p.piece}", house.ink, align="l")


def _minimal(picture, draw, house, p, w, h):
    amount(picture, (w * 0.1, h * 0.1, w * 0.9, h * 0.6), p.price, house, house.ink, bold=0.01)
    draw.line((w * 0.1, h * 0.68, w * 0.9, h * 0.68), house.accent, 3)
    put(picture, (w * 0.08, h * 0.74, w * 0.92, h * 0.94), p.name, house.ink, serif=True)


def _split(picture, draw, house, p, w, h):
    draw.rectangle((0, h * 0.72, w, h), house.accent)
    put(picture, (w * 0.03, h * 0.75, w * 0.7, h * 0.97), p.name, legible(house.accent), align="l", bold=0.02)
    put(picture, (w * 0.74, h * 0.77, w * 0.97, h * 0.95), p.net, legible(house.accent), align="r")
    amount(picture, (w * 0.28, h * 0.08, w * 0.97, h * 0.64), p.price, house, house.ink)
    bars(draw, (w * 0.03, h * 0.1, w * 0.25, h * 0.38), p.code)
    if house.unit and p.unit:
        put(picture, (w * 0.02, h * 0.48, w * 0.3, h * 0.62), p.unit, house.ink, align="l")


def _sale(picture, draw, house, p, w, h):
    picture.paste((255, 240, 120), (0, 0, w, h))
    draw.rectangle((0, 0, w, h * 0.3), (226, 60, 20))
    put(picture, (w * 0.03, h * 0.04, w * 0.45, h * 0.27), "限时特惠", WHITE, bold=0.04, slant=0.12)
    put(picture, (w * 0.48, h * 0.05, w * 0.97, h * 0.26), p.name, WHITE, align="r")
    amount(picture, (w * 0.05, h * 0.38, w * 0.66, h * 0.92), p.price, house, (180, 20, 20))
    put(picture, (w * 0.68, h * 0.42, w * 0.97, h * 0.58), "原价", INK)
    put(picture, (w * 0.68, h * 0.62, w * 0.97, h * 0.82), p.regular, INK)
    draw.line((w * 0.68, h * 0.72, w * 0.97, h * 0.72), INK, 3)


LAYOUTS = {
    "classic": _classic,
    "header": _header,
    "eink": _eink,
    "strip": _strip,
    "pharmacy": _pharmacy,
    "kraft": _kraft,
    "inverse": _inverse,
    "minimal": _minimal,
    "split": _split,
}
PROMOTIONS = {
    **dict.fromkeys(("classic", "header", "eink", "strip"), _offer),
    **dict.fromkeys(("pharmacy", "kraft", "inverse", "minimal", "split"), _sale),
}


def _sleeve(pixels, house, rng):
    """Clear plastic, a curl, a worn edge."""
    height, width = pixels.shape[:2]
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    gloss = 40 * house.worn * rng.random() * np.exp(-(((down - rng.uniform(0.05, 0.3) - 0.08 * across) / 0.06) ** 2))
    shade = 1 - 0.08 * house.worn * np.cos((across - rng.random()) * 5) - 0.06 * down
    lit = np.clip(pixels * shade[..., None] + gloss[..., None], 0, 255).astype(np.uint8)
    cv2.rectangle(lit, (0, 0), (width - 1, height - 1), (140, 140, 138), 2)
    return lit
