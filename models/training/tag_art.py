"""Price tags of many shops: paper and electronic, white, yellow, red and black, with and without frame, header and bar code.

A shop has one `Look`; each tag of it differs in words, price and now and then in being an offer. What looks like a tag
and is none (a blank card, a poster without a price, a strip of pictures) is drawn here too.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from PIL import Image
from typeset import OFFERS, Colour, bars, font, pen, price, tone, vivid, word, write

WHITES: Final = ((250, 250, 248), (244, 243, 236), (232, 236, 240), (255, 255, 255), (248, 244, 228))
INKS: Final = ((20, 20, 22), (30, 30, 34), (190, 24, 28), (200, 30, 30), (16, 60, 130), (60, 60, 60))


@dataclass(frozen=True, slots=True)
class Look:
    """How the tags of a shop are made. Shares are of the tag's height or width."""

    paper: Colour
    ink: Colour
    price_ink: Colour
    header: Colour | None
    footer: Colour | None
    aspect: float
    digits: float
    price_at: tuple[float, float]
    right: bool
    raised: float
    code: bool
    lines: int
    border: Colour | None
    radius: float
    frame: Colour | None
    face: int
    stroke: float
    epaper: bool


def look(rng: Random) -> Look:
    """Draw the tags' look of one shop."""
    kind = rng.random()
    paper: Colour = rng.choice(WHITES)
    ink: Colour = (28, 28, 30)
    price_ink = rng.choice(INKS)
    epaper = kind < 0.22
    if epaper:
        grey = rng.randint(190, 235)
        paper, price_ink = (grey, grey, grey - rng.randint(0, 8)), rng.choice(((20, 20, 20), (170, 24, 30)))
    elif kind < 0.36:
        paper = rng.choice(((252, 224, 60), (250, 210, 40), (255, 236, 130), (250, 190, 60)))
    elif kind < 0.43:
        paper, ink, price_ink = (
            rng.choice(((206, 30, 36), (230, 60, 30), (180, 20, 60))),
            (255, 250, 240),
            (255, 246, rng.choice((230, 90))),
        )
    elif kind < 0.49:
        grey = rng.randint(12, 50)
        paper, ink, price_ink = (grey, grey, grey), (235, 235, 235), rng.choice(((255, 255, 255), (255, 220, 60)))
    elif kind < 0.54:
        paper = rng.choice(((190, 220, 245), (200, 240, 200), (250, 200, 210), (230, 210, 180)))
    right = rng.random() < 0.7
    return Look(
        paper=paper, ink=ink, price_ink=price_ink,
        header=vivid(rng) if rng.random() < 0.25 else None,
        footer=vivid(rng) if rng.random() < 0.1 else None,
        aspect=rng.choice((rng.uniform(1.15, 1.6), rng.uniform(1.4, 2.2), rng.uniform(2.0, 3.4), rng.uniform(0.75, 1.1))),
        digits=rng.uniform(0.26, 0.62),
        price_at=(rng.uniform(0.02, 0.12), rng.uniform(0.24, 0.5)),
        right=right, raised=rng.choice((1.0, rng.uniform(0.4, 0.65))),
        code=rng.random() < 0.65, lines=rng.randint(0, 3),
        border=rng.choice((None, None, tone(rng, 40, 180))), radius=rng.choice((0.0, 0.0, 0.0, 0.08, 0.15)),
        frame=tone(rng, 20, 240) if epaper or rng.random() < 0.2 else None,
        face=rng.randint(0, 99), stroke=rng.choice((0, 0.02, 0.04, 0.06)), epaper=epaper,
    )  # fmt: skip


def offer(one: Look, rng: Random) -> Look:
    """The same shop's tag for an offer."""
    paper = rng.choice(((252, 224, 60), (206, 30, 36), (255, 240, 150), one.paper))
    light = paper[1] > 120
    return replace(
        one, paper=paper, ink=(28, 28, 30) if light else (255, 250, 240), price_ink=(200, 20, 26) if light else (255, 250, 200),
        digits=min(0.7, one.digits * rng.uniform(1.0, 1.4)), header=rng.choice((one.header, (200, 20, 26), None)),
    )  # fmt: skip


