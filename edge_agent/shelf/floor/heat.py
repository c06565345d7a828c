"""The heat map of one recording over the floor plan: PNG for a phone (with the place, people covered, below it) and plain SVG.

Five classes of person-minutes in the colours of cividis (Nunez et al. 2018, doi:10.1371/journal.pone.0199239), light to dark,
which colour-blind people and grey printers tell apart; a cell that may not be told is hatched; white = nobody. Each zone has a
number; the list below says its name and figures.
"""

from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge_agent.domain.floor import Cell, FloorPlan, FloorScore, Point, ZoneScore
from edge_agent.shelf.floor.grid import in_picture
from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.setup.bay import Picture

WIDTH_PX: Final = 1080
EDGE_PX: Final = 40
TALLEST_PX: Final = 1400
LINE_PX: Final = 46
HATCH_PX: Final = 10
COLOURS: Final = ((254, 232, 120), (200, 184, 102), (148, 142, 119), (87, 93, 109), (0, 34, 78))
INK: Final = (20, 20, 20)
GREY: Final = (120, 120, 120)
OUTLINE: Final = (213, 94, 0)


def png(plan: FloorPlan, score: FloorScore, reference: Picture) -> bytes:
    """PNG, 1080 px wide. `reference` is drawn as it is given: whoever calls has covered the people in it."""
    scale = _scale(plan)
    deep = round(plan.depth_m * scale)
    photo = resized(reference, WIDTH_PX, max(8, round(reference.shape[0] * WIDTH_PX / reference.shape[1])))
    below = 90 + deep + 110 + LINE_PX * (len(score.zones) + 1) + 20
    picture = Image.new("RGB", (WIDTH_PX, below + photo.shape[0]), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    pen.text((EDGE_PX, 4), f"{score.floor} 卖场热力图", font=_font(36), fill=INK)
    pen.text((EDGE_PX, 60), _summary(score), font=_font(22), fill=GREY)
    _map(picture, plan, score, scale, 96)
    _legend(picture, score, 96 + deep + 12)
    _list(pen, plan, score, 90 + deep + 110)
    picture.paste(Image.fromarray(photo), (0, below))
    _photo_zones(ImageDraw.Draw(picture), plan, below, photo.shape[:2])
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def svg(plan: FloorPlan, score: FloorScore) -> str:
    """The map and its legend alone, as an SVG 1.1 document without a photo."""
    scale = _scale(plan)
    wide, deep, top = plan.width_m * scale, plan.depth_m * scale, 96
    side = plan.cell_m * scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {round(top + deep + 110)}" font-family="sans-serif">',
        f'<defs><pattern id="h" width="{HATCH_PX}" height="{HATCH_PX}" patternUnits="userSpaceOnUse">',
        f'<path d="M0 {HATCH_PX}L{HATCH_PX} 0" stroke="{_hex(GREY)}" stroke-width="2"/></pattern></defs>',
        f'<text x="{EDGE_PX}" y="44" font-size="36">{escape(score.floor)} 卖场热力图</text>',
        f'<text x="{EDGE_PX}" y="82" font-size="22" fill="{_hex(GREY)}">{escape(_summary(score))}</text>',
    ]
    for cell in score.cells:
        fill = "url(#h)" if cell.person_s is None else _hex(COLOURS[_class(cell.person_s, score.cells)])
        x, y = EDGE_PX + cell.column * side, top + cell.row * side
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" fill="{fill}"/>')
    parts.append(f'<rect x="{EDGE_PX}" y="{top}" width="{wide:.1f}" height="{deep:.1f}" fill="none" stroke="{_hex(INK)}"/>')
    for number, zone in enumerate(plan.zones, 1):
        corners = " ".join(f"{EDGE_PX + x * scale:.1f},{top + y * scale:.1f}" for x, y in zone.outline)
        x, y = _middle(zone.outline)
        parts.append(f'<polygon points="{corners}" fill="none" stroke="{_hex(OUTLINE)}" stroke-width="3"/>')
        parts.append(
            f'<text x="{EDGE_PX + x * scale:.1f}" y="{top + y * scale:.1f}" font-size="24" text-anchor="middle" '
            f'stroke="#fff" stroke-width="4" paint-order="stroke">{number} {escape(zone.name)}</text>'
        )
    for at, (colour, words) in enumerate(_classes(score)):
        x, fill = EDGE_PX + at * 165, "url(#h)" if colour is None else _hex(colour)
        parts.append(
            f'<rect x="{x}" y="{top + deep + 16:.1f}" width="30" height="30" fill="{fill}" stroke="{_hex(GREY)}"/>'
            f'<text x="{x + 36}" y="{top + deep + 39:.1f}" font-size="19">{escape(words)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _scale(plan: FloorPlan) -> float:
    """Pixels per metre."""
    return min((WIDTH_PX - 2 * EDGE_PX) / plan.width_m, TALLEST_PX / plan.depth_m)


def _summary(score: FloorScore) -> str:
    minutes = "人数过少，不显示" if score.person_s is None else f"{score.person_s / 60:.1f} 人·分钟"
    return f"时长 {score.duration_ms / 60_000:.1f} 分钟 · 可评估 {100 * score.coverage.value:.0f}% · 合计 {minutes}"


def _top(cells: Sequence[Cell]) -> int:
    return max((one.person_s for one in cells if one.person_s is not None), default=0)


def _class(person_s: int, cells: Sequence[Cell]) -> int:
    """Which fifth of the fullest cell this one is in."""
    top = max(1, _top(cells))
    return min(len(COLOURS) - 1, person_s * len(COLOURS) // top)


def _classes(score: FloorScore) -> list[tuple[tuple[int, int, int] | None, str]]:
    """The legend: colour (None = hatched) and words of each class that can occur."""
    top, count = _top(score.cells) / 60, len(COLOURS)
    told = [(colour, f"{top * at / count:.1f}–{top * (at + 1) / count:.1f}") for at, colour in enumerate(COLOURS)] if top else []
    return [*told, (None, "人数过少")]


def _map(picture: Any, plan: FloorPlan, score: FloorScore, scale: float, top: int) -> None:
    pen, side = ImageDraw.Draw(picture), plan.cell_m * scale
    for cell in score.cells:
        box = [
            EDGE_PX + cell.column * side,
            top + cell.row * side,
            EDGE_PX + (cell.column + 1) * side,
            top + (cell.row + 1) * side,
        ]
        if cell.person_s is None:
            _hatched(picture, box)
        else:
            pen.rectangle(box, fill=COLOURS[_class(cell.person_s, score.cells)])
    pen.rectangle([EDGE_PX, top, EDGE_PX + plan.width_m * scale, top + plan.depth_m * scale], outline=INK, width=2)
    for number, zone in enumerate(plan.zones, 1):
        corners = [(EDGE_PX + x * scale, top + y * scale) for x, y in zone.outline]
        pen.line([*corners, corners[0]], fill=OUTLINE, width=4)
        x, y = _middle(zone.outline)
        _mark(pen, EDGE_PX + x * scale, top + y * scale, f"{number} {zone.name}")


def _hatched(picture: Any, box: Sequence[float]) -> None:
    left, top, right, bottom = (round(one) for one in box)
    tile = Image.new("RGB", (max(1, right - left), max(1, bottom - top)), (255, 255, 255))
    pen = ImageDraw.Draw(tile)
    for offset in range(0, tile.width + tile.height, HATCH_PX):
        pen.line([(offset, 0), (offset - tile.height, tile.height)], fill=GREY, width=2)
    picture.paste(tile, (left, top))


def _mark(pen: Any, x: float, y: float, words: str) -> None:
    pen.text((x, y), words, font=_font(24), fill=INK, anchor="mm", stroke_width=3, stroke_fill=(255, 255, 255))


def _legend(picture: Any, score: FloorScore, top: int) -> None:
    pen = ImageDraw.Draw(picture)
    for at, (colour, words) in enumerate(_classes(score)):
        x = EDGE_PX + at * 165
        if colour is None:
            _hatched(picture, [x, top, x + 30, top + 30])
            pen.rectangle([x, top, x + 30, top + 30], outline=GREY)
        else:
            pen.rectangle([x, top, x + 30, top + 30], fill=colour, outline=GREY)
        pen.text((x + 38, top + 15), words, font=_font(19), fill=INK, anchor="lm")
    words = f"每格 {score.cell_m:g} 米见方，人·分钟；少于 3 人次，或可由其他数推算出的，不显示"
    pen.text((EDGE_PX, top + 44), words, font=_font(20), fill=GREY)


def _list(pen: Any, plan: FloorPlan, score: FloorScore, top: int) -> None:
    """One line per zone: its number and name, person-minutes, mean stay, minutes in which nobody served who waited."""
    columns = (EDGE_PX, 420, 600, 790)
    for x, words in zip(columns, ("区域", "人·分钟", "平均停留", "无人接待/值守"), strict=True):
        pen.text((x, top), words, font=_font(22), fill=GREY)
    for number, (zone, one) in enumerate(zip(plan.zones, score.zones, strict=True), 1):
        y = top + LINE_PX * number
        values = (f"{number} {zone.name}", _minutes(one.person_s), _stay(one), _minutes(_alone(one)))
        for x, words in zip(columns, values, strict=True):
            pen.text((x, y), words, font=_font(26), fill=INK)


def _minutes(seconds: int | None) -> str:
    return "—" if seconds is None else f"{seconds / 60:.1f}"


def _stay(one: ZoneScore) -> str:
    return "—" if one.stay_s is None else f"{one.stay_s:.0f} 秒"


def _alone(one: ZoneScore) -> int | None:
    return one.unstaffed_s if one.unattended_s is None else one.unattended_s


def _photo_zones(pen: Any, plan: FloorPlan, top: int, size: Sequence[int]) -> None:
    """The zones as they lie in the camera's picture, as far as they are before the camera."""
    height, width = size
    for number, zone in enumerate(plan.zones, 1):
        places = [in_picture(plan.to_floor, point) for point in zone.outline]
        if None in places:
            continue
        corners = [(place[0] * width, top + max(0.0, place[1]) * height) for place in places if place is not None]
        pen.line([*corners, corners[0]], fill=OUTLINE, width=4)
        x, y = (float(one) for one in np.mean(np.asarray(corners), axis=0))
        _mark(pen, x, y, str(number))


def _middle(outline: Sequence[Point]) -> Point:
    x, y = (float(one) for one in np.mean(np.asarray(outline), axis=0))
    return x, y


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _font(size: int) -> Any:
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415 - a package that only carries the font file

    return ImageFont.truetype(str(sans_path()), size)
