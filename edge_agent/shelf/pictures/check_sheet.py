"""The check sheet of a plan, to be printed on A4 and held against the shelf.

First the reference photo with boards, numbered slots and tags, then every slot with its product, price and facings.

Made for black and white: the photo is pale and grey, outlines are black, a doubtful slot is hatched and its line begins with a
question mark. Pages are 200 dots per inch, landscape.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from edge_agent.domain.planogram import Planogram, Quad, Sku, Slot
from edge_agent.shelf.pictures import drawing
from edge_agent.shelf.pictures.drawing import BLACK, GREY, PALE, RED, WHITE, Corner
from edge_agent.shelf.setup.bay import Picture
from edge_agent.shelf.setup.outcome import Understood
from edge_agent.shelf.setup.plan_file import DOUBTS, REMARKS

DPI: Final = 200
PAGE: Final = (2339, 1654)
EDGE: Final = 90
PRINT: Final = 30
LINE: Final = 52
COLUMNS: Final = (
    ("号", 90), ("货位", 170), ("层", 70), ("商品编码", 390), ("品名", 420), ("品牌", 170), ("排面", 90), ("价格表", 150),
    ("照片上", 150), ("核对", 459),
)  # fmt: skip


def pages(reference: Picture, plan: Planogram, notes: Mapping[str, Understood]) -> list[Any]:
    """The sheet's pages. `notes`: what is known of slots beyond the plan (doubts, prices read), by slot id."""
    numbers = {slot.id: number for number, slot in enumerate(plan.slots, 1)}
    made = [_photo_page(reference, plan, notes, numbers)]
    doubtful = [one for one in plan.slots if _doubt(notes, one)]
    lines = [*doubtful, *(one for one in plan.slots if not _doubt(notes, one))]
    skus = {one.id: one for one in plan.skus}
    room = (PAGE[1] - 2 * EDGE - 190) // LINE
    made += [_table_page(plan, lines[first : first + room], notes, numbers, skus) for first in range(0, len(lines), room)]
    for number, page in enumerate(made, 1):
        text = f"第 {number}/{len(made)} 页"
        ImageDraw.Draw(page).text((PAGE[0] - EDGE, PAGE[1] - 46), text, font=drawing.font(24), fill=GREY, anchor="rm")
    return made


def as_pdf(made: Sequence[Any]) -> bytes:
    return drawing.pdf(made, DPI)


def as_png(made: Sequence[Any]) -> bytes:
    """All pages one below the other."""
    picture = Image.new("RGB", (PAGE[0], PAGE[1] * len(made)), WHITE)
    for number, page in enumerate(made):
        picture.paste(page, (0, PAGE[1] * number))
    return drawing.png(picture)


def _photo_page(reference: Picture, plan: Planogram, notes: Mapping[str, Understood], numbers: Mapping[str, int]) -> Any:
    page, pen = _page(plan, "核对单 · 看一看编号、货位框和价签框对不对")
    top, foot = EDGE + 110, 130
    scale = min((PAGE[0] - 2 * EDGE) / reference.shape[1], (PAGE[1] - top - EDGE - foot) / reference.shape[0])
    size = round(reference.shape[1] * scale), round(reference.shape[0] * scale)
    left = (PAGE[0] - size[0]) // 2
    page.paste(Image.fromarray(_pale(reference, size)), (left, top))
    for slot in plan.slots:
        doubt = bool(_doubt(notes, slot))
        corners = _corners(slot.area, (left, top), size)
        if doubt:
            drawing.hatched(page, corners, "/", BLACK, step=22, strength=190)
        drawing.outline(page, corners, RED if doubt else BLACK, width=5)
        if slot.tag is not None:
            _dashed(page, _corners(slot.tag, (left, top), size))
    for slot in plan.slots:
        corners = _corners(slot.area, (left, top), size)
        _number(pen, corners, numbers[slot.id], doubt=bool(_doubt(notes, slot)))
    for row, members in _rows(plan.slots):
        first = _corners(members[0].area, (left, top), size)
        pen.text((left - 14, (first[0][1] + first[3][1]) / 2), f"{row}层", font=drawing.font(PRINT), fill=BLACK, anchor="rm")
    _legend(page, top + size[1] + 28, sum(bool(_doubt(notes, one)) for one in plan.slots), len(plan.slots))
    return page


def _legend(page: Any, y: int, doubtful: int, slots: int) -> None:
    pen = ImageDraw.Draw(page)
    x = float(EDGE)
    for kind, text in (("slot", "货位（编号见下页）"), ("tag", "价签"), ("doubt", "存疑，请核对或改正")):
        box = [(x, y), (x + 60, y), (x + 60, y + 44), (x, y + 44)]
        if kind == "doubt":
            drawing.hatched(page, box, "/", BLACK, step=14, strength=190)
        if kind == "tag":
            _dashed(page, box)
        else:
            drawing.outline(page, box, RED if kind == "doubt" else BLACK, width=5)
        pen.text((x + 76, y + 22), text, font=drawing.font(PRINT), fill=BLACK, anchor="lm")
        x += 76 + drawing.width_of(text, PRINT) + 60
    text = f"共 {slots} 个货位，{doubtful} 个存疑" if doubtful else f"共 {slots} 个货位，没有存疑的"
    drawing.bold(pen, (PAGE[0] - EDGE, y + 22), text, size=PRINT, fill=BLACK, anchor="rm")


