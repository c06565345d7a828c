"""The evidence picture of a scan: the reference photo, dimmed, with each judged slot as it was really seen.

Persons cannot appear: outside slots and tags every pixel is the reference photo's, and inside it is the median of that
slot's clear views; a slot without one keeps the dimmed reference. Every verdict is told three times - colour, hatching
and a mark - so that colour-blind people can read it. The colours are Okabe and Ito's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge_agent.domain.planogram import Quad, Slot
from edge_agent.domain.shelf import Seen, Share
from edge_agent.shelf.frames.geometry import SLOT_MARGIN, area_mask, corners_px, resized, widened
from edge_agent.shelf.price_tags.reading import TAG_MARGIN
from edge_agent.shelf.scoring.shares import Verdict
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 1280
LEGEND_PX: Final = 92
HATCH_PX: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    zh: str
    mark: str
    colour: tuple[int, int, int]
    hatch: str


_STYLES: Final = {
    Seen.EXPECTED: _Style(zh="在位", mark="✓", colour=(0, 158, 115), hatch=""),
    Seen.EMPTY: _Style(zh="缺货", mark="缺", colour=(213, 94, 0), hatch="x"),
    Seen.OTHER: _Style(zh="错放", mark="错", colour=(0, 114, 178), hatch="/"),
    Seen.UNKNOWN: _Style(zh="认不出", mark="？", colour=(204, 121, 167), hatch="."),
    Seen.NOT_ASSESSABLE: _Style(zh="看不清，未判", mark="—", colour=(150, 150, 150), hatch="-"),
}
_PRICE: Final = _Style(zh="价签不符", mark="价", colour=(230, 159, 0), hatch="")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The clear cut-outs of one slot and its tag, with their margins (`verify.SLOT_MARGIN`, `reading.TAG_MARGIN`)."""

    slot: Picture | None
    tag: Picture | None


def draw(
    reference: Picture,
    slots: Sequence[Slot],
    verdicts: Sequence[Verdict],
    views: Mapping[str, View],
    shares: tuple[Share, Share, Share],
) -> bytes:
    """PNG, 1280 px wide. `views` by slot id; `verdicts` in the order of `slots`."""
    height = max(8, round(reference.shape[0] * WIDTH_PX / reference.shape[1]))
    canvas = _composed(resized(reference, WIDTH_PX, height), slots, views)
    picture = Image.new("RGB", (WIDTH_PX, height + LEGEND_PX), (24, 24, 24))
    picture.paste(Image.fromarray(canvas), (0, 0))
    for slot, verdict in zip(slots, verdicts, strict=True):
        style = _STYLES[verdict.reading.seen]
        _outline(picture, slot.area, height, style)
        if verdict.price_differs and slot.tag is not None:
            _outline(picture, slot.tag, height, _PRICE)
    _legend(picture, height, verdicts, shares)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _composed(base: Picture, slots: Sequence[Slot], views: Mapping[str, View]) -> Picture:
    grey = cv2.cvtColor(cv2.cvtColor(base, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    canvas: Picture = np.asarray(0.45 * grey, dtype=np.uint8)
    for slot in slots:
        view = views.get(slot.id)
        if view is not None and view.slot is not None:
            _paste(canvas, view.slot, slot.area, SLOT_MARGIN)
        if view is not None and view.tag is not None and slot.tag is not None:
            _paste(canvas, view.tag, slot.tag, TAG_MARGIN)
    return canvas


def _paste(canvas: Picture, view: Picture, quad: Quad, margin: float) -> None:
    height, width = view.shape[:2]
    source = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    target = corners_px(widened(quad, margin), canvas.shape[1], canvas.shape[0])
    size = (canvas.shape[1], canvas.shape[0])
    placed = cv2.warpPerspective(view, cv2.getPerspectiveTransform(source, target), size, flags=cv2.INTER_AREA)
    inner = area_mask([quad], *size)
    canvas[inner] = placed[inner]


def _outline(picture: Any, quad: Quad, height: int, style: _Style) -> None:
    corners = [(float(x), float(y)) for x, y in corners_px(quad, WIDTH_PX, height)]
    if style.hatch:
        mask = Image.new("L", picture.size, 0)
        ImageDraw.Draw(mask).polygon(corners, fill=150)
        lines = Image.new("L", picture.size, 0)
        _hatch(ImageDraw.Draw(lines), corners, style.hatch)
        both = Image.fromarray(np.minimum(np.asarray(mask), np.asarray(lines)))
        picture.paste(style.colour, (0, 0), both)
    pen = ImageDraw.Draw(picture)
    pen.line([*corners, corners[0], corners[1]], fill=(255, 255, 255), width=5, joint="curve")
    pen.line([*corners, corners[0], corners[1]], fill=style.colour, width=3, joint="curve")
    _badge(pen, corners[0][0] + 2, corners[0][1] + 2, style)


def _badge(pen: Any, x: float, y: float, style: _Style) -> None:
    pen.rectangle([x, y, x + 20, y + 20], fill=style.colour, outline=(255, 255, 255))
    if style.mark == "✓":
        pen.line([(x + 4, y + 10), (x + 9, y + 15), (x + 16, y + 5)], fill=(255, 255, 255), width=3)
    else:
        pen.text((x + 10, y + 10), style.mark, font=_font(15), fill=(255, 255, 255), anchor="mm")


def _hatch(pen: Any, corners: Sequence[tuple[float, float]], kind: str) -> None:
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    tall = bottom - top
    for offset in range(0, int(right - left + tall) + HATCH_PX, HATCH_PX):
        if kind in "x/":
            pen.line([(left + offset - tall, bottom), (left + offset, top)], fill=255, width=2)
        if kind == "x":
            pen.line([(left + offset - tall, top), (left + offset, bottom)], fill=255, width=2)
        if kind == "-":
            pen.line([(left, top + offset), (right, top + offset)], fill=255, width=2)
        if kind == ".":
            for dot in range(0, int(tall) + 1, HATCH_PX):
                pen.ellipse([left + offset - 2, top + dot - 2, left + offset + 2, top + dot + 2], fill=255)


def _legend(picture: Any, top: int, verdicts: Sequence[Verdict], shares: tuple[Share, Share, Share]) -> None:
    pen = ImageDraw.Draw(picture)
    x = 14.0
    for seen, style in _STYLES.items():
        count = sum(one.reading.seen is seen for one in verdicts)
        x = _entry(pen, x, top + 14, style, count)
    _entry(pen, x, top + 14, _PRICE, sum(one.price_differs for one in verdicts))
    names = ("有货率", "陈列合规", "价签合规")
    text = "    ".join(
        f"{name} {_percent(share.value)}（看到 {share.assessed}/{share.planned}）"
        for name, share in zip(names, shares, strict=True)
    )
    pen.text((14, top + 52), text, font=_font(22), fill=(255, 255, 255))


def _entry(pen: Any, x: float, y: float, style: _Style, count: int) -> float:
    _badge(pen, x, y, style)
    text = f"{style.zh} {count}"
    pen.text((x + 28, y + 10), text, font=_font(19), fill=(255, 255, 255), anchor="lm")
    return x + 28 + float(pen.textlength(text, font=_font(19))) + 26


def _percent(value: float | None) -> str:
    return "未评" if value is None else f"{100 * value:.0f}%"


def _font(size: int) -> Any:
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415 - a package that only carries the font file

    return ImageFont.truetype(str(sans_path()), size)
