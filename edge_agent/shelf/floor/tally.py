"""Adds counts up over time: person-milliseconds per zone and minute and per cell, and visits; all in memory, none of it told.

An observation holds until the next one, at most `HOLD_MS`; what lies beyond is a gap and not assessed. So a sum does not
depend on how many frames were looked at. A count that drops for at most `BRIDGE_MS` and comes back was a person overlooked: it is
bridged (a closing in time), before zones are added up or visits counted. In a cell only what exceeds everything of the minute
before is a visit, so that one person who shifts from foot to foot is not many. `suppress` makes what may be told of this.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from edge_agent.domain.floor import MINUTE_MS
from edge_agent.shelf.floor.grid import Counts, Place
from edge_agent.shelf.floor.watch import View

HOLD_MS: Final = 10_000
BRIDGE_MS: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One frame: when, how well the place was seen, and the counts (None when it cannot be assessed)."""

    at_ms: int
    view: View
    counts: Counts | None
    match: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From one observation to the next: what held meanwhile. `zones` and `people` are bridged, `cells` are as they were seen."""

    from_ms: int
    until_ms: int
    sample: Sample
    people: int = 0
    zones: tuple[int, ...] = ()

    @property
    def ms(self) -> int:
        return self.until_ms - self.from_ms


@dataclass(slots=True, kw_only=True)
class Occupancy:
    """One zone, cell or the whole floor: `ms` person-milliseconds, `visits` people-equivalents, both by minute too."""

    ms: int = 0
    visits: int = 0
    minute_ms: dict[int, int] = field(default_factory=dict)
    minute_visits: dict[int, int] = field(default_factory=dict)

    def add(self, minute: int, ms: int) -> None:
        self.ms += ms
        self.minute_ms[minute] = self.minute_ms.get(minute, 0) + ms


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over one recording. `zones` in the plan's order; `unseen_ms` by the reason why nothing could be assessed."""

    duration_ms: int
    assessed_ms: int = 0
    minutes: dict[int, int] = field(default_factory=dict)
    """Assessed milliseconds of each minute."""
    unseen_ms: dict[View | None, int] = field(default_factory=dict)
    """None = a gap between frames."""
    floor: Occupancy = field(default_factory=Occupancy)
    zones: list[Occupancy] = field(default_factory=list)
    cells: dict[Place, Occupancy] = field(default_factory=dict)
    held: list[Stretch] = field(default_factory=list)
    """What was added up."""


def stretches(samples: Sequence[Sample], duration_ms: int, zones: int) -> list[Stretch]:
    """The samples as stretches that hold, in order, bridged; `duration_ms` is the recording's end."""
    people = bridged(samples, lambda counts: counts.people, BRIDGE_MS)
    per_zone = [bridged(samples, partial(_in_zone, number), BRIDGE_MS) for number in range(zones)]
    ends = [one.at_ms for one in samples[1:]] + [max(duration_ms, samples[-1].at_ms)] if samples else []
    return [
        Stretch(
            from_ms=sample.at_ms, until_ms=min(end, sample.at_ms + HOLD_MS), sample=sample, people=people[at] or 0,
            zones=tuple(one[at] or 0 for one in per_zone),
        )
        for at, (sample, end) in enumerate(zip(samples, ends, strict=True))
    ]  # fmt: skip


def _in_zone(number: int, counts: Counts) -> int:
    return counts.zones[number]


def bridged(samples: Sequence[Sample], count: Callable[[Counts], int], bridge_ms: int) -> list[int | None]:
    """The count at each sample, raised to what stood before and after a drop of at most `bridge_ms`; None = not assessed.

    A closing: the largest n for which one sample before (or at) and one after (or at) show n, at most `bridge_ms` apart.
    """
    raw = [None if one.counts is None else count(one.counts) for one in samples]
    times = [one.at_ms for one in samples]
    made: list[int | None] = []
    for here, value in enumerate(raw):
        if value is None:
            made.append(None)
            continue
        best, before = value, here - 1
        while before >= 0 and times[here] - times[before] < bridge_ms:
            low, after = raw[before] or 0, here + 1
            while low > best and after < len(raw) and times[after] - times[before] <= bridge_ms:
                best = max(best, min(low, raw[after] or 0))
                after += 1
            before -= 1
        made.append(best)
    return made


def tally(samples: Sequence[Sample], duration_ms: int, zones: int) -> Tally:
    """Add up one recording's samples, which are in the order of their time."""
    held = stretches(samples, duration_ms, zones)
    sums = Tally(duration_ms=duration_ms, zones=[Occupancy() for _ in range(zones)], held=held)
    seen_ms = 0
    for one in held:
        seen_ms += one.ms
        if one.sample.counts is None:
            sums.unseen_ms[one.sample.view] = sums.unseen_ms.get(one.sample.view, 0) + one.ms
            continue
        for minute, ms in by_minute(one.from_ms, one.until_ms):
            sums.assessed_ms += ms
            sums.minutes[minute] = sums.minutes.get(minute, 0) + ms
            sums.floor.add(minute, ms * one.people)
            for occupancy, count in zip(sums.zones, one.zones, strict=True):
                occupancy.add(minute, ms * count)
            for place, count in one.sample.counts.cells:
                sums.cells.setdefault(place, Occupancy()).add(minute, ms * count)
    if duration_ms > seen_ms:
        sums.unseen_ms[None] = duration_ms - seen_ms
    _visits(sums.floor, ((one, one.people) for one in held))
    for number, occupancy in enumerate(sums.zones):
        _visits(occupancy, ((one, one.zones[number]) for one in held))
    _cell_visits(samples, sums.cells)
    return sums


def by_minute(from_ms: int, until_ms: int) -> Iterable[tuple[int, int]]:
    """A stretch of time as (minute, milliseconds in it)."""
    while from_ms < until_ms:
        minute = from_ms // MINUTE_MS
        end = min(until_ms, (minute + 1) * MINUTE_MS)
        yield minute, end - from_ms
        from_ms = end


def _cell_visits(samples: Sequence[Sample], cells: Mapping[Place, Occupancy]) -> None:
    """How far each cell's count rose above what it was within the minute before."""
    lately: dict[Place, deque[tuple[int, int]]] = {}
    for sample in samples:
        for place, count in sample.counts.cells if sample.counts is not None else ():
            before = lately.setdefault(place, deque())
            while before and sample.at_ms - before[0][0] > MINUTE_MS:
                before.popleft()
            if place in cells:
                cells[place].visits += max(0, count - max((one for _, one in before), default=0))
            before.append((sample.at_ms, count))


def _visits(occupancy: Occupancy, counts: Iterable[tuple[Stretch, int]]) -> None:
    """How often the count rose; of each minute also who was there when it began."""
    last = 0
    for stretch, count in counts:
        if stretch.sample.counts is None:
            continue
        rise = max(0, count - last)
        occupancy.visits += rise
        for number, (minute, _) in enumerate(by_minute(stretch.from_ms, stretch.until_ms)):
            fresh = minute not in occupancy.minute_visits
            new = rise if number == 0 else 0
            began = (count if number else count - new) if fresh else 0
            occupancy.minute_visits[minute] = occupancy.minute_visits.get(minute, 0) + new + max(0, began)
        last = count
