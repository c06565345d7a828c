"""Rules over days: promises that were not kept, until when they were due, and what must not be concluded."""

from datetime import UTC, datetime, timedelta

import pytest
from history_world import HOUR_MS, SHOP, START, Said, derived, historian, history, hours

from edge_agent.lexicon.model import Temporal
from edge_agent.tagging.across import deadlines
from edge_agent.tagging.across.historian import AGAIN_MS

PROMISED = historian(
    derived("absence", Temporal(after="x.a", not_followed_by="x.b", within_h=24, deadline_slot="due"), severity="critical")
)
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=SHOP)


def promise(hour: float = 0, due: str = "", **more) -> Said:
    return Said(code="a", hour=hour, slots=(("due", due),) if due else (), **more)


def test_promise_without_a_time_is_missed_after_24_hours():
    assert hours(PROMISED.judge(history([promise()], now_h=24))) == []
    (one,) = PROMISED.judge(history([promise()], now_h=24.1)).new
    assert one.tag.start_ms == one.tag.end_ms == one.tag.known_at_ms == 24 * HOUR_MS
    assert [held.kind for held in one.tag.evidence] == ["anchor", "window", "absent"]


def test_promise_for_today_is_missed_at_midnight_of_the_shop():
    assert hours(PROMISED.judge(history([promise(due="today")], now_h=30))) == [14.0]


def test_what_came_in_time_ends_the_wait_even_at_the_last_instant():
    for hour, missed in ((23, []), (24, []), (24.01, [24.0])):
        assert hours(PROMISED.judge(history([promise(), Said(code="b", hour=hour, call=1)], now_h=100))) == missed


def test_second_promise_inside_the_window_does_not_restart_it():
    assert hours(PROMISED.judge(history([promise(), promise(20, call=1)], now_h=25))) == [24.0]


def test_unknown_voice_promises_nothing_but_may_keep_a_promise():
    assert hours(PROMISED.judge(history([promise(unknown=True)], now_h=100))) == []
    assert hours(PROMISED.judge(history([promise(), Said(code="b", hour=5, call=1, unknown=True)], now_h=100))) == []


def test_what_time_will_decide_is_looked_at_again_then():
    judged = PROMISED.judge(history([promise()], now_h=3))
    assert (judged.new, judged.due) == ((), (("call-0", START + 24 * HOUR_MS + 1),))


@pytest.mark.parametrize("doubt", [{"settled": False}, {"waiting_h": 20}, {"parked_h": [20]}])
def test_nothing_is_missing_while_the_clock_or_the_backlog_is_in_doubt(doubt):
    judged = PROMISED.judge(history([promise()], now_h=30, **doubt))
    assert (judged.new, judged.due) == ((), (("call-0", START + 30 * HOUR_MS + AGAIN_MS),))
    stood = PROMISED.judge(history([promise()], now_h=30)).new
    again = PROMISED.judge(history([promise()], now_h=30, stood=stood, **doubt))
    assert (again.new, again.gone) == ((), ())


def test_backlog_that_began_after_the_deadline_holds_nothing_up():
    assert hours(PROMISED.judge(history([promise()], now_h=30, waiting_h=25))) == [24.0]


def test_what_is_parked_holds_up_only_what_it_may_hold_and_not_for_ever():
    for parked_h in ([25], [-24 * 8]):
        assert hours(PROMISED.judge(history([promise()], now_h=30, parked_h=parked_h))) == [24.0]
    judged = PROMISED.judge(history([promise()], now_h=24 * 9, parked_h=[20]))
    assert (judged.new, judged.due) == ((), ())


def test_proof_that_arrives_late_takes_the_conclusion_back():
    said = [promise()]
    stood = PROMISED.judge(history(said, now_h=30)).new
    judged = PROMISED.judge(history([*said, Said(code="b", hour=5, call=1)], now_h=40, since_h=5, stood=stood))
    assert judged.new == ()
    assert [(one.tag.status.value, one.tag.supersedes) for one in judged.gone] == [("withdrawn", stood[0].tag.id)]


def test_same_slot_waits_for_each_value_apart():
    rules = historian(derived("sequence", Temporal(after="x.a", not_followed_by="x.b", within_h=4, same_slot="brand")))

    def of(code, hour, brand, call):
        return Said(code=code, hour=hour, call=call, slots=(("brand", brand),) if brand else ())

    said = [of("a", 0, "jingu", 0), of("a", 1, "lanxing", 1), of("b", 2, "jingu", 2), of("a", 1, "", 3)]
    assert hours(rules.judge(history(said))) == [5.0]
    assert hours(rules.judge(history([*said, of("b", 3, "", 4)]))) == []


def test_conclusions_are_hits_for_other_rules():
    rules = historian(
        derived("repeat", Temporal(of="x.a", count=2, window_days=30, per="account"), code="y.twice"),
        derived("repeat", Temporal(of="y.twice", count=2, window_days=30, per="account"), code="y.four"),
    )
    said = [Said(code="a", hour=h, call=h) for h in range(4)]
    assert [(one.code, hours_of) for one, hours_of in zip(rules.judge(history(said)).new, (1, 3, 3), strict=True)] == [
        ("y.twice", 1), ("y.twice", 3), ("y.four", 3),
    ]  # fmt: skip


