"""What rival products cost, scan after scan."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_world import NOON, World, analysis, memory_folder, score

from edge_agent import documents
from edge_agent.domain.planogram import Planogram, Side, Sku, Slot
from edge_agent.domain.recording import Kind
from edge_agent.domain.shelf import Seen, SlotReading
from edge_agent.price_series import ScanReadings, scans_in, series

QUAD = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
SKUS = (
    Sku(id="own-1", name="麦田薯片", brand="麦田", price="9.90", photos=(), side=Side.OWN),
    Sku(id="rival-1", name="金谷汽水", brand="金谷", price="4.50", photos=(), side=Side.COMPETITOR),
    Sku(id="rival-2", name="白渡酱油", brand="白渡", price="12.00", photos=(), side=Side.COMPETITOR),
    Sku(id="other-1", name="禾屿脆", brand="禾屿", price="7.00", photos=(), side=Side.UNKNOWN),
)
PLAN = Planogram(
    bay="bay-a", version="1", reference=Path("none.jpg"), skus=SKUS, digest="d",
    slots=tuple(Slot(id=f"s{n}", row=1, sku=sku.id, facings=1, area=QUAD, tag=QUAD) for n, sku in enumerate(SKUS)),
)  # fmt: skip


def read(planned, price, **more):
    return SlotReading(
        slot="s" + planned,
        seen=Seen.EXPECTED,
        sku=planned,
        confidence=0.9,
        frames=3,
        at_ms=0,
        price=price,
        planned=planned,
        **more,
    )


def scan(day, *readings):
    return ScanReadings(bay="bay-a", at=NOON + timedelta(days=day), readings=readings)


def spans(found):
    return [(one.price, one.member_price, one.offer_price, one.scans, one.since[:10], one.until[:10]) for one in found.spans]


def day(number):
    return (NOON + timedelta(days=number)).isoformat()[:10]


def test_a_change_of_a_rivals_price_begins_a_span():
    found = series([scan(n, read("rival-1", price)) for n, price in enumerate(["4.50", "4.50", "3.90"])], {"bay-a": PLAN})
    (line,) = found
    assert (line.sku, line.name, line.brand, line.scans, line.unclear) == ("rival-1", "金谷汽水", "金谷", 3, 0)
    assert spans(line) == [("4.50", None, None, 2, day(0), day(1)), ("3.90", None, None, 1, day(2), day(2))]


def test_scans_in_any_order_give_the_same_series():
    scans = [scan(n, read("rival-1", price)) for n, price in enumerate(["4.50", "3.90", "4.50"])]
    assert series(scans, {"bay-a": PLAN}) == series(scans[::-1], {"bay-a": PLAN})


def test_a_new_member_or_offer_price_is_a_change_too():
    scans = [
        scan(0, read("rival-1", "4.50")),
        scan(1, read("rival-1", "4.50", member_price="4.00")),
        scan(2, read("rival-1", "4.50", offer_price="3.50")),
    ]
    (line,) = series(scans, {"bay-a": PLAN})
    assert [one[:3] for one in spans(line)] == [("4.50", None, None), ("4.50", "4.00", None), ("4.50", None, "3.50")]


def test_only_rivals_are_followed_and_an_unread_price_says_nothing():
    scans = [scan(0, read("own-1", "9.90"), read("other-1", "7.00"), read("rival-2", "")), scan(1, read("rival-2", "12.00"))]
    (line,) = series(scans, {"bay-a": PLAN})
    assert (line.sku, line.scans, [one.scans for one in line.spans]) == ("rival-2", 1, [1])


def test_a_price_belongs_to_the_product_whose_name_the_tag_shows():
    scans = [scan(0, read("own-1", "4.20", tag_sku="rival-1"), read("rival-2", "9.90", tag_sku="own-1"))]
    assert [(one.sku, one.spans[0].price) for one in series(scans, {"bay-a": PLAN})] == [("rival-1", "4.20")]


def test_two_tags_of_one_product_that_differ_are_no_price():
    scans = [scan(0, read("rival-1", "4.50"), read("rival-1", "4.90")), scan(1, read("rival-1", "4.50"))]
    (line,) = series(scans, {"bay-a": PLAN})
    assert (line.scans, line.unclear, len(line.spans)) == (1, 1, 1)


def test_a_bay_without_a_plan_names_no_rivals():
    assert series([scan(0, read("rival-1", "4.50"))], {}) == []


@pytest.fixture
def world():
    with memory_folder() as folder:
        made = World(folder)
        yield made
        made.close()


def test_two_scans_in_the_ledger_with_different_prices_show_a_change(world):
    for hours, price in ((0, "4.50"), (1, "3.90")):
        seen = replace(score(), readings=(read("rival-1", price, unit_price="1.36", priced_per="100ml"),))
        made = world.take_in(kind=Kind.SHELF, started_at=NOON + timedelta(hours=hours))
        assert world.ledger.analysed(made.id, analysis(0, score=seen, transcript_object=""))
    world.take_in(kind=Kind.SHELF)
    found = documents.ShelfPrices(series=series(scans_in(world.reader), {"bay-a": PLAN}))
    (line,) = json.loads(documents.encode(found))["series"]
    assert [(one["price"], one["unit_price"], one["per"]) for one in line["spans"]] == [
        ("4.50", "1.36", "100ml"), ("3.90", "1.36", "100ml"),
    ]  # fmt: skip
    assert list(scans_in(world.reader, "bay-b")) == []
