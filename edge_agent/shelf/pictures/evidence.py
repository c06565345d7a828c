"""The evidence picture of a scan: the reference photo, dimmed, with each judged slot as it was really seen.

Persons cannot appear: outside slots and tags every pixel is the reference photo's, and inside it is the median of that
slot's clear views; a slot without one keeps the dimmed reference. Every verdict is told three times - colour, hatching
and a mark - so that colour-blind people can read it. Marks and legend are large enough for a phone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from edge_agent.domain.planogram import Quad, Slot
from edge_agent.domain.shelf import Seen, Share
from edge_agent.shelf.frames.geometry import SLOT_MARGIN, corners_px, resized, widened
from edge_agent.shelf.pictures import drawing
from edge_agent.shelf.pictures.drawing import Colour, Corner
from edge_agent.shelf.price_tags.reading import TAG_MARGIN
from edge_agent.shelf.scoring.shares import Verdict
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 1280
LEGEND_PX: Final = 268
BADGE_PX: Final = 44
PRINT_PX: Final = drawing.phone(WIDTH_PX)
GROUND: Final[Colour] = (24, 24, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one state looks. `mark`: one letter, "✓" is drawn."""

    zh: str
    mark: str
    colour: Colour
    hatch: str


STYLES: Final = {
    Seen.EXPECTED: Style(zh="在位", mark="✓", colour=drawing.GREEN, hatch=""),
    Seen.EMPTY: Style(zh="空位", mark="空", colour=drawing.RED, hatch="x"),
    Seen.OTHER: Style(zh="错放", mark="错", colour=drawing.BLUE, hatch="/"),
    Seen.UNKNOWN: Style(zh="认不出", mark="?", colour=drawing.PINK, hatch="."),
    Seen.NOT_ASSESSABLE: Style(zh="看不清", mark="—", colour=(150, 150, 150), hatch="-"),
}
PRICE: Final = Style(zh="价签不符", mark="价", colour=drawing.ORANGE, hatch="")


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
    """PNG, 1280 px wide, the last `LEGEND_PX` rows its legend. `views` by slot id; `verdicts` in the order of `slots`."""
    height = max(8, round(reference.shape[0] * WIDTH_PX / reference.shape[1]))
    canvas = _composed(resized(reference, WIDTH_PX, height), slots, views)
    picture = Image.new("RGB", (WIDTH_PX, height + LEGEND_PX), GROUND)
    picture.paste(Image.fromarray(canvas), (0, 0))
    for slot, verdict in zip(slots, verdicts, strict=True):
        style = STYLES[verdict.reading.seen]
        _mark(picture, slot, height, style)
        if verdict.price_differs and slot.tag is not None:
            _mark_tag(picture, slot.tag, height)
    _legend(picture, height, verdicts, shares)
    return drawing.png(picture)


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
    (x0, y0), (x1, y1) = _box(quad, canvas)
    size, corner = (x1 - x0, y1 - y0), np.asarray((x0, y0), dtype=np.float32)
    if min(size) <= 0:
        return
    target = corners_px(widened(quad, margin), canvas.shape[1], canvas.shape[0]) - corner
    placed = cv2.warpPerspective(view, cv2.getPerspectiveTransform(source, target), size, flags=cv2.INTER_AREA)
    inner = np.zeros((size[1], size[0]), dtype=np.uint8)
    cv2.fillConvexPoly(inner, np.round(corners_px(quad, canvas.shape[1], canvas.shape[0]) - corner).astype(np.int32), 255)
    part = canvas[y0:y1, x0:x1]
    part[inner > 0] = placed[inner > 0]


def _box(quad: Quad, canvas: Picture) -> tuple[tuple[int, int], tuple[int, int]]:
    """The whole pixels of the canvas that the quad touches: (left, top), (right, bottom)."""
    corners = corners_px(quad, canvas.shape[1], canvas.shape[0])
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, (canvas.shape[1], canvas.shape[0])).astype(int)
    return (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))


def _mark(picture: Any, slot: Slot, height: int, style: Style) -> None:
    corners, size = _outlined(picture, slot.area, height, style)
    badge(picture, (corners[0][0] + 2, corners[0][1] + 2), style, size=size)


def _mark_tag(picture: Any, tag: Quad, height: int) -> None:
    """Its badge stands beside the tag, whose price is to be read: to the right, or to the left at the picture's edge."""
    corners, size = _outlined(picture, tag, height, PRICE)
    x = max(corners[1][0], corners[2][0]) + 6
    if x + size > WIDTH_PX:
        x = min(corners[0][0], corners[3][0]) - 6 - size
    badge(picture, (x, (corners[0][1] + corners[3][1] - size) / 2), PRICE, size=size)


def _outlined(picture: Any, quad: Quad, height: int, style: Style) -> tuple[list[Corner], int]:
    """Draw the outline; its corners in pixels and the size that a badge may have."""
    corners = [(float(x), float(y)) for x, y in corners_px(quad, WIDTH_PX, height)]
    drawing.hatched(picture, corners, style.hatch, style.colour, step=20)
    drawing.outline(picture, corners, style.colour, width=5)
    room = min(corners[1][0] - corners[0][0], corners[3][1] - corners[0][1])
    return corners, round(min(BADGE_PX, max(20.0, 0.6 * room)))


def badge(picture: Any, at: Corner, style: Style, *, size: int = BADGE_PX) -> None:
    """A square plate with the state's mark."""
    pen = ImageDraw.Draw(picture)
    x, y = at
    pen.rectangle([x, y, x + size, y + size], fill=style.colour, outline=drawing.WHITE, width=2)
    if style.mark == "✓":
        tick = [(x + 0.2 * size, y + 0.52 * size), (x + 0.43 * size, y + 0.74 * size), (x + 0.8 * size, y + 0.26 * size)]
        pen.line(tick, fill=drawing.WHITE, width=max(3, size // 8), joint="curve")
    else:
        font = drawing.font(max(12, round(0.74 * size)))
        pen.text((x + size / 2, y + size / 2), style.mark, font=font, fill=drawing.WHITE, anchor="mm")


def _legend(picture: Any, top: int, verdicts: Sequence[Verdict], shares: tuple[Share, Share, Share]) -> None:
    """Three tiles with the shares, then the states with their counts, three in a line."""
    pen = ImageDraw.Draw(picture)
    third = (WIDTH_PX - 40) / 3
    for place, (name, share) in enumerate(zip(("有货率", "陈列合规", "价签合规"), shares, strict=True)):
        x = 20 + place * third
        drawing.bold(pen, (x, top + 14), f"{name} {percent(share.value)}", size=46, fill=drawing.WHITE)
        pen.text((x, top + 76), f"看到 {share.assessed}/{share.planned}", font=drawing.font(PRINT_PX), fill=(200, 200, 200))
    counts = [(style, sum(one.reading.seen is seen for one in verdicts)) for seen, style in STYLES.items()]
    counts.append((PRICE, sum(one.price_differs for one in verdicts)))
    for place, (style, count) in enumerate(counts):
        x, y = 20 + place % 3 * third, top + 140 + place // 3 * 60
        badge(picture, (x, y), style)
        text = f"{style.zh} {count}"
        pen.text((x + BADGE_PX + 14, y + BADGE_PX / 2), text, font=drawing.font(PRINT_PX), fill=drawing.WHITE, anchor="lm")


def percent(value: float | None) -> str:
    return "未评" if value is None else f"{100 * value:.0f}%"
