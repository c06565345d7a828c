"""Share of shelf per brand, as bars: own brands filled, competitors hatched, brands that the plan does not side with pale.

The bar is the brand's share of the facings that were counted; the line through its end is the 95 % interval; what was agreed for
competitors is a dashed line.
"""

from collections.abc import Sequence
from typing import Final

from edge_agent.domain.planogram import Side
from edge_agent.domain.shelf import BrandShare
from edge_agent.shelf.pictures import drawing
from edge_agent.shelf.pictures.chart import Canvas, Format, canvas
from edge_agent.shelf.pictures.drawing import BLACK, BLUE, GREY, PALE, RED

WIDTH: Final = 800
LINE: Final = 74
HEAD: Final = 100
FOOT: Final = 84
LEFT, RIGHT = 190, 150
PRINT: Final = drawing.phone(WIDTH)
SIDES: Final = {Side.OWN: ("本品", BLUE), Side.COMPETITOR: ("竞品", RED), Side.UNKNOWN: ("其他", (170, 170, 170))}


def draw(bay: str, bars: Sequence[BrandShare], *, agreed: float | None = None, kind: Format = "svg") -> bytes:
    """The chart, largest share first. `agreed`: the share that competitors may have together."""
    ordered = sorted(bars, key=lambda one: (-(one.sos.value or 0.0), one.brand))
    height = HEAD + LINE * len(ordered) + FOOT
    made = canvas(WIDTH, height, kind, f"货架 {bay}：各品牌排面占比")
    made.text((20, 34), f"货架 {bay} 排面占比", size=34, heavy=True)
    counted = sum(one.facings for one in bars)
    if agreed is not None and counted:
        together = sum(one.facings for one in bars if one.side is Side.COMPETITOR) / counted
        word = "超出" if together > agreed else "未超"
        made.text((20, 76), f"竞品合计 {together:.0%}，约定不超过 {agreed:.0%}：{word}", size=PRINT + 2, fill=BLACK)
    widest = max([0.1, *((one.sos.interval or (0, 0))[1] for one in ordered)])
    for index, one in enumerate(ordered):
        _bar(made, HEAD + LINE * index, one, widest)
    made.line([(LEFT, HEAD), (LEFT, HEAD + LINE * len(ordered))], BLACK, width=2)
    _legend(made, height - 36)
    return made.done()


def _bar(made: Canvas, top: float, one: BrandShare, widest: float) -> None:
    colour = SIDES[one.side][1]
    room = WIDTH - LEFT - RIGHT
    y, half = top + LINE / 2, LINE * 0.3
    name = drawing.fitted(one.brand, PRINT + 4, LEFT - 30)
    made.text((LEFT - 14, y), name, size=PRINT + 4, anchor="end")
    value = one.sos.value
    if value is None:
        made.text((LEFT + 14, y), "未评", size=PRINT, fill=GREY)
        return
    end = LEFT + room * value / widest
    made.area([(LEFT, y - half), (end, y - half), (end, y + half), (LEFT, y + half)], colour)
    if one.side is Side.COMPETITOR:
        x = LEFT + 10.0
        while x < end - 2:
            made.line([(x, y - half + 2), (x, y + half - 2)], (255, 255, 255), width=3)
            x += 14
    low, high = (LEFT + room * edge / widest for edge in one.sos.interval or (value, value))
    made.line([(low, y), (high, y)], BLACK, width=2.5)
    for edge in (low, high):
        made.line([(edge, y - 9), (edge, y + 9)], BLACK, width=2.5)
    text = f"{value:.0%}（{one.facings}）"
    made.text((WIDTH - RIGHT + 18, y), text, size=PRINT, fill=BLACK)


def _legend(made: Canvas, y: float) -> None:
    x = 20.0
    for side, (word, colour) in SIDES.items():
        made.area([(x, y - 12), (x + 34, y - 12), (x + 34, y + 12), (x, y + 12)], colour)
        if side is Side.COMPETITOR:
            for step in (9, 18, 27):
                made.line([(x + step, y - 10), (x + step, y + 10)], (255, 255, 255), width=3)
        made.text((x + 44, y), word, size=PRINT)
        x += 44 + drawing.width_of(word, PRINT) + 34
    made.line([(x, y), (x + 40, y)], BLACK, width=2.5)
    made.text((x + 52, y), "95% 区间；括号内为排面数", size=PRINT, fill=GREY)
    made.line([(20, y - 34), (WIDTH - 20, y - 34)], PALE, width=1.5)
