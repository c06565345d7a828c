"""Alignment against brute force, and what holds of every score: bounds, monotonicity, an independent count."""

from functools import cache
from itertools import combinations, pairwise
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.shelf import WEIGHTS, Share
from edge_agent.shelf.scoring.align import aligned, in_order
from edge_agent.shelf.scoring.score import perfect

items = st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=6)


def edit_distance(observed, planned):
    """The definition, without a table; nothing matches an empty place."""

    @cache
    def cost(i, j):
        if i == 0 or j == 0:
            return i + j
        same = observed[i - 1] is not None and observed[i - 1] == planned[j - 1]
        return min(cost(i - 1, j) + 1, cost(i, j - 1) + 1, cost(i - 1, j - 1) + (not same))

    return cost(len(observed), len(planned))


def longest(observed, planned):
    """Every selection of places, longest first."""
    for size in range(min(len(observed), len(planned)), 0, -1):
        ours = {tuple(observed[n] for n in chosen) for chosen in combinations(range(len(observed)), size)}
        theirs = {tuple(planned[n] for n in chosen) for chosen in combinations(range(len(planned)), size)}
        if any(None not in one for one in ours & theirs):
            return size
    return 0


@given(items, items)
@settings(max_examples=150, deadline=None)
def test_alignment_costs_the_edit_distance_and_pairs_only_what_matches(observed, planned):
    cost, pairs = aligned(observed, planned)
    assert cost == edit_distance(tuple(observed), tuple(planned))
    assert all(observed[at] is not None and observed[at] == planned[to] for at, to in pairs)
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(pairs))


@given(items, items)
@settings(max_examples=150, deadline=None)
def test_order_is_the_longest_common_subsequence(observed, planned):
    assert in_order(observed, planned) == longest(observed, planned)
    assert in_order(planned, observed) == in_order(observed, planned) <= min(len(observed), len(planned))


counts = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(n, 80)))


@given(counts)
@settings(max_examples=150, deadline=None)
def test_interval_is_wilsons_and_holds_the_value(share):
    good, assessed, planned = share
    found = Share(good=good, assessed=assessed, planned=planned)
    if not assessed:
        assert found.value is found.interval is None
        return
    low, high = found.interval
    assert 0 <= low <= found.value <= high <= 1
    for bound in (low, high):  # the bounds solve |p - x| = z * sqrt(x (1 - x) / n)
        assert abs(good / assessed - bound) == pytest.approx(1.959964 * sqrt(bound * (1 - bound) / assessed), abs=1e-6)


@given(st.tuples(*[counts] * 6), st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_perfect_shelf_is_bounded_and_rises_with_each_part(shares, better):
    names = [name for name, _ in WEIGHTS]
    parts = {name: Share(good=g, assessed=a, planned=p) for name, (g, a, p) in zip(names, shares, strict=True)}
    found = perfect(parts, dict(WEIGHTS))
    assert 0 <= found.coverage <= 1
    if found.value is None:
        return
    low, high = found.interval
    assert 0 <= low <= found.value <= high <= 1
    good, assessed, planned = shares[better]
    if good < assessed:
        parts[names[better]] = Share(good=good + 1, assessed=assessed, planned=planned)
        assert perfect(parts, dict(WEIGHTS)).value > found.value
