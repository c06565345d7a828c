"""Whatever is said: facts lie within their sentence, a mask hides what is personal, and writing twice is writing once."""

import random
from datetime import datetime

import cn2an
from hypothesis import given, settings
from hypothesis import strategies as st
from said_identifiers import DEV, sentences

from edge_agent import facts
from edge_agent.facts.numbers import plain, scan, value

AT = datetime.fromisoformat("2026-11-25T10:00+08:00")
WORDS = [
    *"零一二三四五六七八九十百千万亿幺两半点几个块毛元折成周月号日年天前后内的了，。、 0123456789-.%京粤ABX@",
    "下周", "百分之", "电话", "身份证", "卡号", "订单号", "138", "零零", "微信", "下午", "月底", "国庆", "一起", "万一", "三个八",
]  # fmt: skip
texts = st.lists(st.sampled_from(WORDS), max_size=30).map("".join) | st.text(max_size=40)


@given(texts)
@settings(max_examples=400, deadline=None)
def test_facts_lie_within_their_sentence_in_order(text):
    found = facts.find(text, AT)
    assert all(0 <= one.char_start < one.char_end <= len(text) and 0 < one.confidence <= 1 for one in found)
    assert found == sorted(found, key=lambda one: (one.char_start, one.char_end))


@given(texts)
@settings(max_examples=400, deadline=None)
def test_writing_what_is_written_changes_nothing(text):
    once = facts.in_digits(text)
    assert facts.in_digits(once) == once


@given(texts)
@settings(max_examples=300, deadline=None)
def test_mask_takes_away_the_personal_and_nothing_else(text):
    found = facts.find(text, AT)
    shown, moved = facts.hide(text, found)
    assert len(moved) == len(found)
    for one, now in zip(sorted(found, key=lambda one: (one.char_start, one.char_end)), moved, strict=True):
        if one.kind.personal:
            assert (now.value, shown[now.char_start]) == ("", "[")
        else:
            assert shown[now.char_start : now.char_end] == text[one.char_start : one.char_end]


def test_no_digit_of_an_identifier_survives_its_mask():
    for one in sentences(DEV, 60, seed=3):
        shown = facts.mask(one.text, facts.find(one.text, AT))
        for _, number in one.truth:
            assert number not in shown
            assert sum(c in "0123456789零一二三四五六七八九幺" for c in shown) <= sum(c in "一二三四五六七八九零" for c in shown)


@given(st.integers(min_value=0, max_value=10**12))
@settings(max_examples=400, deadline=None)
def test_formal_numbers_agree_with_an_independent_reading(number):
    said = cn2an.an2cn(number)
    assert value(said) == number
    if number >= 20:
        assert [(one.start, one.end, one.low) for one in scan(said)] == [(0, len(said), number)]


@given(st.decimals(min_value=0, max_value=9999, places=2))
@settings(max_examples=200, deadline=None)
def test_decimals_agree_with_an_independent_reading(number):
    assert value(cn2an.an2cn(str(number))) == float(number)


def test_every_written_number_is_read_back_as_itself():
    rng = random.Random(5)
    for _ in range(500):
        number = round(rng.uniform(0, 10 ** rng.randrange(1, 9)), rng.randrange(3))
        assert value(plain(number)) == number
