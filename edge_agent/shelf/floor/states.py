"""What the event models read of a floor: states of zones over time, in the names of `lexicons/events/floor.toml`.

- Steps of `STEP_MS`: what held for most of a step holds for all of it; steps that are alike make one stretch.
- A count of 1 or 2 is told as 1 ("some"): thresholds of 1 and of 3 and more hold all the same, and nobody is counted singly.
- `customers` only where the role says so (before a counter, in a queue), `staff` only where a zone is named that serves it, or
  everywhere while only staff is in the house. `open_hours` only where the plan has hours. What is not known is absent.
- `unassisted_share` is never told: it would mean to follow a customer through the shop.
- `was_unstaffed`: nobody stood behind this counter right before, in the same recording.
- Stays and shares by window: 15 minutes, and an hour; a remainder counts as a window from a third of that on, and no shorter.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from edge_agent.domain.floor import FEWEST, WAITING, FloorPlan, Hours, Role
from edge_agent.domain.observation import Observation
from edge_agent.shelf.floor.tally import Stretch
from edge_agent.shelf.floor.watch import View

STEP_MS: Final = 10_000
QUARTER_MS: Final = 900_000
HOUR_MS: Final = 3_600_000

Values = dict[str, float | bool]


def observations(plan: FloorPlan, held: Sequence[Stretch], began_at: datetime) -> tuple[Observation, ...]:
    """Everything an event model may ask of this recording, which began at `began_at` (aware, the store's own zone)."""
    made = list(_runs("", _steps(held, _match)))
    for number, zone in enumerate(plan.zones):
        staffed: list[bool] = []
        states = _steps(held, partial(_zone_state, plan, began_at, number))
        if zone.role is Role.COUNTER_STAFF:
            states = [(start, end, _counter(state, staffed)) for start, end, state in states]
        made += _runs(f"zone:{zone.id}", states)
    made += _runs("", _steps(held, partial(_whole_state, plan, began_at)))
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


def _assessed(one: Stretch) -> bool:
    return one.sample.counts is not None


def _served(plan: FloorPlan, number: int) -> int | None:
    name = plan.zones[number].served_by
    return next((at for at, zone in enumerate(plan.zones) if name and zone.id == name), None)


def _match(one: Stretch) -> Values:
    """How well the picture agrees with the reference, in tenths: also told while nothing else can be."""
    if one.sample.match is None or one.sample.view is View.DARK:
        return {}
    return {"calibration_match": int(one.sample.match * 10) / 10}


def _zone_state(plan: FloorPlan, began_at: datetime, number: int, one: Stretch) -> Values:
    if not _assessed(one):
        return {}
    zone, count, at = plan.zones[number], one.zones[number], began_at + timedelta(milliseconds=one.from_ms)
    values: Values = {}
    if zone.role is Role.COUNTER_STAFF:
        values["counter_staff"] = _some(count)
        if plan.open_hours:
            values["open_hours"] = within_hours(plan.open_hours, at)
    elif within_hours(plan.staff_only, at):
        values |= {"customers": 0, "staff": _some(count)}
    elif zone.role in WAITING:
        values["customers"] = _some(count)
        if zone.role is Role.QUEUE:
            values["queue_len"] = _some(count)
        served = _served(plan, number)
        if served is not None:
            values["staff"] = _some(one.zones[served])
    return values


def _counter(state: Values, staffed: list[bool]) -> Values:
    """Adds `was_unstaffed` while the counter is staffed: `staffed` remembers the stretches before this one."""
    if "counter_staff" not in state:
        staffed.clear()
        return state
    now = bool(state["counter_staff"])
    if not staffed or staffed[-1] != now:
        staffed.append(now)
    return state | {"was_unstaffed": True} if now and len(staffed) > 1 else state


def _whole_state(plan: FloorPlan, began_at: datetime, one: Stretch) -> Values:
    """Staff in one place while others wait; only where every zone in which people wait names who serves it."""
    waits = [number for number, zone in enumerate(plan.zones) if zone.role in WAITING]
    served = {number: _served(plan, number) for number in waits}
    counters = [number for number, zone in enumerate(plan.zones) if zone.role is Role.COUNTER_STAFF]
    at = began_at + timedelta(milliseconds=one.from_ms)
    if not _assessed(one) or not counters or not waits or None in served.values() or within_hours(plan.staff_only, at):
        return {}
    alone = sum(1 for number, behind in served.items() if one.zones[number] and behind is not None and not one.zones[behind])
    return {"max_staff_in_zone": _some(max(one.zones[number] for number in counters)), "unattended_waiting_zones": alone}


def _steps(held: Sequence[Stretch], state: Callable[[Stretch], Values]) -> list[tuple[int, int, Values]]:
    """(from, until, values) of each step: the state that held longest in it, in whole steps."""
    weights: dict[int, dict[tuple[tuple[str, float | bool], ...], int]] = {}
    for one in held:
        values, start = tuple(sorted(state(one).items())), one.from_ms
        while start < one.until_ms:
            step = start // STEP_MS
            end = min(one.until_ms, (step + 1) * STEP_MS)
            there = weights.setdefault(step, {})
            there[values] = there.get(values, 0) + end - start
            start = end
    found = []
    for step, there in sorted(weights.items()):
        values, ms = max(there.items(), key=lambda item: (item[1], item[0] == ()))
        found.append((step * STEP_MS, (step + 1) * STEP_MS, dict(values) if ms * 2 > STEP_MS else {}))
    return found


def _runs(subject: str, steps: Sequence[tuple[int, int, Values]]) -> Iterator[Observation]:
    """Steps that follow each other and are alike, as one observation; empty ones are none."""
    at = 0
    while at < len(steps):
        start, end, values = steps[at]
        at += 1
        while at < len(steps) and steps[at][0] == end and steps[at][2] == values:
            end = steps[at][1]
            at += 1
        if values:
            yield Observation(subject=subject, values=tuple(sorted(values.items())), from_ms=start, until_ms=end)


def _windows(plan: FloorPlan, held: Sequence[Stretch], began_at: datetime) -> Iterator[Observation]:
    """Stays, arrivals and shares of 15 minutes and of an hour; never from fewer than `FEWEST` people-equivalents."""
    customers = [number for number, zone in enumerate(plan.zones) if zone.role is not Role.COUNTER_STAFF]
    for start, end, part in _cut(held, QUARTER_MS):
        if within_hours(plan.staff_only, began_at + timedelta(milliseconds=start)):
            continue
        stays = {number: _stay(part, number) for number in customers}
        ms, visits = (sum(one[which] for one in stays.values()) for which in (0, 1))
        for number, (here_ms, here) in stays.items():
            if here >= FEWEST and visits and ms:
                ratio = round((here_ms / here) / (ms / visits), 2)
                values: Values = {"dwell_vs_store_avg": ratio, "dwell_samples": here}
                yield _window(f"zone:{plan.zones[number].id}", values, start, end)
        entrances = [stays[number][1] for number in customers if plan.zones[number].role is Role.ENTRANCE]
        if entrances and sum(entrances) >= FEWEST:
            yield _window("", {"arrivals": sum(entrances)}, start, end)
    for start, end, part in _cut(held, HOUR_MS):
        whole = sum(_stay(part, number)[0] for number in customers)
        seen = sum(one.ms for one in part)
        for number in customers:
            served, (ms, visits) = _served(plan, number), _stay(part, number)
            if served is not None and whole and visits >= FEWEST:
                staffed = sum(one.ms for one in part if one.zones[served])
                values = {"zone_staff_time_share": round(staffed / seen, 3), "zone_customer_dwell_share": round(ms / whole, 3)}
                yield _window(f"zone:{plan.zones[number].id}", values, start, end)


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


def _some(count: int) -> int:
    return count if count == 0 or count >= FEWEST else 1