def test_openings_closer_than_the_gap_are_one():
    rules = historian(derived("repeat", Temporal(of="x.a", count=3, window_days=7, min_gap_min=30, per="account")))
    assert hours(rules.judge(history([Said(code="a", hour=h) for h in (0, 0.1, 0.49, 0.5, 1)]))) == [1.0]
    assert hours(rules.judge(history([Said(code="a", hour=h) for h in (0, 0.4, 0.8)]))) == []


@pytest.mark.parametrize(
    ("code", "until"),
    [
        ("today", "11-21T00:00"), ("today.h18", "11-20T18:00"), ("today.h20", "11-21T00:00"), ("today.h3", "11-20T15:00"),
        ("today.h11", "11-20T11:00"), ("today.h9", "11-20T21:00"), ("tomorrow", "11-22T00:00"), ("tomorrow.h8", "11-21T12:00"),
        ("tomorrow.h18", "11-21T18:00"), ("in-2d", "11-23T00:00"), ("in-3d.h15", "11-23T15:00"), ("in-2h", "11-20T12:00"),
        ("in-0.5h", "11-20T10:30"), ("in-30min", "11-20T10:30"), ("in-1w", "11-28T00:00"), ("in-1mo", "12-21T00:00"),
        ("fri", "11-28T00:00"), ("sat", "11-22T00:00"), ("mon", "11-24T00:00"), ("next-wed", "11-26T00:00"),
        ("weekend", "11-23T00:00"), ("next-week", "11-30T00:00"), ("month-end", "12-01T00:00"), ("day-25", "11-26T00:00"),
        ("day-3", "12-04T00:00"), ("m12-day-1", "12-02T00:00"), ("h15", "11-20T15:00"), ("h9", "11-20T21:00"),
        ("year-end", "01-01T00:00"), ("2026-12-01", "12-02T00:00"), ("2026-12-01T15:00", "12-01T15:00"),
        ("today.h15.5", "11-20T15:30"), ("today.h6.5", "11-20T18:30"), ("h24", "11-21T00:00"), ("today.h25", "11-21T01:00"),
        ("today.h9.5", "11-20T21:30"), ("m11-day-30", "12-01T00:00"), ("m3-day-5", "03-06T00:00"),
    ],
)  # fmt: skip
def test_deadline_is_the_latest_that_was_meant(code, until):
    found = deadlines.until(code, FRIDAY, SHOP)
    assert found is not None
    assert found.strftime("%m-%dT%H:%M") == until


@pytest.mark.parametrize(("code", "until"), [("today.h18", "21T00:00"), ("h12", "21T00:00"), ("h9", "20T21:00")])
def test_an_hour_that_is_over_when_it_is_said_is_meant_later(code, until):
    found = deadlines.until(code, FRIDAY.replace(hour=19), SHOP)
    assert found is not None
    assert found.strftime("%dT%H:%M") == until


@pytest.mark.parametrize("code", ["", "soon", "day-40", "m13-day-1", "2026-13-01", "h99", "today.hx", "in-d", 3, 2.5])
def test_what_is_no_deadline_is_none(code):
    assert deadlines.until(code, FRIDAY, SHOP) is None


def test_deadline_of_another_zone_is_the_same_instant():
    utc = FRIDAY.astimezone(UTC)
    assert deadlines.until("today", utc, SHOP) == datetime(2026, 11, 21, tzinfo=SHOP)
    assert deadlines.until("in-9999999d", utc, SHOP) is None
    assert deadlines.until("in-2h", utc, None) == utc + timedelta(hours=2)


def test_of_two_hits_at_one_instant_only_the_one_that_fired_counts_as_fired():
    rules = historian(derived("repeat", Temporal(of=["x.a", "x.b"], count=3, window_days=30, per="account")))
    said = [Said(code=code, hour=hour, call=int(hour)) for code, hour in zip("aaabab", (0, 1, 2, 2, 3, 4), strict=True)]
    assert hours(rules.judge(history(said))) == [2.0, 4.0]
    first = rules.judge(history(said[:4])).new
    later = rules.judge(history(said, since_h=2.5, stood=first))
    assert (hours(later), later.gone) == ([4.0], ())


@pytest.mark.parametrize("alike", [1, 2, 3, 4, 5, 6])
def test_of_hits_that_are_alike_the_one_counted_to_fired(alike):
    rules = historian(derived("repeat", Temporal(of=["x.a"], count=3, window_days=30, per="account")))
    said = [
        Said(code="a", hour=0),
        *[Said(code="a", hour=1)] * alike,
        Said(code="a", hour=2, call=2),
        Said(code="a", hour=3, call=3),
    ]
    whole = rules.judge(history(said)).new
    stood = [one for one in whole if one.at_ms < START + 1.5 * HOUR_MS]
    later = rules.judge(history(said, since_h=1.5, stood=stood))
    assert hours(later) == [round((one.at_ms - START) / HOUR_MS, 4) for one in whole if one not in stood]
