"""A canvas for charts that ends as SVG text or as a picture: lines, areas, circles, letters, and nothing else.

Both are drawn by the same calls, so that they say the same. Lengths are pixels of the picture and user units of the SVG.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Literal, Protocol
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from edge_agent.shelf.pictures import drawing
from edge_agent.shelf.pictures.drawing import WHITE, Colour, Corner

FONTS: Final = "'Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
Anchor = Literal["start", "middle", "end"]
Format = Literal["svg", "png"]


class Canvas(Protocol):
    def area(self, corners: Sequence[Corner], fill: Colour, *, opacity: float = 1.0) -> None: ...

    def line(self, points: Sequence[Corner], colour: Colour, *, width: float = 2.0, dashed: bool = False) -> None: ...

    def dot(self, at: Corner, radius: float, fill: Colour) -> None: ...

    def text(
        self, at: Corner, text: str, *, size: int, fill: Colour = drawing.BLACK, anchor: Anchor = "start", heavy: bool = False
    ) -> None: ...

    def done(self) -> bytes: ...


def canvas(width: int, height: int, kind: Format, title: str) -> Canvas:
    """An empty white one; `title` is what a screen reader says."""
    return _Svg(width, height, title) if kind == "svg" else _Png(width, height)


class _Svg:
    def __init__(self, width: int, height: int, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%" role="img"',
            f'     font-family="{FONTS}">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
        ]

    def area(self, corners: Sequence[Corner], fill: Colour, *, opacity: float = 1.0) -> None:
        self._parts.append(f'<polygon points="{_points(corners)}" fill="{_hex(fill)}" fill-opacity="{opacity:g}"/>')

    def line(self, points: Sequence[Corner], colour: Colour, *, width: float = 2.0, dashed: bool = False) -> None:
        dash = ' stroke-dasharray="8 6"' if dashed else ""
        self._parts.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="{_hex(colour)}" stroke-width="{width:g}" '
            f'stroke-linejoin="round" stroke-linecap="round"{dash}/>'
        )

    def dot(self, at: Corner, radius: float, fill: Colour) -> None:
        self._parts.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{_hex(fill)}" stroke="#fff" stroke-width="2"/>'
        )

    def text(
        self, at: Corner, text: str, *, size: int, fill: Colour = drawing.BLACK, anchor: Anchor = "start", heavy: bool = False
    ) -> None:
        weight = ' font-weight="700"' if heavy else ""
        self._parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size}" fill="{_hex(fill)}" text-anchor="{anchor}" '
            f'dominant-baseline="central"{weight}>{escape(text)}</text>'
        )

    def done(self) -> bytes:
        return ("\n".join([*self._parts, "</svg>"]) + "\n").encode()


class _Png:
    """Drawn at twice the size, then made smaller: Pillow's lines have no soft edges of their own."""

    _FINE: Final = 2

    def __init__(self, width: int, height: int) -> None:
        self._picture = Image.new("RGB", (width * self._FINE, height * self._FINE), WHITE)

    def area(self, corners: Sequence[Corner], fill: Colour, *, opacity: float = 1.0) -> None:
        mask = Image.new("L", self._picture.size, 0)
        ImageDraw.Draw(mask).polygon(self._fine(corners), fill=round(255 * opacity))
        self._picture.paste(fill, (0, 0), mask)

    def line(self, points: Sequence[Corner], colour: Colour, *, width: float = 2.0, dashed: bool = False) -> None:
        pen = ImageDraw.Draw(self._picture)
        if not dashed:
            pen.line(self._fine(points), fill=colour, width=round(width * self._FINE), joint="curve")
            return
        for (ax, ay), (bx, by) in pairwise(points):
            count = max(1, round(max(abs(bx - ax), abs(by - ay)) / 14))
            for index in range(count):
                low, high = index / count, (index + 0.55) / count
                ends = [(ax + (bx - ax) * share, ay + (by - ay) * share) for share in (low, high)]
                pen.line(self._fine(ends), fill=colour, width=round(width * self._FINE))

    def dot(self, at: Corner, radius: float, fill: Colour) -> None:
        pen = ImageDraw.Draw(self._picture)
        for reach, colour in ((radius + 2, WHITE), (radius, fill)):
            (left, top), (right, bottom) = self._fine([(at[0] - reach, at[1] - reach), (at[0] + reach, at[1] + reach)])
            pen.ellipse([left, top, right, bottom], fill=colour)

    def text(
        self, at: Corner, text: str, *, size: int, fill: Colour = drawing.BLACK, anchor: Anchor = "start", heavy: bool = False
    ) -> None:
        pen: Any = ImageDraw.Draw(self._picture)
        (place,) = self._fine([at])
        side = {"start": "l", "middle": "m", "end": "r"}[anchor] + "m"
        if heavy:
            drawing.bold(pen, place, text, size=size * self._FINE, fill=fill, anchor=side)
        else:
            pen.text(place, text, font=drawing.font(size * self._FINE), fill=fill, anchor=side)

    def done(self) -> bytes:
        width, height = self._picture.size
        return drawing.png(self._picture.resize((width // self._FINE, height // self._FINE), Image.Resampling.LANCZOS))

    def _fine(self, points: Sequence[Corner]) -> list[Corner]:
        return [(x * self._FINE, y * self._FINE) for x, y in points]


def _points(points: Sequence[Corner]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
