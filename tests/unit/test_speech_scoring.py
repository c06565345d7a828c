"""The tests' own yardstick: what counts as the same thing said."""

import pytest
from speech_scoring import character_error_rate, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80%", "百分之八十"),
        ("80%", "八十"),
        ("8.5折", "八点五折"),
        ("1990年", "一九九零年"),
        ("一九九〇年", "一九九零年"),
        ("1,000亿", "一千亿"),
        ("10年后", "十年后"),
        ("兩千套", "二千套"),
        ("１２月", "十二月"),
        ("說得對，好！", "说得对好"),
        ("000后", "零零零后"),
    ],
)
def test_two_ways_of_writing_the_same_words_are_equal(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(("one", "other"), [("八十", "十八"), ("80", "八"), ("买", "卖")])
def test_different_words_stay_different(one, other):
    assert plain(one) != plain(other)


def test_one_wrong_character_of_ten_is_a_tenth():
    assert character_error_rate("今天天气真的很好啊呀", "今天天汽真的很好啊呀。") == pytest.approx(0.1)
