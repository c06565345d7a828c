"""Waiting: full jitter between tries, and ever rarer questions about a hole that stays."""

import random

from edge_sync import topics
from edge_sync.backoff import Backoff, StormGuard
from edge_sync.gaps import GapTimer
from edge_sync.store import Hole


def a_hole(first: int = 3, last: int = 4) -> Hole:
    return Hole(tenant="demo", gateway="g", epoch="abcd", first=first, last=last)


def test_waits_grow_to_the_cap_and_spread_over_the_whole_range() -> None:
    waits = [[Backoff(base_s=1, cap_s=8, source=random.Random(seed)).wait_s() for seed in range(200)]]
    backoff = Backoff(base_s=1, cap_s=8, source=random.Random(1))
    assert [w for w in waits[0] if w > 1] == []
    for ceiling in (1, 2, 4, 8, 8, 8):
        assert 0 <= backoff.wait_s() <= ceiling
    assert min(waits[0]) < 0.1
    assert max(waits[0]) > 0.9


def test_success_resets_the_wait() -> None:
    backoff = Backoff(base_s=1, cap_s=64)
    for _ in range(1000):
        backoff.wait_s()
    backoff.reset()
    assert backoff.wait_s() <= 1


def test_a_hole_that_stays_is_asked_for_ever_more_rarely() -> None:
    timer = GapTimer(patience_s=5, cap_s=20)
    asked = [now for now in range(100) if timer.due([a_hole()], float(now))]
    assert asked == [5, 15, 35, 55, 75, 95]


def test_a_hole_that_moves_is_a_stream_that_flows() -> None:
    timer = GapTimer(patience_s=5)
    assert not any(timer.due([a_hole(first=3 + now, last=200)], float(now)) for now in range(100))


def test_a_filled_hole_is_forgotten() -> None:
    timer = GapTimer(patience_s=5)
    timer.due([a_hole()], 0.0)
    timer.due([], 4.0)
    assert timer.due([a_hole()], 6.0) == []


def test_a_missing_birth_and_a_hole_are_watched_apart() -> None:
    timer = GapTimer(patience_s=5)
    both = [a_hole(), a_hole(first=0, last=0)]
    timer.due(both, 0.0)
    assert timer.due(both, 5.0) == both


def test_topics_are_built_and_read_in_one_place() -> None:
    address = topics.Address(tenant="demo", gateway="gateway-1", leaf="cmd/replay")
    assert topics.parse(address.topic) == address
    for wrong in (
        "sx/v1/demo/gateway-1",
        "sx/v1/demo/gateway-1/tags\n",
        "sx/v2/demo/g/tags",
        "sx/v1/Demo/g/tags",
        "sx/v1/a/b/c/d/e",
    ):
        assert topics.parse(wrong) is None


def test_after_a_short_outage_nothing_waits() -> None:
    guard = StormGuard(after_s=60)
    assert guard.back(0.0) == 0.0
    guard.lost(100.0)
    assert guard.back(159.0) == 0.0
    assert not guard.holds(159.0)


def test_after_a_long_outage_backlogs_are_spread_over_a_quarter_of_it() -> None:
    waits = []
    for seed in range(200):
        guard = StormGuard(after_s=60, source=random.Random(seed))
        guard.lost(0.0)
        guard.lost(300.0)  # tries that fail do not make it shorter
        waits.append(guard.back(400.0))
        assert guard.holds(400.0 + waits[-1] * 0.99)
        assert not guard.holds(400.0 + waits[-1])
    assert 0 <= min(waits) < 10
    assert 90 < max(waits) <= 100


def test_the_spread_has_a_cap_and_counts_each_outage_once() -> None:
    guard = StormGuard(after_s=60, cap_s=300, source=random.Random(1))
    guard.lost(0.0)
    assert guard.back(7 * 86_400.0) <= 300
    assert guard.back(7 * 86_400.0 + 1) == 0.0
