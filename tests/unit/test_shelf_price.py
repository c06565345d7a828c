"""Which number on a tag is the shelf price."""

import pytest

from edge_agent.shelf.price_tags.grammar import Line, amounts_in, price_of


def line(left, top, width, height, text):
    return Line(left=left, top=top, right=left + width, bottom=top + height, text=text, confidence=0.99)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("¥12.90", ("12.90",)),
        ("￥12.90元", ("12.90",)),
        ("Y12.90", ("12.90",)),
        ("羊3.50", ("3.50",)),
        ("12元9角", ("12.90",)),
        ("12块9", ("12.90",)),
        ("9角", ("0.90",)),
        ("12⁹⁰", ("12.90",)),
        ("¥1,299.00", ("1299.00",)),
        ("¥12. 90", ("12.90",)),
        ("198円", ("198",)),
        ("12.90元/瓶", ("12.90",)),
        ("净含量:1.5L", ()),
        ("规格 250ml*12", ()),
        ("2026-11-20", ()),
        ("6901234567892", ()),
        ("8折", ()),
        ("No.12", ()),
        ("007", ()),
        ("500g", ()),
    ],
)
def test_amounts_are_told_from_other_numbers(text, amounts):
    assert amounts_in(text) == amounts


def test_raised_decimals_are_joined_to_the_big_integer():
    tag = [line(0, 0, 90, 18, "麦田薯片"), line(0, 30, 60, 50, "¥12"), line(62, 32, 30, 25, "90"), line(0, 84, 60, 12, "规格90g")]
    found = price_of(tag)
    assert found is not None
    assert (found.price, found.places, found.marked) == ("12.90", 2, True)


def test_small_digits_far_from_the_integer_are_not_its_decimals():
    found = price_of([line(0, 30, 60, 50, "¥12"), line(200, 32, 30, 25, "90")])
    assert found is not None
    assert found.price == "12"


def test_the_same_price_recognised_twice_is_one_price():
    found = price_of([line(0, 20, 60, 52, "¥7"), line(10, 18, 90, 54, "7.80")])
    assert found is not None
    assert found.price == "7.80"


@pytest.mark.parametrize(
    "tag",
    [
        [line(0, 0, 40, 14, "会员价"), line(44, 0, 60, 30, "9.90"), line(0, 40, 90, 30, "零售价12.90")],
        [line(0, 0, 90, 14, "单价2.58/100g"), line(0, 30, 90, 40, "¥12.90")],
        [line(0, 0, 90, 40, "¥12.90"), line(0, 44, 90, 14, "会员 11.90")],
    ],
)
def test_member_and_unit_prices_are_not_the_shelf_price(tag):
    found = price_of(tag)
    assert found is not None
    assert found.price == "12.90"
    assert not found.promotion


def test_a_promotion_is_told_with_its_price():
    found = price_of([line(0, 0, 60, 14, "原价15.90"), line(0, 20, 40, 14, "促销价"), line(0, 36, 90, 50, "12.90")])
    assert found is not None
    assert (found.price, found.promotion) == ("12.90", True)


def test_two_equally_tall_amounts_are_no_answer():
    assert price_of([line(0, 0, 60, 40, "12.90"), line(80, 0, 60, 40, "13.90")]) is None


def test_a_member_price_alone_or_no_number_is_no_answer():
    assert price_of([line(0, 0, 90, 40, "会员价 9.90")]) is None
    assert price_of([line(0, 0, 90, 40, "麦田薯片")]) is None
    assert price_of([]) is None
