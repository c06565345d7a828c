"""The arithmetic of floors: sums that do not depend on the frame rate, visits, bridges, suppression, coverage."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from floor_world import BEFORE, COUNTER, DOOR, QUEUE, ZONES, Figure, feet, plan

from edge_agent.domain.floor import FEWEST, Role, Zone
from edge_agent.shelf.floor import suppress
from edge_agent.shelf.floor.grid import Counts, counted, within
from edge_agent.shelf.floor.tally import BRIDGE_MS, HOLD_MS, Occupancy, Sample, Tally, bridged, tally
from edge_agent.shelf.floor.watch import View

PLAN = plan()
SIDE = (8.0, 6.0)


def samples(figures: list[Figure], seconds: float, every_s: float = 1.0) -> list[Sample]:
    times = [number * every_s for number in range(int(seconds / every_s))]
    counts = (counted(PLAN, [(x / 8, y / 6) for x, y in feet(figures, at)]) for at in times)
    return [Sample(at_ms=round(at * 1000), view=View.CLEAR, match=0.9, counts=one) for at, one in zip(times, counts, strict=True)]


def crowd(seed: int, count: int, seconds: int) -> list[Figure]:
    draw = random.Random(seed)
    return [
        Figure(at=(draw.uniform(0, 8), draw.uniform(0, 6)), from_s=(begin := draw.uniform(0, seconds - 20)),
               until_s=draw.uniform(begin + 10, seconds))
        for _ in range(count)
    ]  # fmt: skip


def overlap(one: Figure, start: float, end: float) -> float:
    return max(0.0, min(one.until_s, end) - max(one.from_s, start))


def scored(sums, **changes):
    return suppress.score(plan(**changes), sums, model_digest="m" * 64, frames_seen=1, frames_searched=1)


def test_person_seconds_are_what_brute_force_counts() -> None:
    figures = crowd(3, 12, 300)
    sums = tally(samples(figures, 300, 0.25), 300_000, 4)
    for number, zone in enumerate(PLAN.zones):
        there = [one for one in figures if within(zone.outline, one.at)]
        for minute in range(5):
            truth = sum(overlap(one, minute * 60, minute * 60 + 60) for one in there)
            held = sums.zones[number].minute_ms.get(minute, 0) / 1000
            bridges = sum(1 for one in there for other in there if 0 < other.from_s - one.until_s <= BRIDGE_MS / 1000)
            assert held == pytest.approx(truth, abs=0.26 * (1 + len(there)) + 4 * bridges)
    truth = sum(one.until_s - one.from_s for one in figures)
    assert sum(one.ms for one in sums.cells.values()) / 1000 == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize("every_s", [0.5, 1.0, 2.0, 4.0])
def test_sums_do_not_depend_on_the_frame_rate(every_s: float) -> None:
    figures = crowd(8, 12, 240)
    full = tally(samples(figures, 240, 0.25), 240_000, 4)
    less = tally(samples(figures, 240, every_s), 240_000, 4)
    assert less.floor.ms == pytest.approx(full.floor.ms, rel=0.02)
    for fewer, more in zip(less.zones, full.zones, strict=True):
        assert fewer.ms == pytest.approx(more.ms, abs=2000 * every_s * 3)


def test_sums_do_not_depend_on_when_the_frames_come() -> None:
    figures = [Figure(at=(3, 1), from_s=0, until_s=100)]
    even = samples(figures, 120, 1.0)
    uneven = [one for number, one in enumerate(even) if number % 3 != 1]
    assert tally(uneven, 120_000, 4).zones[1].ms == pytest.approx(tally(even, 120_000, 4).zones[1].ms, abs=1000)


def test_a_person_overlooked_for_seconds_is_bridged_and_no_second_visit() -> None:
    shown = [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1]
    made = [
        Sample(at_ms=n * 1000, view=View.CLEAR, counts=Counts(people=n1, zones=(n1, 0, 0, 0), cells=()))
        for n, n1 in enumerate(shown)
    ]
    assert bridged(made, lambda counts: counts.people, BRIDGE_MS) == [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1]
    assert tally(made, 13_000, 4).floor.visits == 2


def test_the_bridge_is_what_brute_force_over_all_pairs_gives() -> None:
    draw = random.Random(1)
    for _ in range(60):
        times = sorted(draw.sample(range(0, 30_000, 500), 18))
        made = [
            Sample(
                at_ms=at,
                view=View.CLEAR,
                counts=None if draw.random() < 0.1 else Counts(people=draw.randint(0, 3), zones=(), cells=()),
            )
            for at in times
        ]
        got = bridged(made, lambda counts: counts.people, BRIDGE_MS)
        for here, one in enumerate(made):
            if one.counts is None:
                assert got[here] is None
                continue
            best = one.counts.people
            for left in made[:here]:
                for right in made[here + 1 :]:
                    if left.counts and right.counts and right.at_ms - left.at_ms <= BRIDGE_MS:
                        best = max(best, min(left.counts.people, right.counts.people))
            assert got[here] == best


def test_visits_count_who_was_there_and_every_rise_and_each_minute_counts_for_itself() -> None:
    figures = [
        Figure(at=(3, 1), from_s=0, until_s=70),
        Figure(at=(3.2, 1), from_s=10, until_s=30),
        Figure(at=(3.1, 1), from_s=50, until_s=130),
    ]
    till = tally(samples(figures, 180), 180_000, 4).zones[1]
    assert till.visits == 3
    assert till.minute_visits == {0: 3, 1: 2, 2: 1}


def test_somebody_who_shifts_between_two_cells_is_not_many_people_in_them() -> None:
    dance = [Figure(at=(3.4 + 0.2 * (n % 2), 1), from_s=n, until_s=n + 1) for n in range(50)]
    sums = tally(samples(dance, 50), 50_000, 4)
    assert {one.visits for one in sums.cells.values()} == {1}
    assert [cell.person_s for cell in scored(sums).cells] == [None, None]


def test_few_people_are_not_told_and_nobody_is() -> None:
    two = [Figure(at=(3, 1), from_s=0, until_s=50), Figure(at=(3.2, 1), from_s=5, until_s=40)]
    score = scored(tally(samples(two, 120), 120_000, 4))
    till, queue = score.zones[1], score.zones[2]
    assert (till.person_s, till.visits, till.stay_s, till.unattended_s) == (None, None, None, None)
    assert [one.person_s for one in till.minutes] == [None, 0]
    assert (queue.person_s, queue.visits, [one.person_s for one in queue.minutes]) == (None, None, [None, 0])
    assert score.person_s is None
    assert score.suppressed == 4 + len(score.cells)


def test_three_visits_are_told_with_their_stay() -> None:
    three = [Figure(at=(3 + n / 10, 1), from_s=1 + 20 * n, until_s=13 + 20 * n) for n in range(3)]
    till = scored(tally(samples(three, 60), 60_000, 4)).zones[1]
    assert (till.person_s, till.visits, till.stay_s) == (36, 3, 12.0)


def test_a_sum_is_not_told_when_it_gives_away_the_one_part_that_is_missing() -> None:
    many = [Figure(at=(3 + n / 10, 1), from_s=1 + 10 * n, until_s=5 + 10 * n) for n in range(6)]
    one_more = [*many, Figure(at=(3, 1), from_s=70, until_s=80)]
    till = scored(tally(samples(one_more, 120), 120_000, 4)).zones[1]
    assert till.minutes[0].person_s is not None
    assert till.minutes[1].person_s is None
    assert till.person_s is None
    assert till.stay_s is None


WINGS = (*ZONES, Zone(id="gate", name="侧门", role=Role.ENTRANCE, outline=((0, 2), (8, 2), (8, 4), (0, 4))))
"""Zones that share out the whole floor, so that nothing is left in which a number could hide; two of them are entrances."""


def drawn_tally(seed: int) -> Tally:
    """Sums as `tally` would make them of a crowd of which each one is drawn: one visit is one stay of a few seconds."""
    draw = random.Random(seed)
    held, minutes = [], draw.randint(1, 4)
    stays = [(draw.randrange(5), start := draw.randrange(60 * minutes), start + draw.randint(2, 90)) for _ in range(seed % 11)]
    for at in range(60 * minutes):
        zones = tuple(sum(zone == number and start <= at < end for zone, start, end in stays) for number in range(5))
        held.append(Sample(at_ms=at * 1000, view=View.CLEAR, counts=Counts(people=sum(zones), zones=zones, cells=())))
    return tally(held, 60_000 * minutes, 5)


def told_sums(score, sums: Tally) -> tuple[list[tuple[int, int]], list[tuple[dict[tuple[int, int], int], int]]]:
    """Every zone's minute, and what is told: which of them each told number adds up, and the number."""
    minutes = sorted(sums.minutes)
    atoms = [(zone, minute) for zone in range(len(sums.zones)) for minute in minutes]
    told = [
        ({(number, one.minute): 1}, one.person_s)
        for number, zone in enumerate(score.zones) for one in zone.minutes if one.person_s is not None
    ]  # fmt: skip
    told += [
        ({(number, minute): 1 for minute in minutes}, zone.person_s)
        for number, zone in enumerate(score.zones) if zone.person_s is not None
    ]  # fmt: skip
    if score.person_s is not None:
        told.append((dict.fromkeys(atoms, 1), score.person_s))
    return atoms, told


