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
        ("3毛", ("0.30",)),
        ("1元5角", ("1.50",)),
        ("12块", ("12",)),
        ("5.98/斤", ("5.98",)),
        ("第2件半价", ()),
        ("满99减20", ()),
        ("买2送1", ()),
        ("120抽*3包", ()),
        ("保质期12个月", ()),
        ("94881", ()),
        ("¥94881", ("94881",)),
        ("94881元", ("94881",)),
        ("94,881", ("94881",)),
        ("9488", ("9488",)),
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


@pytest.mark.parametrize(
    ("texts", "price"),
    [
        (["¥12.90", "2件9.9元"], "12.90"),
        (["¥12.90", "第二件半价"], "12.90"),
        (["¥12.90", "第2件9.9"], "12.90"),
        (["¥12.90", "任选3件29.9"], "12.90"),
        (["¥12.90", "满99减20"], "12.90"),
        (["¥12.90", "买2送1"], "12.90"),
        (["2件9.9"], None),
        (["9.9元2件"], None),
        (["9.9/2件"], None),
    ],
)
def test_an_offer_for_several_pieces_is_no_shelf_price_and_is_a_promotion(texts, price):
    found = price_of([line(0, 60 * n, 90, 40, text) for n, text in enumerate(texts)])
    assert (found and found.price) == price
    assert found is None or found.promotion


@pytest.mark.parametrize(
    ("text", "unit", "per"),
    [
        ("1.16元/500g", "1.16", "500g"),
        ("2.30/100mL", "2.30", "100mL"),
        ("每100克 2.30", "2.30", "100克"),
        ("每500g:¥4.60", "4.60", "500g"),
        ("单价 3.20元/斤", "3.20", "斤"),
    ],
)
def test_the_unit_price_is_told_beside_the_shelf_price(text, unit, per):
    found = price_of([line(0, 0, 90, 40, "¥12.90"), line(0, 50, 90, 12, text)])
    assert (found.price, found.unit, found.per) == ("12.90", unit, per)


def test_goods_by_weight_are_priced_by_weight_only_where_that_is_the_biggest_print():
    found = price_of([line(0, 0, 90, 14, "红富士苹果"), line(0, 20, 90, 50, "5.98元/斤")])
    assert (found.price, found.unit, found.per) == ("5.98", "5.98", "斤")
    assert price_of([line(0, 0, 90, 24, "红富士苹果"), line(0, 30, 90, 12, "5.98元/斤")]) is None
    assert price_of([line(0, 0, 90, 50, "1.16元/100g")]) is None


def test_member_promotion_and_former_prices_are_told_beside_the_shelf_price():
    found = price_of([line(0, 0, 90, 40, "¥12.90"), line(0, 50, 90, 14, "会员价 11.90"), line(0, 70, 90, 14, "特价 9.90")])
    assert (found.price, found.member, found.offer, found.promotion) == ("12.90", "11.90", "9.90", True)
    found = price_of([line(0, 0, 60, 14, "原价15.90"), line(0, 20, 40, 14, "促销价"), line(0, 36, 90, 50, "12.90")])
    assert (found.price, found.former, found.offer) == ("12.90", "15.90", "12.90")
    found = price_of([line(0, 0, 90, 40, "¥12.90"), line(0, 50, 90, 14, "会员价 11.90"), line(0, 70, 90, 14, "PLUS 10.90")])
    assert found.member == ""


def test_a_suggested_retail_price_is_not_the_shelf_price():
    found = price_of([line(0, 0, 90, 30, "建议零售价15.00"), line(0, 40, 90, 30, "零售价12.90")])
    assert (found.price, found.former) == ("12.90", "15.00")


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
