"""Telephones, citizens' numbers, cards, plates and accounts, written and dictated; and what only looks like them."""

from datetime import datetime

import pytest

from edge_agent import facts
from edge_agent.domain.notes import FactKind

AT = datetime.fromisoformat("2026-11-25T10:00+08:00")
NAMED = {kind for kind in FactKind if kind.personal} | {FactKind.ORGANISATION}


def named(text: str) -> list[tuple[str, str]]:
    return [(one.kind.value, one.value) for one in facts.find(text, AT) if one.kind in NAMED]


PHONES = [
    ("我的手机是幺三八零零幺三八零零零", "13800138000"), ("一三八，嗯，零零一三，八零零零", "13800138000"),
    ("138-0013-8000", "13800138000"),
    ("１３８　００１３　８０００", "13800138000"), ("+86 138 0013 8000", "13800138000"), ("138幺二三四五六七八", "13812345678"),
    ("一三八四个零一二三四", "13800001234"), ("电话是，1，3，8，0，0，1，3，8，0，0，0", "13800138000"),
    ("我手机一三八零零一三八零零零一起吃饭", "13800138000"), ("电话138 0013 八千", "13800138000"),
    ("一百三十八，零零一三，八零零零，这是我电话", "13800138000"), ("打我电话一三八，五十六，七十八，九十，一二", "13856789012"),
    ("010-62345678转8001", "01062345678-8001"), ("零二一，五八八八，六六六六", "02158886666"), ("400-810-8888", "4008108888"),
    ("座机六二三四五六七八", "62345678"), ("tel:13800138000", "13800138000"), ("姓名张三，一三九零零一三九零零零", "13900139000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), PHONES)
def test_telephone_is_found_however_it_is_said(text, number):
    assert named(text) == [("phone", number)]


OTHERS = [
    ("身份证11010519491231002X", "id-card", "11010519491231002X"),
    ("身份证号是幺幺零幺零五幺九四九幺二三幺零零二艾克斯", "id-card", "11010519491231002X"),
    ("110105 19491231 002x", "id-card", "11010519491231002X"),
    ("老身份证110105491231002", "id-card", "110105491231002"),
    ("6222 0212 3456 7890 128", "bank-card", "6222021234567890128"),
    ("卡号六二二二零二一二三四五六七八九零一二八", "bank-card", "6222021234567890128"),
    ("京A12345", "plate", "京A12345"),
    ("粤B幺二三四五", "plate", "粤B12345"),
    ("沪A-D12345", "plate", "沪AD12345"),
    ("京A三个八六六", "plate", "京A88866"),
    ("苏E8888学", "plate", "苏E8888学"),
    ("车牌京诶一二三四五", "plate", "京A12345"),
    ("zhangsan@163.com", "email", "zhangsan@163.com"),
    ("一二三四艾特qq点com", "email", "1234@qq.com"),
    ("微信号是abc_12345", "account", "abc_12345"),
    ("QQ号是123456789", "account", "123456789"),
    ("护照E12345678", "passport", "E12345678"),
    ("统一社会信用代码91110108551385082Q", "organisation", "91110108551385082Q"),
]


@pytest.mark.parametrize(("text", "kind", "value"), OTHERS)
def test_identifier_is_found_with_its_kind(text, kind, value):
    assert named(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "订单号13812345678", "运单13812345678", "SKU-13812345678", "快递单号1380013800012", "ISBN 978-7-111-54742-6",
        "条码6901234567892",
        "价格13800138000元", "13800138000.00元", "开会20261125", "全新A12345", "阿里云A12345", "京A123456", "版本1.3.8.0013.8000",
        "税号914403000000000000", "房间三零七二", "一三五，二四六", "卖了13812345678件",
        "六二二二，一二三四，五六七八，九零一二，三四五",
        "单号是二零二三，幺三幺二，三四五六，七八九", "百分之十三点八",
    ],
)  # fmt: skip
def test_look_alike_is_left_alone(text):
    assert named(text) == []


def test_two_numbers_in_one_breath_are_two():
    assert named("13800138000，13900139000") == [("phone", "13800138000"), ("phone", "13900139000")]


def test_misheard_number_that_was_named_is_unclear_and_masked():
    assert named("身份证110105194912310021") == [("unclear", "110105194912310021")]
    text = "我手机12345678901"
    assert facts.mask(text, facts.find(text, AT)) == "我手机[号码]"


def test_mask_leaves_the_rest_as_it_was():
    text = "我是幺三八零零幺三八零零零，车牌京A12345，要20箱"
    found = facts.find(text, AT)
    assert facts.mask(text, found) == "我是[电话]，车牌[车牌]，要20箱"
    shown, moved = facts.hide(text, found)
    assert [(one.kind.value, one.value, shown[one.char_start : one.char_end]) for one in moved] == [
        ("phone", "", "[电话]"), ("plate", "", "[车牌]"), ("quantity", "20", "20箱"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["1" * 8_000, "一三八，" * 2_000, "京A" * 4_000, "零点" * 4_000, "a@" * 4_000, "三个" * 4_000, "下" * 8_000]
)
def test_long_nonsense_costs_no_more_than_its_length(text):
    assert len(facts.find(text, AT)) <= len(text)