def _table_page(
    plan: Planogram, slots: Sequence[Slot], notes: Mapping[str, Understood], numbers: Mapping[str, int], skus: Mapping[str, Sku]
) -> Any:
    page, pen = _page(plan, "核对单 · 货位明细（存疑的在前）")
    y = EDGE + 120
    x = EDGE
    pen.rectangle([EDGE, y, PAGE[0] - EDGE, y + LINE], fill=PALE)
    for name, width in COLUMNS:
        drawing.bold(pen, (x + 10, y + LINE / 2), name, size=PRINT, fill=BLACK, anchor="lm")
        x += width
    for slot in slots:
        y += LINE
        x = EDGE
        for (_, width), text in zip(COLUMNS, _cells(slot, skus[slot.sku], numbers[slot.id], notes), strict=True):
            cell = drawing.fitted(text, PRINT, width - 16)
            pen.text((x + 10, y + LINE / 2), cell, font=drawing.font(PRINT), fill=BLACK, anchor="lm")
            x += width
        pen.line([(EDGE, y + LINE), (PAGE[0] - EDGE, y + LINE)], fill=(170, 170, 170), width=2)
    return page


def _cells(slot: Slot, sku: Sku, number: int, notes: Mapping[str, Understood]) -> Iterator[str]:
    note, doubt = notes.get(slot.id), _doubt(notes, slot)
    yield f"{'？' if doubt else ''}{number}"
    yield slot.id
    yield str(slot.row)
    yield sku.id
    yield sku.name
    yield sku.brand
    yield str(slot.facings)
    yield f"¥{sku.price}"
    yield "—" if note is None or note.price is None else f"¥{note.price}"
    yield doubt or ("" if note is None or note.remark is None else REMARKS[note.remark][0]) or "□"


def _doubt(notes: Mapping[str, Understood], slot: Slot) -> str:
    note = notes.get(slot.id)
    return "" if note is None or note.doubt is None else DOUBTS[note.doubt][0]


def _page(plan: Planogram, title: str) -> tuple[Any, Any]:
    page = Image.new("RGB", PAGE, WHITE)
    pen = ImageDraw.Draw(page)
    drawing.bold(pen, (EDGE, EDGE - 30), f"货架 {plan.bay}", size=50, fill=BLACK)
    x = EDGE + drawing.width_of(f"货架 {plan.bay}", 50) + 40
    pen.text((x, EDGE - 12), f"{title}", font=drawing.font(36), fill=BLACK)
    text = f"版本 {plan.version} · {plan.digest[:12]}"
    pen.text((PAGE[0] - EDGE, EDGE), text, font=drawing.font(PRINT), fill=GREY, anchor="rm")
    pen.line([(EDGE, EDGE + 50), (PAGE[0] - EDGE, EDGE + 50)], fill=BLACK, width=3)
    return page, pen


def _pale(reference: Picture, size: tuple[int, int]) -> Picture:
    grey = cv2.cvtColor(cv2.resize(reference, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor((110 + 0.57 * grey).clip(max=255).astype(np.uint8), cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def _corners(quad: Quad, at: tuple[int, int], size: tuple[int, int]) -> list[Corner]:
    return [(at[0] + x * size[0], at[1] + y * size[1]) for x, y in quad]


def _dashed(page: Any, corners: Sequence[Corner]) -> None:
    pen = ImageDraw.Draw(page)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        count = max(1, round(float(np.hypot(bx - ax, by - ay)) / 24))
        for index in range(count):
            low, high = index / count, (index + 0.6) / count
            ends = [(ax + (bx - ax) * low, ay + (by - ay) * low), (ax + (bx - ax) * high, ay + (by - ay) * high)]
            pen.line(ends, fill=WHITE, width=9)
            pen.line(ends, fill=BLACK, width=4)


def _number(pen: Any, corners: Sequence[Corner], number: int, *, doubt: bool) -> None:
    text = f"？{number}" if doubt else str(number)
    size = round(min(46.0, max(22.0, 0.36 * (corners[1][0] - corners[0][0]))))
    x, y = corners[0][0] + 8, corners[0][1] + 8
    wide = drawing.width_of(text, size) + 24
    pen.rounded_rectangle([x, y, x + wide, y + size + 14], radius=10, fill=WHITE, outline=RED if doubt else BLACK, width=4)
    drawing.bold(pen, (x + wide / 2, y + size / 2 + 6), text, size=size, fill=BLACK, anchor="mm")


def _rows(slots: Sequence[Slot]) -> Iterator[tuple[int, list[Slot]]]:
    for row in sorted({one.row for one in slots}):
        yield row, sorted((one for one in slots if one.row == row), key=lambda one: one.area[0][0])
