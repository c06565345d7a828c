"""Pictures say what the numbers say, are well formed, and can be read on a phone and in black and white."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from edge_agent.domain.planogram import Planogram, Side, Sku, Slot
from edge_agent.domain.shelf import BrandShare, Measured, Seen, Share, SlotReading
from edge_agent.shelf.pictures import check_sheet, compare, drawing, share_bars, trend
from edge_agent.shelf.pictures.evidence import LEGEND_PX, PRICE, PRINT_PX, STYLES, WIDTH_PX
from edge_agent.shelf.setup.outcome import Doubt, Understood

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def quad(x: float) -> tuple:
    return ((x, 0.1), (x + 0.15, 0.1), (x + 0.15, 0.6), (x, 0.6))


def plan(count: int = 6) -> Planogram:
    skus = tuple(Sku(id=f"p{n}", name=f"商品{n}号", brand="麦田", price="5.00", photos=()) for n in range(count))
    slots = tuple(Slot(id=f"r1s{n}", row=1, sku=f"p{n}", facings=2, area=quad(0.16 * (n % 6)), tag=None) for n in range(count))
    return Planogram(bay="bay-a", version="3", reference=Path("x"), slots=slots, skus=skus, digest="d" * 64)


def share(good: int, assessed: int, planned: int = 10) -> Share:
    return Share(good=good, assessed=assessed, planned=planned)


def brand(name: str, side: Side, facings: int, counted: int) -> BrandShare:
    sos = Measured(value=facings / counted if counted else None, coverage=0.9, n=counted)
    return BrandShare(brand=name, side=side, facings=facings, sos=sos, linear_sos=Measured())


def points(*assessed: int) -> list[trend.Point]:
    return [
        trend.Point(at=AT + timedelta(days=day), shares=(share(count // 2, count), share(count, count), share(0, 0)))
        for day, count in enumerate(assessed)
    ]


def texts(svg: bytes) -> list[str]:
    return [one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_trend_is_broken_where_nothing_was_assessed():
    whole = ET.fromstring(trend.draw("bay-a", points(8, 8, 8, 8)))
    broken = ET.fromstring(trend.draw("bay-a", points(8, 8, 0, 8, 8)))

    def heavy(root) -> int:
        return sum(one.get("stroke-width") == "4" for one in root.iter(f"{SVG}polyline"))

    assert heavy(whole) == 2
    assert heavy(broken) == 4


def test_a_trend_states_value_counts_and_interval():
    svg = trend.draw("bay-a", points(8))
    assert "50%（4/8）" in texts(svg)
    assert "100%（8/8）" in texts(svg)
    assert "未评" in texts(svg)
    low, high = share(4, 8).interval
    panel = trend.PANEL - 122
    bands = [one for one in ET.fromstring(svg).iter(f"{SVG}polygon") if one.get("fill-opacity") == "0.2"]
    ys = [float(point.split(",")[1]) for point in bands[0].get("points").split()]
    assert (max(ys) - min(ys)) / panel == pytest.approx(high - low, abs=0.01)


def test_charts_come_as_svg_and_as_picture_of_one_size():
    svg = trend.draw("bay-a", points(8, 7), "svg")
    box = ET.fromstring(svg).get("viewBox").split()
    picture = Image.open(BytesIO(trend.draw("bay-a", points(8, 7), "png")))
    assert [str(side) for side in picture.size] == box[2:]


def test_names_in_a_chart_cannot_break_it():
    bars = [brand('<script>"&', Side.OWN, 3, 9)]
    assert '<script>"&' in texts(share_bars.draw("bay-a", bars))


def test_a_share_over_what_was_agreed_is_said():
    bars = [
        brand("麦田", Side.OWN, 5, 10),
        brand("金谷", Side.COMPETITOR, 5, 10),
        brand("云汀", Side.UNKNOWN, 0, 0),
    ]
    said = " ".join(texts(share_bars.draw("bay-a", bars, agreed=0.4)))
    assert "竞品合计 50%，约定不超过 40%：超出" in said
    assert "未评" in said
    assert "未超" in " ".join(texts(share_bars.draw("bay-a", bars, agreed=0.5)))


@pytest.mark.parametrize("chart", [trend, share_bars])
def test_no_letters_are_smaller_than_a_phone_shows(chart):
    svg = (
        trend.draw("bay-a", points(8, 7)) if chart is trend else share_bars.draw("a", [brand("麦田", Side.OWN, 3, 9)])
    ).decode()
    sizes = [int(size) for size in re.findall(r'font-size="(\d+)"', svg)]
    assert min(sizes) * drawing.PHONE_POINTS / chart.WIDTH >= drawing.SMALLEST_POINTS - 1
    assert PRINT_PX * drawing.PHONE_POINTS / WIDTH_PX >= drawing.SMALLEST_POINTS - 0.1


def contrast(colour: tuple[int, int, int]) -> float:
    """Relative luminance, as a grey printer sees it (ITU-R BT.709)."""
    return float(np.dot([0.2126, 0.7152, 0.0722], colour))


def test_states_differ_by_mark_and_hatching_not_by_colour_alone():
    styles = [*STYLES.values(), PRICE]
    assert len({one.mark for one in styles}) == len(styles)
    assert len({one.hatch for one in STYLES.values()}) == len(STYLES)
    assert STYLES[Seen.EMPTY].zh == "空位"
    assert all(abs(contrast(one.colour) - contrast(drawing.WHITE)) > 60 for one in STYLES.values())


def reading(slot: str, seen: Seen, sku: str = "", price: str = "") -> SlotReading:
    return SlotReading(slot=slot, seen=seen, sku=sku, confidence=0.9, frames=3, at_ms=0, price=price)


def test_changes_are_states_products_and_prices_and_never_what_was_not_seen():
    before = [
        reading("r1s0", Seen.EMPTY), reading("r1s1", Seen.EXPECTED, "p1", "5.00"), reading("r1s2", Seen.OTHER, "p1"),
        reading("r1s3", Seen.NOT_ASSESSABLE), reading("r1s4", Seen.EXPECTED, "p4", "5.00"), reading("r1s5", Seen.EXPECTED, "p5"),
    ]  # fmt: skip
    after = [
        reading("r1s0", Seen.EXPECTED, "p0"), reading("r1s1", Seen.EXPECTED, "p1", "6.00"), reading("r1s2", Seen.OTHER, "p3"),
        reading("r1s3", Seen.EMPTY), reading("r1s4", Seen.EXPECTED, "p4"), reading("r1s5", Seen.EXPECTED, "p5"),
    ]  # fmt: skip
    assert [one.slot.id for one in compare.changes(plan(), before, after)] == ["r1s0", "r1s1", "r1s2"]


def evidence(colour: tuple[int, int, int]) -> bytes:
    picture = Image.new("RGB", (WIDTH_PX, 300 + LEGEND_PX), (255, 0, 0))
    picture.paste(colour, (0, 0, WIDTH_PX, 300))
    return drawing.png(picture)


def test_before_and_after_stand_one_above_the_other_without_their_legends():
    found = compare.changes(plan(), [reading("r1s0", Seen.EMPTY)], [reading("r1s0", Seen.EXPECTED, "p0")])
    made = np.asarray(Image.open(BytesIO(compare.draw(plan(), (evidence((0, 90, 0)), evidence((0, 0, 90))), found))))
    column = made[:, WIDTH_PX - 3]
    assert not (column == (255, 0, 0)).all(axis=1).any()
    green, blue = (np.nonzero((column == colour).all(axis=1))[0] for colour in ((0, 90, 0), (0, 0, 90)))
    assert len(green) == len(blue) == 300
    assert green.max() < blue.min()


def note(slot: Slot, doubt: Doubt | None) -> Understood:
    return Understood(slot=slot.id, row=1, sku=slot.sku, facings=2, area=slot.area, tag=None, doubt=doubt)


def test_a_check_sheet_has_the_photo_first_and_then_every_slot():
    large = plan(60)
    pages = check_sheet.pages(np.full((540, 960, 3), 128, np.uint8), large, {})
    room = (check_sheet.PAGE[1] - 2 * check_sheet.EDGE - 190) // check_sheet.LINE
    assert len(pages) == 1 + -(-60 // room)
    assert all(page.size == check_sheet.PAGE for page in pages)
    assert check_sheet.as_pdf(pages).startswith(b"%PDF-")


def test_a_doubtful_slot_is_hatched_on_the_sheet_also_in_grey():
    shown = plan(2)
    photo = np.full((540, 960, 3), 128, np.uint8)
    plain, doubtful = (
        np.asarray(check_sheet.pages(photo, shown, {one.id: note(one, doubt) for one in shown.slots})[0].convert("L"))
        for doubt in (None, Doubt.NO_TAG)
    )
    scale = (check_sheet.PAGE[0] - 2 * check_sheet.EDGE) / 960
    y, x = check_sheet.EDGE + 110 + int(0.4 * 540 * scale), check_sheet.EDGE + int(0.02 * 960 * scale)
    inside = np.s_[y : y + 120, x : x + 200]
    assert plain[inside].std() < 1
    assert doubtful[inside].std() > 30


def test_a_plan_that_nobody_doubted_has_no_question_marks():
    shown = replace(plan(2), version="9")
    cells = list(check_sheet._cells(shown.slots[0], shown.skus[0], 1, {}))
    assert not any("？" in cell for cell in cells)
    assert cells[-1] == "□"
