"""What may be told of a tally: whole seconds and people-equivalents, and nothing that is about fewer than `FEWEST` of them.

Primary: a zone's minute, a cell, a zone or the floor with 1 or 2 people-equivalents is not told; 0 is, but in a minute in which 1
or 2 were on the whole floor no zone's number is: zeros beside the one that is missing would say where they were. Secondary: a sum
(a zone over its minutes, the floor over its cells and its zones, arrivals over the entrances) is not told when what is missing
below it is one part only, or holds fewer than `FEWEST` people-equivalents together; whoever is in several zones of one minute
counts there no oftener than the floor counted him. `unattended_s` and `unstaffed_s` are rounded to whole minutes. After Hundepool
et al. 2012, "Statistical Disclosure Control", chapter 5 (minimum frequency rule and secondary suppression), with visits in place
of persons: nobody is known again, so whoever comes back counts anew.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from edge_agent.domain.floor import FEWEST, MINUTE_MS, WAITING, Cell, Coverage, FloorPlan, FloorScore, Role, ZoneMinute, ZoneScore
from edge_agent.shelf.floor.grid import size
from edge_agent.shelf.floor.states import unattended_ms, unstaffed_ms
from edge_agent.shelf.floor.tally import Occupancy, Tally
from edge_agent.shelf.floor.watch import View


def score(plan: FloorPlan, sums: Tally, *, model_digest: str, frames_seen: int, frames_searched: int) -> FloorScore:
    """The score of one recording, suppressed."""
    columns, rows = size(plan)
    zones = tuple(_zone(plan, number, sums) for number in range(len(plan.zones)))
    cells = tuple(
        Cell(column=place[0], row=place[1], person_s=_seconds(one.ms) if one.visits >= FEWEST else None)
        for place, one in sorted(sums.cells.items())
        if one.ms
    )
    missing = [one.visits for place, one in sorted(sums.cells.items()) if one.ms and one.visits < FEWEST]
    untold = [min(one.visits, sums.floor.visits) for one, zone in zip(sums.zones, zones, strict=True) if zone.person_s is None]
    total = _told(sums.floor) and _sums_up(missing) and _sums_up(untold) and _sums_up(_left(zones, sums))
    entrances = [(one.visits, zone.visits) for one, zone in zip(sums.zones, zones, strict=True) if zone.role is Role.ENTRANCE]
    counted = bool(entrances) and _sums_up(visits for visits, told in entrances if told is None)
    return FloorScore(
        floor=plan.floor, plan_digest=plan.digest, model_digest=model_digest, duration_ms=sums.duration_ms,
        frames_seen=frames_seen, frames_searched=frames_searched, coverage=coverage(sums),
        person_s=_seconds(sums.floor.ms) if total else None,
        arrivals=sum(visits for visits, _ in entrances) if counted else None,
        columns=columns, rows=rows, cell_m=plan.cell_m, zones=zones, cells=cells,
    )  # fmt: skip


def coverage(sums: Tally) -> Coverage:
    """The seconds of the recording and why some could not be assessed; they add up."""
    seconds = _seconds(sums.duration_ms)
    reasons = {view: _seconds(sums.unseen_ms.get(view, 0)) for view in (View.DARK, View.BLOCKED, View.MOVED, None)}
    left = max(0, seconds - sum(reasons.values()))
    if left == 0:
        reasons = _within(reasons, seconds)
    return Coverage(
        seconds=seconds, assessed_s=left, dark_s=reasons[View.DARK], blocked_s=reasons[View.BLOCKED],
        moved_s=reasons[View.MOVED], gap_s=reasons[None],
    )  # fmt: skip


def _within(reasons: dict[View | None, int], seconds: int) -> dict[View | None, int]:
    """Rounded seconds of the reasons cut so that together they are not more than there were."""
    kept = {}
    for view, value in reasons.items():
        kept[view] = min(value, seconds)
        seconds -= kept[view]
    return kept


def _zone(plan: FloorPlan, number: int, sums: Tally) -> ZoneScore:
    zone, one = plan.zones[number], sums.zones[number]
    minutes = tuple(
        ZoneMinute(
            minute=minute, assessed_s=_seconds(ms),
            person_s=_seconds(one.minute_ms.get(minute, 0)) if _told_in(sums, one, minute) else None,
        )
        for minute, ms in sorted(sums.minutes.items())
    )  # fmt: skip
    missing = {entry.minute: _hidden(sums, one, entry.minute) for entry in minutes if entry.person_s is None}
    told = min(one.visits, sums.floor.visits) >= FEWEST or (one.ms == one.visits == 0 and not missing)
    whole = told and _sums_up(missing.values())
    waiting = zone.role in WAITING and bool(zone.served_by) and told
    return ZoneScore(
        zone=zone.id, role=zone.role, person_s=_seconds(one.ms) if whole else None,
        visits=one.visits if told else None,
        stay_s=round(one.ms / 1000 / one.visits, 1) if whole and one.visits else None,
        unattended_s=_minutes(unattended_ms(plan, number, sums.held), sums.assessed_ms) if waiting else None,
        unstaffed_s=_minutes(unstaffed_ms(number, sums.held), sums.assessed_ms) if zone.role is Role.COUNTER_STAFF else None,
        minutes=minutes,
    )  # fmt: skip


def _left(zones: Sequence[ZoneScore], sums: Tally) -> list[int]:
    """People-equivalents by part that would be left of the floor's sum once everything told of its zones is taken off.

    The parts are minutes; where there are none, all that was in no zone, unless that could be told itself.
    """
    left: dict[int, int] = {}
    for zone, one in zip(zones, sums.zones, strict=True):
        for entry in zone.minutes if zone.person_s is None else ():
            if entry.person_s is None:
                left[entry.minute] = left.get(entry.minute, 0) + _hidden(sums, one, entry.minute)
    if left:
        return [min(visits, _on_floor(sums, minute)) for minute, visits in left.items()]
    beside = [max(0, one.people - sum(one.zones)) for one in sums.held if one.sample.counts is not None]
    outside = sum(max(0, count - before) for before, count in pairwise([0, *beside]))
    return [outside] if 0 < outside < FEWEST else []


def _on_floor(sums: Tally, minute: int) -> int:
    return max(sums.floor.minute_visits.get(minute, 0), 1 if sums.floor.minute_ms.get(minute) else 0)


def _hidden(sums: Tally, one: Occupancy, minute: int) -> int:
    """People-equivalents behind a zone's minute, no more than the floor counted."""
    return min(one.minute_visits.get(minute, 0), _on_floor(sums, minute))


def _told(one: Occupancy) -> bool:
    return one.visits >= FEWEST or (one.ms == 0 and one.visits == 0)


def _told_in(sums: Tally, one: Occupancy, minute: int) -> bool:
    if 0 < _on_floor(sums, minute) < FEWEST:
        return False
    visits = one.minute_visits.get(minute, 0)
    return visits >= FEWEST or (visits == 0 and not one.minute_ms.get(minute, 0))


def _sums_up(missing: Iterable[int]) -> bool:
    """Whether a sum may be told beside its parts: nothing is missing, or enough that nothing can be worked out."""
    parts = list(missing)
    return not parts or (sum(part > 0 for part in parts) > 1 and sum(parts) >= FEWEST)


def _seconds(ms: int) -> int:
    return round(ms / 1000)


def _minutes(ms: int, of_ms: int) -> int:
    """Seconds in whole minutes, the nearest that fits into what was assessed."""
    return min(round(ms / MINUTE_MS), of_ms // MINUTE_MS) * 60
