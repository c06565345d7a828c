"""Grounds of printed packs: plain, striped, dotted, rayed, papered … as flat RGB pictures."""

import math

import numpy as np
from PIL import Image, ImageDraw
from shop_lettering import INK, WHITE, mix

PAPER = (246, 242, 232)


def _array(colour, width, height):
    return np.broadcast_to(np.asarray(colour, np.float32), (height, width, 3)).copy()


def _picture(pixels):
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _plain(p, w, h, rng):
    return Image.new("RGB", (w, h), p.base)


def _fade(p, w, h, rng):
    slope = np.linspace(0, 1, h)[:, None, None]
    return _picture(_array(mix(p.base, WHITE, 0.25), w, h) * (1 - slope) + np.asarray(mix(p.base, (0, 0, 0), 0.35)) * slope)


def _split(p, w, h, rng):
    picture, at = Image.new("RGB", (w, h), p.base), rng.uniform(0.4, 0.68)
    ImageDraw.Draw(picture).polygon([(0, h * at), (w, h * (at - rng.uniform(-0.15, 0.15))), (w, h), (0, h)], p.second)
    return picture


def _stripes(p, w, h, rng):
    down, across = np.mgrid[:h, :w]
    step, lean = w / rng.choice((5, 7, 9)), rng.choice((0, 0.6, -0.6))
    on = ((across + lean * down) // step % 2)[..., None]
    return _picture(np.where(on, np.asarray(p.base), np.asarray(mix(p.base, p.second, 0.35))))


def _dots(p, w, h, rng):
    picture = Image.new("RGB", (w, h), p.base)
    draw, step = ImageDraw.Draw(picture), max(12, w // rng.choice((6, 9, 12)))
    for row, y in enumerate(range(0, h, step)):
        for x in range((row % 2) * step // 2, w, step):
            draw.ellipse((x, y, x + step * 0.4, y + step * 0.4), mix(p.base, p.second, 0.45))
    return picture


def _rays(p, w, h, rng):
    down, across = np.mgrid[:h, :w].astype(np.float32)
    turn = np.arctan2(down - h * rng.uniform(0.3, 0.6), across - w / 2)
    on = (np.sin(turn * rng.choice((9, 12, 16))) > 0)[..., None]
    return _picture(np.where(on, np.asarray(p.base), np.asarray(mix(p.base, WHITE, 0.22))))


def _waves(p, w, h, rng):
    down, across = np.mgrid[:h, :w].astype(np.float32)
    on = (np.sin(down / h * rng.uniform(18, 34) + 1.2 * np.sin(across / w * rng.uniform(4, 9))) > 0.35)[..., None]
    return _picture(np.where(on, np.asarray(mix(p.base, p.second, 0.4)), np.asarray(p.base)))


def _white(p, w, h, rng):
    picture = Image.new("RGB", (w, h), PAPER)
    ImageDraw.Draw(picture).rectangle((0, 0, w, h * rng.uniform(0.16, 0.3)), p.base)
    return picture


def _blocks(p, w, h, rng):
    picture = Image.new("RGB", (w, h), p.base)
    draw = ImageDraw.Draw(picture)
    for _ in range(7):
        x, y, s = rng.uniform(-0.2, 1) * w, rng.uniform(-0.1, 1) * h, rng.uniform(0.2, 0.5) * w
        tone = rng.choice((p.second, p.accent, mix(p.base, WHITE, 0.5), mix(p.base, INK, 0.3)))
        kind = rng.randrange(3)
        if kind == 0:
            draw.ellipse((x, y, x + s, y + s), tone)
        elif kind == 1:
            draw.polygon([(x, y), (x + s, y + s * 0.3), (x + s * 0.4, y + s)], tone)
        else:
            draw.rectangle((x, y, x + s * 1.2, y + s * 0.3), tone)
    return picture


def _terrazzo(p, w, h, rng):
    picture = Image.new("RGB", (w, h), mix(p.base, WHITE, 0.55))
    draw = ImageDraw.Draw(picture)
    for _ in range(90):
        x, y, s = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.02, 0.07) * w
        draw.polygon(
            [(x + s * math.cos(t + rng.random()), y + s * math.sin(t + rng.random())) for t in (0, 2, 4)],
            rng.choice((p.base, p.second, p.accent)),
        )
    return picture


def _night(p, w, h, rng):
    slope = np.linspace(0, 1, h)[:, None, None]
    picture = _picture(_array((24, 26, 34), w, h) * (1 - slope) + np.asarray(mix(p.base, (16, 16, 22), 0.35)) * slope)
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        x, y, s = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.5, 2.4)
        draw.ellipse((x - s, y - s, x + s, y + s), mix(p.second, WHITE, 0.5))
    return picture


def _kraft(p, w, h, rng):
    noise = (
        np.random.default_rng(rng.getrandbits(31)).normal(0, 9, (h // 3 + 1, w // 3 + 1)).repeat(3, 0).repeat(3, 1)[:h, :w, None]
    )
    return _picture(_array((188, 150, 106), w, h) + noise)


def _ribs(p, w, h, rng):
    across = np.sin(np.linspace(0, rng.choice((40, 70, 110)), w))[None, :, None]
    return _picture(_array(p.base, w, h) * (1 + 0.08 * across))


def _hills(p, w, h, rng):
    picture = Image.new("RGB", (w, h), mix(p.base, WHITE, 0.7))
    draw = ImageDraw.Draw(picture)
    for n in range(4):
        y, a, b = h * (0.45 + 0.13 * n), rng.uniform(3, 8), rng.uniform(0, 6)
        line = [(x, y - h * 0.06 * math.sin(x / w * a + b)) for x in range(0, w + 8, 8)]
        draw.polygon([(0, h), *line, (w, h)], mix(p.base, p.second, n / 4))
    return picture


def _lattice(p, w, h, rng):
    down, across = np.mgrid[:h, :w]
    step = w // rng.choice((6, 8))
    on = (((across + down) % step < step * 0.18) | ((across - down) % step < step * 0.18))[..., None]
    return _picture(np.where(on, np.asarray(mix(p.base, p.accent, 0.45)), np.asarray(p.base)))


GROUNDS = {
    "plain": _plain,
    "fade": _fade,
    "split": _split,
    "stripes": _stripes,
    "dots": _dots,
    "rays": _rays,
    "waves": _waves,
    "white": _white,
    "blocks": _blocks,
    "terrazzo": _terrazzo,
    "night": _night,
    "kraft": _kraft,
    "ribs": _ribs,
    "hills": _hills,
    "lattice": _lattice,
}
