"""Before and after: two evidence pictures of one bay, one above the other, with what changed between them numbered.

It is made of evidence pictures, so no person can appear in it. Below stands each change in words. Made at the bench, of two
videos that somebody has: the evidence of stored scans is sealed and stays so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageDraw

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.domain.shelf import Seen, SlotReading
from edge_agent.shelf.pictures import drawing, evidence
from edge_agent.shelf.pictures.drawing import BLACK, WHITE
from edge_agent.shelf.pictures.evidence import GROUND, LEGEND_PX, PRINT_PX, STYLES, WIDTH_PX

TITLE_PX: Final = 70
LINE_PX: Final = 58
RING_PX: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One slot that is not as it was."""

    slot: Slot
    before: SlotReading
    after: SlotReading


def changes(plan: Planogram, before: Sequence[SlotReading], after: Sequence[SlotReading]) -> list[Change]:
    """Slots whose state, product or settled price changed; one that was not assessable either time is no change."""
    first, second = ({one.slot: one for one in readings} for readings in (before, after))
    pairs = [(slot, first[slot.id], second[slot.id]) for slot in plan.slots if slot.id in first and slot.id in second]
    return [Change(slot=slot, before=a, after=b) for slot, a, b in pairs if _changed(a, b)]


def draw(plan: Planogram, pictures: tuple[bytes, bytes], found: Sequence[Change]) -> bytes:
    """PNG, 1280 px wide. `pictures`: the evidence pictures (PNG) of before and after."""
    shelves = [_shelf(one) for one in pictures]
    heights = [one.height for one in shelves]
    height = sum(heights) + 2 * TITLE_PX + LINE_PX * max(1, len(found)) + 60
    made = Image.new("RGB", (WIDTH_PX, height), GROUND)
    pen = ImageDraw.Draw(made)
    top = 0
    for title, shelf in zip(("之前", "之后"), shelves, strict=True):
        drawing.bold(pen, (20, top + TITLE_PX / 2), title, size=44, fill=WHITE, anchor="lm")
        made.paste(shelf, (0, top + TITLE_PX))
        for number, change in enumerate(found, 1):
            _ring(made, change.slot, number, top + TITLE_PX, shelf.height)
        top += TITLE_PX + shelf.height
    names = {sku.id: sku.name for sku in plan.skus}
    for number, change in enumerate(found, 1):
        _line(made, top + 30 + LINE_PX * (number - 1), number, change, names)
    if not found:
        pen.text((20, top + 30), "两次扫描没有变化", font=drawing.font(PRINT_PX), fill=WHITE)
    return drawing.png(made)


def _changed(one: SlotReading, other: SlotReading) -> bool:
    if Seen.NOT_ASSESSABLE in {one.seen, other.seen}:
        return False
    price = bool(one.price and other.price) and one.price != other.price
    return (one.seen, one.sku) != (other.seen, other.sku) or price


def _shelf(picture: bytes) -> Any:
    """An evidence picture of ours without its legend."""
    opened = Image.open(BytesIO(picture)).convert("RGB")
    return opened.crop((0, 0, opened.width, opened.height - LEGEND_PX))


def _ring(made: Any, slot: Slot, number: int, top: int, height: int) -> None:
    corners = [(x * WIDTH_PX, top + y * height) for x, y in slot.area]
    drawing.outline(made, corners, WHITE, width=RING_PX, halo=BLACK)
    x, y = (corners[2][0] + corners[3][0]) / 2, (corners[2][1] + corners[3][1]) / 2 - 34
    _plate(made, (x, y), number)


def _plate(made: Any, at: tuple[float, float], number: int) -> None:
    pen = ImageDraw.Draw(made)
    x, y = at
    pen.ellipse([x - 29, y - 29, x + 29, y + 29], fill=WHITE, outline=BLACK, width=4)
    drawing.bold(pen, (x, y - 1), str(number), size=36, fill=BLACK, anchor="mm")


def _line(made: Any, y: int, number: int, change: Change, names: dict[str, str]) -> None:
    pen = ImageDraw.Draw(made)
    _plate(made, (50, y + 26), number)
    x = 96.0
    for part in (change.before, change.after):
        style = STYLES[part.seen]
        evidence.badge(made, (x, y + 4), style)
        x += 58
        text = style.zh + (f" ¥{part.price}" if part.price and change.before.price != change.after.price else "")
        pen.text((x, y + 26), text, font=drawing.font(PRINT_PX), fill=WHITE, anchor="lm")
        x += drawing.width_of(text, PRINT_PX) + 24
        if part is change.before:
            _arrow(pen, x, y + 26)
            x += 70
    name = drawing.fitted(names[change.slot.sku], PRINT_PX, WIDTH_PX - x - 30)
    pen.text((x + 10, y + 26), name, font=drawing.font(PRINT_PX), fill=(200, 200, 200), anchor="lm")


def _arrow(pen: Any, x: float, y: float) -> None:
    pen.line([(x, y), (x + 44, y)], fill=WHITE, width=5)
    pen.line([(x + 28, y - 13), (x + 44, y), (x + 28, y + 13)], fill=WHITE, width=5, joint="curve")
