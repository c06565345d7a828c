"""The notation of sayings, measured conditions and examples."""

import itertools

import pytest

from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon import conditions, examples, notation
from edge_agent.lexicon.notation import OWN, RIVAL, Step

GROUPS = {"贵": ["贵", "高"], "程度": ["太", "很"]}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("太贵了", [Step(literals=("太贵了",))]),
        ("ＯＫ了", [Step(literals=("ok了",))]),
        ("{程度}{贵}", [Step(literals=("太贵", "太高", "很贵", "很高"))]),
        ("比{竞品}贵", [Step(literals=(f"比{RIVAL}贵",))]),
        ("我们{自家}", [Step(literals=(f"我们{OWN}",))]),
        ("超出…预算", [Step(literals=("超出",)), Step(literals=("预算",), gap=6)]),
        ("一年{金额}", [Step(literals=("一年",)), Step(slots=("amount",))]),
        ("{金额}…一{数量}", [Step(slots=("amount",)), Step(literals=("一",), gap=6), Step(slots=("qty",))]),
    ],
)
def test_phrase_is_read_into_steps(text, steps):
    assert list(notation.phrase(text, GROUPS, gap=6).steps) == steps


@pytest.mark.parametrize("text", ["", "太{贵", "太贵}", "…贵", "贵…", "比{对手}贵", "{}"])
def test_malformed_phrase_is_refused(text):
    with pytest.raises(notation.BadSaying):
        notation.phrase(text, GROUPS, gap=6)


def test_group_product_is_bounded():
    many = {"多": [str(n) for n in range(30)]}
    with pytest.raises(notation.BadSaying, match="400"):
        notation.phrase("{多}{多}", many, gap=6)


def test_combo_alternatives_may_be_words_slots_and_groups():
    saying = notation.combo(["价格|{金额}", "{贵}|不便宜"], GROUPS, gap=4)
    assert saying.steps == (Step(literals=("价格",), slots=("amount",)), Step(literals=("贵", "高", "不便宜"), gap=4))


def test_pattern_writes_out_groups_slots_and_keeps_quantifiers():
    assert (
        notation.pattern("{贵}.{0,3}{金额}{竞品}", GROUPS, {"amount": "[0-9]+块"}) == f"(?:贵|高).{{0,3}}(?:[0-9]+块)(?:{RIVAL})"
    )


@pytest.mark.parametrize(
    ("condition", "facts", "verdict"),
    [
        ("turns >= 12", {"turns": 12}, True),
        ("turns >= 12", {"turns": 11}, False),
        ("turns >= 12", {}, None),
        ("on_hold == false", {"on_hold": False}, True),
        ("a < b", {"a": 1, "b": 2}, True),
        ("a < b", {"a": 1}, None),
    ],
)
def test_condition_with_a_missing_operand_has_no_verdict(condition, facts, verdict):
    assert conditions.parse(condition).holds(facts) is verdict


def test_any_needs_one_and_all_needs_every():
    every, some = [conditions.parse("a > 1")], [conditions.parse("b > 1"), conditions.parse("c > 1")]
    assert conditions.holds(every, some, {"a": 2, "b": 2}) is True
    assert conditions.holds(every, some, {"a": 2, "b": 0, "c": 0}) is False
    assert conditions.holds(every, some, {"a": 2, "b": 0}) is None
    assert conditions.holds(every, some, {"a": 0}) is False


def test_bare_example_is_said_by_the_events_own_speaker():
    assert examples.scene("太贵了。", "customer").utterances[0].speaker is Speaker.CUSTOMER
    assert examples.scene("您好。", "rep").utterances[0].speaker is Speaker.REP


def test_example_turns_stage_directions_and_end():
    scene = examples.scene("销售：喂。 / （静默6秒） / 客户：（静默2秒）嗯。 / 未知：哦。 / （已过90秒） / （结束）", "rep")
    assert [(u.speaker, u.text) for u in scene.utterances] == [
        (Speaker.REP, "喂。"),
        (Speaker.CUSTOMER, "嗯。"),
        (Speaker.UNKNOWN, "哦。"),
    ]
    assert scene.utterances[1].start_ms - scene.utterances[0].end_ms >= 2000
    assert scene.duration_ms > 90_000
    assert scene.ended


def test_example_without_an_end_goes_on():
    scene = examples.scene("销售：喂。", "rep")
    assert not scene.ended
    assert [(u.speaker, u.text) for u in scene.utterances] == [(Speaker.REP, "喂。"), (Speaker.CUSTOMER, "")]


def test_whole_talk_of_n_turns_is_padded_in_front():
    scene = examples.scene("客户：那先这样。 / 销售：再见。 / （全程7轮，结束）", "rep")
    speakers = [u.speaker for u in scene.utterances]
    assert len(speakers) == 7
    assert all(a is not b for a, b in itertools.pairwise(speakers))


@pytest.mark.parametrize("text", ["销售：喂。 / 谁知道。", "（下班） / 销售：喂。"])
def test_unreadable_example_is_refused(text):
    with pytest.raises(examples.BadExample):
        examples.scene(text, "rep")


def test_facts_are_told_from_talk():
    assert examples.is_facts("facings=0; view_occluded=false | 空了")
    assert not examples.is_facts("客户：a=1 吗？")
    assert examples.facts("facings=0; view_occluded=false; hits_days=1,2 | 空了") == {"facings": 0.0, "view_occluded": False}