def rows_of(sets: Sequence[dict], columns: Sequence) -> np.ndarray:
    return np.array([[one.get(column, 0) for column in columns] for one in sets], float).reshape(-1, len(columns))


def works_out(known: np.ndarray, asked: np.ndarray) -> bool:
    """Whether a linear combination of the known sums gives what is asked."""
    rank = np.linalg.matrix_rank
    return bool(len(known) and rank(np.vstack([known, asked])) == rank(known))


def test_no_missing_number_can_be_worked_out_from_what_is_told() -> None:
    """Whatever the crowd: no linear combination of all that is told gives a missing number, or a sum of too few people."""
    missing_somewhere = totals_told = 0
    for seed in range(90):
        sums = drawn_tally(seed)
        score = scored(sums, zones=WINGS)
        atoms, told = told_sums(score, sums)
        known = rows_of([parts for parts, _ in told], atoms)
        hidden = [
            (number, one.minute) for number, zone in enumerate(score.zones) for one in zone.minutes if one.person_s is None
        ]  # fmt: skip
        visits = {at: sums.zones[at[0]].minute_visits.get(at[1], 0) for at in atoms}
        missing_somewhere += bool(hidden)
        totals_told += bool(hidden) and score.person_s is not None
        for at in hidden:
            assert not works_out(known, rows_of([{at: 1}], atoms)), (seed, at)
        for number, zone in enumerate(score.zones):
            whole = rows_of([{at: 1 for at in atoms if at[0] == number}], atoms)
            assert zone.person_s is not None or not works_out(known, whole), (seed, number)
        sums_told = [(parts, value) for parts, value in told if len(parts) > 1]
        for factors in itertools.product((0, 1, -1), repeat=len(sums_told)):
            left = {at: sum(f * parts.get(at, 0) for f, (parts, _) in zip(factors, sums_told, strict=True)) for at in hidden}
            group = [at for at, count in left.items() if count]
            if group and all(left[at] == 1 for at in group):
                there = {minute: sum(visits[at] for at in group if at[1] == minute) for minute in {at[1] for at in group}}
                people = sum(min(count, sums.floor.minute_visits.get(minute, 0)) for minute, count in there.items())
                assert people >= FEWEST, seed
                assert sum(visits[at] > 0 for at in group) > 1, seed
    assert missing_somewhere > 20
    assert totals_told > 0


