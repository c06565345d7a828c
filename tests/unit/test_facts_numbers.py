"""Numbers, money, shares, quantities and lengths of time in a sentence, and the sentence with them in digits."""

from datetime import datetime

import pytest

from edge_agent import facts
from edge_agent.domain.notes import FactKind
from edge_agent.facts.numbers import plain, scan, value
from edge_agent.tagging import slots

AT = datetime.fromisoformat("2026-11-25T10:00+08:00")


def found(text: str, kind: FactKind) -> list[tuple[str, str]]:
    return [(one.value, one.unit) for one in facts.find(text, AT) if one.kind is kind]


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("三点五", 3.5), ("一百二十点五", 120.5), ("零点五", 0.5), ("三点五万", 35_000), ("一百十五", 115), ("一百零五", 105),
        ("两万五千三百八", 25_380), ("一亿三千万", 130_000_000),
    ],
)  # fmt: skip
def test_said_number_has_its_value(text, worth):
    assert value(text) == worth
    assert [one.low for one in scan(text)] == [worth]


@pytest.mark.parametrize(
    ("text", "shown"), [("三四百", "300/400"), ("十七八", "17/18"), ("五六千", "5000/6000"), ("几百", ""), ("十几万", "")]
)
def test_about_so_many_is_a_range_or_unknown(text, shown):
    assert [one.value for one in scan(text)] == [shown]


MONEY = [
    ("八块八一斤", "8.8"), ("三块五毛", "3.5"), ("一块二毛五", "1.25"), ("五毛", "0.5"),
    ("三百八十九块九毛九", "389.99"), ("4.8万元", "48000"),
    ("¥98.00", "98"), ("九千八百块钱", "9800"), ("价格是九千八", "9800"), ("预算三万五", "35000"),
    ("一千二一个", "1200"), ("每箱三百六", "360"),
    ("三百一箱", "300"), ("预算在八千到一万", "8000/10000"), ("三四百块", "300/400"), ("几百块", ""), ("二十多万块", "200000"),
    ("价格3w左右", "30000"), ("预算2万8", "28000"), ("报价4万8千", "48000"), ("总价2万8千5", "28500"), ("两箱90", "90"),
    ("19块9", "19.9"), ("一块五", "1.5"),
    ("壹万贰仟元", "12000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "worth"), MONEY)
def test_money_is_read_in_yuan(text, worth):
    assert found(text, FactKind.MONEY)[0] == (worth, "CNY")


def test_other_money_has_its_own_unit():
    assert found("要三百美元", FactKind.MONEY) == [("300", "USD")]


@pytest.mark.parametrize(
    "text", ["一块儿去", "一起走一趟", "万一坏了", "第一次来", "十分满意", "二手的", "三心二意", "别折腾", "一点都不贵"]
)
def test_set_phrases_hold_no_amount_and_stay_as_they_are(text):
    assert facts.in_digits(text) == text
    assert [one for one in facts.find(text, AT) if one.kind is FactKind.MONEY] == []


@pytest.mark.parametrize(
    ("text", "worth", "unit"),
    [
        ("首付百分之三十", "30", "%"), ("涨了三个点", "3", "%"), ("零点八个点", "0.8", "%"), ("3%", "3", "%"),
        ("降了七成", "70", "%"),
        ("打八五折", "85", "折"), ("八折", "80", "折"), ("8.5折", "85", "折"), ("九点五折", "95", "折"),
    ],
)  # fmt: skip
def test_shares_and_discounts(text, worth, unit):
    assert found(text, FactKind.PERCENT) == [(worth, unit)]


@pytest.mark.parametrize(
    ("text", "worth", "unit"),
    [
        ("20箱", "20", "箱"), ("两打", "2", "打"), ("三件半", "3.5", "件"), ("六十来箱", "60", "箱"),
        ("三四十箱", "30/40", "箱"), ("几万个", "", "个"),
        ("半箱", "0.5", "箱"), ("一米八", "1.8", "米"), ("五百一十升", "510", "升"), ("3-5箱", "3/5", "箱"),
    ],
)  # fmt: skip
def test_quantities(text, worth, unit):
    assert found(text, FactKind.QUANTITY) == [(worth, unit)]


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("账期四十五天", "P45D"), ("三天内", "P3D"), ("两个小时", "PT2H"), ("三个半小时", "PT3.5H"), ("一年半", "P18M"),
        ("半年", "P6M"),
        ("俩礼拜", "P14D"), ("三五天", "P3D/P5D"), ("两到三个月", "P2M/P3M"), ("十分钟", "PT10M"),
    ],
)  # fmt: skip
def test_lengths_of_time_are_iso_8601(text, worth):
    assert found(text, FactKind.DURATION) == [(worth, "")]


WRITTEN = [
    ("价格是九千八", "价格是9800"), ("百分之三", "3%"), ("下周三上午十点", "下周三上午10点"), ("八块八一斤", "8块8一斤"),
    ("打八五折", "打8.5折"),
    ("二零二六年三月八号", "2026年3月8号"), ("五一放假，十五号回来", "五一放假，15号回来"), ("一百四十四亿", "144亿"),
    ("两亿三千万", "230000000"),
    ("三分之一", "1/3"),
    ("手机幺三八零零幺三八零零零", "手机13800138000"), ("三到五万", "3到5万"), ("一箱四十八包", "一箱48包"),
    ("周一三五送货", "周一三五送货"),
    ("便宜一点三个人", "便宜一点3个人"), ("再给抹点儿，三心二意", "再给抹点儿，三心二意"), ("三百一箱", "300一箱"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_sentence_is_written_with_its_numbers_in_digits(text, written):
    assert facts.in_digits(text) == written


@pytest.mark.parametrize("text", ["货号6-3-1", "工号A0012", "978-7-111-54742-6"])
def test_parts_of_a_code_are_no_numbers(text):
    assert found(text, FactKind.NUMBER) == []


@pytest.mark.parametrize(
    "text", ["三十二块八", "十九块五", "四毛", "4.8万元", "九千八百块", "两万五千块", "一百二十块", "八毛五"]
)
def test_rules_and_facts_read_the_same_money(text):
    (slot,) = slots.find(text, "amount")
    assert found(text, FactKind.MONEY) == [(plain(slot.value), "CNY")]


@pytest.mark.parametrize(
    "text", ["9" * 400, f"我要{'9' * 400}箱", f"{'9' * 400}块", f"{'9' * 5000}天内", "一" + "亿" * 60, "一" * 400]
)
def test_hundreds_of_digits_in_a_row_fail_nothing(text: str) -> None:
    facts.find(text, AT)
    assert value("9" * 400) is None
