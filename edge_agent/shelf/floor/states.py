"""What the event models read of a floor, in the names of `lexicons/events/floor.toml`, and no more: nobody's way is in it.

A state is told only as the whole conjunction that a model asks for, in steps of `STEP_MS` (what held for most of a step holds for
all of it), equal neighbours as one stretch. One that began and ended within what was seen and was shorter than its model's
`sustain_s` proves nothing and is told as its opposite.

- Counter, outside `staff_only` and only while open where the plan has hours: `counter_staff` 0 or 1 (somebody); 0 for 300 s or
  more, or at the edge of what was seen. While closed only `open_hours` = false.
- Zone of a waiting role with a zone that serves it: `customers` 1 with `staff` 0 = somebody has waited unattended for 90 s or
  more; `customers` 0 alone = not so, whoever is or is not there. While only staff is in the house it is 0 throughout.
- Queue: `queue_len` 5 = five or more for 180 s or more; 0 = not so.
- The whole floor: `max_staff_in_zone` 3 with `unattended_waiting_zones` 1 = three or more of staff stand together while a zone
  waits, for 120 s or more; `unattended_waiting_zones` 0 alone = not so. `calibration_match` 0 = below a half for 60 s or more;
  0.5 = not so.
- By 15 minutes and by the hour (a remainder counts from a third of that on): of zones with `FEWEST` people-equivalents or more,
  `dwell_samples` in fives and `dwell_vs_store_avg` in halves, `zone_staff_time_share` and `zone_customer_dwell_share` in tenths,
  all rounded down. Entrances, aisles and fitting zones tell nothing else; no arrivals.

So what remains of a single person is the state of a counter, that somebody waited long before it, and, cut by a recording's edge,
the part of such a stretch on either side. `was_unstaffed` follows from the scans before (see `tagging.sight`);
`unassisted_share` is never told: it would mean to follow a customer through the shop. What is not known is absent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final

from edge_agent.domain.floor import FEWEST, WAITING, FloorPlan, Hours, Role
from edge_agent.domain.observation import Observation
from edge_agent.shelf.floor.tally import Stretch
from edge_agent.shelf.floor.watch import View

STEP_MS: Final = 30_000
QUARTER_MS: Final = 900_000
HOUR_MS: Final = 3_600_000
UNATTENDED_MS: Final = 90_000
UNSTAFFED_MS: Final = 300_000
QUEUE_MS: Final = 180_000
CLUSTERED_MS: Final = 120_000
MOVED_MS: Final = 60_000
LONG: Final = 5
TOGETHER: Final = 3
LEAST_MATCH: Final = 0.5
IN_FIVES: Final = 5

Values = Mapping[str, float | bool]
_Step = tuple[int, int, bool | None]
"""(from, until, whether what a model asks for holds); None = not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A state that a model asks for: whether it holds at a stretch, how long it has to last, and how it is told either way."""

    subject: str
    state: Callable[[Stretch], bool | None]
    sustain_ms: int
    yes: Values
    no: Values


def observations(plan: FloorPlan, held: Sequence[Stretch], began_at: datetime) -> tuple[Observation, ...]:
    """Everything an event model may ask of this recording, which began at `began_at` (aware, the store's own zone)."""
    made = [found for asked in _asked(plan, began_at) for found in _runs(asked, held)]
    made += _windows(plan, held, began_at)
    return tuple(sorted(made, key=lambda one: (one.from_ms, one.subject)))


def unattended_ms(plan: FloorPlan, number: int, held: Sequence[Stretch]) -> int:
    """How long somebody waited in this zone while nobody stood in the one that serves it."""
    served = _served(plan, number)
    return 0 if served is None else sum(one.ms for one in held if _assessed(one) and one.zones[number] and not one.zones[served])


def unstaffed_ms(number: int, held: Sequence[Stretch]) -> int:
    """How long nobody stood in this zone."""
    return sum(one.ms for one in held if _assessed(one) and not one.zones[number])


def within_hours(hours: Sequence[Hours], at: datetime) -> bool:
    """Whether a local moment falls into any of the hours."""
    minute = at.hour * 60 + at.minute
    return any(at.isoweekday() in one.days and one.from_minute <= minute < one.until_minute for one in hours)


def _asked(plan: FloorPlan, began_at: datetime) -> Iterator[_Asked]:
    """The states that this floor's plan lets be told."""
    yield _Asked(
        subject="", state=_lost, sustain_ms=MOVED_MS, yes={"calibration_match": 0.0}, no={"calibration_match": LEAST_MATCH}
    )
    yield _Asked(
        subject="", state=partial(_clustered, plan, began_at), sustain_ms=CLUSTERED_MS,
        yes={"max_staff_in_zone": TOGETHER, "unattended_waiting_zones": 1}, no={"unattended_waiting_zones": 0},
    )  # fmt: skip
    is_open = {"open_hours": True} if plan.open_hours else {}
    for number, zone in enumerate(plan.zones):
        subject = f"zone:{zone.id}"
        if zone.role is Role.COUNTER_STAFF:
            yield _Asked(
                subject=subject, state=partial(_unstaffed, plan, began_at, number), sustain_ms=UNSTAFFED_MS,
                yes={"counter_staff": 0, **is_open}, no={"counter_staff": 1, **is_open},
            )  # fmt: skip
            yield _Asked(
                subject=subject, state=partial(_closed, plan, began_at), sustain_ms=0, yes={"open_hours": False}, no={},
            )  # fmt: skip
        if zone.role in WAITING and _served(plan, number) is not None:
            yield _Asked(
                subject=subject, state=partial(_unattended, plan, began_at, number), sustain_ms=UNATTENDED_MS,
                yes={"customers": 1, "staff": 0}, no={"customers": 0},
            )  # fmt: skip
        if zone.role is Role.QUEUE:
            yield _Asked(
                subject=subject, state=partial(_queue, plan, began_at, number), sustain_ms=QUEUE_MS,
                yes={"queue_len": LONG}, no={"queue_len": 0},
            )  # fmt: skip


def _assessed(one: Stretch) -> bool:
    return one.sample.counts is not None


def _served(plan: FloorPlan, number: int) -> int | None:
    name = plan.zones[number].served_by
    return next((at for at, zone in enumerate(plan.zones) if name and zone.id == name), None)


def _at(one: Stretch, began_at: datetime) -> datetime:
    return began_at + timedelta(milliseconds=one.from_ms)


def _lost(one: Stretch) -> bool | None:
    """Whether the picture no longer agrees with the reference: also known while nothing else is."""
    if one.sample.match is None or one.sample.view is View.DARK:
        return None
    return one.sample.match < LEAST_MATCH


def _closed(plan: FloorPlan, began_at: datetime, one: Stretch) -> bool | None:
    at = _at(one, began_at)
    is_closed = plan.open_hours and not within_hours(plan.open_hours, at) and _assessed(one)
    return True if is_closed else None


def _unstaffed(plan: FloorPlan, began_at: datetime, number: int, one: Stretch) -> bool | None:
    at = _at(one, began_at)
    if not _assessed(one) or within_hours(plan.staff_only, at) or (plan.open_hours and not within_hours(plan.open_hours, at)):
        return None
    return not one.zones[number]


def _unattended(plan: FloorPlan, began_at: datetime, number: int, one: Stretch) -> bool | None:
    served = _served(plan, number)
    if not _assessed(one) or served is None:
        return None
    waits = bool(one.zones[number]) and not one.zones[served]
    return waits and not within_hours(plan.staff_only, _at(one, began_at))


def _queue(plan: FloorPlan, began_at: datetime, number: int, one: Stretch) -> bool | None:
    if not _assessed(one) or within_hours(plan.staff_only, _at(one, began_at)):
        return None
    return one.zones[number] >= LONG


def _clustered(plan: FloorPlan, began_at: datetime, one: Stretch) -> bool | None:
    """Staff in one place while others wait; only where every zone in which people wait names who serves it."""
    waits = [number for number, zone in enumerate(plan.zones) if zone.role in WAITING]
    served = {number: _served(plan, number) for number in waits}
    counters = [number for number, zone in enumerate(plan.zones) if zone.role is Role.COUNTER_STAFF]
    if not _assessed(one) or not counters or not waits or None in served.values():
        return None
    alone = any(one.zones[number] and behind is not None and not one.zones[behind] for number, behind in served.items())
    together = max(one.zones[number] for number in counters) >= TOGETHER
    return alone and together and not within_hours(plan.staff_only, _at(one, began_at))


def _runs(asked: _Asked, held: Sequence[Stretch]) -> Iterator[Observation]:
    """The stretches of one state, those too short to prove anything as the opposite; what is not known is none."""
    found = _merged(_steps(held, asked.state))
    for at, (start, end, state) in enumerate(found):
        inside = 0 < at < len(found) - 1 and found[at - 1][2] is not None and found[at + 1][2] is not None
        if state and inside and end - start < asked.sustain_ms:
            found[at] = (start, end, False)
    for start, end, state in _merged(found):
        if state is not None:
            yield _window(asked.subject, asked.yes if state else asked.no, start, end)


def _steps(held: Sequence[Stretch], state: Callable[[Stretch], bool | None]) -> list[_Step]:
    """Each step with the state that held for more than half of it; a remainder shorter than half a step goes to the last one."""
    if not held:
        return []
    ends = held[-1].until_ms
    last = max(0, round(ends / STEP_MS) - 1)
    weights: list[dict[bool | None, int]] = [{} for _ in range(last + 1)]
    for one in held:
        value, start = state(one), one.from_ms
        while start < one.until_ms:
            step = min(start // STEP_MS, last)
            end = one.until_ms if step == last else min(one.until_ms, (step + 1) * STEP_MS)
            weights[step][value] = weights[step].get(value, 0) + end - start
            start = end
    found: list[_Step] = []
    for step, there in enumerate(weights):
        start, end = step * STEP_MS, ends if step == last else (step + 1) * STEP_MS
        value, ms = max(there.items(), key=lambda item: (item[1], item[0] is None), default=(None, 0))
        found.append((start, end, value if ms * 2 > end - start else None))
    return found


def _merged(steps: Sequence[_Step]) -> list[_Step]:
    """Equal neighbours as one."""
    groups = (list(group) for _, group in groupby(steps, key=lambda one: one[2]))
    return [(group[0][0], group[-1][1], group[0][2]) for group in groups]


def _windows(plan: FloorPlan, held: Sequence[Stretch], began_at: datetime) -> Iterator[Observation]:
    """Stays of 15 minutes and shares of an hour; never from fewer than `FEWEST` people-equivalents."""
    customers = [number for number, zone in enumerate(plan.zones) if zone.role is not Role.COUNTER_STAFF]
    for start, end, part in _cut(held, QUARTER_MS):
        if within_hours(plan.staff_only, began_at + timedelta(milliseconds=start)):
            continue
        stays = {number: _stay(part, number) for number in customers}
        ms, visits = (sum(one[which] for one in stays.values()) for which in (0, 1))
        for number, (here_ms, here) in stays.items():
            samples = here // IN_FIVES * IN_FIVES
            if samples >= FEWEST and ms:
                ratio = (2 * here_ms * visits) // (here * ms) / 2
                values: Values = {"dwell_vs_store_avg": ratio, "dwell_samples": samples}
                yield _window(f"zone:{plan.zones[number].id}", values, start, end)
    for start, end, part in _cut(held, HOUR_MS):
        whole = sum(_stay(part, number)[0] for number in customers)
        seen = sum(one.ms for one in part)
        for number in customers:
            served, (ms, visits) = _served(plan, number), _stay(part, number)
            if served is not None and whole and visits >= FEWEST:
                staffed = sum(one.ms for one in part if one.zones[served])
                values = {"zone_staff_time_share": _tenths(staffed, seen), "zone_customer_dwell_share": _tenths(ms, whole)}
                yield _window(f"zone:{plan.zones[number].id}", values, start, end)


def _tenths(part: int, whole: int) -> float:
    return 10 * part // whole / 10


def _window(subject: str, values: Values, from_ms: int, until_ms: int) -> Observation:
    return Observation(subject=subject, values=tuple(sorted(values.items())), from_ms=from_ms, until_ms=until_ms)


def _cut(held: Sequence[Stretch], length_ms: int) -> Iterator[tuple[int, int, list[Stretch]]]:
    """The assessed stretches by window; a window of which less than a third was assessed is left out."""
    by: dict[int, list[Stretch]] = {}
    for one in held:
        if _assessed(one):
            by.setdefault(one.from_ms // length_ms, []).append(one)
    for number, part in sorted(by.items()):
        if sum(one.ms for one in part) * 3 >= length_ms:
            yield number * length_ms, max(part[-1].until_ms, number * length_ms + 1), part


def _stay(part: Sequence[Stretch], number: int) -> tuple[int, int]:
    """Person-milliseconds in a zone, and people-equivalents: who was there at first and every rise of the count."""
    ms = visits = last = 0
    for one in part:
        ms += one.ms * one.zones[number]
        visits += max(0, one.zones[number] - last)
        last = one.zones[number]
    return ms, visits
