"""Hours as people say them: the second takes the first's part of the day, and what goes over midnight must say so."""

import pytest
import shipped

from edge_agent.rulebook.measures import until
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.reading import read

BOOK = Book(shipped.lexicon())


@pytest.mark.parametrize(
    ("first", "last", "minutes"),
    [
        ("晚上8点", "10点", (1200, 1320)), ("下午1点", "5点", (780, 1020)), ("夜里1点", "5点", (60, 300)),
        ("晚上8点", "12点", (1200, 1440)), ("中午11点", "2点", (660, 840)), ("上午9点", "12点", (540, 720)),
        ("上午9点", "下午6点", (540, 1080)), ("9点", "18点", (540, 1080)), ("晚上10点", "凌晨2点", (1320, 120)),
        ("晚上10点", "次日8点", (1320, 480)), ("晚上10点", "次日凌晨2点", (1320, 120)), ("晚上12点", "凌晨2点", (0, 120)),
        ("下午5点", "早上9点", (1020, 540)), ("22:00", "次日06:00", (1320, 360)), ("9点", "5点", None), ("夜里11点", "1点", None),
        ("晚上10点", "8点", None), ("22:00", "06:00", None),
    ],
)  # fmt: skip
def test_two_hours(first: str, last: str, minutes: tuple[int, int] | None) -> None:
    assert until(first, last) == minutes


def test_what_is_not_clear_is_asked_about() -> None:
    for hours in ("晚上12点以后", "晚上10点到8点"):
        question = read(f"当{hours}客户投诉，则提醒店长", BOOK).question
        assert question is not None
        assert question.kind == "hours"
