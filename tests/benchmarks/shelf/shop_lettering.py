"""Type on packs, signs and price tags: Chinese lettering that can be bold, narrow, wide, slanted, outlined or shadowed."""

from functools import lru_cache

import pylopdf_fonts_zh_cn as faces
from PIL import Image, ImageDraw, ImageFont

WHITE, INK = (250, 249, 244), (34, 30, 30)


@lru_cache(maxsize=400)
def face(size, serif=False):
    return ImageFont.truetype(str(faces.serif_path() if serif else faces.sans_path()), max(6, int(size)))


def mix(one, other, share):
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def luma(colour):
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def legible(ground):
    return INK if luma(ground) > 150 else WHITE


def lettering(text, height, ink, *, serif=False, bold=0.0, narrow=1.0, slant=0.0, outline=None):
    """One line as an RGBA picture about `height` pixels tall."""
    size = max(7, round(height * 0.82))
    kind = face(size, serif)
    stroke = round(size * bold)
    rim = max(1, round(size * 0.07)) if outline else 0
    pad = stroke + rim + 1
    left, top, right, bottom = kind.getbbox(text, anchor="ls")
    wide, tall = round(right - left) + 2 * pad, round(bottom - top) + 2 * pad
    picture = Image.new("RGBA", (max(1, wide), max(1, tall)), (*(outline or ink), 0))
    draw = ImageDraw.Draw(picture)
    at = (pad - left, pad - top)
    if outline:
        draw.text(at, text, (*outline, 255), kind, anchor="ls", stroke_width=stroke + rim, stroke_fill=(*outline, 255))
    draw.text(at, text, (*ink, 255), kind, anchor="ls", stroke_width=stroke, stroke_fill=(*ink, 255))
    if slant:
        room = round(abs(slant) * tall)
        picture = picture.transform(
            (wide + room, tall),
            Image.Transform.AFFINE,
            (1, slant, -slant * tall if slant > 0 else 0, 0, 1, 0),
            Image.Resampling.BILINEAR,
        )
    if narrow != 1.0:
        picture = picture.resize((max(1, round(picture.width * narrow)), picture.height), Image.Resampling.BILINEAR)
    return picture


def put(picture, box, text, ink, *, align="c", **style):
    """Set `text` as large as `box` (x0, y0, x1, y1) allows; align c, l or r."""
    x0, y0, x1, y1 = box
    if x1 - x0 < 4 or y1 - y0 < 5 or not text:
        return
    line = lettering(text, y1 - y0, ink, **style)
    scale = min((x1 - x0) / line.width, (y1 - y0) / line.height)
    if scale < 1 or scale > 1.15:
        line = lettering(text, (y1 - y0) * min(scale, 1.35), ink, **style)
        over = min(1.0, (x1 - x0) / line.width)
        if over < 1:
            line = line.resize((max(1, round(line.width * over)), max(1, round(line.height * over))), Image.Resampling.BILINEAR)
    x = {"c": (x0 + x1 - line.width) / 2, "l": x0, "r": x1 - line.width}[align]
    picture.paste(line, (round(x), round((y0 + y1 - line.height) / 2)), line)


def put_down(picture, box, text, ink, **style):
    """Set `text` top to bottom."""
    x0, y0, x1, y1 = box
    step = min((y1 - y0) / len(text), (x1 - x0) * 1.15)
    y0 += ((y1 - y0) - step * len(text)) / 2
    for n, one in enumerate(text):
        put(picture, (x0, y0 + n * step, x1, y0 + (n + 0.95) * step), one, ink, **style)
