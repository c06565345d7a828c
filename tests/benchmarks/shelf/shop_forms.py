"""Packs as cut-outs (RGBA, uint8): a printed label bent, shaded and cropped into a box, bottle, can, pouch, jar, tube …

Pictures are `TALL` pixels high; a form knows its width as a share of its height.
"""

from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from shop_labels import label
from shop_lettering import mix

TALL = 400


def pack(product):
    """The product's front, RGBA (TALL, width, 4)."""
    width = max(60, round(TALL * product.aspect))
    return FORMS[product.form][0](product, width, Random(product.line_seed ^ 77))


def _mask(width, height, draw):
    """An antialiased silhouette drawn by `draw(canvas, w, h)` at twice the size."""
    picture = Image.new("L", (width * 2, height * 2), 0)
    draw(ImageDraw.Draw(picture), width * 2, height * 2)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def _join(rgb, alpha):
    return np.dstack([np.clip(rgb, 0, 255).astype(np.uint8), alpha.astype(np.uint8)])


def _round_shade(width, sharp=1.0):
    """Light on a cylinder: dark flanks, a highlight left of the middle, a fainter one at the right."""
    x = np.linspace(-1, 1, width, dtype=np.float32)
    body = 0.62 + 0.42 * np.sqrt(np.maximum(0, 1 - (x * 0.97) ** 2))
    return (body + 0.28 * sharp * np.exp(-(((x + 0.42) / 0.12) ** 2)) + 0.1 * sharp * np.exp(-(((x - 0.6) / 0.07) ** 2)))[
        None, :, None
    ]


def _bent(flat):
    """A flat label wrapped on a cylinder: squeezed towards the flanks."""
    height, width = flat.shape[:2]
    x = np.linspace(-0.985, 0.985, width, dtype=np.float32)
    source = (np.arcsin(x) / np.arcsin(0.985) + 1) / 2 * (width - 1)
    grid = np.broadcast_to(source, (height, width)).astype(np.float32)
    rows = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    return cv2.remap(flat, grid, np.ascontiguousarray(rows), cv2.INTER_LINEAR)


def _art(product, width, height):
    return np.asarray(label(product, max(20, width), max(20, height)))


def _box(product, width, rng):
    side = round(width * rng.uniform(0.0, 0.1))
    rgb = np.empty((TALL, width, 3), np.float32)
    rgb[:, : width - side] = _art(product, width - side, TALL)
    if side:
        rgb[:, width - side :] = np.asarray(mix(product.base, (0, 0, 0), 0.45))
    rgb *= np.linspace(1.05, 0.92, TALL, dtype=np.float32)[:, None, None]
    rgb[:3] = rgb[:3] * 0.5 + 120
    rgb[:, :2] *= 0.8
    return _join(rgb, np.full((TALL, width), 255))


def _gable(product, width, rng):
    roof = round(TALL * 0.2)
    rgb = np.empty((TALL, width, 3), np.float32)
    rgb[roof:] = _art(product, width, TALL - roof)
    rgb[:roof] = np.asarray(mix(product.base, (255, 255, 255), 0.35)) * np.linspace(0.75, 1.05, roof)[:, None, None]
    rgb[: roof // 3] = np.asarray(mix(product.base, (255, 255, 255), 0.6))

    def shape(draw, w, h):
        draw.polygon(
            [(0, h), (0, h * 0.2), (w * 0.1, h * 0.07), (w * 0.1, 0), (w * 0.9, 0), (w * 0.9, h * 0.07), (w, h * 0.2), (w, h)],
            255,
        )

    picture = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))
    cap = ImageDraw.Draw(picture)
    cap.ellipse((width * 0.38, TALL * 0.07, width * 0.62, TALL * 0.07 + width * 0.2), product.accent, (90, 90, 90))
    return _join(np.asarray(picture), _mask(width, TALL, shape))


def _can(product, width, rng):
    rim = round(TALL * 0.045)
    rgb = np.empty((TALL, width, 3), np.float32)
    rgb[rim:-rim] = _bent(_art(product, width, TALL - 2 * rim))
    rgb[:rim] = rgb[-rim:] = 186
    rgb *= _round_shade(width, 1.2)
    rgb[rim - 3 : rim] *= 0.6
    rgb[-rim : 3 - rim] *= 0.6

    def shape(draw, w, h):
        neck = w * 0.08
        draw.polygon(
            [(neck, 0), (w - neck, 0), (w, h * 0.06), (w, h * 0.95), (w - neck, h), (neck, h), (0, h * 0.95), (0, h * 0.06)], 255
        )

    return _join(rgb, _mask(width, TALL, shape))


