"""Readings of one tag, verdicts of one slot, and the tags they give."""

from dataclasses import replace
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
from edge_agent.shelf.price_tags.grammar import Line, PriceReading
from edge_agent.shelf.price_tags.reader import TagReader, TagView
from edge_agent.shelf.price_tags.reading import TagRead, read_tag, sharpness, tag_crop, warmth_of
from edge_agent.shelf.price_tags.settling import SALE, TagStyle, settle, style_of
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


def beside(read_, text):
    """The same reading with another printed line."""
    return replace(read_, lines=(Line(left=0, top=60, right=90, bottom=72, text=text, confidence=0.9),))


@pytest.mark.parametrize(
    ("one", "price", "promotion"),
    [
        (read("8.90"), "8.90", False),
        (replace(read("8.90"), warmth=1.1), "8.90", False),
        (replace(read("8.90"), warmth=2.8), "8.90", True),
        (replace(read("10.90"), warmth=2.8), "", False),
        (replace(read("9.90"), warmth=2.8), "9.90", False),
        (beside(read("8.90"), "9.90"), "", False),
        (beside(read("8.90"), "7.90"), "8.90", False),
    ],
)
def test_a_hint_at_a_promotion_keeps_a_price_from_being_told_as_wrong(one, price, promotion):
    style = style_of([replace(read("5.00"), warmth=1.0)] * 9 + [one] * 3)
    tag = settle([one] * 3, "9.90", style)
    assert (tag.price, tag.promotion) == (price, promotion)


def test_a_former_price_that_is_the_lists_makes_a_lower_price_a_promotion():
    former = PriceReading(price="8.90", confidence=0.9, promotion=False, places=2, marked=True, former="9.90")
    tag = settle([replace(read("8.90"), price=former)] * 3, "9.90", STYLE)
    assert (tag.price, tag.promotion) == ("8.90", True)


def test_tags_that_are_all_yellow_hint_at_nothing():
    reads = [replace(read("8.90"), warmth=2.8)] * 3
    assert settle(reads, "9.90", style_of(reads)).promotion is False


def test_warmth_tells_yellow_and_red_from_white_in_any_light():
    def tag(*colour):
        return np.full((60, 100, 3), colour, np.uint8)

    for light in ((1.0, 1.0, 1.0), (1.0, 0.9, 0.7), (0.5, 0.5, 0.6)):
        white, yellow, red = (
            warmth_of(tag(*np.multiply(one, light))) for one in ((240, 240, 235), (252, 222, 70), (200, 24, 30))
        )
        assert yellow >= SALE * white
        assert red >= SALE * white


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


@pytest.mark.parametrize(("named", "told"), [("", ()), ("tea", ()), ("cola", ("cola", "cola"))])
def test_a_tag_that_names_another_product_is_told_in_the_evidence(named, told):
    one = verdict(Seen.EXPECTED, sku="tea", price="9.00")
    one = replace(one, reading=replace(one.reading, tag_sku=named))
    score = scored(ONE_TAG, [one], model_digest="0" * 64, duration_ms=30_000, frames_used=3, weights=dict(WEIGHTS))
    seen = observed(ONE_TAG, [one], score)
    assert tuple(detail for look in seen for kind, detail in look.detail if kind == "tag-of") == told


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

    def read_lines(self, pictures):
        return [("", 0.0) for _ in pictures]


