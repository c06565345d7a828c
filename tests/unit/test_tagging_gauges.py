"""What holds of a stretch of talk: break-ins, pace, questions in a row, listening; stamps, thresholds, and what is not known."""

import pickle
from collections.abc import Iterable
from functools import cache

import pytest
import shipped

from edge_agent.domain.questions import questions_and_statements
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.tagging.rules.build import inert
from edge_agent.tagging.rules.measuring import gauge_of
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.turns import Turns

REP, CUSTOMER, UNKNOWN = Speaker.REP, Speaker.CUSTOMER, Speaker.UNKNOWN
FILLER = "这个事情就这样子"


def said(speaker: Speaker, start_s: float, end_s: float, text: str = FILLER, *, backchannel: bool = False) -> Utterance:
    return Utterance(
        start_ms=round(start_s * 1000), end_ms=round(end_s * 1000), speaker=speaker, text=text, backchannel=backchannel
    )


@cache
def tagger() -> RuleTagger:
    return shipped.tagger()


def found(code: str, talk: Iterable[Utterance], *, ended: bool = True) -> list[BehaviorTag]:
    utterances = tuple(talk)
    length = max(u.end_ms for u in utterances)
    tags = tagger().tag(Conversation(utterances=utterances, duration_ms=length, ended=ended))
    return [tag for tag in tags if tag.code == code]


def stamps(code: str, talk: Iterable[Utterance], **more: bool) -> list[float]:
    return [tag.start_ms / 1000 for tag in found(code, talk, **more)]


def interrupted(times: int, *, by: Speaker = REP, every_s: int = 100) -> list[Utterance]:
    """`by` breaks in on the other every so many seconds."""
    other = CUSTOMER if by is REP else REP
    talk = []
    for n in range(times):
        talk += [said(other, n * every_s, n * every_s + 60), said(by, n * every_s + 58, n * every_s + 90)]
    return talk


def test_break_ins_at_the_rate_of_four_in_ten_minutes_are_told_of_at_the_one_that_makes_it():
    assert stamps("metric.rep_interrupts", interrupted(4)) == [158]
    assert stamps("metric.customer_interrupts", interrupted(4, by=CUSTOMER)) == [158]
    assert stamps("metric.rep_interrupts", interrupted(4, by=CUSTOMER)) == []


def test_break_ins_before_three_minutes_of_speech_are_not_judged_yet():
    assert stamps("metric.rep_interrupts", interrupted(1)) == []


def test_few_break_ins_in_a_long_talk_are_none():
    rare = [said(u.speaker, u.start_ms / 1000 + 300, u.end_ms / 1000 + 300) for u in interrupted(6, every_s=210)]
    assert stamps("metric.rep_interrupts", [said(CUSTOMER, 0, 290), *rare]) == []


def test_break_ins_longer_ago_than_ten_minutes_no_longer_count():
    turns = Turns(words=["嗯"])
    for one in [*interrupted(4), *(said(CUSTOMER, 400 + n * 60, 450 + n * 60) for n in range(12))]:
        turns.hear(one)
    (by_rep, _) = turns.gauges.samples["interruptions"]
    assert by_rep.facts == {"rep_interruptions_per_10min": 0}


def test_nobody_is_counted_among_the_interrupters_where_too_many_voices_are_unknown():
    talk = [said(UNKNOWN, 0, 500), *(said(u.speaker, u.start_ms / 1000 + 500, u.end_ms / 1000 + 500) for u in interrupted(4))]
    assert stamps("metric.rep_interrupts", talk) == []


def fast(characters: int, start_s: float, end_s: float) -> Utterance:
    return said(REP, start_s, end_s, "字" * characters)


def test_pace_leaves_the_pauses_out_and_is_stamped_where_its_minute_begins():
    quick = [said(CUSTOMER, 0, 5), fast(60, 10, 20), fast(60, 30, 40), fast(60, 50, 60)]
    assert stamps("metric.rep_speech_fast", quick) == [10]


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        ([fast(55, 10, 20), fast(55, 30, 40), fast(55, 50, 60)], "exactly at the limit"),
        ([fast(60, 10, 20), fast(59, 30, 39.9)], "less than 30 s of speech"),
        ([fast(60, 10, 20), fast(60, 75, 85), fast(60, 140, 150)], "never 30 s of speech within one minute"),
        ([said(CUSTOMER, 0, 40, "字" * 400)], "not the rep"),
    ],
)
def test_pace_is_not_fast(talk: list[Utterance], why: str):
    assert stamps("metric.rep_speech_fast", talk) == [], why


