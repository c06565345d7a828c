"""How text is spoken, and how alike two syllables sound."""

import pytest

from edge_agent.errors import BadInput
from edge_agent.terms.clashes import clashes
from edge_agent.terms.likeness import apart, merged
from edge_agent.terms.listing import MOST, listed
from edge_agent.terms.sounds import fold, readings, spoken
from edge_agent.terms.trials import trials


def test_letters_and_digits_are_spoken_by_name() -> None:
    assert spoken("3C认证").syllables == ("san", "xi", "ren", "zheng")
    assert spoken("M").places == ((0, 1), (0, 1))  # ai mu: one letter, two syllables


def test_case_and_width_do_not_matter_and_places_stay() -> None:
    text = "ＧＭＰ認證㎏"
    assert fold(text) == "gmp认证㎏"
    assert spoken(text).syllables[:4] == spoken("gmp").syllables


def test_a_mark_is_a_wall_a_comma_a_pause_a_blank_nothing() -> None:
    assert spoken("价。格").syllables == ("jia", "|", "ge")
    assert spoken("价，格").paused == (False, True)
    assert spoken("价 格") == spoken("价 格")
    assert spoken("价 格").syllables == ("jia", "ge")


def test_a_character_of_two_readings_is_listened_for_in_both() -> None:
    assert {syllables for syllables, _, _ in readings("银行")} >= {("yin", "hang"), ("yin", "xing")}


@pytest.mark.parametrize(
    ("near", "far"), [("zhi zi", "zhi ba"), ("li ni", "li ma"), ("xin xing", "xin xiao"), ("fu hu", "fu ta")]
)
def test_confusable_sounds_are_nearer_than_others(near: str, far: str) -> None:
    assert 0 < apart(*near.split()) < 0.3 < apart(*far.split()) <= 1


def test_likeness_is_symmetric_and_zero_only_for_itself() -> None:
    some = ("zhi", "zi", "lv", "nu", "hang", "huang", "er", "yi", "xiong", "|")
    assert all(apart(a, b) == apart(b, a) for a in some for b in some)
    assert all((apart(a, b) == 0) == (a == b and a != "|") for a in some for b in some)


def test_accents_that_merge_sounds_are_merged() -> None:
    assert [merged(one) for one in ("zhi", "chun", "sheng", "xing")] == ["zi", "cun", "sen", "xin"]


def test_what_the_ear_cannot_tell_apart_is_named() -> None:
    found = {(one.term, one.other, one.kind) for one in clashes(["返点", "翻店", "铺货率"])}
    assert found == {("返点", "翻店", "term"), ("翻店", "返点", "term"), ("返点", "饭店", "word"), ("翻店", "饭店", "word")}


def test_a_list_of_terms_has_comments_and_blank_lines() -> None:
    assert listed("\ufeff# 词\n返点\n\n GMP认证 # 药\n返点\n".encode()) == ("返点", "GMP认证")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xe8\xbf\x94\xe7\x82\xb9\n\xff\xfe\n", "line 2 is not UTF-8"),
        ("返点\n价\n".encode(), "line 2 has fewer than two syllables"),
        ("返点\n——\n".encode(), "line 2 has neither letter nor digit"),
        ("返点\n百分之\n".encode(), "line 2 is only a part of how a number is said"),
        (("价" * 33).encode(), "line 1 is longer than 32 syllables"),
        (b"# nothing\n", "no term"),
        ("\n".join(f"返点{n}" for n in range(MOST + 1)).encode(), f"more than {MOST}"),
    ],
)
def test_a_faulty_list_is_refused_by_line_and_never_quoted(content: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        listed(content)
    assert "返点" not in str(refused.value)
    assert refused.value.zh


def test_a_set_has_a_header_and_comments() -> None:
    (one,) = trials("file\ttext\tterms\n# eins\n\na.wav\t我们开专票\t专票，返点\n".encode())
    assert (one.line, one.file, one.terms) == (4, "a.wav", ("专票", "返点"))


@pytest.mark.parametrize("content", ["a.wav\t我们\n", "a.wav\t\t返点\n", "a.wav\t百分之五\t返点,百分之\n", "# nothing\n"])
def test_a_faulty_set_is_refused_by_line(content: str) -> None:
    with pytest.raises(BadInput, match="the set:") as refused:
        trials(content.encode())
    assert "a.wav" not in str(refused.value)