def quad_px(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_a_tag_with_words_but_no_price_is_tried_smaller_too():
    reader = Reader((quad_px(5, 5, 60, 18), "麦田薯片", 0.99))
    tag = np.full((90, 200, 3), 240, np.uint8)
    found = read_tag(tag, 7, reader)
    assert (found.price, found.any_text, found.at_ms) == (None, True, 7)
    assert reader.sizes == [(90, 200), (65, 144)]


def test_a_tag_without_any_text_is_tried_once_and_weak_text_is_no_text():
    reader = Reader((quad_px(5, 5, 60, 18), "12.90", 0.3))
    assert not read_tag(np.full((90, 200, 3), 240, np.uint8), 0, reader).any_text
    assert len(reader.sizes) == 1


def printed_tag():
    """A light tag with four dark strokes, two of them small and raised: to a reader of shapes, 11 and its decimals."""
    tag = np.full((90, 200, 3), 230, np.uint8)
    for x, bottom in ((40, 70), (60, 70), (86, 48), (98, 48)):
        tag[30:bottom, x : x + 10] = 20
    return tag


class Doubtful:
    """Reads `first` from a tag and from its digits set anew, and `second` from the second look at them."""

    def __init__(self, first, shaped, second):
        self.first, self.shaped, self.second = first, shaped, second
        self.full, self.lines = 0, 0

    def read(self, rgb):
        self.full += 1
        return [(quad_px(30, 26, 112, 74), self.first, 0.99)]

    def read_lines(self, pictures):
        self.lines += len(pictures)
        return [(self.shaped if picture.shape[0] > 80 else self.second, 0.98) for picture in pictures]


def tag_reader(reader):
    return TagReader(reader, printed_tag(), ONE_TAG)


@pytest.mark.parametrize(
    ("first", "shaped", "second", "price"),
    [
        ("¥4.50", "4.50", "9.99", "4.50"),
        ("¥1.50", "1.50", "1.50", "1.50"),
        ("¥1.50", "1.50", "4.50", "4.50"),
        ("¥1.50", "1.50", "7.50", None),
        ("¥1", "4.50", "", "4.50"),
        ("¥1.50", "1.60", "1.60", "1.60"),
        ("¥1.50", "4.50", "9.99", "4.50"),
    ],
)
def test_a_reading_against_the_price_list_must_be_read_twice(first, shaped, second, price):
    reader = Doubtful(first, shaped, second)
    found = tag_reader(reader).read(ONE_TAG.slots[0], tag_crop(printed_tag(), WHOLE), 0)
    assert (found.price and found.price.price) == price
    assert found.by_text


def test_a_tag_that_was_read_with_certainty_is_read_by_its_digits_alone_and_then_by_its_look():
    reader = Doubtful("¥4.50", "4.50", "")
    tags, tag, slot = tag_reader(reader), tag_crop(printed_tag(), WHOLE), ONE_TAG.slots[0]
    first = tags.read(slot, tag, 0)
    assert (first.price.price, reader.full) == ("4.50", 1)
    second = tags.read(slot, tag, 1000)
    assert (second.price.price, second.by_text, reader.full, reader.lines) == ("4.50", True, 1, 2)
    (third,) = tags.read_all([TagView(slot=slot, tag=tag, at_ms=2000, reads=(second,))])
    assert (third.price.price, third.by_text, reader.full, reader.lines) == ("4.50", False, 1, 2)


def test_a_tag_that_looks_otherwise_or_whose_digits_differ_is_read_fully():
    reader = Doubtful("¥4.50", "4.50", "")
    tags, tag, slot = tag_reader(reader), tag_crop(printed_tag(), WHOLE), ONE_TAG.slots[0]
    first = tags.read(slot, tag, 0)
    other = tag.copy()
    other[30:110, 80:260] = other[30:110, 80:260][:, ::-1]
    tags.read_all([TagView(slot=slot, tag=other, at_ms=1000, reads=(first,))])
    assert reader.full == 2
    reader.shaped = reader.second = "6.50"
    reader.first = "¥6.50"
    assert tags.read(slot, tag, 2000).price.price == "6.50"
    assert reader.full == 3


def test_what_only_looks_unchanged_is_not_believed_before_the_scan_has_read_it():
    reader = Doubtful("¥4.50", "4.50", "")
    tags, tag, slot = tag_reader(reader), tag_crop(printed_tag(), WHOLE), ONE_TAG.slots[0]
    tags.read(slot, tag, 0)
    assert tags.read_all([TagView(slot=slot, tag=tag, at_ms=0)])[0].by_text


def test_nothing_is_read_from_a_blurred_tag():
    tag = np.full((90, 200, 3), 230, np.uint8)
    tag[30:60, 40:160:8] = 20
    reader = Doubtful("¥1.50", "1.50", "1.50")
    blurred = np.asarray(Image.fromarray(tag).resize((20, 9)).resize((200, 90)))
    assert TagReader(reader, tag, ONE_TAG).read(ONE_TAG.slots[0], tag_crop(blurred, WHOLE), 0).price is None
    assert reader.full == 0


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