def test_an_event_of_a_stretch_fires_again_only_after_a_minute_in_which_it_did_not_hold():
    quick = [fast(60, n * 10, n * 10 + 10) for n in range(12)]
    slow = [fast(20, n * 10, n * 10 + 10) for n in range(12, 24)]
    again = [fast(60, n * 10, n * 10 + 10) for n in range(24, 36)]
    assert len(found("metric.rep_speech_fast", quick)) == 1
    assert len(found("metric.rep_speech_fast", [*quick, *slow, *again])) == 2


QUESTIONS = ("您家里几口人", "您住哪个小区", "平时怎么用", "预算多少", "什么时候装", "喜欢什么颜色", "之前用的什么牌子")


def asked(*texts: str, gap_s: float = 8) -> list[Utterance]:
    return [said(REP, n * gap_s, n * gap_s + 3, text) for n, text in enumerate(texts)]


def test_six_questions_in_a_row_are_told_of_at_the_sixth():
    assert stamps("metric.question_barrage", asked(*QUESTIONS[:6])) == [40]
    answers = [said(CUSTOMER, n * 8 + 4, n * 8 + 6, "三个") for n in range(6)]
    assert stamps("metric.question_barrage", sorted([*asked(*QUESTIONS[:6]), *answers], key=lambda u: u.start_ms)) == [40]
    assert stamps("metric.question_barrage", asked("好的", *QUESTIONS[:3], "嗯明白了", *QUESTIONS[3:6])) == [56]


@pytest.mark.parametrize(
    "talk",
    [
        asked(*QUESTIONS[:5]),
        asked(*QUESTIONS[:6], gap_s=20),
        asked(*QUESTIONS[:3], "我们这款是一级能效的", *QUESTIONS[3:6]),
        asked(*QUESTIONS[:3], "是三楼对吧", *QUESTIONS[3:5]),
        [said(CUSTOMER, u.start_ms / 1000, u.end_ms / 1000, u.text) for u in asked(*QUESTIONS[:6])],
    ],
)
def test_fewer_slower_or_answered_questions_are_no_barrage(talk: list[Utterance]):
    assert stamps("metric.question_barrage", talk) == []


@pytest.mark.parametrize(
    ("text", "answering", "counted"),
    [
        ("您预算多少", False, (1, 0)),
        ("要三台，对吧", False, (0, 1)),
        ("是三楼是吧", False, (0, 1)),
        ("是吧", False, (0, 0)),
        ("好的，明白了", False, (0, 0)),
        ("好的", True, (0, 1)),
        ("有", True, (0, 1)),
        ("嗯，那您几个人用？", False, (1, 0)),
        ("我们这款是变频的，您家多大？", False, (1, 1)),
        ("您好。您需要什么？要不要看看？", False, (2, 0)),
        ("", True, (0, 0)),
    ],
)
def test_questions_of_substance_and_statements_are_told_apart(text: str, answering: bool, counted: tuple[int, int]):
    assert questions_and_statements(text, answering=answering) == counted


def test_few_questions_are_told_of_at_the_end_of_a_long_enough_talk():
    lecture = [said(REP, n * 30, n * 30 + 29) for n in range(11)]
    assert stamps("metric.question_rate_low", lecture) == [329]
    assert stamps("metric.question_rate_low", lecture[:10]) == []
    assert stamps("metric.question_rate_low", [*lecture, said(REP, 330, 340, "您预算多少？什么时候装？")]) == []
    assert stamps("metric.question_rate_low", [said(CUSTOMER, 0, 400)]) == []
    assert stamps("metric.question_rate_low", lecture, ended=False) == []


