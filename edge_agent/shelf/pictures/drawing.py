"""What all pictures share: letters, colours, hatching, plates under text.

Colours are Okabe and Ito's, which colour-blind people tell apart; whatever a colour says, a mark or a hatching says too, so that
a black and white print says it as well. A picture is looked at on a phone, 390 points wide: `phone(width)` is the smallest print.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Corner = tuple[float, float]

BLACK: Final[Colour] = (20, 20, 20)
WHITE: Final[Colour] = (255, 255, 255)
GREY: Final[Colour] = (120, 120, 120)
PALE: Final[Colour] = (226, 226, 226)
ORANGE: Final[Colour] = (230, 159, 0)
GREEN: Final[Colour] = (0, 158, 115)
BLUE: Final[Colour] = (0, 114, 178)
RED: Final[Colour] = (213, 94, 0)
PINK: Final[Colour] = (204, 121, 167)

PHONE_POINTS: Final = 390
SMALLEST_POINTS: Final = 11


def phone(width: int) -> int:
    """The smallest size of letters, in pixels of a picture this wide, that can be read on a phone."""
    return round(SMALLEST_POINTS * width / PHONE_POINTS)


@cache
def font(size: int) -> Any:
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415 - a package that only carries the font file

    return ImageFont.truetype(str(sans_path()), size)


def width_of(text: str, size: int) -> float:
    return float(font(size).getlength(text))


def fitted(text: str, size: int, room: float) -> str:
    """The text, cut with … where it is wider than `room`."""
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def bold(pen: Any, at: Corner, text: str, *, size: int, fill: Colour, anchor: str = "la") -> None:
    pen.text(at, text, font=font(size), fill=fill, anchor=anchor, stroke_width=max(1, size // 26), stroke_fill=fill)


def outline(picture: Any, corners: Sequence[Corner], colour: Colour, *, width: int = 4, halo: Colour = WHITE) -> None:
    """A closed line with a lighter rim, seen on any ground."""
    pen = ImageDraw.Draw(picture)
    around = [*corners, corners[0], corners[1]]
    pen.line(around, fill=halo, width=width + max(2, width // 2) * 2, joint="curve")
    pen.line(around, fill=colour, width=width, joint="curve")


def hatched(picture: Any, corners: Sequence[Corner], kind: str, colour: Colour, *, step: int = 14, strength: int = 150) -> None:
    """Fill with lines: `x` crossed, `/` rising, `-` level, `.` dots; nothing for ""."""
    if not kind:
        return
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).polygon(list(corners), fill=strength)
    lines = Image.new("L", picture.size, 0)
    _lines(ImageDraw.Draw(lines), corners, kind, step)
    both = Image.fromarray(np.minimum(np.asarray(mask), np.asarray(lines)))
    picture.paste(colour, (0, 0), both)


def _lines(pen: Any, corners: Sequence[Corner], kind: str, step: int) -> None:
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    tall, thick = bottom - top, max(2, step // 7)
    for offset in range(0, int(right - left + tall) + step, step):
        if kind in "x/":
            pen.line([(left + offset - tall, bottom), (left + offset, top)], fill=255, width=thick)
        if kind == "x":
            pen.line([(left + offset - tall, top), (left + offset, bottom)], fill=255, width=thick)
        if kind == "-":
            pen.line([(left, top + offset), (right, top + offset)], fill=255, width=thick)
        if kind == ".":
            for down in range(0, int(tall) + 1, step):
                pen.ellipse([left + offset - thick, top + down - thick, left + offset + thick, top + down + thick], fill=255)


def png(picture: Any) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()


def pdf(pages: Sequence[Any], dpi: int) -> bytes:
    """Pages of one document; their letters are pixels."""
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=list(pages[1:]), resolution=float(dpi), quality=90)
    return out.getvalue()
