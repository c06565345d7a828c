"""Made-up shelf photos with the corners of every price tag in them: furniture, goods, rails, tags, and things like tags.

`shelf_photo` draws straight on, then the camera (`camera.taken`) tilts, lights, blurs and compresses. Everything follows
from the seed. Corners are pixels of the photo, clockwise from top left; a tag hidden for more than half is not listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import numpy as np
from camera import taken
from goods import product
from PIL import Image, ImageFilter
from tag_art import Look, look, offer, poster, tag
from typeset import Colour, pen, tone, vivid, word, write

SIZE: Final = (960, 720)
MARGIN: Final = 60
RAILS: Final = (
    (206, 208, 210),
    (240, 240, 238),
    (60, 62, 66),
    (88, 62, 44),
    (120, 86, 58),
    (188, 40, 40),
    (36, 84, 150),
    (30, 28, 28),
)


@dataclass(slots=True)
class Sheet:
    """The flat drawing: `picture` RGB, and the corners of the tags on it."""

    picture: Any
    tags: list[tuple[tuple[float, float], ...]] = field(default_factory=list)

    def put(self, sprite: Any, left: float, top: float) -> None:
        self.picture.paste(sprite, (round(left), round(top)), sprite.getchannel("A") if sprite.mode == "RGBA" else None)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the boards of one photo have in common. Lengths are pixels of the sheet."""

    looks: tuple[Look, ...]
    tag_px: int
    rail: Colour
    rail_px: int
    back: Colour
    strip: float
    blank: float
    gaps: float
    crooked: float
    hang: float
    pegs: bool


def shelf_photo(seed: int) -> tuple[Any, list[tuple[tuple[float, float], ...]]]:
    """The photo of `seed` (RGB, SIZE) and the corners of its price tags."""
    rng = Random(seed)
    width, height = SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN
    sheet = Sheet(Image.new("RGB", (width, height), tone(rng, 10, 220)))
    shop = _shop(rng)
    if rng.random() < 0.93:
        feet: list[float] = []
        y = rng.uniform(-0.3, 0.3) * height * 0.3
        while y < height:
            tall = shop.tag_px * rng.uniform(1.2, 4.5)
            _board(sheet, shop, (y, tall), rng)
            feet.append(y + tall)
            y += tall + shop.rail_px + rng.uniform(0, 0.4) * shop.rail_px
        for foot in feet:
            if rng.random() < 0.92:
                _tags(sheet, shop, foot, rng)
    else:
        _clutter(sheet, rng)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        _lonely(sheet, shop, rng)
    return taken(sheet.picture, sheet.tags, rng, SIZE)


def _shop(rng: Random) -> Shop:
    first = look(rng)
    tag_px = round(28 * (130 / 28) ** rng.random())
    tall = tag_px / first.aspect
    return Shop(
        looks=(first, offer(first, rng), look(rng)), tag_px=tag_px, rail=rng.choice((*RAILS, tone(rng), tone(rng, 180, 250))),
        rail_px=max(8, round(tall * rng.choice((rng.uniform(0.5, 1.0), rng.uniform(1.0, 1.5), rng.uniform(1.0, 1.2))))),
        back=rng.choice((tone(rng, 0, 50), tone(rng, 0, 90), tone(rng, 90, 220))),
        strip=rng.choice((0, 0, 0, 0.5, 1)), blank=rng.choice((0, 0.05, 0.2)), gaps=rng.choice((0.0, 0.1, 0.5)),
        crooked=rng.choice((0.0, 1.0, 4.0)), hang=rng.choice((0, 0, 0, 0.3)),
        pegs=rng.random() < 0.2,
    )  # fmt: skip