def lecture(until_s: int) -> list[Utterance]:
    return [said(REP, n * 10, n * 10 + 9.5) for n in range(until_s // 10)]


def test_a_minute_of_listening_is_known_when_the_customer_speaks_again():
    talk = [said(CUSTOMER, -0.0, 0, "您讲"), *lecture(90), said(CUSTOMER, 91, 93)]
    (tag,) = found("metric.silent_listening", talk)
    assert (tag.start_ms, tag.known_at_ms, tag.speaker, tag.severity, tag.layer) == (0, 93_000, CUSTOMER, "info", "none")
    assert stamps("metric.silent_listening", talk[:-1]) == []


def test_a_word_thrown_in_belongs_to_listening_and_a_sentence_ends_it():
    nods = [said(CUSTOMER, 12, 12.5, "嗯", backchannel=True), said(CUSTOMER, 33, 33.5, "对", backchannel=True)]
    talk = sorted([*lecture(90), *nods, said(CUSTOMER, 91, 93)], key=lambda u: u.start_ms)
    assert stamps("metric.silent_listening", talk) == [0]
    spoken = sorted([*lecture(90), said(CUSTOMER, 45, 46, "这个我不太懂"), said(CUSTOMER, 91, 93)], key=lambda u: u.start_ms)
    assert stamps("metric.silent_listening", spoken) == []


def test_many_words_thrown_in_push_the_stretch_behind_them():
    nods = [said(CUSTOMER, n + 2.2, n + 2.6, "嗯嗯", backchannel=True) for n in range(4)]
    talk = sorted([*lecture(90), *nods, said(CUSTOMER, 91, 93)], key=lambda u: u.start_ms)
    assert stamps("metric.silent_listening", talk) == [3.6]


def test_a_pause_in_which_nobody_speaks_is_no_listening():
    talk = [said(REP, 0, 30), said(REP, 36, 70), said(CUSTOMER, 71, 73)]
    assert stamps("metric.silent_listening", talk) == []
    assert stamps("metric.silent_listening", [said(REP, 0, 30), said(REP, 34, 70), said(CUSTOMER, 71, 73)]) == [0]


def test_a_customer_who_begins_inside_a_long_sentence_ends_the_floor_there():
    assert stamps("metric.silent_listening", [said(REP, 0, 100), said(CUSTOMER, 40, 101)]) == []


def test_a_monologue_ends_with_a_pause_and_is_stamped_at_its_limit():
    assert stamps("metric.longest_monologue", [said(REP, 0, 60), said(REP, 64, 130)]) == [120]
    assert stamps("metric.longest_monologue", [said(REP, 0, 60), said(REP, 150, 200)]) == []
    assert stamps("metric.longest_monologue", [said(REP, 0, 10), said(REP, 50, 120), said(REP, 121, 180)]) == [170]
    assert stamps("metric.customer_story", [said(CUSTOMER, 0, 10), said(CUSTOMER, 30, 75)]) == [30]


def test_the_measured_number_is_told_with_the_tag():
    (fast_,) = found("metric.rep_speech_fast", [fast(60, 10, 20), fast(60, 30, 40), fast(60, 50, 60)])
    (long,) = found("metric.longest_monologue", [said(REP, 0, 60), said(REP, 64, 130)])
    assert (dict(fast_.slots), dict(long.slots)) == ({"value": 360.0}, {"value": 130.0})


def test_what_is_not_measured_leaves_its_event_inert_and_says_which_fact():
    events = tagger().lexicon.events
    assert inert(events["metric.hold_long"], ()) == "not measured here: hold_s"
    assert inert(events["document.forwarded"], ()) == "needs its channel: distinct_external_viewers"
    waiting = {code for code, event in events.items() if event.kind == "metric" and inert(event, ())}
    assert {code for code in waiting if code.startswith("metric.")} == {"metric.hold_long", "metric.long_silence"}


def test_facts_of_two_gauges_cannot_be_judged_together():
    assert gauge_of(["rep_chars_per_min", "speech_s"]) == "pace"
    assert gauge_of(["rep_chars_per_min", "rep_questions_in_90s"]) == ""
    assert gauge_of(["speech_s"]) == ""


def test_what_was_measured_so_far_outlives_its_process():
    turns = Turns(words=["嗯"])
    for one in interrupted(3):
        turns.hear(one)
    again = pickle.loads(pickle.dumps(turns))
    more = said(CUSTOMER, 400, 430, "您预算多少")
    turns.hear(more)
    again.hear(more)
    assert again.gauges.samples == turns.gauges.samples
    assert again.facts() == turns.facts()
