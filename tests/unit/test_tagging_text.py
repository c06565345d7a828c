"""Speech as the matcher reads it: sentences, clauses, brands, numbers, slots, word boundaries."""

import pytest

from edge_agent.facts.numbers import value
from edge_agent.lexicon import words
from edge_agent.lexicon.notation import OWN, RIVAL
from edge_agent.tagging import slots
from edge_agent.tagging.text import Reader

READER = Reader(
    brands={"澜星": (RIVAL, "rival-1"), "恒拓": (OWN, "own-1"), "恒拓电器": (OWN, "own-1")},
    confusables={"蓝星": "澜星"},
    fillers=["呃"],
)


@pytest.mark.parametrize(
    ("raw", "sentences"),
    [
        ("多少钱？太贵了！", ["多少钱?", "太贵了!"]),
        ("哦……那这么算还行。", ["哦......", "那这么算还行。"]),
        ("4.8万一年。", ["4.8万一年。"]),
        ("ＯＫ，就它了", ["ok,就它了"]),
        ("比澜星贵", [f"比{RIVAL}贵"]),
        ("比蓝星贵", [f"比{RIVAL}贵"]),
        ("我是恒拓电器的", [f"我是{OWN}的"]),
        ("太呃贵了", ["太贵了"]),
        ("。。。", []),
        ("", []),
    ],
)
def test_utterance_is_cut_and_folded(raw, sentences):
    assert [s.text for s in READER.sentences(raw)] == sentences


def test_offsets_lead_back_into_the_raw_utterance():
    raw = "呃，你们比蓝星贵。ＯＫ"
    first, second = READER.sentences(raw)
    at = first.text.index(RIVAL)
    start, end = first.raw((at, at + 1))
    assert raw[start:end] == "蓝星"
    start, end = first.raw((first.text.index("比"), first.text.index("贵") + 1))
    assert raw[start:end] == "比蓝星贵"
    start, end = second.raw((0, 2))
    assert raw[start:end] == "ＯＫ"
    assert first.brands == ((at, "rival-1"),)


def test_clauses_end_at_punctuation_and_at_blanks_beside_chinese():
    sentence = next(READER.sentences("价格 A4 纸，便宜、好用。"))
    assert [sentence.text[a:b] for a, b in sentence.clauses] == ["价格", "a4", "纸", "便宜", "好用"]


NUMBERS = {
    "九千八": 9800, "四万八": 48000, "七千九百九": 7990, "一万零八百": 10800, "八百六": 860, "一百二": 120,
    "三零七二": 3072, "十五": 15, "4.8万": 48000, "两千": 2000, "二十万": 200000, "九十六": 96, "一万六": 16000,
    "一千零五十": 1050, "三百零五": 305, "十": 10, "半": 0.5, "一亿三千万": 130_000_000, "1,200": 1200,
    "一万二千三": 12300, "两百五": 250, "几百": None, "五六千": None, "": None, "贵": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_spoken_number_has_its_everyday_value(text, number):
    assert value(text) == number


SLOTS = [
    ("三十二块八。", "amount", "三十二块八", 32.8),
    ("十九块五一盒", "amount", "十九块五", 19.5),
    ("贵四毛多呢", "amount", "四毛", 0.4),
    ("一年四万八", "amount", "四万八", 48000),
    ("4.8万元", "amount", "4.8万元", 48000),
    ("五六千吧", "amount", "五六千", None),
    ("不管多少都是八百六一支", "amount", "八百六", 860),
    ("二十箱", "qty", "二十箱", 20),
    ("打九五折", "percent", "九五折", 5),
    ("八折", "percent", "八折", 20),
    ("8.5折", "percent", "8.5折", 15),
    ("首付百分之三十", "percent", "百分之三十", 30),
    ("3%", "percent", "3%", 3),
    ("周四上午十点", "date", "周四上午十点", "thu.h10"),
    ("下周三", "date", "下周三", "next-wed"),
    ("明天下午三点", "date", "明天下午三点", "tomorrow.h15"),
    ("今天下班前", "date", "今天下班前", "today.h18"),
    ("三天内", "date", "三天内", "in-3d"),
    ("十五号", "date", "十五号", "day-15"),
    ("今天下午三点半", "date", "今天下午三点半", "today.h15.5"),
    ("明天上午9点半前", "date", "明天上午9点半", "tomorrow.h9.5"),
    ("今天下午三点二十分", "date", "今天下午三点二十分", "today.h15.5"),
    ("今天下午三点四十", "date", "今天下午三点四十", "today.h16"),
    ("晚上十二点前", "date", "晚上十二点", "h24"),
    ("今晚十二点", "date", "今晚十二点", "today.h24"),
    ("今晚九点", "date", "今晚九点", "today.h21"),
    ("明天晚上一点", "date", "明天晚上一点", "tomorrow.h25"),
    ("中午十二点", "date", "中午十二点", "h12"),
    ("11月30号", "date", "11月30号", "m11-day-30"),
    ("3月5日下午三点", "date", "3月5日下午三点", "m3-day-5.h15"),
    ("十二月一号", "date", "十二月一号", "m12-day-1"),
    ("三个月之内", "date", "三个月之内", "in-3mo"),
]


@pytest.mark.parametrize(("text", "kind", "said", "worth"), SLOTS)
def test_slot_is_found_with_its_value(text, kind, said, worth):
    slot = next(slots.find(text, kind))
    assert (text[slice(*slot.span)], slot.value) == (said, worth)


@pytest.mark.parametrize(
    "text", ["九十六", "千万别说", "万一坏了", "百分之三十", "三号楼", "两百多台", "一下", "8.5折", "2024年"]
)
def test_what_is_no_money_is_no_amount(text):
    assert list(slots.find(text, "amount")) == []


@pytest.mark.parametrize(
    ("text", "char", "alone"),
    [
        ("价格提高了", "高", False),
        ("这个价格高了", "高", True),
        ("价格有点高", "高", True),
        ("那也太贵了吧", "贵", True),
        ("银行在哪", "行", False),
        ("他是贵宾", "贵", False),
        ("你们老板的贵人", "贵", False),
    ],
)
def test_single_character_counts_only_as_a_word_of_its_own(text, char, alone):
    assert words.stands_alone(text, text.index(char)) is alone
