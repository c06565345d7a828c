"""Readings of one tag, verdicts of one slot, and the tags they give."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shipped import lexicon

from edge_agent.domain.observation import Scanned
from edge_agent.domain.planogram import Planogram, Sku, Slot
from edge_agent.domain.shelf import WEIGHTS, Seen, Share, SlotReading
from edge_agent.domain.tags import Status
from edge_agent.shelf.pictures.evidence import View, draw
from edge_agent.shelf.price_tags.grammar import PriceReading
from edge_agent.shelf.price_tags.reading import TagRead, TagReader, TagStyle, read_tag, settle, sharpness, style_of, tag_crop
from edge_agent.shelf.scoring.observing import observed
from edge_agent.shelf.scoring.score import scored
from edge_agent.shelf.scoring.shares import Verdict
from edge_agent.tagging.sight.watch import Watch

STYLE = TagStyle(decimals=True, ink=40.0)
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
ONE_TAG = Planogram(
    bay="b", version="1", reference=Path("r"), digest="0" * 64,
    slots=(Slot(id="r1s1", row=1, sku="tea", facings=1, area=WHOLE, tag=WHOLE),),
    skus=(Sku(id="tea", name="茶", brand="麦田", price="4.50", photos=()),),
)  # fmt: skip


def read(price, at_ms=0, *, places=2, marked=False, promotion=False, any_text=True, ink=40.0):
    found = None
    if price is not None:
        found = PriceReading(price=price, confidence=0.9, promotion=promotion, places=places, marked=marked)
    return TagRead(at_ms=at_ms, price=found, any_text=any_text, ink=ink)


@pytest.mark.parametrize(
    ("reads", "listed", "price"),
    [
        ([read("24.90", n) for n in range(3)], "24.99", "24.90"),
        ([read("24.90", n) for n in range(2)], "24.99", ""),
        ([read("24.90"), read("24.90"), read("24.90"), read("24.99"), read("24.99")], "24.99", ""),
        ([read("24.90", places=1)] * 4, "24.99", ""),
        ([read("4.99")] * 4, "24.99", ""),
        ([read("4.99", marked=True)] * 4, "24.99", "4.99"),
        ([read("25", places=0)] * 4, "24.99", ""),
        ([read("2499", places=0)] * 4, "24.99", ""),
        ([read("24.99"), read("24.99"), read(None), read("24.99")], "24.99", "24.99"),
        ([], "24.99", ""),
    ],
)
def test_a_price_is_settled_only_by_three_whole_agreeing_reads(reads, listed, price):
    assert settle(reads, listed, STYLE).price == price


def test_whole_prices_count_where_tags_show_no_decimals():
    reads = [read("198", n, places=0) for n in range(3)]
    assert settle(reads, "178.00", style_of(reads)).price == "198.00"


def test_the_third_agreeing_read_dates_the_price():
    reads = [read("9.00", 100), read(None, 200), read("9.00", 300), read("9.00", 400), read("9.00", 500)]
    assert settle(reads, "8.00", STYLE).settled_at_ms == 400


@pytest.mark.parametrize(
    ("reads", "visible"),
    [
        ([read(None, any_text=False, ink=5.0)] * 3, False),
        ([read(None, any_text=False, ink=5.0)] * 2, None),
        ([read(None, any_text=False, ink=38.0)] * 3, None),
        ([read(None, any_text=False, ink=5.0)] * 3 + [read("9.00")], True),
    ],
)
def test_a_tag_is_missing_only_where_nothing_is_printed(reads, visible):
    assert settle(reads, "9.00", STYLE).visible is visible


def verdict(seen, *, sku="", confidence=0.9, price="", listed="5.00", settled=True, tag_visible=True):
    reading = SlotReading(
        slot="r1s1", seen=seen, sku=sku, confidence=confidence, frames=3, at_ms=1000,
        price=price, price_confidence=0.9 if price else 0.0, price_reads=3 if price else 0, tag_visible=tag_visible,
    )  # fmt: skip
    return Verdict(
        reading=reading, planned="tea", holds_planned=seen is Seen.EXPECTED, has_tag=True, price_list=listed,
        price_settled=settled and bool(price), seen_from_ms=1000, seen_to_ms=9000, price_at_ms=5000 if price else 0,
    )  # fmt: skip


def tags_of(one):
    score = scored(ONE_TAG, [one], model_digest="0" * 64, duration_ms=30_000, frames_used=3, weights=dict(WEIGHTS))
    scanned = Scanned(
        recording="scan",
        place="shelf:b",
        began_at=datetime(2026, 11, 20, tzinfo=UTC),
        observations=observed(ONE_TAG, [one], score),
    )
    return [tag for tag in Watch(lexicon()).seen(scanned) if "slot" in dict(tag.slots)]


def told(one):
    return [(tag.code, tag.status, dict(tag.slots)) for tag in tags_of(one)]


def test_each_fault_gives_its_tag():
    place = {"slot": "r1s1", "sku": "tea"}
    assert told(verdict(Seen.EMPTY)) == [("shelf.out_of_stock", Status.PROVISIONAL, place)]
    assert told(verdict(Seen.OTHER, sku="milk")) == [("shelf.misplaced", Status.PROVISIONAL, {**place, "seen_sku": "milk"})]
    assert told(verdict(Seen.EXPECTED, sku="tea", price="6.00")) == [
        ("shelf.price_tag_mismatch", Status.FINAL, {**place, "price": "6.00", "list_price": "5.00"})
    ]
    assert told(verdict(Seen.EXPECTED, sku="tea", tag_visible=False)) == [("shelf.price_tag_missing", Status.PROVISIONAL, place)]


@pytest.mark.parametrize(
    "one",
    [
        verdict(Seen.EXPECTED, sku="tea", price="5.00"),
        verdict(Seen.UNKNOWN),
        verdict(Seen.NOT_ASSESSABLE, tag_visible=None),
        verdict(Seen.OTHER, sku="milk", confidence=0.79),
        verdict(Seen.EXPECTED, sku="tea", price="6.00", settled=False),
        verdict(Seen.UNKNOWN, tag_visible=False),
    ],
)
def test_what_is_right_or_unknown_or_unsure_gives_no_tag(one):
    assert told(one) == []


def test_a_tag_explains_itself_without_prose():
    (tag,) = tags_of(verdict(Seen.EXPECTED, sku="tea", price="6.00"))
    assert tag.start_ms == tag.known_at_ms == 5000
    assert [one.kind for one in tag.evidence] == [
        "subject", "slot", "views", "reading", "expected", "scan", "condition", "condition", "condition", "votes",
    ]  # fmt: skip
    assert (tag.rule, tag.rule_digest) == ("shelf.price_tag_mismatch@1", lexicon().event_digests["shelf.price_tag_mismatch"])


class Reader:
    """Reads the same lines from every picture, and counts."""

    def __init__(self, *lines):
        self.lines = lines
        self.sizes = []

    def read(self, rgb):
        self.sizes.append(rgb.shape[:2])
        return self.lines


def quad_px(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_a_tag_with_words_but_no_price_is_tried_smaller_and_in_part():
    reader = Reader((quad_px(5, 5, 60, 18), "麦田薯片", 0.99))
    tag = np.full((90, 200, 3), 240, np.uint8)
    tag[40:75, 100:115] = 20
    found = read_tag(tag, 7, reader)
    assert (found.price, found.any_text, found.at_ms) == (None, True, 7)
    assert len(reader.sizes) == 3


def test_a_tag_without_any_text_is_tried_once_and_weak_text_is_no_text():
    reader = Reader((quad_px(5, 5, 60, 18), "12.90", 0.3))
    assert not read_tag(np.full((90, 200, 3), 240, np.uint8), 0, reader).any_text
    assert len(reader.sizes) == 1


class Doubtful:
    """Reads `first` from a tag at its own size and `second` from any smaller one."""

    def __init__(self, first, second):
        self.texts = (first, second)
        self.seen = 0

    def read(self, rgb):
        self.seen += 1
        return [(quad_px(10, 10, 90, 50), self.texts[rgb.shape[1] < 200], 0.99)]


@pytest.mark.parametrize(
    ("first", "second", "price", "looks"),
    [
        ("¥4.50", "¥9.99", "4.50", 1),
        ("¥1.50", "¥1.50", "1.50", 2),
        ("¥1.50", "¥4.50", "4.50", 2),
        ("¥1.50", "¥7.50", None, 2),
        ("¥1.50", "禾屿", None, 3),
    ],
)
def test_a_reading_against_the_price_list_must_be_read_twice(first, second, price, looks):
    tag = np.full((90, 200, 3), 230, np.uint8)
    tag[30:60, 40:160:8] = 20
    reader = Doubtful(first, second)
    found = TagReader(reader, tag, ONE_TAG).read(ONE_TAG.slots[0], tag_crop(tag, WHOLE), 0)
    assert (found.price and found.price.price, reader.seen) == (price, looks)


def test_nothing_is_read_from_a_blurred_tag():
    tag = np.full((90, 200, 3), 230, np.uint8)
    tag[30:60, 40:160:8] = 20
    reader = Doubtful("¥1.50", "¥1.50")
    blurred = np.asarray(Image.fromarray(tag).resize((20, 9)).resize((200, 90)))
    assert TagReader(reader, tag, ONE_TAG).read(ONE_TAG.slots[0], tag_crop(blurred, WHOLE), 0).price is None
    assert reader.seen == 0


def test_a_small_tag_is_cut_at_least_200_px_wide_and_blur_is_measured():
    rng = np.random.default_rng(0)
    picture = np.full((300, 400, 3), 90, np.uint8)
    picture[100:130, 100:160] = rng.integers(0, 2, (30, 60, 1)) * 255
    quad = ((0.25, 1 / 3), (0.4, 1 / 3), (0.4, 130 / 300), (0.25, 130 / 300))
    tag = tag_crop(picture, quad)
    assert tag.shape[1] == 200
    soft = tag_crop(np.asarray(Image.fromarray(picture).resize((80, 60)).resize((400, 300))), quad)
    assert sharpness(soft) < 0.5 * sharpness(tag)


def test_the_picture_shows_no_pixel_of_a_slot_that_was_not_clear():
    reference = np.full((360, 640, 3), 200, np.uint8)
    quads = [((0.1 + 0.4 * n, 0.2), (0.4 + 0.4 * n, 0.2), (0.4 + 0.4 * n, 0.8), (0.1 + 0.4 * n, 0.8)) for n in (0, 1)]
    slots = [Slot(id=f"r1s{n + 1}", row=1, sku="tea", facings=1, area=quad, tag=None) for n, quad in enumerate(quads)]
    seen = np.zeros((100, 100, 3), np.uint8)
    seen[..., 0] = 255
    share = Share(good=1, assessed=1, planned=2)
    png = draw(
        reference, slots, [verdict(Seen.EXPECTED), verdict(Seen.NOT_ASSESSABLE)],
        {"r1s1": View(slot=seen, tag=None), "r1s2": View(slot=None, tag=None)}, (share, share, share),
    )  # fmt: skip
    picture = np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)
    assert picture.shape[0] > 720
    assert picture.shape[1:] == (1280, 3)
    assert tuple(picture[500, 320]) == (255, 0, 0)
    inner = picture[200:560, 660:1000]
    assert (abs(inner[..., 0] - inner[..., 2]) <= 2).all()
