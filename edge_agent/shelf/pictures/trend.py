"""Compliance over time: a bay's availability, planogram and price shares, scan by scan.

Each share has its panel: the line, the 95 % interval of each scan as a band (few slots make a wide one), and beneath it how much
of the plan could be assessed. A scan that could assess nothing breaks the line: nothing is drawn through what is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from edge_agent.domain.shelf import Share
from edge_agent.shelf.pictures import drawing
from edge_agent.shelf.pictures.chart import Canvas, Format, canvas
from edge_agent.shelf.pictures.drawing import BLACK, BLUE, GREEN, GREY, PALE, RED, Colour, Corner

WIDTH: Final = 800
PANEL: Final = 300
HEAD: Final = 84
FOOT: Final = 74
LEFT, RIGHT = 86, 28
PRINT: Final = drawing.phone(WIDTH)
COVER: Final = 26
NAMES: Final[tuple[tuple[str, Colour], ...]] = (("有货率", GREEN), ("陈列合规", BLUE), ("价签合规", RED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One scan: its local time and its shares (availability, planogram, price)."""

    at: datetime
    shares: tuple[Share, Share, Share]


def draw(bay: str, points: Sequence[Point], kind: Format = "svg") -> bytes:
    """The chart; `points` oldest first, at least one."""
    height = HEAD + PANEL * len(NAMES) + FOOT
    made = canvas(WIDTH, height, kind, f"货架 {bay}：有货率、陈列合规、价签合规")
    made.text((20, 34), f"货架 {bay}", size=34, heavy=True)
    made.text((WIDTH - RIGHT, 34), f"{len(points)} 次扫描", size=PRINT, fill=GREY, anchor="end")
    for index, (name, colour) in enumerate(NAMES):
        _panel(made, HEAD + PANEL * index, name, colour, [(one.at, one.shares[index]) for one in points])
    _days(made, HEAD + PANEL * len(NAMES) - 16, [one.at for one in points])
    made.text((LEFT, height - 20), "色带：95% 区间；灰条：看到的货位", size=PRINT, fill=GREY)
    return made.done()


def _panel(made: Canvas, top: float, name: str, colour: Colour, series: Sequence[tuple[datetime, Share]]) -> None:
    high, low = top + 52, top + PANEL - 70
    latest = next((share for _, share in reversed(series) if share.value is not None), None)
    made.text((LEFT, top + 20), name, size=30, heavy=True)
    made.text((WIDTH - RIGHT, top + 20), _latest(latest), size=PRINT + 4, fill=colour, anchor="end", heavy=True)
    for level in (0, 50, 100):
        y = low - (low - high) * level / 100
        made.line([(LEFT, y), (WIDTH - RIGHT, y)], PALE, width=1.5)
        made.text((LEFT - 10, y), f"{level}%", size=PRINT - 2, fill=GREY, anchor="end")
    places = _across([at for at, _ in series])
    placed = [(x, share) for x, (_, share) in zip(places, series, strict=True)]
    for run in _runs(placed):
        _run(made, run, high, low, colour)
    _cover(made, low + 12, placed)


def _run(made: Canvas, run: Sequence[tuple[float, Share]], high: float, low: float, colour: Colour) -> None:
    """One unbroken stretch of known values."""

    def at(x: float, value: float) -> Corner:
        return x, low - (low - high) * value

    bands = [(x, share.interval or (0.0, 1.0)) for x, share in run]
    if len(run) == 1:
        x, (least, most) = bands[0]
        bands = [(x - 7, (least, most)), (x + 7, (least, most))]
    made.area(
        [*(at(x, most) for x, (_, most) in bands), *(at(x, least) for x, (least, _) in reversed(bands))], colour, opacity=0.2
    )
    line = [at(x, share.value or 0.0) for x, share in run]
    if len(line) > 1:
        made.line(line, colour, width=4)
    for dot in line if len(line) <= 40 else line[-1:]:
        made.dot(dot, 6, colour)


def _cover(made: Canvas, y: float, placed: Sequence[tuple[float, Share]]) -> None:
    """A bar for each scan, as high as its coverage."""
    room = (WIDTH - LEFT - RIGHT) / max(1, len(placed))
    half = max(1.0, min(9.0, 0.35 * room))
    made.line([(LEFT, y + COVER), (WIDTH - RIGHT, y + COVER)], PALE, width=1.5)
    for x, share in placed:
        tall = COVER * share.coverage
        made.area(
            [(x - half, y + COVER - tall), (x + half, y + COVER - tall), (x + half, y + COVER), (x - half, y + COVER)], GREY
        )


def _across(times: Sequence[datetime]) -> list[float]:
    """Where each time lies; scans of one moment, and a single one, in the middle."""
    first, span = times[0], (times[-1] - times[0]).total_seconds()
    room = WIDTH - LEFT - RIGHT - 24
    return [LEFT + 12 + (room * (one - first).total_seconds() / span if span > 0 else room / 2) for one in times]


def _days(made: Canvas, y: float, times: Sequence[datetime]) -> None:
    """The first and last time, and those between that have room."""
    places = _across(times)
    one_day = times[0].date() == times[-1].date()
    written = 1e9
    for x, at in sorted(zip(places, times, strict=True), reverse=True):
        text = f"{at:%H:%M}" if one_day else f"{at.month}月{at.day}日"
        room = drawing.width_of(text, PRINT) + 16
        middle = min(max(x, LEFT + room / 2 - 16), WIDTH - RIGHT - room / 2 + 16)
        if written - middle >= room:
            made.text((middle, y), text, size=PRINT, fill=BLACK, anchor="middle")
            written = middle


def _runs(placed: Sequence[tuple[float, Share]]) -> Iterator[list[tuple[float, Share]]]:
    for known, run in groupby(placed, key=lambda one: one[1].value is not None):
        if known:
            yield list(run)


def _latest(share: Share | None) -> str:
    if share is None or share.value is None:
        return "未评"
    return f"{100 * share.value:.0f}%（{share.good}/{share.assessed}）"
