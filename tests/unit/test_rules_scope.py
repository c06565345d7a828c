"""What a sentence leaves open is asked about before it is parsed, however long it is."""

import pytest
import shipped

from edge_agent.rulebook.names import Book
from edge_agent.rulebook.questions import Asked
from edge_agent.rulebook.reading import read
from edge_agent.rulebook.words import cut

BOOK = Book(shipped.lexicon())
EVENTS = ["投诉", "嫌贵", "询价", "要求退货", "成交", "补单", "价值拆解"]


@pytest.mark.parametrize(("n", "kind"), [(7, "reading"), (12, "reading"), (24, "too-long")])
def test_a_long_mixture_is_asked_about_without_being_parsed(n: int, kind: str) -> None:
    mixed = "".join(f"{EVENTS[i % 7]}{'且或'[i % 2]}" for i in range(n))
    with pytest.raises(Asked) as asked:
        cut(f"当{mixed}投诉，则提醒店长", BOOK)
    assert asked.value.question.kind == kind


def test_a_list_and_brackets_are_no_mixture() -> None:
    assert read("当投诉、嫌贵或询价，且要求退货且成交且补单且价值拆解，则提醒店长", BOOK).rule is not None
    assert read("当（投诉或嫌贵）且（询价或要求退货）且（成交或补单）且价值拆解，则提醒店长", BOOK).rule is not None


@pytest.mark.parametrize("way", [0, 1])
def test_both_answers_to_how_far_a_not_reaches_are_understood(way: int) -> None:
    question = read("当销售没有致歉或给出处理方案，则上报店长", BOOK).question
    assert question is not None
    assert len(question.choices) == 2
    found = read(f"当{question.choices[way]}，则上报店长", BOOK)
    assert found.rule is not None
    assert read(found.said_back, BOOK).rule == found.rule


@pytest.mark.parametrize(
    "when", ["未报价但客户投诉", "未报价且客户投诉", "未报价或未致歉", "没有致歉且首次嫌贵", "没有报价且投诉后没有致歉"]
)
def test_what_says_itself_is_not_asked_about(when: str) -> None:
    assert read(f"当{when}，则提醒店长", BOOK).rule is not None


def test_a_sentence_in_a_broken_encoding_is_asked_about_in_text_that_can_be_printed() -> None:
    question = read("当客户\udcb5\udcb6，则提醒店长", BOOK).question
    assert question is not None
    assert question.kind == "text"
    assert "".join([question.zh, question.en, question.at, *question.choices]).encode()


def test_only_a_small_bare_number_may_have_meant_ten_thousands() -> None:
    for said, choices in (("100万", ["100万元"]), ("50000", ["50000元"]), ("30", ["30元", "30万元"])):
        question = read(f"当合同金额超过{said}，则上报店长", BOOK).question
        assert question is not None
        assert question.choices == choices


@pytest.mark.parametrize("number", ["9" * 380, "九" * 380, "一" + "亿" * 60])
def test_no_number_is_too_large_to_be_asked_about(number: str) -> None:
    question = read(f"当{number}次投诉，则上报", BOOK).question
    assert question is not None
    assert question.zh
    assert question.en


def test_an_excuse_that_may_still_come_is_said_to_wait() -> None:
    found = read("当销售承诺返点，则立即拦截，除非销售致歉", BOOK)
    assert found.said_back.endswith("（到对话结束才判断）。")
    assert "判断" not in read("当销售承诺返点，则立即拦截，除非客户是会员", BOOK).said_back


@pytest.mark.parametrize(
    "when", ["投诉或要求退货超过3次", "3次投诉或要求退货", "连续3次嫌贵或投诉", "30天内同一客户询价3次或投诉"]
)
def test_both_answers_to_what_is_counted_are_understood(when: str) -> None:
    question = read(f"当{when}，则提醒店长", BOOK).question
    assert question is not None
    assert question.kind == "reading"
    for choice in question.choices:
        said = when.replace(question.at, choice)
        assert read(f"当{said}，则提醒店长", BOOK).rule is not None, said