def _bottle_like(product, width, neck, shoulder, cap, band, glass, lid=None):
    """A round bottle: `neck` and shoulder heights and label `band` as shares of the height; `glass` colour of the body."""
    rgb = np.empty((TALL, width, 3), np.float32)
    rgb[:] = np.asarray(glass)
    top, foot = round(TALL * band[0]), round(TALL * band[1])
    rgb[top:foot] = _bent(_art(product, width, foot - top))
    rgb *= _round_shade(width)
    wide = cap[1]
    left, right = round(width * (0.5 - wide / 2)), round(width * (0.5 + wide / 2))
    tall = round(TALL * cap[0])
    rgb[:tall, left:right] = np.asarray(lid or product.accent) * _round_shade(right - left)[0]
    rgb[max(0, tall - 2) : tall + 1] *= 0.7

    def shape(draw, w, h):
        n0, n1 = w * (0.5 - neck[1] / 2), w * (0.5 + neck[1] / 2)
        draw.rectangle((w * (0.5 - wide / 2), 0, w * (0.5 + wide / 2), h * cap[0]), 255)
        draw.polygon(
            [
                (n0, h * cap[0] * 0.8),
                (n1, h * cap[0] * 0.8),
                (n1, h * neck[0]),
                (w * 0.93, h * shoulder * 0.9),
                (w, h * shoulder),
                (w, h * 0.97),
                (w * 0.95, h),
                (w * 0.05, h),
                (0, h * 0.97),
                (0, h * shoulder),
                (w * 0.07, h * shoulder * 0.9),
                (n0, h * neck[0]),
            ],
            255,
        )

    return _join(rgb, _mask(width, TALL, shape))


def _bottle(product, width, rng):
    glass = rng.choice((mix(product.second, (255, 255, 255), 0.3), mix(product.base, (40, 30, 20), 0.4), (188, 208, 214)))
    return _bottle_like(product, width, (0.15, 0.34), 0.3, (0.08, 0.38), (0.42, 0.82), glass)


def _shampoo(product, width, rng):
    return _bottle_like(
        product, width, (0.14, 0.3), 0.22, (0.12, 0.42), (0.28, 0.95), product.base, mix(product.base, (255, 255, 255), 0.5)
    )


def _water(product, width, rng):
    sprite = _bottle_like(product, width, (0.12, 0.34), 0.26, (0.07, 0.36), (0.4, 0.68), (206, 222, 230))
    for y in range(round(TALL * 0.7), TALL - 14, 15):
        sprite[y : y + 3, :, :3] = (sprite[y : y + 3, :, :3] * 0.8).astype(np.uint8)
    return sprite


def _square_bottle(product, width, rng):
    glass = mix(product.base, (255, 255, 255), 0.15)
    sprite = _bottle_like(product, width, (0.16, 0.28), 0.2, (0.1, 0.34), (0.3, 0.93), glass, (232, 226, 214))
    flat = _art(product, width - 16, round(TALL * 0.63))
    top = round(TALL * 0.3)
    sprite[top : top + flat.shape[0], 8 : 8 + flat.shape[1], :3] = flat
    return sprite


def _pump(product, width, rng):
    sprite = _bottle_like(
        product, width, (0.3, 0.3), 0.36, (0.28, 0.34), (0.42, 0.94), mix(product.base, (255, 255, 255), 0.3), (244, 244, 244)
    )
    picture = Image.fromarray(sprite)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, TALL * 0.2), (0, 0, 0, 0))
    draw.rectangle((width * 0.45, TALL * 0.06, width * 0.55, TALL * 0.22), (214, 214, 214, 255))
    draw.rounded_rectangle((width * 0.1, TALL * 0.02, width * 0.64, TALL * 0.075), 6, (240, 240, 240, 255))
    return np.asarray(picture)


def _jar(product, width, rng):
    lid = rng.choice(((200, 160, 60), (190, 30, 34), (46, 50, 56), product.accent))
    return _bottle_like(
        product, width, (0.19, 0.84), 0.24, (0.17, 0.88), (0.33, 0.9), mix(product.second, (60, 30, 16), 0.35), lid
    )


def _tin(product, width, rng):
    sprite = _bottle_like(
        product, width, (0.2, 1.0), 0.2, (0.2, 1.0), (0.22, 0.98), product.base, mix(product.base, (255, 230, 170), 0.3)
    )
    sprite[round(TALL * 0.2) : round(TALL * 0.2) + 4, :, :3] //= 2
    return sprite


