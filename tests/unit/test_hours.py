"""Opening hours: what is open when, how long until so much open time has passed, and what nobody said."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from edge_agent.domain.history import ms_of
from edge_agent.domain.hours import OpenHours

SHOP = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000


def at(day, hour, minute=0):
    """November 2026; the 20th is a Friday."""
    return ms_of(datetime(2026, 11, day, hour, minute, tzinfo=SHOP))


def test_open_by_weekday_and_clock_in_the_shops_zone():
    hours = OpenHours.of(["1-5 09:00-21:30", "6-7 10:00-22:00"], SHOP)
    assert [hours.open_at(at(20, *when)) for when in ((8, 59), (9, 0), (21, 29), (21, 30))] == [False, True, True, False]
    assert [hours.open_at(at(21, *when)) for when in ((9, 30), (21, 59))] == [False, True]


def test_a_bar_is_open_past_midnight_and_weeks_wrap():
    hours = OpenHours.of(["5-1 18:00-02:00"], SHOP)
    assert [hours.open_at(at(day, hour)) for day, hour in ((20, 23), (21, 1), (21, 3), (24, 1), (24, 19))] == [
        True, True, False, True, False,
    ]  # fmt: skip


def test_open_time_is_counted_over_closed_nights_and_days():
    hours = OpenHours.of(["1-5 09:00-21:00"], SHOP)
    assert hours.after(at(19, 10), 4 * HOUR) == at(19, 14)
    assert hours.after(at(19, 19), 4 * HOUR) == at(20, 11)
    assert hours.after(at(20, 19), 4 * HOUR) == at(23, 11)
    assert hours.after(at(20, 2), HOUR) == at(20, 10)


def test_what_nobody_said_is_unknown():
    assert OpenHours().open_at(at(20, 12)) is None
    assert OpenHours().after(at(20, 12), HOUR) is None
    assert OpenHours.of(["1-7 00:00-24:00"], UTC).after(at(20, 12), 40 * HOUR) == at(22, 4)


@pytest.mark.parametrize("line", ["", "8 09:00-21:00", "1-5 9:00-21:00", "1-5 09:00-25:00", "mo 09:00-10:00", "1 09:00-10:00\n"])
def test_a_line_that_is_none_is_refused(line):
    with pytest.raises(ValueError, match="opening hours"):
        OpenHours.of([line])
