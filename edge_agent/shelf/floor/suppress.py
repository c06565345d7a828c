"""What may be told of a tally: whole seconds and people-equivalents, and nothing that is about fewer than `FEWEST` of them.

Primary: a zone's minute, a cell, a zone or the floor with 1 or 2 people-equivalents is not told; 0 is. Secondary: a sum is not
told when it would give away what is missing below it, that is when only one of its parts is missing, or when the missing parts
hold fewer than `FEWEST` people-equivalents together. After Hundepool et al. 2012, "Statistical Disclosure Control", chapter 5
(minimum frequency rule and secondary suppression), with visits in place of persons: nobody is known again, so whoever comes back
counts anew.
"""

from collections.abc import Iterable

from edge_agent.domain.floor import FEWEST, WAITING, Cell, Coverage, FloorPlan, FloorScore, Role, ZoneMinute, ZoneScore
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
    total = _told(sums.floor) and _sums_up(missing)
    entrances = [one for one, zone in zip(sums.zones, plan.zones, strict=True) if zone.role is Role.ENTRANCE]
    arrivals = sum(one.visits for one in entrances)
    return FloorScore(
        floor=plan.floor, plan_digest=plan.digest, model_digest=model_digest, duration_ms=sums.duration_ms,
        frames_seen=frames_seen, frames_searched=frames_searched, coverage=coverage(sums),
        person_s=_seconds(sums.floor.ms) if total else None,
        arrivals=arrivals if entrances and (arrivals == 0 or arrivals >= FEWEST) else None,
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
            person_s=_seconds(one.minute_ms.get(minute, 0)) if _told_in(one, minute) else None,
        )
        for minute, ms in sorted(sums.minutes.items())
    )  # fmt: skip
    missing = [one.minute_visits.get(entry.minute, 0) for entry in minutes if entry.person_s is None]
    told = _told(one)
    whole = told and _sums_up(missing)
    waiting = zone.role in WAITING and bool(zone.served_by) and told
    return ZoneScore(
        zone=zone.id, role=zone.role, person_s=_seconds(one.ms) if whole else None,
        visits=one.visits if told else None,
        stay_s=round(one.ms / 1000 / one.visits, 1) if whole and one.visits else None,
        unattended_s=_seconds(unattended_ms(plan, number, sums.held)) if waiting else None,
        unstaffed_s=_seconds(unstaffed_ms(number, sums.held)) if zone.role is Role.COUNTER_STAFF else None,
        minutes=minutes,
    )  # fmt: skip


def _told(one: Occupancy) -> bool:
    return one.visits >= FEWEST or (one.ms == 0 and one.visits == 0)


def _told_in(one: Occupancy, minute: int) -> bool:
    visits = one.minute_visits.get(minute, 0)
    return visits >= FEWEST or (visits == 0 and not one.minute_ms.get(minute, 0))


def _sums_up(missing: Iterable[int]) -> bool:
    """Whether a sum may be told beside its parts: nothing is missing, or enough that nothing can be worked out."""
    parts = list(missing)
    return not parts or (len(parts) > 1 and sum(parts) >= FEWEST)


def _seconds(ms: int) -> int:
    return round(ms / 1000)
