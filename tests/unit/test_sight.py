"""What follows from the scans of one place: opened by 3 of 5, sustained, withdrawn, closed by a later scan."""

from functools import cache

import pytest
from shipped import lexicon
from sight_world import ALWAYS, Record, judged, row, saw, scan, slot, told

from edge_agent.domain.tags import Status
from edge_agent.lexicon.examples import facts
from edge_agent.tagging.sight import words
from edge_agent.tagging.sight.names import MEASURED, over_scans, unmeasured
from edge_agent.tagging.sight.watch import Watch

WATCH = Watch(lexicon(), ALWAYS)
BLIND = Watch(lexicon())
"""Knows no opening hours."""
OOS = "shelf.out_of_stock"


def of(states: str, code: str = OOS) -> list[str]:
    return [f"{status} {recording[-6:]}" for one, status, recording in told(judged(row(states), WATCH)) if one == code]


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ("E", ["provisional 000.00"]),
        ("EE", ["provisional 000.00"]),
        ("EEE", ["final 000.00"]),
        ("EFEE", ["final 000.00"]),
        ("EFF", []),
        ("EFEFF", []),
        ("EFEFEE", ["final 000.00"]),
        ("E??EE", ["final 000.00"]),
        ("E.E.E", ["final 000.00"]),
        ("EF??F", []),
        ("EEEF", ["final 000.00"]),
        ("EEEFF", ["closed 000.00"]),
        ("EEE?F?F", ["closed 000.00"]),
        ("EEEFEFEF", ["closed 000.00"]),
        ("EEEFFEEE", ["closed 000.00", "final 050.00"]),
        ("FFF", []),
        ("????", []),
    ],
)
def test_a_condition_opens_by_three_of_five_looks_and_is_closed_by_two_in_a_row(states, found):
    assert of(states) == found


def test_a_tag_belongs_to_the_scan_that_saw_it_first_and_names_those_that_held():
    (placed,) = judged(row("EFEE"), WATCH).new
    tag = placed.tag
    assert (placed.recording, tag.start_ms, tag.status) == ("scan-000000.00", 0, Status.FINAL)
    assert tag.known_at_ms == tag.end_ms == 1_820_000
    assert [one.detail for one in tag.evidence if one.kind == "scan"] == ["scan-000000.00", "scan-000020.00", "scan-000030.00"]
    assert [one.detail for one in tag.evidence if one.kind == "condition"] == [
        "view_occluded == false (false)", "facings == 0 (0 facings)", "planned_facings >= 1 (2 facings)",
    ]  # fmt: skip
    assert {one.kind: one.detail for one in tag.evidence}["votes"] == "3 of 4 scans"
    assert {one.kind: one.detail for one in tag.evidence}["sustain"] == "1820.0 s of 600 s"
    assert (tag.rule, tag.rule_digest) == ("shelf.out_of_stock@1", lexicon().event_digests[OOS])


def test_what_was_not_sustained_stays_provisional_however_many_looks_held():
    assert told(judged(row("EEEE", every=2), WATCH)) == [(OOS, "provisional", "scan-000000.00")]


def test_one_long_recording_proves_it_by_itself():
    found = judged([scan(0, saw(facings=0, planned_facings=1, view_occluded=False, until_s=600))], WATCH)
    assert told(found) == [(OOS, "final", "scan-000000.00")]


def test_a_stream_cut_into_recordings_is_one_stretch_on_a_floor():
    seen = [scan(minute, saw("zone:till", queue_len=6, until_s=60), place="floor:hall") for minute in range(3)]
    assert told(judged(seen, WATCH, place="floor:hall")) == [("floor.queue_long", "final", "scan-000000.00")]


def test_three_short_queues_of_one_morning_are_no_long_one():
    seen = [scan(minute, saw("zone:till", queue_len=6, until_s=60), place="floor:hall") for minute in (0, 30, 60, 90)]
    assert told(judged(seen, WATCH, place="floor:hall")) == [("floor.queue_long", "provisional", "scan-000090.00")]


def test_a_wrong_price_is_final_by_one_scan_that_read_it_three_times():
    found = judged([scan(0, saw(abs_price_diff=1.5, consistent_reads=3, promo_active=False))], WATCH)
    assert told(found) == [("shelf.price_tag_mismatch", "final", "scan-000000.00")]