def tag(one: Look, width: int, rng: Random, *, priced: bool = True) -> Any:
    """Draw one tag, `width` pixels wide, as an RGBA picture; without a price it is a card that only looks like one."""
    height = max(8, round(width / one.aspect))
    picture = Image.new("RGB", (width, height), one.paper)
    draw = pen(picture)
    head = 0.0
    if one.header is not None:
        head = rng.uniform(0.16, 0.3)
        draw.rectangle((0, 0, width, height * head), one.header)
    if one.footer is not None:
        draw.rectangle((0, height * 0.88, width, height), one.footer)
    _words(draw, one, (width, height), rng)
    if priced:
        _price(draw, one, (width, height), head, rng)
    if one.code and rng.random() < 0.9:
        left = width * rng.choice((0.05, rng.uniform(0.05, 0.6)))
        bars(draw, (left, height * rng.uniform(0.72, 0.8), left + width * rng.uniform(0.2, 0.4), height * 0.93), one.ink, rng)
    if rng.random() < 0.06 and priced:
        side = height * rng.uniform(0.3, 0.6)
        draw.ellipse((width * 0.04, height * 0.3, width * 0.04 + side, height * 0.3 + side), vivid(rng))
    edge = one.border
    if edge is not None:
        draw.rectangle((0, 0, width - 1, height - 1), None, edge, max(1, width // 50))
    return _mounted(picture, one, rng)


def _words(draw: Any, one: Look, size: tuple[int, int], rng: Random) -> None:
    width, height = size
    line = height * rng.uniform(0.09, 0.17)
    ink = (250, 250, 245) if one.header is not None and sum(one.header) < 480 else one.ink
    text, eastern = word(rng, max(2, int(width * 0.8 / line)))
    write(draw, (width * 0.05, height * 0.04), text, line, ink, (one.face, eastern, 0))
    for number in range(one.lines):
        text, eastern = word(rng, 6)
        y = height * rng.uniform(0.3, 0.85) if number else height * 0.88
        write(draw, (width * rng.uniform(0.03, 0.5), y), text, height * rng.uniform(0.06, 0.11), one.ink, (one.face, eastern, 0))


def _price(draw: Any, one: Look, size: tuple[int, int], head: float, rng: Random) -> None:
    width, height = size
    mark, whole, cents, unit = price(rng)
    tall = height * one.digits
    small = tall * (one.raised if cents else 0.5)
    room = width * rng.uniform(0.6, 0.92)
    while True:
        big, little = font(one.face, int(tall), eastern=False), font(one.face, int(small), eastern=False)
        decimals = f".{cents}" if cents else ""
        wide = big.getlength(whole) + little.getlength(decimals) + (little.getlength(mark) if mark else 0)
        if wide <= room or tall < 6:
            break
        tall, small = tall * 0.88, small * 0.88
    stroke = round(tall * one.stroke)
    x = width * (1 - one.price_at[0]) - wide if one.right else width * one.price_at[0]
    y = height * min(max(one.price_at[1], head + 0.04), 0.94 - tall / height)
    base = y + tall * 0.78
    if mark:
        draw.text((x, base), mark, one.price_ink, little, anchor="ls")
        x += little.getlength(mark)
    draw.text((x, base), whole, one.price_ink, big, anchor="ls", stroke_width=stroke, stroke_fill=one.price_ink)
    x += big.getlength(whole) + stroke
    if decimals:
        at = (x, y + small * 0.76) if one.raised < 0.9 else (x, base)
        draw.text(at, decimals, one.price_ink, little, anchor="ls", stroke_width=stroke // 2, stroke_fill=one.price_ink)
    if unit:
        eastern = not unit.isascii()
        write(draw, (min(x, width * 0.75), base + 2), unit, max(5, height * 0.09), one.ink, (one.face, eastern, 0))


def _mounted(picture: Any, one: Look, rng: Random) -> Any:
    """Cut round corners, set into a frame (an electronic tag's case, a holder), a sleeve's sheen."""
    if one.frame is not None:
        rim = max(1, round(picture.width * rng.uniform(0.015, 0.07)))
        below = round(picture.height * (rng.uniform(0.0, 0.25) if one.epaper else 0.02))
        case = Image.new("RGB", (picture.width + 2 * rim, picture.height + 2 * rim + below), one.frame)
        case.paste(picture, (rim, rim))
        if one.epaper and below > 7:
            text, eastern = word(rng, 4)
            write(pen(case), (rim * 2, picture.height + rim + 1), text, below * 0.7, tone(rng), (one.face, eastern, 0))
        picture = case
    mask = Image.new("L", picture.size, 255)
    if one.radius:
        mask = Image.new("L", picture.size, 0)
        pen(mask).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), one.radius * picture.height, 255)
    if rng.random() < 0.2:
        sheen = Image.new("L", picture.size, 0)
        x = rng.uniform(-0.3, 1) * picture.width
        lean, wide = rng.uniform(-0.4, 0.4) * picture.height, picture.width * rng.uniform(0.05, 0.4)
        pen(sheen).polygon(
            ((x, 0), (x + wide, 0), (x + wide + lean, picture.height), (x + lean, picture.height)), rng.randint(40, 200)
        )
        picture.paste((255, 255, 255), (0, 0), sheen)
    picture.putalpha(mask)
    return picture


def poster(width: int, height: int, rng: Random) -> Any:
    """A card or strip with words and pictures and no price: not a tag."""
    ground = rng.choice((rng.choice(WHITES), rng.choice(WHITES), tone(rng, 120, 255), vivid(rng)))
    picture = Image.new("RGB", (max(8, width), max(8, height)), ground)
    draw = pen(picture)
    if rng.random() < 0.3:
        draw.rectangle((0, 0, width - 1, height - 1), None, vivid(rng), max(1, min(width, height) // 14))
    if rng.random() < 0.25:
        return picture.convert("RGBA")
    for _ in range(rng.randint(0, max(1, width // 30))):
        x, y, side = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.2, 0.9) * height
        shape = rng.choice((draw.ellipse, draw.rectangle))
        shape((x, y, x + side * rng.uniform(0.5, 2), y + side), tone(rng, 60, 255))
    for _ in range(rng.randint(1, 4)):
        line = height * rng.uniform(0.12, 0.6)
        text, eastern = (rng.choice(OFFERS), True) if rng.random() < 0.2 else word(rng, max(2, int(width * 0.7 / line)))
        at = (width * rng.uniform(0.02, 0.4), height * rng.uniform(0.02, 0.7))
        write(
            draw, at, text, line, rng.choice((tone(rng, 0, 90), vivid(rng))), (rng.randint(0, 99), eastern, rng.choice((0, 0, 1)))
        )
    return picture.convert("RGBA")
