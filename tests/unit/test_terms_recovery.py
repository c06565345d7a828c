"""Terms that were misheard are put right by their sound; what is right, or what ordinary words explain, stays."""

from itertools import pairwise

import pytest

from edge_agent.terms.recovery import Corrected, Recovery

TRADE = (
    "集采目录", "中标价", "价格异议", "返点", "GMP认证", "原料药", "终端陈列", "堆头", "铺货率", "动销", "账期", "回款",
    "竞品", "窜货", "起订量", "增值税专票", "对公转账", "续费率", "客单价", "带量采购", "医保支付价", "处方量", "渠道压货",
    "库存周转", "招投标", "批签发", "售后质保", "备品备件", "3C认证", "CT球管",
)  # fmt: skip


@pytest.fixture(scope="module")
def recovery() -> Recovery:
    return Recovery(TRADE)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("我们的产品已经进了机材目录", "我们的产品已经进了集采目录"),
        ("现在普活率已经到百分之八十了，但是动效不太好", "现在铺货率已经到百分之八十了，但是动销不太好"),
        ("我们开增之税专票，您这边走对供转账就可以", "我们开增值税专票，您这边走对公转账就可以"),
        ("下个月中端成立要重新做", "下个月终端陈列要重新做"),  # confusable sounds: cheng/chen, li/lie
        ("既定量是五百件", "起订量是五百件"),  # ji/qi
        ("还要提供P千发报告", "还要提供批签发报告"),  # a letter for a syllable
        ("不要再搞驱到压火了，酷存州转太慢", "不要再搞渠道压货了，库存周转太慢"),
    ],
)
def test_misheard_terms_are_put_right(recovery: Recovery, heard: str, meant: str) -> None:
    assert recovery.correct(heard).text == meant


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("有没有通过GMT认证", "有没有通过GMP认证"),
        ("有没有通过鸡爱慕皮认证", "有没有通过GMP认证"),
        ("过了三C认证没有", "过了3C认证没有"),
        ("C T 求管要换", "CT球管要换"),
    ],
)
def test_letters_and_digits_have_a_sound(recovery: Recovery, heard: str, meant: str) -> None:
    assert recovery.correct(heard).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "，。！",
        "昨天在饭店吃饭花了三百块",  # 返点
        "他们大量采购了一批大米",  # 带量采购
        "这是一个长期的问题",  # 账期
        "会议开到价格又是一个新高",  # 价格优势, 价格异议
        "过了gmp认证、ＧＭＰ认证和3c认证",  # case and width are no mistake
        "集采目录和回款都没问题",
        "我的电话是一三五七九七一七零六",
    ],
)
def test_what_is_right_is_never_touched(recovery: Recovery, text: str) -> None:
    assert recovery.correct(text) == Corrected(text=text)


def test_two_syllables_need_another_term_beside_them_or_a_text_without_sense(recovery: Recovery) -> None:
    assert recovery.correct("他希望翻点再加三个点").corrections == ()
    assert recovery.correct("价格意义是翻点太低").text == "价格异议是返点太低"


def test_a_term_inside_a_longer_one_that_is_written_stays() -> None:
    recovery = Recovery(["返点", "返点政策", "店政"])
    assert recovery.correct("返点政策").corrections == ()


def test_a_longer_term_may_be_put_around_a_shorter_one_that_is_right() -> None:
    recovery = Recovery(["集采", "集采目录"])
    assert recovery.correct("进了集采木录没有").text == "进了集采目录没有"


def test_every_replacement_says_what_stood_there_and_why(recovery: Recovery) -> None:
    done = recovery.correct("客户的价格意义，是翻点太低")
    assert [(c.raw, c.term, done.text[c.start : c.end], c.reason) for c in done.corrections] == [
        ("价格意义", "价格异议", "价格异议", "same-sound"),
        ("翻点", "返点", "返点", "same-sound-beside-terms"),
    ]
    assert all(c.score == 1.0 for c in done.corrections)


def test_uncertain_candidates_are_named_but_not_applied(recovery: Recovery) -> None:
    text = "长期最多给您四十五天"
    (found,) = [one for one in recovery.candidates(text) if one.term == "账期"]
    assert (text[found.start : found.end], found.certain) == ("长期", False)
    assert recovery.correct(text).text == text
    assert recovery.apply(text, [found]).text == "账期最多给您四十五天"


def test_candidates_do_not_overlap(recovery: Recovery) -> None:
    found = recovery.candidates("增之税专票和机材目录，回宽完了系统会自动锁蛋")
    assert len(found) > 2
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_likely_terms_are_those_that_stand_or_sound_there_the_best_first(recovery: Recovery) -> None:
    assert recovery.likely(["回款没有问题", "普活率太低"], 2) == ["回款", "铺货率"]
    assert "账期" in recovery.likely(["长期最多给您四十五天"], 8)
    assert recovery.likely(["今天天气不错"], 8) == []


def test_a_comma_where_the_speaker_hesitated_is_no_wall(recovery: Recovery) -> None:
    assert recovery.correct("供货走医保，支付架").text == "供货走医保支付价"
    assert recovery.correct("供货走一保。支付架").corrections == ()


def test_traditional_characters_are_the_same_word(recovery: Recovery) -> None:
    assert recovery.correct("對公轉賬").corrections == ()


def test_no_terms_no_change() -> None:
    assert Recovery([]).correct("价格意义") == Corrected(text="价格意义")
    assert Recovery(["", " "]).likely(["价格意义"], 3) == []


def test_a_private_character_is_no_term() -> None:
    assert Recovery([]).correct("\uf8ff价格意义").corrections == ()
