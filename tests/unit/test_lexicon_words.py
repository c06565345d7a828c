"""How usual a text is as a row of dictionary words."""

import math

from edge_agent.lexicon.words import Usual, begins, known


def test_both_directions_agree_on_the_whole_text() -> None:
    usual = Usual("昨天在饭店吃饭花了3百块，abc还行")
    assert math.isclose(usual.before[-1], usual.after[0])
    assert usual.oddity(0, len(usual.before) - 1) == -usual.before[-1]


def test_what_makes_no_word_is_odder_than_what_does() -> None:
    assert Usual("主要是翻店太低").oddity(3, 5) > Usual("主要是饭店太低").oddity(3, 5) + 2


def test_taking_half_a_word_out_explains_nothing() -> None:
    text = "我们在饭店吃饭"
    assert Usual(text).oddity(2, 4) < Usual(text).oddity(3, 5)


def test_marks_weigh_nothing_and_names_are_not_beyond_belief() -> None:
    assert Usual("，。！").before[-1] == 0
    assert Usual("魈魑魍魉").before[-1] > 4 * math.log(1e-9)


def test_the_dictionary_is_asked_for_words_and_beginnings() -> None:
    assert known("饭店") > known("返点") == -math.inf
    assert begins("饭")
    assert not begins("饭返")
