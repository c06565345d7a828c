"""The printed face of a pack: grounds, patterns, motifs and layouts, each family of them used by one set of shops only."""

import math
from random import Random

from PIL import Image, ImageDraw
from shop_grounds import GROUNDS, PAPER
from shop_lettering import INK, WHITE, legible, lettering, mix, put, put_down


def label(product, width, height):
    """The front of `product` as a flat RGB picture."""
    rng = Random(product.line_seed)
    own = Random(product.seed)
    picture = GROUNDS[product.ground](product, width, height, rng)
    LAYOUTS[product.layout](picture, ImageDraw.Draw(picture, "RGBA"), product, width, height, rng, own)
    return picture


def motif(draw, kind, box, tones, rng):
    """A flavour's picture in `box`, out of simple shapes."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    first, second = tones
    for _ in range({"fruit": 5, "leaf": 7, "bean": 16, "drop": 6, "star": 8, "fish": 3, "petal": 6, "bolt": 3, "ring": 6}[kind]):
        s = min(w, h) * rng.uniform(0.2, 0.42)
        x, y = x0 + rng.uniform(0, max(1, w - s)), y0 + rng.uniform(0, max(1, h - s))
        tone = mix(first, second, rng.random())
        if kind == "fruit":
            draw.ellipse((x, y, x + s, y + s), tone)
            draw.ellipse((x + s * 0.2, y + s * 0.15, x + s * 0.42, y + s * 0.35), mix(tone, WHITE, 0.6))
            draw.line((x + s / 2, y + s * 0.1, x + s * 0.6, y - s * 0.2), (70, 100, 40), max(2, int(s / 12)))
        elif kind == "leaf":
            draw.polygon([(x, y + s / 2), (x + s / 2, y + s * 0.15), (x + s, y + s / 2), (x + s / 2, y + s * 0.85)], tone)
            draw.line((x, y + s / 2, x + s, y + s / 2), mix(tone, INK, 0.4), max(1, int(s / 16)))
        elif kind == "bean":
            draw.ellipse((x, y, x + s * 0.6, y + s * 0.4), tone, mix(tone, INK, 0.4), 2)
        elif kind == "drop":
            draw.polygon([(x + s / 2, y), (x + s * 0.85, y + s * 0.65), (x + s * 0.15, y + s * 0.65)], tone)
            draw.ellipse((x + s * 0.13, y + s * 0.4, x + s * 0.87, y + s), tone)
        elif kind == "star":
            ring = [
                (
                    x + s / 2 + s * (0.5 if k % 2 else 0.22) * math.sin(k * math.pi / 5),
                    y + s / 2 - s * (0.5 if k % 2 else 0.22) * math.cos(k * math.pi / 5),
                )
                for k in range(10)
            ]
            draw.polygon(ring, tone)
        elif kind == "fish":
            draw.ellipse((x, y + s * 0.2, x + s, y + s * 0.7), tone)
            draw.polygon([(x + s * 0.95, y + s * 0.45), (x + s * 1.3, y + s * 0.2), (x + s * 1.3, y + s * 0.7)], tone)
            draw.ellipse((x + s * 0.15, y + s * 0.35, x + s * 0.25, y + s * 0.45), INK)
        elif kind == "petal":
            for k in range(6):
                cx, cy = x + s / 2 + s * 0.3 * math.cos(k * 1.047), y + s / 2 + s * 0.3 * math.sin(k * 1.047)
                draw.ellipse((cx - s * 0.2, cy - s * 0.2, cx + s * 0.2, cy + s * 0.2), tone)
            draw.ellipse((x + s * 0.36, y + s * 0.36, x + s * 0.64, y + s * 0.64), mix(second, WHITE, 0.5))
        elif kind == "bolt":
            draw.polygon(
                [
                    (x + s * 0.5, y),
                    (x + s * 0.1, y + s * 0.6),
                    (x + s * 0.45, y + s * 0.55),
                    (x + s * 0.3, y + s * 1.1),
                    (x + s * 0.8, y + s * 0.4),
                    (x + s * 0.45, y + s * 0.45),
                ],
                tone,
            )
        else:
            draw.ellipse((x, y, x + s, y + s), None, tone, max(3, int(s / 7)))


def _small_print(picture, p, w, h, ink, top=0.92):
    put(picture, (w * 0.08, h * top, w * 0.92, h * min(0.98, top + 0.055)), f"净含量 {p.net}", ink)


def _medal(picture, draw, p, w, h, rng, own):
    put(picture, (w * 0.12, h * 0.04, w * 0.88, h * 0.17), p.brand, legible(p.base), bold=0.03, serif=p.serif)
    draw.ellipse((w * 0.07, h * 0.2, w * 0.93, h * 0.56), p.second, WHITE, max(3, w // 40))
    put(picture, (w * 0.16, h * 0.27, w * 0.84, h * 0.41), p.flavour, legible(p.second), bold=0.035, serif=p.serif)
    put(picture, (w * 0.2, h * 0.42, w * 0.8, h * 0.5), p.noun, legible(p.second))
    motif(draw, p.motif, (w * 0.06, h * 0.6, w * 0.94, h * 0.9), (p.accent, p.second), own)
    _small_print(picture, p, w, h, legible(p.base))


def _banner(picture, draw, p, w, h, rng, own):
    motif(draw, p.motif, (w * 0.05, h * 0.03, w * 0.95, h * 0.4), (p.accent, mix(p.accent, WHITE, 0.5)), own)
    draw.polygon([(0, h * 0.42), (w, h * 0.36), (w, h * 0.64), (0, h * 0.7)], p.accent)
    put(picture, (w * 0.06, h * 0.43, w * 0.94, h * 0.62), p.brand, legible(p.accent), bold=0.05, slant=0.12)
    put(picture, (w * 0.08, h * 0.7, w * 0.92, h * 0.83), p.flavour, legible(p.base), bold=0.03)
    put(picture, (w * 0.2, h * 0.83, w * 0.8, h * 0.91), p.noun, legible(p.base))
    _small_print(picture, p, w, h, legible(p.base), 0.925)


def _column(picture, draw, p, w, h, rng, own):
    draw.rectangle((w * 0.3, 0, w * 0.7, h), PAPER)
    put_down(picture, (w * 0.34, h * 0.08, w * 0.66, h * 0.62), p.name, INK, serif=True, bold=0.02)
    draw.rectangle((w * 0.38, h * 0.66, w * 0.62, h * 0.66 + w * 0.24), p.accent)
    put(picture, (w * 0.4, h * 0.67, w * 0.6, h * 0.65 + w * 0.22), p.brand[:1], legible(p.accent), serif=True)
    motif(draw, p.motif, (0, h * 0.12, w * 0.28, h * 0.9), (p.second, p.accent), own)
    motif(draw, p.motif, (w * 0.72, h * 0.12, w, h * 0.9), (p.second, p.accent), own)
    _small_print(picture, p, w, h, INK)


def _bold(picture, draw, p, w, h, rng, own):
    put(picture, (w * 0.03, h * 0.08, w * 0.97, h * 0.36), p.brand, p.accent, bold=0.06, outline=WHITE, slant=-0.1)
    draw.rounded_rectangle((w * 0.1, h * 0.4, w * 0.9, h * 0.53), int(h * 0.06), WHITE)
    put(picture, (w * 0.14, h * 0.41, w * 0.86, h * 0.52), p.flavour, mix(p.base, INK, 0.4), bold=0.03)
    motif(draw, p.motif, (w * 0.04, h * 0.55, w * 0.96, h * 0.84), (p.second, p.accent), own)
    put(picture, (w * 0.15, h * 0.83, w * 0.85, h * 0.92), p.noun, legible(p.base), bold=0.02)
    draw.ellipse((w * 0.66, h * 0.02, w * 0.98, h * 0.02 + w * 0.32), (232, 60, 40))
    put(picture, (w * 0.7, h * 0.03, w * 0.94, h * 0.01 + w * 0.32), rng.choice(("新品", "加量", "热卖")), WHITE)


def _quiet(picture, draw, p, w, h, rng, own):
    put(picture, (w * 0.14, h * 0.12, w * 0.86, h * 0.22), p.brand, legible(p.base), serif=True)
    draw.line((w * 0.2, h * 0.26, w * 0.8, h * 0.26), mix(legible(p.base), p.base, 0.4), 2)
    put(picture, (w * 0.2, h * 0.29, w * 0.8, h * 0.36), p.flavour, legible(p.base))
    put(picture, (w * 0.2, h * 0.37, w * 0.8, h * 0.43), p.noun, legible(p.base))
    draw.ellipse((w * 0.28, h * 0.5, w * 0.72, h * 0.5 + w * 0.44), p.second)
    motif(draw, p.motif, (w * 0.3, h * 0.5, w * 0.7, h * 0.5 + w * 0.42), (p.accent, WHITE), own)
    _small_print(picture, p, w, h, legible(p.base))


def _window(picture, draw, p, w, h, rng, own):
    put(picture, (w * 0.08, h * 0.07, w * 0.92, h * 0.24), p.brand, legible(p.base), bold=0.045, narrow=0.85)
    put(picture, (w * 0.1, h * 0.25, w * 0.9, h * 0.36), p.name[len(p.brand) :], legible(p.base), bold=0.015)
    draw.rounded_rectangle((w * 0.12, h * 0.42, w * 0.88, h * 0.86), int(w * 0.12), mix(p.second, INK, 0.25), WHITE, 4)
    for _ in range(2):
        motif(
            draw,
            "bean" if p.motif not in {"fish", "ring"} else p.motif,
            (w * 0.15, h * 0.45, w * 0.85, h * 0.84),
            (p.second, p.accent),
            own,
        )
    _small_print(picture, p, w, h, legible(p.base), 0.9)


def _clinic(picture, draw, p, w, h, rng, own):
    ink = mix(p.base, INK, 0.35)
    draw.rectangle((0, h * 0.3, w, h), PAPER)
    put(picture, (w * 0.06, h * 0.08, w * 0.94, h * 0.26), p.brand, legible(p.base), bold=0.03)
    put(picture, (w * 0.06, h * 0.34, w * 0.94, h * 0.5), p.flavour, ink, bold=0.03)
    put(picture, (w * 0.06, h * 0.51, w * 0.94, h * 0.62), p.noun, ink)
    for n in range(3):
        draw.rectangle(
            (w * 0.08, h * (0.67 + 0.05 * n), w * rng.uniform(0.55, 0.92), h * (0.685 + 0.05 * n)), mix(ink, PAPER, 0.4)
        )
    draw.rectangle((0, h * 0.84, w, h), p.second)
    put(picture, (w * 0.1, h * 0.86, w * 0.9, h * 0.97), p.net, legible(p.second))


def _stamp(picture, draw, p, w, h, rng, own):
    draw.rectangle((w * 0.1, h * 0.1, w * 0.9, h * 0.66), PAPER, p.accent, max(2, w // 50))
    put(picture, (w * 0.16, h * 0.13, w * 0.84, h * 0.25), p.brand, p.accent, serif=True, bold=0.02)
    put(picture, (w * 0.16, h * 0.28, w * 0.84, h * 0.46), p.flavour, INK, serif=True, bold=0.03)
    put(picture, (w * 0.22, h * 0.48, w * 0.78, h * 0.58), p.noun, INK, serif=True)
    motif(draw, p.motif, (w * 0.1, h * 0.7, w * 0.9, h * 0.93), (p.second, p.accent), own)


def _slab(picture, draw, p, w, h, rng, own):
    motif(draw, p.motif, (w * 0.02, h * 0.52, w * 0.98, h * 0.97), (p.second, p.accent), own)
    draw.rectangle((0, h * 0.06, w * 0.78, h * 0.26), p.accent)
    put(picture, (w * 0.04, h * 0.08, w * 0.74, h * 0.24), p.brand, legible(p.accent), bold=0.05, align="l")
    put(picture, (w * 0.06, h * 0.29, w * 0.96, h * 0.42), p.flavour, legible(p.base), bold=0.03, align="l")
    put(picture, (w * 0.06, h * 0.43, w * 0.8, h * 0.5), p.noun, legible(p.base), align="l")
    put(picture, (w * 0.5, h * 0.93, w * 0.96, h * 0.985), p.net, legible(p.base), align="r")


def _sash(picture, draw, p, w, h, rng, own):
    draw.polygon([(0, h * 0.62), (w, h * 0.3), (w, h * 0.52), (0, h * 0.84)], p.second)
    motif(draw, p.motif, (w * 0.05, h * 0.62, w * 0.95, h * 0.95), (p.accent, WHITE), own)
    put(
        picture,
        (w * 0.06, h * 0.06, w * 0.94, h * 0.26),
        p.brand,
        WHITE if legible(p.base) == WHITE else p.accent,
        bold=0.04,
        outline=mix(p.base, INK, 0.6),
        narrow=1.15,
    )
    line = _turned(p.flavour + p.noun, w, h, legible(p.second))
    picture.paste(line, (round(w * 0.5 - line.width / 2), round(h * 0.57 - line.height / 2)), line)
    _small_print(picture, p, w, h, legible(p.base))


def _turned(text, w, h, ink):
    line = lettering(text, h * 0.12, ink, bold=0.03)
    over = min(1.0, w * 0.86 / line.width)
    line = line.resize((max(1, round(line.width * over)), max(1, round(line.height * over))))
    return line.rotate(math.degrees(math.atan2(h * 0.32, w)), Image.Resampling.BICUBIC, expand=True)


def _gift(picture, draw, p, w, h, rng, own):
    gold = (206, 172, 96)
    draw.rectangle((w * 0.05, h * 0.04, w * 0.95, h * 0.96), None, gold, max(2, w // 60))
    draw.ellipse((w * 0.24, h * 0.1, w * 0.76, h * 0.1 + w * 0.52), mix(p.base, INK, 0.4), gold, max(2, w // 50))
    put(picture, (w * 0.31, h * 0.1 + w * 0.09, w * 0.69, h * 0.1 + w * 0.43), p.brand[:1], gold, serif=True, bold=0.02)
    put_down(picture, (w * 0.36, h * 0.46, w * 0.64, h * 0.86), p.flavour + p.noun[:2], gold, serif=True, bold=0.02)
    put(picture, (w * 0.2, h * 0.88, w * 0.8, h * 0.94), p.brand + p.noun, gold, serif=True)


def _duo(picture, draw, p, w, h, rng, own):
    draw.rectangle((0, 0, w, h * 0.5), p.second)
    put(picture, (w * 0.1, h * 0.05, w * 0.9, h * 0.2), p.brand, legible(p.second), bold=0.05, narrow=0.8)
    motif(draw, p.motif, (w * 0.15, h * 0.21, w * 0.85, h * 0.52), (p.accent, mix(p.accent, WHITE, 0.45)), own)
    put(picture, (w * 0.07, h * 0.56, w * 0.93, h * 0.72), p.flavour, legible(p.base), bold=0.05, slant=0.15)
    put(picture, (w * 0.07, h * 0.74, w * 0.93, h * 0.85), p.noun, legible(p.base), narrow=0.9)
    _small_print(picture, p, w, h, legible(p.base), 0.9)


LAYOUTS = {
    "medal": _medal,
    "banner": _banner,
    "column": _column,
    "bold": _bold,
    "quiet": _quiet,
    "window": _window,
    "clinic": _clinic,
    "stamp": _stamp,
    "slab": _slab,
    "sash": _sash,
    "gift": _gift,
    "duo": _duo,
}
