"""Shoppers before a shelf: coats, hair, bags, seen from behind or from the side, out of focus; none has a face."""

from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from shop_goods import hsv
from shop_lettering import mix

SIZE = (460, 1150)


def shopper(rng):
    """One person, RGBA array SIZE, head at the top."""
    coat = hsv(rng.random(), rng.uniform(0.05, 0.7), rng.uniform(0.15, 0.75))
    trousers = hsv(rng.uniform(0.55, 0.72), rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.35))
    hair, skin = hsv(0.06, 0.4, rng.uniform(0.06, 0.3)), mix((196, 156, 130), (110, 80, 66), rng.random())
    picture = Image.new("RGBA", SIZE, (*coat, 0))
    draw = ImageDraw.Draw(picture)
    x, side = SIZE[0] / 2, rng.random() < 0.4
    half = 78 if side else 112
    draw.rounded_rectangle((x - half * 0.7, 520, x - 6, 1190), 40, (*mix(trousers, (0, 0, 0), 0.2), 255))
    draw.rounded_rectangle((x + 4, 520, x + half * 0.7, 1190), 40, (*trousers, 255))
    arm = rng.choice((0, 0, 1))
    if arm:
        draw.line(
            [(x + half * 0.8, 250), (x + half + 70, 330), (x + half + 30, 170)], (*mix(coat, (0, 0, 0), 0.2), 255), 52, "curve"
        )
        draw.ellipse((x + half + 4, 130, x + half + 60, 196), (*skin, 255))
    draw.rounded_rectangle((x - half - 26, 230, x - half + 34, 560), 30, (*mix(coat, (0, 0, 0), 0.25), 255))
    draw.rounded_rectangle((x + half - 34, 230, x + half + 26, 560 if not arm else 300), 30, (*mix(coat, (0, 0, 0), 0.18), 255))
    draw.polygon(
        [
            (x - half * 0.55, 190),
            (x + half * 0.55, 190),
            (x + half, 240),
            (x + half * 0.98, 660),
            (x - half * 0.98, 660),
            (x - half, 240),
        ],
        (*coat, 255),
    )
    draw.rectangle((x - 26, 140, x + 26, 210), (*skin, 255))
    draw.ellipse((x - 66, 22, x + 66, 176), (*(skin if side else hair), 255))
    draw.pieslice((x - 72, 16, x + 70, 180), 150 if side else 170, 20 if side else 10, (*hair, 255))
    if rng.random() < 0.35:
        draw.ellipse((x - 78, 60, x + 78, 260), (*hair, 255))
    if rng.random() < 0.5:
        strap = hsv(rng.random(), 0.5, 0.3)
        draw.rounded_rectangle(
            (x - half * 0.7, 270, x + half * 0.7, 520), 40, (*strap, 255), (*mix(strap, (0, 0, 0), 0.4), 255), 6
        )
    pixels = np.asarray(picture).copy()
    down, across = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    fold = 1 + 0.1 * np.sin(across / 23 + down / 61) * np.sin(down / 97 - across / 41) - 0.25 * ((across - x) / (half * 2)) ** 2
    if rng.random() < 0.4:
        fold += 0.15 * np.sign(np.sin(down / rng.uniform(6, 16)))
    pixels[..., :3] = np.clip(pixels[..., :3] * fold[..., None], 0, 255).astype(np.uint8)
    blurred = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(3.2))
    return np.asarray(blurred if rng.random() < 0.5 else blurred.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def trolley(rng: Random):
    """A wire trolley, RGBA."""
    picture = Image.new("RGBA", (520, 420), (90, 92, 96, 0))
    draw = ImageDraw.Draw(picture)
    tone = (*rng.choice(((170, 172, 176), (190, 40, 40), (60, 90, 160))), 255)
    for n in range(14):
        draw.line([(30 + n * 30, 40), (70 + n * 26, 300)], tone, 6)
    for n in range(6):
        draw.line([(30 + n * 8, 40 + n * 52), (450 - n * 8, 40 + n * 52)], tone, 6)
    draw.line([(450, 40), (510, 0)], tone, 12)
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(2)))
