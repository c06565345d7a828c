"""When the shop is open: by weekday and clock, in the shop's own zone. Without a line nobody knows, and nothing is counted."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

PATTERN: Final = r"^[1-7](-[1-7])? ([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)"
"""`1-5 09:00-21:30`: weekdays from Monday = 1, then from and until; until the next day where that is not later."""
LONGEST: Final = timedelta(days=31)
"""Further ahead no opening is looked for."""
_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """On one weekday (Monday = 1), minutes after midnight; `until` may lie in the next day."""

    weekday: int
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours:
    """`zone` None = this machine's own."""

    spans: tuple[Span, ...] = ()
    zone: tzinfo | None = None

    @classmethod
    def of(cls, lines: Sequence[str], zone: tzinfo | None = None) -> "OpenHours":
        """ValueError for a line that is not like `PATTERN`."""
        return cls(spans=tuple(span for line in lines for span in _spans(line)), zone=zone)

    @property
    def known(self) -> bool:
        return bool(self.spans)

    def open_at(self, at_ms: int) -> bool | None:
        """Whether the shop is open at a time in ms since 1970; None where nobody said when it is."""
        if not self.known:
            return None
        return any(since <= at_ms < until for since, until in self._around(at_ms, days=1))

    def after(self, since_ms: int, open_ms: int) -> int | None:
        """The time (ms since 1970) at which the shop was open for `open_ms` since then; None where that is not known."""
        left, reached = open_ms, since_ms
        if not self.known:
            return None
        for since, until in self._around(since_ms, days=LONGEST.days):
            begin = max(since, reached)
            if begin >= until:
                continue
            if until - begin >= left:
                return begin + left
            left -= until - begin
            reached = until
        return None

    def _around(self, at_ms: int, *, days: int) -> Iterator[tuple[int, int]]:
        """(from, until) of every opening from the day before on, in order."""
        day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone).date() - timedelta(days=1)
        for number in range(days + 2):
            on = day + timedelta(days=number)
            for span in sorted((one for one in self.spans if one.weekday == on.isoweekday()), key=lambda one: one.since):
                midnight = datetime.combine(on, time(), tzinfo=self.zone)
                begin, end = midnight + timedelta(minutes=span.since), midnight + timedelta(minutes=span.until)
                yield int(begin.astimezone(UTC).timestamp() * 1000), int(end.astimezone(UTC).timestamp() * 1000)


def _spans(line: str) -> Iterator[Span]:
    if not re.match(PATTERN, line):
        raise ValueError("opening hours are like `1-5 09:00-21:30`")
    days, _, times = line.partition(" ")
    first, last = int(days[0]), int(days[-1])
    since, until = (int(text[:2]) * 60 + int(text[3:]) for text in times.split("-"))
    for number in range((last - first) % _WEEK + 1):
        weekday = (first - 1 + number) % _WEEK + 1
        yield Span(weekday=weekday, since=since, until=until if until > since else until + 1440)