def _cup(product, width, rng):
    rgb = _bent(_art(product, width, TALL)).astype(np.float32) * _round_shade(width, 0.5)
    rgb[:22] = np.asarray(mix(product.accent, (255, 255, 255), 0.4)) * _round_shade(width, 0.5)[0]

    def shape(draw, w, h):
        draw.polygon(
            [
                (0, h * 0.01),
                (w, h * 0.01),
                (w, h * 0.055),
                (w * 0.98, h * 0.06),
                (w * 0.86, h),
                (w * 0.14, h),
                (w * 0.02, h * 0.06),
                (0, h * 0.055),
            ],
            255,
        )

    return _join(rgb, _mask(width, TALL, shape))


def _tub(product, width, rng):
    rgb = _bent(_art(product, width, TALL)).astype(np.float32) * _round_shade(width, 0.8)
    rgb[: round(TALL * 0.14)] = np.asarray(mix(product.accent, (255, 255, 255), 0.2)) * _round_shade(width, 0.8)[0]

    def shape(draw, w, h):
        draw.rounded_rectangle((0, 0, w - 1, h * 0.14), int(h * 0.03), 255)
        draw.polygon([(w * 0.03, h * 0.12), (w * 0.97, h * 0.12), (w * 0.93, h), (w * 0.07, h)], 255)

    return _join(rgb, _mask(width, TALL, shape))


def _film(art, rng, crimp=0.05, folds=8):
    """Soft foil: bulge, wrinkles and gloss over a label."""
    height, width = art.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    shade = 0.72 + 0.36 * np.clip(1 - across**4, 0, 1) * np.clip(1 - np.abs(down) ** 5, 0, 1)
    for _ in range(folds):
        x, y, turn = rng.uniform(-1, 1), rng.choice((-1, 1)) * rng.uniform(0.4, 1), rng.uniform(-0.9, 0.9)
        away = across - x - turn * (down - y)
        shade += rng.uniform(-0.12, 0.16) * np.exp(-((away / 0.05) ** 2) - ((down - y) / 0.4) ** 2)
    shade += 0.2 * np.exp(-(((across + 0.5 + 0.12 * np.sin(down * 3)) / 0.1) ** 2)) * (np.abs(down) < 0.85)
    rgb = art.astype(np.float32) * shade[..., None]
    edge = round(height * crimp)
    ridges = 1 + 0.12 * np.sign(np.sin(np.arange(edge) * 1.3))[:, None, None]
    rgb[:edge] = rgb[:edge] * ridges * 0.95
    rgb[-edge:] = rgb[-edge:] * ridges * 0.9
    return rgb


def _pouch(product, width, rng):
    rgb = _film(_art(product, width, TALL), rng)

    def shape(draw, w, h):
        teeth = 24
        zig = [(w * k / teeth, 0 if k % 2 else h * 0.008) for k in range(teeth + 1)]
        zag = [(w * k / teeth, h if k % 2 else h * 0.992) for k in range(teeth, -1, -1)]
        draw.polygon(
            [
                *zig,
                (w * 0.965, h * 0.12),
                (w, h * 0.5),
                (w * 0.965, h * 0.88),
                *zag,
                (w * 0.035, h * 0.88),
                (0, h * 0.5),
                (w * 0.035, h * 0.12),
            ],
            255,
        )

    return _join(rgb, _mask(width, TALL, shape))


def _doypack(product, width, rng):
    rgb = _film(_art(product, width, TALL), rng, crimp=0.035, folds=6)
    rgb[round(TALL * 0.07) : round(TALL * 0.078)] *= 0.75

    def shape(draw, w, h):
        draw.rounded_rectangle((w * 0.02, 0, w * 0.98, h * 0.5), int(w * 0.03), 255)
        draw.polygon([(w * 0.02, h * 0.1), (w * 0.98, h * 0.1), (w, h * 0.85), (w * 0.93, h), (w * 0.07, h), (0, h * 0.85)], 255)

    return _join(rgb, _mask(width, TALL, shape))