def _board(sheet: Sheet, shop: Shop, span: tuple[float, float], rng: Random) -> None:
    """One board: back panel, goods in front of it, the rail under them."""
    top, tall = span
    width = sheet.picture.width
    draw = pen(sheet.picture)
    draw.rectangle((0, top, width, top + tall), shop.back)
    draw.rectangle((0, top, width, top + tall * rng.uniform(0.02, 0.25)), tuple(level // 2 for level in shop.back))
    foot = top + tall
    if shop.pegs:
        _pegboard(sheet, shop, (top, foot + shop.rail_px), rng)
    _goods(sheet, shop, (top, foot), rng)
    if shop.pegs:
        return
    rail = (0, foot, width, foot + shop.rail_px)
    draw.rectangle(rail, shop.rail)
    for _ in range(rng.randint(0, 3)):
        y = rng.uniform(foot, rail[3])
        draw.line((0, y, width, y), tone(rng), rng.randint(1, 3))
    if rng.random() < 0.3:
        _grain(sheet, (0, round(foot), width, round(rail[3])), rng)
    if rng.random() < shop.strip:
        _promotion(sheet, (foot, rail[3]), rng)
    under = rng.randint(2, 14)
    draw.rectangle((0, rail[3], width, rail[3] + under), tuple(level // 3 for level in shop.back))


def _pegboard(sheet: Sheet, shop: Shop, span: tuple[float, float], rng: Random) -> None:
    """A perforated panel instead of boards; tags hang on the hooks above and below the goods."""
    draw = pen(sheet.picture)
    draw.rectangle((0, span[0], sheet.picture.width, span[1]), shop.back)
    pitch, hole = rng.uniform(0.12, 0.4) * shop.tag_px, rng.uniform(0.02, 0.06) * shop.tag_px
    dark = tuple(level // 3 for level in shop.back)
    y = span[0] + pitch / 2
    while y < span[1]:
        for number in range(int(sheet.picture.width / pitch)):
            x = (number + 0.5) * pitch
            draw.ellipse((x - hole, y - hole, x + hole, y + hole), dark)
        y += pitch


def _goods(sheet: Sheet, shop: Shop, span: tuple[float, float], rng: Random) -> None:
    top, foot = span
    x = rng.uniform(-40, 0)
    while x < sheet.picture.width:
        tall = (foot - top) * rng.uniform(0.35, 1.0)
        wide = max(14.0, tall * rng.uniform(0.4, 1.5))
        if rng.random() < shop.gaps * 0.4:
            x += wide
            continue
        unit = product(rng, round(wide), round(tall))
        for _ in range(rng.choice((1, 1, 2, 3, 4))):
            one = unit.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, expand=True) if rng.random() < 0.25 else unit
            sheet.put(one, x, foot - one.height + rng.uniform(-0.02, 0.05) * tall)
            x += wide * rng.uniform(0.85, 1.1)
        x += rng.uniform(0, 0.3) * wide


def _grain(sheet: Sheet, box: tuple[int, int, int, int], rng: Random) -> None:
    """Wood, brushed metal or a shiny front: long streaks."""
    noise = np.random.default_rng(rng.getrandbits(32))
    wide, tall = box[2] - box[0], max(1, box[3] - box[1])
    streaks = noise.normal(0, rng.uniform(4, 20), (tall, max(2, wide // 60))).astype(np.float32)
    grown = np.asarray(Image.fromarray(streaks).resize((wide, tall), Image.Resampling.BILINEAR))
    part = np.asarray(sheet.picture.crop(box), np.float32) + grown[..., None]
    sheet.picture.paste(Image.fromarray(np.clip(part, 0, 255).astype(np.uint8)), box[:2])


def _promotion(sheet: Sheet, span: tuple[float, float], rng: Random) -> None:
    """A printed strip along the rail: pictures and words between and behind the tags."""
    top, foot = span
    x = rng.uniform(-100, 100)
    while x < sheet.picture.width:
        wide = rng.uniform(1.0, 6.0) * (foot - top)
        sheet.put(poster(round(wide), round((foot - top) * rng.uniform(0.7, 1.0)), rng), x, top + rng.uniform(0, 3))
        x += wide + rng.choice((0, rng.uniform(0, 200)))


def _tags(sheet: Sheet, shop: Shop, foot: float, rng: Random) -> None:
    x = rng.uniform(-0.5, 1.0) * shop.tag_px
    pitch = rng.uniform(1.05, 4.0)
    while x < sheet.picture.width:
        draw = rng.random()
        one = shop.looks[0] if draw < 0.82 else shop.looks[1] if draw < 0.95 else shop.looks[2]
        kind = rng.random()
        tall = shop.tag_px / one.aspect
        y = foot + (shop.rail_px - tall) * rng.choice((0.5, rng.random())) + rng.uniform(-0.05, 0.05) * tall
        if rng.random() < shop.hang:
            y += rng.choice((-1, 1)) * tall * rng.uniform(0.3, 0.9)
        if kind < shop.blank:
            _card(sheet, rng, (x, y), (shop.tag_px * rng.uniform(0.6, 2), tall * rng.uniform(0.7, 1.2)))
        elif kind < 0.94:
            _hang(sheet, tag(one, shop.tag_px, rng), (x, y), rng.gauss(0, shop.crooked))
            if rng.random() < 0.06:
                _hang(sheet, tag(one, shop.tag_px, rng), (x + shop.tag_px * rng.uniform(1.0, 1.1), y), rng.gauss(0, shop.crooked))
                x += shop.tag_px
        x += shop.tag_px * (pitch * rng.uniform(0.7, 1.4) if rng.random() < 0.8 else rng.uniform(1.0, 1.3))


def _card(sheet: Sheet, rng: Random, at: tuple[float, float], size: tuple[float, float]) -> None:
    width, height = max(8, round(size[0])), max(8, round(size[1]))
    if rng.random() < 0.5:
        sprite = Image.new("RGBA", (width, height), (*rng.choice(((250, 250, 248), (236, 236, 240), (252, 224, 60))), 255))
    elif rng.random() < 0.4:
        sprite = tag(look(rng), width, rng, priced=False)
    else:
        sprite = poster(width, height, rng)
    sheet.put(sprite.rotate(rng.gauss(0, 3), Image.Resampling.BILINEAR, expand=True), *at)


def _hang(sheet: Sheet, sprite: Any, at: tuple[float, float], degrees: float) -> None:
    """Put a tag there, turned by `degrees`, with a thin shadow, and note its corners."""
    width, height = sprite.size
    turned = sprite.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    shade = Image.new("RGBA", turned.size, (0, 0, 0, 0))
    shade.putalpha(turned.getchannel("A").point(lambda level: level // 4))
    sheet.put(shade, at[0] + 2, at[1] + 2)
    sheet.put(turned, *at)
    angle = np.deg2rad(-degrees)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    flat = np.array(((0, 0), (width, 0), (width, height), (0, height))) - (width / 2, height / 2)
    middle = np.array((round(at[0]) + turned.width / 2, round(at[1]) + turned.height / 2))
    sheet.tags.append(tuple((float(x), float(y)) for x, y in flat @ turn.T + middle))


def _lonely(sheet: Sheet, shop: Shop, rng: Random) -> None:
    """A tag on a tray, on a box or hanging in the air, or a poster anywhere."""
    x, y = rng.uniform(0, 0.9) * sheet.picture.width, rng.uniform(0, 0.9) * sheet.picture.height
    if any(abs(x - np.mean([c[0] for c in one])) < 160 and abs(y - np.mean([c[1] for c in one])) < 130 for one in sheet.tags):
        return
    if rng.random() < 0.5:
        _hang(sheet, tag(rng.choice(shop.looks), round(shop.tag_px * rng.uniform(0.8, 1.6)), rng), (x, y), rng.gauss(0, 8))
    else:
        sprite = poster(rng.randint(40, 200), rng.randint(30, 200), rng)
        sheet.put(sprite.rotate(rng.gauss(0, 12), Image.Resampling.BILINEAR, expand=True), x, y)


def _clutter(sheet: Sheet, rng: Random) -> None:
    """No shelf at all: cartons, lamps, walls with words."""
    for _ in range(rng.randint(5, 30)):
        x, y = rng.uniform(-0.1, 1) * sheet.picture.width, rng.uniform(-0.1, 1) * sheet.picture.height
        if rng.random() < 0.6:
            sheet.put(product(rng, rng.randint(40, 360), rng.randint(40, 300)), x, y)
        else:
            text, eastern = word(rng, 8)
            write(pen(sheet.picture), (x, y), text, rng.randint(10, 90), vivid(rng), (rng.randint(0, 99), eastern, 1))
    if rng.random() < 0.4:
        sheet.picture = sheet.picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))


def photos(first: int, count: int) -> Iterator[tuple[Any, list[tuple[tuple[float, float], ...]]]]:
    """`count` photos from seed `first` on."""
    for seed in range(first, first + count):
        yield shelf_photo(seed)