def test_restocking_is_an_answer_and_is_over_at_once():
    found = told(judged(row("EEEFFFFF"), WATCH))
    assert found == [(OOS, "closed", "scan-000000.00"), ("shelf.restocked", "final", "scan-000030.00")]
    assert told(judged(row("FFFF"), WATCH)) == []


def test_low_compliance_needs_two_audits_in_a_row_that_could_be_scored():
    def audit(minute, compliance, seen=1.0):
        return scan(minute, saw("", compliance=compliance, visible_ratio=seen))

    low = "shelf.compliance_low"
    assert told(judged([audit(0, 0.7)], WATCH)) == []
    assert told(judged([audit(0, 0.7), audit(60, 0.6)], WATCH)) == [(low, "final", "scan-000060.00")]
    assert told(judged([audit(0, 0.7), audit(60, 0.2, seen=0.8), audit(120, 0.7)], WATCH)) == [(low, "final", "scan-000120.00")]
    assert told(judged([audit(0, 0.7), audit(60, 0.9), audit(120, 0.7)], WATCH)) == []
    good = [audit(0, 0.7), audit(60, 0.6), audit(120, 0.9), audit(180, 0.7), audit(240, 0.9)]
    assert told(judged(good, WATCH)) == [(low, "final", "scan-000060.00")]
    assert told(judged([*good, audit(300, 0.9)], WATCH)) == [(low, "closed", "scan-000060.00")]


def test_own_share_is_compared_with_the_mean_of_the_seven_days_before():
    def audit(hour, share):
        return scan(hour * 60, saw("", own_share=share))

    before = [audit(hour, share) for hour, share in ((0, 0.6), (24, 0.5), (48, 0.4))]
    drop = "shelf.own_share_drop"
    assert told(judged([*before, audit(72, 0.45), audit(73, 0.35)], WATCH)) == []
    assert told(judged([*before, audit(72, 0.3), audit(73, 0.3)], WATCH)) == [(drop, "final", f"scan-{73 * 60:09.2f}")]
    assert told(judged([*before[1:], audit(72, 0.2), audit(73, 0.2)], WATCH)) == []


def test_a_shelf_that_empties_over_three_samples_is_told():
    def sample(minute, ratio, occluded=False):
        return scan(minute, saw("", empty_ratio=ratio, view_occluded=occluded))

    growing = "shelf.empty_area_growing"
    rising = [sample(0, 0.05), sample(10, 0.1), sample(20, 0.9, occluded=True), sample(30, 0.15)]
    assert told(judged(rising, WATCH)) == [(growing, "final", "scan-000030.00")]
    assert told(judged([sample(0, 0.05), sample(10, 0.1), sample(20, 0.1), sample(30, 0.12)], WATCH)) == []


def test_nothing_else_is_judged_while_the_view_is_blocked_or_the_camera_has_moved():
    def blocked(minute):
        return scan(minute, saw("", visible_ratio=0.2), *slot("E"))

    found = told(judged([blocked(minute) for minute in (0, 10, 20)], WATCH))
    assert found == [("shelf.view_blocked", "final", "scan-000000.00")]
    moved = [scan(minute, saw("", visible_ratio=0.2, calibration_match=0.1), *slot("E")) for minute in (0, 10, 20)]
    assert told(judged(moved, WATCH)) == [("floor.camera_moved", "final", "scan-000000.00")]
    clear = [scan(minute, saw("", visible_ratio=1.0), *slot("E")) for minute in (30, 40, 50, 60, 70)]
    found = told(judged([*(blocked(minute) for minute in (0, 10, 20)), *clear], WATCH))
    assert found == [(OOS, "final", "scan-000040.00"), ("shelf.view_blocked", "closed", "scan-000000.00")]


def test_what_was_not_restocked_in_four_open_hours_is_told_when_a_scan_shows_it_and_closed_by_stock():
    code = "shelf.not_restocked_4h"
    hourly = [scan(60 * hour, *slot("E")) for hour in range(6)]
    assert code not in [one for one, _, _ in told(judged(hourly[:4], WATCH))]
    (placed,) = [one for one in judged(hourly[:5], WATCH).new if one.tag.code == code]
    assert (placed.recording, placed.tag.start_ms) == ("scan-000000.00", 4 * 3_600_000)
    full = [scan(360 + 10 * n, *slot("F")) for n in range(3)]
    assert (code, "closed", "scan-000000.00") in told(judged([*hourly, *full], WATCH))
    assert code not in [one for one, _, _ in told(judged(hourly, BLIND))]