def test_no_missing_count_of_visits_can_be_worked_out_from_arrivals() -> None:
    told_beside_missing = 0
    draw = random.Random(2)
    for seed in range(500):
        sums = occupied(*(stayed(10 * visits, visits) for visits in draw.choices(range(5), k=5)))
        score = scored(sums, zones=WINGS)
        doors = [
            (raw.visits, zone.visits) for raw, zone in zip(sums.zones, score.zones, strict=True) if zone.role is Role.ENTRANCE
        ]
        missing = [visits for visits, told in doors if told is None]
        if score.arrivals is not None:
            assert score.arrivals == sum(visits for visits, _ in doors)
            assert not missing or (len(missing) > 1 and sum(missing) >= FEWEST), seed
            told_beside_missing += bool(missing)
    assert told_beside_missing > 0


def occupied(*zones: Occupancy, held: list | None = None, floor: Occupancy | None = None) -> Tally:
    return Tally(
        duration_ms=60_000, assessed_ms=60_000, minutes={0: 60_000}, zones=list(zones),
        floor=floor or stayed(sum(one.ms for one in zones) // 1000, sum(one.visits for one in zones)), held=held or [],
    )  # fmt: skip


def stayed(seconds: int, visits: int) -> Occupancy:
    return Occupancy(ms=seconds * 1000, visits=visits, minute_ms={0: seconds * 1000}, minute_visits={0: visits})


def test_the_sum_of_two_entrances_does_not_give_away_the_one_that_is_missing() -> None:
    sums = occupied(stayed(0, 0), stayed(0, 0), stayed(0, 0), stayed(120, 6), stayed(7, 1))
    score = scored(sums, zones=WINGS)
    assert [one.visits for one in score.zones[3:]] == [6, None]
    assert score.arrivals is None
    assert score.person_s is None
    two = scored(occupied(stayed(0, 0), stayed(0, 0), stayed(0, 0), stayed(12, 2), stayed(7, 1)), zones=WINGS)
    assert (two.arrivals, [one.visits for one in two.zones[3:]]) == (3, [None, None])


def test_where_the_only_one_in_the_house_was_is_in_no_zone_and_no_minute() -> None:
    """Zero beside null would be his route: from door to queue to counter, minute by minute."""
    route = [(2, 5), (6, 1), (3, 1), (1, 1)]
    alone = [Figure(at=at, from_s=60 * n, until_s=60 * n + 60) for n, at in enumerate(route)]
    score = scored(tally(samples(alone, 240), 240_000, 4))
    assert {one.person_s for zone in score.zones for one in zone.minutes} == {None}
    assert {(zone.person_s, zone.visits, zone.unattended_s) for zone in score.zones} == {(None, None, None)}
    assert (score.person_s, score.arrivals) == (None, None)


def test_seconds_without_staff_are_told_in_whole_minutes() -> None:
    for seconds, told in ((20, 0), (40, 60), (100, 120), (150, 120)):
        staff = [Figure(at=(1, 1), from_s=seconds, until_s=150)]
        assert scored(tally(samples(staff, 150), 150_000, 4)).zones[0].unstaffed_s == told


def test_waiting_while_nobody_serves_is_measured_where_a_zone_is_served() -> None:
    waiting = [Figure(at=(3 + n / 10, 1), from_s=10 * n, until_s=240) for n in range(4)]
    staff = [Figure(at=(1, 1), from_s=0, until_s=60), Figure(at=(1, 1), from_s=180, until_s=240)]
    score = scored(tally(samples([*waiting, *staff], 240), 240_000, 4))
    assert score.zones[1].unattended_s == 120
    assert score.zones[0].unstaffed_s == 120
    assert score.zones[3].unattended_s is None


def test_arrivals_are_the_rises_of_the_entrance() -> None:
    guests = [Figure(at=(1 + n, 5), from_s=5 + 12 * n, until_s=11 + 12 * n) for n in range(5)]
    assert scored(tally(samples(guests, 80), 80_000, 4)).arrivals == 5
    assert scored(tally(samples(guests[:2], 80), 80_000, 4)).arrivals is None
    assert scored(tally(samples([], 80), 80_000, 4)).arrivals == 0
    no_door = tally(samples([], 80), 80_000, 3)
    assert scored(no_door, zones=(COUNTER, BEFORE, QUEUE)).arrivals is None


def test_coverage_says_why_seconds_are_missing_and_adds_up() -> None:
    made = samples([], 100)
    spoilt = [
        Sample(at_ms=one.at_ms, view=view, counts=None) if (view := _view(one.at_ms)) is not View.CLEAR else one
        for one in made if not 50_000 <= one.at_ms < 80_000
    ]  # fmt: skip
    seen = scored(tally(spoilt, 100_000, 4)).coverage
    assert (seen.dark_s, seen.blocked_s, seen.moved_s, seen.gap_s) == (10, 5, 5, 30 - HOLD_MS // 1000 + 1)
    assert seen.assessed_s + seen.dark_s + seen.blocked_s + seen.moved_s + seen.gap_s == seen.seconds == 100


def _view(at_ms: int) -> View:
    if at_ms < 10_000:
        return View.DARK
    return View.BLOCKED if at_ms < 15_000 else View.MOVED if at_ms < 20_000 else View.CLEAR


def test_what_was_not_assessed_is_in_no_sum() -> None:
    figure = [Figure(at=(3, 1), from_s=0, until_s=60)]
    half = [
        one if one.at_ms < 30_000 else Sample(at_ms=one.at_ms, view=View.DARK, counts=None) for one in samples(figure, 60)
    ]  # fmt: skip
    sums = tally(half, 60_000, 4)
    assert sums.zones[1].ms == 30_000
    assert sums.minutes == {0: 30_000}


def test_a_point_belongs_to_one_zone_and_one_cell() -> None:
    for left, right in pairwise((COUNTER, BEFORE, QUEUE)):
        edge = (left.outline[1][0], 1.0)
        assert [within(left.outline, edge), within(right.outline, edge)] == [False, True]
    counts = counted(PLAN, [(0.99, 0.99), (0.5, 0.5), (1.2, 0.5)])
    assert counts.people == 3
    assert sum(count for _, count in counts.cells) == 2
    assert counts.zones == (0, 0, 0, 1)
    assert DOOR.id == "door"


def test_counts_have_no_room_for_a_place_finer_than_a_cell() -> None:
    assert {one.name for one in fields(Counts)} == {"people", "zones", "cells"}
    assert {one.name for one in fields(Sample)} == {"at_ms", "view", "counts", "match"}
    assert {one.name for one in fields(Zone)} == {"id", "name", "role", "outline", "served_by"}