def _hung(product, width, rng, head=0.12):
    """A pouch with a header and a hole, to hang on a hook."""
    top = round(TALL * head)
    rgb = np.empty((TALL, width, 3), np.float32)
    rgb[:top] = np.asarray(mix(product.accent, (255, 255, 255), 0.15))
    rgb[top:] = _film(_art(product, width, TALL - top), rng, folds=7)
    alpha = np.full((TALL, width), 255, np.uint8)
    cv2.ellipse(alpha, (width // 2, top // 2), (max(6, width // 12), max(4, top // 5)), 0, 0, 360, 0, -1)
    return _join(rgb, alpha)


def _blister(product, width, rng):
    """A card with a clear bubble and the goods in it."""
    rgb = _art(product, width, TALL).astype(np.float32)
    x0, x1, y0, y1 = round(width * 0.18), round(width * 0.82), round(TALL * 0.5), round(TALL * 0.93)
    goods = np.asarray(mix(product.second, (210, 214, 220), 0.5), np.float32)
    rgb[y0:y1, x0:x1] = goods * _round_shade(x1 - x0)[0]
    rgb[y0 : y0 + 4, x0:x1] = 240
    rgb[y0:y1, x0 : x0 + 3] = 232
    rgb[y1 - 4 : y1, x0:x1] *= 0.6
    alpha = np.full((TALL, width), 255, np.uint8)
    cv2.ellipse(alpha, (width // 2, round(TALL * 0.03)), (max(6, width // 10), 7), 0, 0, 360, 0, -1)
    return _join(rgb, alpha)


def _tube(product, width, rng):
    art = _bent(_art(product, width, round(TALL * 0.8))).astype(np.float32)
    rgb = np.empty((TALL, width, 3), np.float32)
    rgb[: art.shape[0]] = art
    rgb[art.shape[0] :] = np.asarray(mix(product.accent, (255, 255, 255), 0.55))
    rgb *= _round_shade(width, 0.7)
    rgb[:14] *= (0.8 + 0.2 * np.sign(np.sin(np.arange(width))))[None, :, None]

    def shape(draw, w, h):
        draw.polygon(
            [
                (0, 0),
                (w, 0),
                (w * 0.88, h * 0.79),
                (w * 0.78, h * 0.8),
                (w * 0.78, h),
                (w * 0.22, h),
                (w * 0.22, h * 0.8),
                (w * 0.12, h * 0.79),
            ],
            255,
        )

    return _join(rgb, _mask(width, TALL, shape))


def _sack(product, width, rng):
    rgb = _film(_art(product, width, TALL), rng, crimp=0.02, folds=12)

    def shape(draw, w, h):
        draw.polygon(
            [
                (w * 0.1, 0),
                (w * 0.9, 0),
                (w, h * 0.12),
                (w * 0.97, h * 0.5),
                (w, h * 0.93),
                (w * 0.9, h),
                (w * 0.1, h),
                (0, h * 0.93),
                (w * 0.03, h * 0.5),
                (0, h * 0.12),
            ],
            255,
        )

    return _join(rgb, _mask(width, TALL, shape))


def _flask(product, width, rng):
    """A flat curved bottle, as of spirits or oil."""
    glass = rng.choice(((236, 236, 230), (120, 26, 28), (62, 84, 62), mix(product.base, (255, 255, 255), 0.2)))
    return _bottle_like(product, width, (0.3, 0.22), 0.42, (0.16, 0.26), (0.48, 0.9), glass, (196, 160, 82))


def _wrap(product, width, rng):
    """A soft pack of tissues or napkins: bulging film over a block."""
    rgb = _film(_art(product, width, TALL), rng, crimp=0.015, folds=10)

    def shape(draw, w, h):
        draw.rounded_rectangle((0, 0, w - 1, h - 1), int(min(w, h) * 0.14), 255)

    return _join(rgb, _mask(width, TALL, shape))


FORMS = {
    "box": (_box, 0.5, 0.85),
    "gable": (_gable, 0.4, 0.5),
    "can": (_can, 0.5, 0.6),
    "slim": (_can, 0.36, 0.42),
    "bottle": (_bottle, 0.3, 0.36),
    "shampoo": (_shampoo, 0.36, 0.46),
    "water": (_water, 0.29, 0.34),
    "square": (_square_bottle, 0.4, 0.5),
    "pump": (_pump, 0.36, 0.44),
    "jar": (_jar, 0.58, 0.8),
    "tin": (_tin, 0.55, 0.75),
    "cup": (_cup, 0.75, 0.95),
    "tub": (_tub, 0.6, 0.85),
    "pouch": (_pouch, 0.62, 0.8),
    "doypack": (_doypack, 0.58, 0.72),
    "hung": (_hung, 0.55, 0.72),
    "blister": (_blister, 0.5, 0.66),
    "tube": (_tube, 0.3, 0.38),
    "sack": (_sack, 0.6, 0.75),
    "flask": (_flask, 0.34, 0.42),
    "flatbox": (_box, 1.1, 1.7),
    "wrap": (_wrap, 1.0, 1.5),
    "carton": (_box, 0.36, 0.5),
}
"""Form -> (painter, narrowest, widest share of its height)."""


def soften(sprite, sigma):
    """Blur a cut-out, as when it is out of focus."""
    return np.asarray(Image.fromarray(sprite).filter(ImageFilter.GaussianBlur(sigma)))