SAMPLES = [
    (event, text, must)
    for event in lexicon().events.values()
    if event.kind == "visual" and not unmeasured(event)
    for must, texts in ((True, event.examples.must), (False, event.examples.must_not))
    for text in texts
]


@pytest.mark.parametrize(("event", "text", "must"), SAMPLES, ids=[f"{e.id}-{n}" for n, (e, _, _) in enumerate(SAMPLES)])
def test_examples_of_the_lexicons_hold_as_scans(event, text, must):
    given = facts(text)
    held_s = float(given.pop("held_s", 0))
    place = "floor:hall" if event.source == "floor" else "shelf:bay-a"
    seen = judged([scan(0, saw("x", until_s=held_s, **given), place=place)], BLIND, place=place)
    assert ((event.id, "final", "scan-000000.00") in told(seen)) is must


WAITED = lexicon().events["shelf.not_restocked_4h"].examples
WAITING = [(text, True) for text in WAITED.must] + [(text, False) for text in WAITED.must_not]


@pytest.mark.parametrize(("text", "must"), WAITING)
def test_examples_of_what_was_not_restocked_hold_as_scans(text, must):
    """`restocked=true` is stock from two hours on, or right at the limit; without the word nobody looked again."""
    given = facts(text)
    passed = float(given["open_hours_since_oos"])
    seen = [scan(10 * n, *slot("E")) for n in range(3)]
    if given.get("restocked") is True:
        seen += [scan(120 + 10 * n, *slot("F")) for n in range(3)]
    elif "restocked" in given:
        seen += [scan(60 * passed - 1 / 3, *slot("E"))] if passed >= 1 else []
    found = [code for code, _, _ in told(judged(seen, WATCH))]
    assert ("shelf.not_restocked_4h" in found) is must


@cache
def inert():
    return {event.id for event in lexicon().events.values() if over_scans(event) and unmeasured(event)}


def test_what_nothing_measures_is_inert_and_says_so():
    assert inert() == {"shelf.promo_missing", "shelf.competitor_promo_seen", "floor.entry_unassisted"}
    assert unmeasured(lexicon().events["shelf.promo_missing"]) == "no scan measures promo_items_missing"


def test_a_late_scan_takes_back_what_no_longer_follows():
    record = Record(WATCH)
    scans = row("EFFEEE")
    record.add(*(scans[n] for n in (0, 3, 4)))
    assert [(code, status, recording) for code, status, recording, _ in record.stands()] == [(OOS, "final", "scan-000000.00")]
    record.add(scans[2], scans[1])
    assert [(code, status, recording) for code, status, recording, _ in record.stands()] == [
        (OOS, "provisional", "scan-000030.00")
    ]
    record.add(scans[5])
    assert [(code, status, recording) for code, status, recording, _ in record.stands()] == [(OOS, "final", "scan-000030.00")]


def test_a_late_scan_reopens_what_was_closed():
    record = Record(WATCH)
    scans = row("EEEFEF")
    record.add(*scans[:4], scans[5])
    assert [status for code, status, *_ in record.stands() if code == OOS] == ["closed by scan-000050.00"]
    record.add(scans[4])
    assert [status for code, status, *_ in record.stands() if code == OOS] == ["final"]


def test_why_not_is_answered_from_what_was_observed():
    events = lexicon().events
    said = WATCH.why_not(events[OOS], row("F"))
    assert said.en == ("slot:r1s1: fails facings == 0 (2 facings)",)
    assert "不满足" in said.zh[0]
    assert WATCH.why_not(events[OOS], row("E")).en == ("slot:r1s1: it holds, but not yet for 600 s (3 of the last 5 scans)",)
    assert WATCH.why_not(events[OOS], row("?")).en == (
        "slot:r1s1: fails view blocked == false (true); facings == 0 (?)",
    )  # fmt: skip
    assert WATCH.why_not(events[OOS], row(".")).en == ("Out of stock: nothing that it asks for was measured",)
    assert WATCH.why_not(events["shelf.promo_missing"], row("F")).en == (
        "Promotional material missing: no scan measures promo_items_missing",
    )  # fmt: skip


def test_every_measured_name_has_words_and_a_condition_is_said_with_them():
    assert words.WORDS.keys() == MEASURED
    zh, en = words.said("facings < planned_facings (1 facings)")
    assert (zh, en) == ("排面 < 计划排面 (1 排面)", "facings < planned facings (1 facings)")
    assert words.said("promo_active == false (false)")[0] == "促销中 = 否 (否)"
