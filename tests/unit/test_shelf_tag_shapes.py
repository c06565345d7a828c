"""The digits of a price by shape, whether a tag still looks the same, and whose name stands on it."""

from random import Random

import numpy as np
import pytest
from tag_bays import scan_of, tag_bay, wrong_tags
from tag_pictures import Shown, Take, a_pose, look, printed, reference_take, scan_take, seen

from edge_agent.shelf.price_tags.names import likeness, named, plain
from edge_agent.shelf.price_tags.reader import SAME_NAME, SAME_PRICE
from edge_agent.shelf.price_tags.reading import digits_of, tag_crop
from edge_agent.shelf.price_tags.row import Row, price_row, reset
from edge_agent.shelf.price_tags.unchanged import Remembered

NAMES = {"a": plain("麦田原味薯片 70g"), "b": plain("麦田海苔薯片 70g"), "c": plain("金谷白桃汽水 330mL*12")}


def strokes(*, raised=True, ink=20, paper=230, touching=False):
    """Two tall strokes and two small ones at their shoulder, or behind a dot."""
    tag = np.full((90, 200, 3), paper, np.uint8)
    for x in (40, 60):
        tag[30:70, x : x + 10] = ink
    if raised:
        for x in (70 if touching else 78, 92):
            tag[30:48, x : x + 8] = ink
        if touching:
            tag[30:34, 70:100] = ink
    else:
        tag[64:70, 75:80] = ink
        for x in (86, 106):
            tag[30:70, x : x + 10] = ink
    return tag


@pytest.mark.parametrize(("ink", "paper"), [(20, 230), (225, 40)])
@pytest.mark.parametrize("raised", [True, False])
def test_decimals_are_told_by_size_or_by_the_dot_before_them(raised, ink, paper):
    row = price_row(strokes(raised=raised, ink=ink, paper=paper), (38, 28, 72, 72))
    assert row is not None
    assert row.decimals is not None
    assert row.whole[2] == pytest.approx(70, abs=1.5)
    assert row.decimals[0] == pytest.approx(78 if raised else 86, abs=1.5)


def test_decimals_that_touch_the_integer_are_cut_off_it():
    row = price_row(strokes(touching=True), (38, 28, 72, 72))
    assert row is not None
    assert row.decimals is not None
    assert row.decimals[2] == pytest.approx(100, abs=2)


def test_smaller_decimals_on_the_line_are_told_by_the_dot_before_them():
    tag = strokes()
    tag[:, 72:] = 230
    tag[64:70, 74:79] = 20
    for x in (83, 97):
        tag[42:70, x : x + 8] = 20
    row = price_row(tag, (38, 28, 72, 72))
    assert row is not None
    assert row.decimals == pytest.approx((83, 42, 105, 70), abs=1.5)


def test_an_integer_alone_has_no_decimals_and_paper_alone_no_digits():
    alone = strokes()
    alone[:, 72:] = 230
    assert price_row(alone, (38, 28, 72, 72)).decimals is None
    assert price_row(np.full((90, 200, 3), 230, np.uint8), (38, 28, 72, 72)) is None
    assert price_row(alone, (38, 28, 39, 30)) is None


def test_a_row_is_set_anew_with_decimals_as_tall_as_the_integer():
    tag = strokes()
    row = price_row(tag, (38, 28, 72, 72))
    line = reset(tag, row)
    dark = (line.mean(axis=2) < 120).any(axis=0).nonzero()[0]
    groups = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
    heights = [(line[:, group].mean(axis=2) < 120).any(axis=1).sum() for group in groups]
    assert len(groups) == 5
    assert min(heights[0], heights[1], heights[3], heights[4]) > 0.85 * max(heights)
    assert heights[2] < 0.3 * max(heights)


WITH, WITHOUT = (Row(whole=(0, 0, 20, 30), decimals=decimals) for decimals in ((22.0, 0.0, 32.0, 15.0), None))


@pytest.mark.parametrize(
    ("row", "text", "number"),
    [
        (WITH, "12.90", "12.90"),
        (WITH, "12..90", "12.90"),
        (WITH, "¥12·90", "12.90"),
        (WITH, "1290", None),
        (WITH, "12.9O", None),
        (WITHOUT, "12", "12"),
        (WITHOUT, "12.90", None),
        (WITHOUT, "012", None),
        (WITHOUT, "规格", None),
    ],
)
def test_a_number_must_have_the_decimals_that_stand_there(row, text, number):
    found = digits_of(row, (text, 0.9))
    assert (found and found.text) == number
    assert digits_of(row, (text, 0.3)) is None


def test_a_name_is_found_among_similar_ones_only_when_it_is_clear():
    assert named(["品名：麦田原味薯片", "规格 70g"], NAMES) == "a"
    assert named(["金谷白桃气水"], NAMES) == "c"
    assert named(["麦田某味薯片"], NAMES) == ""
    assert named(["规格 70g", "4.50"], NAMES) == ""
    assert named([], NAMES) == ""
    assert named(["麦田原味薯片"], {**NAMES, "d": NAMES["a"]}) == ""


def test_likeness_of_names_is_one_minus_edits_over_length():
    assert likeness("abcd", "abcd") == 1
    assert likeness("abcd", "abcx") == 0.75
    assert likeness("abcd", "wxyz") == 0


PRICE_BOX, NAME_BOX = (0.4, 0.32, 0.93, 0.9), (0.11, 0.15, 0.75, 0.28)


def crops(first: Shown, second: Shown, count: int = 4):
    style = look(3)
    for seed in range(count):
        rng = Random(seed)
        pose = a_pose(rng)
        before = tag_crop(*seen(printed(first, style), 180, reference_take(rng), rng, pose))
        calm = scan_take(rng)
        take = Take(gain=calm.gain, slope=calm.slope, soft=0.4, noise=2.0, quality=80, glare=0.0)
        yield before, tag_crop(*seen(printed(second, style), 180, take, rng, pose))


def test_a_tag_looks_unchanged_in_other_light_and_another_price_or_name_does_not():
    plain_tag = Shown(name="麦田原味薯片", price="12.90")
    cases = {
        "same": plain_tag, "price": Shown(name="麦田原味薯片", price="17.90"), "name": Shown(name="金谷白桃汽水", price="12.90"),
    }  # fmt: skip
    like = {
        kind: [Remembered(before, PRICE_BOX, NAME_BOX).likeness(after) for before, after in crops(plain_tag, other)]
        for kind, other in cases.items()
    }
    assert min(one.price for one in like["same"]) > max(one.price for one in like["price"]) + 0.1
    assert max(one.price for one in like["price"]) < SAME_PRICE
    assert min(one.name for one in like["same"]) > SAME_NAME > max(one.name for one in like["name"])


def test_the_world_of_tags_is_the_same_for_the_same_seed():
    one, other = (tag_bay(5, 3, 150) for _ in range(2))
    assert one.shown == other.shown
    assert (one.reference == other.reference).all()
    wrong = wrong_tags(one, 1, 1.0)
    assert set(wrong) == {"r1s1", "r1s2", "r1s3"}
    assert all(wrong[slot.id].price != shown.price for slot, shown in zip(one.plan.slots, one.shown, strict=True))
    assert [len(frame) for frame in scan_of(one, 1, wrong, 2)] == [3, 3]
