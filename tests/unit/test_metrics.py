"""The measures of a talk: each definition on a talk small enough to count by hand, and what is not measured."""

import pytest

from edge_agent.domain.metrics import Metrics, measure
from edge_agent.domain.transcript import Speaker, Utterance

REP, CUSTOMER, UNKNOWN = Speaker.REP, Speaker.CUSTOMER, Speaker.UNKNOWN


def said(speaker: Speaker, start_s: float, end_s: float, text: str = "好的", *, backchannel: bool = False) -> Utterance:
    return Utterance(
        start_ms=round(start_s * 1000), end_ms=round(end_s * 1000), speaker=speaker, text=text, backchannel=backchannel
    )


TALK = (
    said(REP, 0, 10, "您好，这款产品一共有三个型号。"),
    said(CUSTOMER, 4, 4.5, "嗯", backchannel=True),
    said(REP, 12, 20, "您平时怎么用？要不要看看？"),
    said(CUSTOMER, 21, 41, "我们家里人多"),
    said(REP, 40, 45, "明白了。"),
    said(CUSTOMER, 52, 54, "多少钱？"),
    said(REP, 54.5, 56, "九百八。"),
)


def test_talk_ratio_is_the_reps_share_of_known_speech() -> None:
    found = measure(TALK)
    assert found.talk_ratio == pytest.approx(24.5 / (24.5 + 22.5), abs=1e-4)
    assert found.coverage == 1.0


def test_a_backchannel_breaks_no_monologue_and_a_pause_belongs_to_it() -> None:
    found = measure(TALK)
    assert found.longest_monologue_s == 20.0
    assert found.longest_story_s == 20.0


def test_a_silence_over_five_seconds_ends_a_floor_and_counts_as_silence() -> None:
    found = measure((said(REP, 0, 10), said(REP, 15, 20), said(REP, 25.001, 30)))
    assert found.longest_monologue_s == 20.0
    assert (found.silence_s, found.longest_silence_s) == (5.001, 5.001)
    assert measure(TALK).silence_s == 7.0


def test_patience_is_the_median_wait_before_the_reps_answers_and_an_overlap_waits_nothing() -> None:
    found = measure(TALK)
    assert (found.patience_s, found.waits) == (0.25, 2)


def test_who_goes_on_after_breaking_in_interrupts() -> None:
    assert measure(TALK).interruptions_by_rep == 1
    assert measure(TALK).interruptions_by_customer == 0
    kept_on = (said(CUSTOMER, 0, 10), said(REP, 5, 6), said(CUSTOMER, 11, 12))
    assert measure(kept_on).interruptions_by_rep == 0
    at_the_end = (said(CUSTOMER, 0, 10), said(REP, 9.8, 12))
    assert measure(at_the_end).interruptions_by_rep == 0


def test_interactivity_counts_changes_between_the_two_per_minute_of_speech() -> None:
    assert measure(TALK).interactivity_per_min == pytest.approx(4 * 60 / 47, abs=0.01)


def test_speed_counts_characters_and_no_marks_per_minute_of_that_persons_speech() -> None:
    assert measure((said(REP, 0, 30, "一二三，四五！A1"),)).rep_speed == 14.0
    assert measure((said(REP, 0, 30),)).customer_speed is None


def test_questions_are_counted_open_and_closed() -> None:
    found = measure(TALK)
    assert (found.rep_open_questions, found.rep_closed_questions) == (1, 1)
    assert found.questions_per_min == pytest.approx(2 * 60 / 47, abs=0.01)


def test_nothing_is_said_about_persons_when_too_much_speech_is_nobodys() -> None:
    found = measure((*TALK, said(UNKNOWN, 60, 80)))
    assert found == Metrics(coverage=pytest.approx(47 / 67, abs=1e-4), silence_s=7.0, longest_silence_s=7.0)
    some = measure((*TALK, said(UNKNOWN, 60, 65)))
    assert some.talk_ratio == measure(TALK).talk_ratio


def test_an_empty_talk_measures_nothing() -> None:
    assert measure(()) == Metrics(silence_s=0.0, longest_silence_s=0.0)
    assert measure((said(UNKNOWN, 0, 5),)) == Metrics(coverage=0.0, silence_s=0.0, longest_silence_s=0.0)


def test_where_one_of_the_two_did_not_speak_nothing_between_them_is_measured() -> None:
    found = measure((said(CUSTOMER, 0, 5, "多少钱"),))
    between = (found.talk_ratio, found.interactivity_per_min, found.interruptions_by_rep, found.interruptions_by_customer)
    assert between == (None, None, None, None)
    assert found.customer_speed == 36.0


def test_speech_that_was_left_out_as_noise_is_neither_silence_nor_anybodys() -> None:
    found = measure(TALK, left_out_ms=20_000)
    assert found == Metrics(coverage=pytest.approx(47 / 67, abs=1e-4))
    little = measure(TALK, left_out_ms=2_000)
    assert little.talk_ratio == measure(TALK).talk_ratio
    assert little.coverage == pytest.approx(47 / 49, abs=1e-4)


def test_silence_changes_no_measure_about_a_person_but_silence_itself() -> None:
    """The standing rule: who is quiet loses nothing."""
    quiet = tuple(
        u if u.start_ms < 50_000 else said(u.speaker, u.start_ms / 1000 + 600, u.end_ms / 1000 + 600, u.text) for u in TALK
    )
    before, after = measure(TALK), measure(quiet)
    assert after.silence_s == before.silence_s + 600
    assert {name: getattr(after, name) for name in ("talk_ratio", "patience_s", "longest_story_s", "customer_speed")} == {
        name: getattr(before, name) for name in ("talk_ratio", "patience_s", "longest_story_s", "customer_speed")
    }
