"""Days and times against the moment a talk began: Wednesday, 25 November 2026, ten in the morning."""

from datetime import datetime

import pytest

from edge_agent import facts
from edge_agent.domain.notes import FactKind

AT = datetime.fromisoformat("2026-11-25T10:00+08:00")

SAID = [
    ("今天", "2026-11-25"), ("明天下午", "2026-11-26"), ("大后天", "2026-11-28"), ("前天", "2026-11-23"),
    ("昨晚八点", "2026-11-24T20:00"),
    ("下周三", "2026-12-02"), ("这周五", "2026-11-27"), ("上周五", "2026-11-20"), ("下下周一", "2026-12-07"),
    ("礼拜天", "2026-11-29"),
    ("周三", "2026-11-25"), ("周二", "2026-12-01"), ("下周", "2026-11-30/2026-12-06"), ("周末", "2026-11-28/2026-11-29"),
    ("上周末", "2026-11-21/2026-11-22"), ("下周三上午十点", "2026-12-02T10:00"), ("周四十点", "2026-11-26T10:00"),
    ("后天下午三点", "2026-11-27T15:00"), ("明天三点", "2026-11-26T15:00"), ("今晚八点半", "2026-11-25T20:30"),
    ("这个月底", "2026-11-30"), ("月底前", "../2026-11-30"), ("月初", "2026-12-01/2026-12-10"), ("下个月十五号", "2026-12-15"),
    ("年底", "2026-12-31"), ("年底前", "../2026-12-31"), ("明年三月", "2027-03-01/2027-03-31"), ("3月8号", "2027-03-08"),
    ("十二月一号", "2026-12-01"), ("十五号", "2026-12-15"), ("二十八号", "2026-11-28"), ("十五号之前", "../2026-12-15"),
    ("二零二六年三月八号", "2026-03-08"), ("2026-12-01", "2026-12-01"), ("2026/12/1 15:30", "2026-12-01T15:30"),
    ("国庆前", "../2027-10-01"), ("双十一", "2027-11-11"), ("元旦", "2027-01-01"), ("春节后", "2027-02-06/.."),
    ("中秋", "2027-09-15"),
    ("半个月后", "2026-12-10"), ("三天后", "2026-11-28"), ("两周之后", "2026-12-09"), ("三个月后", "2027-02-25"),
    ("三天前", "2026-11-22"),
    ("三天内", "2026-11-25/2026-11-28"), ("一季度", "2027-01-01/2027-03-31"), ("下季度", "2027-01-01/2027-03-31"),
    ("下周三下午两点半前", "../2026-12-02T14:30"), ("1月3号到5号", "2027-01-03/2027-01-05"),
    ("下周一到周三", "2026-11-30/2026-12-02"),
    ("二十八号到三十号", "2026-11-28/2026-11-30"), ("下午三点到五点", "T15:00/T17:00"),
    ("明天三点到五点", "2026-11-26T15:00/2026-11-26T17:00"),
    ("明天上午九点到十一点半", "2026-11-26T09:00/2026-11-26T11:30"), ("2025年第三季度", "2025-07-01/2025-09-30"),
    ("周一到周五", "2026-11-30/2026-12-04"), ("晚上十二点", "T24:00"), ("下午三点", "T15:00"),
]  # fmt: skip


def dates(text: str, at: datetime = AT) -> list[str]:
    return [one.value for one in facts.find(text, at) if one.kind is FactKind.DATE]


@pytest.mark.parametrize(("text", "worth"), SAID)
def test_day_is_reckoned_from_the_start_of_the_talk(text, worth):
    assert dates(f"那{text}吧") == [worth]


@pytest.mark.parametrize(
    "text",
    ["三点建议", "一点也不贵", "三号楼", "地铁十五号线", "一周三次", "每周五天", "第三天", "二月三十号", "周五一起", "马上周转"],
)
def test_what_only_looks_like_a_day_is_none(text):
    assert [one for one in dates(text) if one != "2026-11-27"] == []


def test_time_without_a_day_may_be_twelve_hours_later_and_says_so():
    (alone,) = [one for one in facts.find("三点见", AT) if one.kind is FactKind.DATE]
    (clear,) = [one for one in facts.find("明天下午三点见", AT) if one.kind is FactKind.DATE]
    assert (alone.value, clear.value) == ("T03:00", "2026-11-26T15:00")
    assert alone.confidence < 0.5 < clear.confidence


def test_the_31st_of_a_short_month_is_the_next_that_has_one():
    assert dates("31号") == ["2026-12-31"]


def test_a_second_weekday_is_in_the_week_of_the_first():
    assert dates("下周二或者周三") == ["2026-12-01", "2026-12-02"]


def test_feast_beyond_the_table_is_named_without_a_day():
    assert dates("春节", datetime.fromisoformat("2045-05-01T10:00+08:00")) == [""]


def test_a_sunday_still_belongs_to_the_week_before_monday():
    sunday = datetime.fromisoformat("2026-11-29T10:00+08:00")
    assert dates("下周一", sunday) == ["2026-11-30"]
    assert dates("周末", sunday) == ["2026-11-29"]


def test_the_same_words_late_in_the_evening_count_from_the_local_day():
    assert dates("明天", datetime.fromisoformat("2026-11-25T23:30+08:00")) == ["2026-11-26"]
