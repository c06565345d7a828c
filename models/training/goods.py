"""Packs on a shelf as a detector of tags must bear them: bright fronts with words, numbers, labels and bar codes.

Boxes, bags, bottles, tubs and cartons; none is anybody's product. Pictures are RGBA, cut out.
"""

from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image, ImageFilter
from tag_art import WHITES
from typeset import OFFERS, Colour, bars, pen, tone, vivid, word, write

FORMS: Final = ("box", "box", "bag", "bag", "bottle", "tub", "carton")


def front(rng: Random, width: int, height: int) -> Any:
    """The printed front of one product, RGB."""
    ground = rng.choice((vivid(rng), vivid(rng), tone(rng, 0, 120), rng.choice(WHITES), tone(rng, 150, 250)))
    picture = Image.new("RGB", (width, height), ground)
    draw = pen(picture)
    for _ in range(rng.randint(1, 6)):
        x, y = rng.uniform(-0.2, 0.9) * width, rng.uniform(-0.1, 0.9) * height
        w, h = rng.uniform(0.1, 1.0) * width, rng.uniform(0.05, 0.5) * height
        shape = rng.choice((draw.ellipse, draw.rectangle))
        shape((x, y, x + w, y + h), rng.choice((vivid(rng), tone(rng), rng.choice(WHITES))))
    if rng.random() < 0.5:
        _photo(picture, rng)
    for _ in range(rng.randint(1, 5)):
        _line(draw, rng, width, height)
    if rng.random() < 0.3:
        _panel(draw, rng, width, height)
    if rng.random() < 0.12:
        x, y, w = rng.uniform(0, 0.5) * width, rng.uniform(0.5, 0.85) * height, rng.uniform(0.25, 0.5) * width
        draw.rectangle((x, y, x + w, y + w * 0.6), (250, 250, 250))
        bars(draw, (x + w * 0.1, y + w * 0.1, x + w * 0.9, y + w * 0.45), (10, 10, 10), rng)
    return picture


def _photo(picture: Any, rng: Random) -> None:
    """A field of soft coloured blotches with fine grain: food, fruit, a landscape, seen from afar."""
    width, height = max(8, round(picture.width * rng.uniform(0.3, 1))), max(8, round(picture.height * rng.uniform(0.2, 0.8)))
    noise = np.random.default_rng(rng.getrandbits(32))
    field = np.array(rng.choice((vivid(rng), tone(rng, 60, 220))), np.float32)[None, None]
    for cells, depth in ((4, 60), (10, 50), (30, 35)):
        coarse = np.clip(128 + noise.normal(0, depth, (cells, cells, 3)), 0, 255).astype(np.uint8)
        grown = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        field = field + np.asarray(grown, np.float32) - 128
    mask = Image.new("L", (width, height), 255)
    if rng.random() < 0.5:
        mask = Image.new("L", (width, height), 0)
        pen(mask).ellipse((0, 0, width, height), 255)
    at = round(rng.uniform(-0.2, 0.7) * picture.width), round(rng.uniform(-0.1, 0.8) * picture.height)
    picture.paste(Image.fromarray(np.clip(field, 0, 255).astype(np.uint8)), at, mask)


def _line(draw: Any, rng: Random, width: int, height: int) -> None:
    size = height * rng.uniform(0.05, 0.24)
    ink: Colour = rng.choice(((250, 250, 245), (20, 20, 20), vivid(rng), vivid(rng)))
    style = (rng.randint(0, 99), True, rng.choice((0, 0, 1, 2)))
    if rng.random() < 0.2:
        text = rng.choice(
            (*OFFERS, f"{rng.randint(2, 500)}g", f"{rng.randint(1, 99)}%", f"{rng.randint(2, 24)}袋入", f"{rng.randint(1, 999)}")
        )
    else:
        text, eastern = word(rng, max(2, int(width * 1.1 / size)))
        style = (style[0], eastern, style[2])
    x, y = rng.uniform(0, 0.5) * width, rng.uniform(0.02, 0.85) * height
    if rng.random() < 0.2:
        for number, letter in enumerate(text[:6]):
            write(draw, (x, y + number * size), letter, size, ink, style)
        return
    write(draw, (x, y), text, size, ink, style)


def _panel(draw: Any, rng: Random, width: int, height: int) -> None:
    """A light field with print in it: the part of a pack that looks most like a tag."""
    x, y = rng.uniform(0, 0.4) * width, rng.uniform(0.05, 0.7) * height
    w, h = rng.uniform(0.35, 0.9) * width, rng.uniform(0.1, 0.3) * height
    draw.rectangle((x, y, x + w, y + h), rng.choice((*WHITES, (252, 224, 60))))
    for _ in range(rng.randint(1, 3)):
        text, eastern = word(rng, 5)
        at = (x + rng.uniform(0.02, 0.4) * w, y + rng.uniform(0.05, 0.6) * h)
        write(draw, at, text, h * rng.uniform(0.2, 0.5), tone(rng, 0, 120), (rng.randint(0, 99), eastern, 0))


def product(rng: Random, width: int, height: int) -> Any:
    """One unit, RGBA, shaded as its form is."""
    width, height = max(10, width), max(10, height)
    form = rng.choice(FORMS)
    picture = front(rng, width, height)
    mask = Image.new("L", (width, height), 0)
    draw = pen(mask)
    if form in {"box", "carton"}:
        draw.rectangle((0, 0, width, height), 255)
    elif form == "bag":
        draw.rounded_rectangle((0, 0, width - 1, height - 1), min(width, height) * 0.12, 255)
    elif form == "bottle":
        neck = rng.uniform(0.25, 0.5) * width / 2
        draw.rectangle((width / 2 - neck, 0, width / 2 + neck, height * 0.3), 255)
        draw.rounded_rectangle((0, height * 0.22, width - 1, height - 1), width * 0.2, 255)
    else:
        draw.rounded_rectangle((0, 0, width - 1, height - 1), width * 0.1, 255)
    return _shaded(picture, mask, rng, round_body=form in {"bottle", "tub"})


def _shaded(picture: Any, mask: Any, rng: Random, *, round_body: bool) -> Any:
    across = np.linspace(-1, 1, picture.width, dtype=np.float32)[None, :, None]
    down = np.linspace(-1, 1, picture.height, dtype=np.float32)[:, None, None]
    light = 1 + rng.uniform(-0.15, 0.15) * across + rng.uniform(-0.15, 0.1) * down
    if round_body:
        light = light * (1 - 0.45 * across**2)
    pixels = np.asarray(picture, np.float32) * light
    if rng.random() < 0.4:
        place, wide = rng.uniform(-1, 1), rng.uniform(0.03, 0.15)
        pixels = pixels + rng.uniform(20, 130) * np.exp(-(((across - place + 0.2 * down) / wide) ** 2))
    shaded = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < 0.15:
        shaded = shaded.filter(ImageFilter.GaussianBlur(1))
    shaded.putalpha(mask)
    return shaded
