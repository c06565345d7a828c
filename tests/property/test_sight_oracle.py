"""Events over random scans against a brute-force reading of the rule, in any order of analysis, also doubled and blocked ones."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import lexicon
from sight_world import ALWAYS, Record, judged, saw, scan, slot, told

from edge_agent.tagging.sight.watch import Watch

WATCH = Watch(lexicon(), ALWAYS)
OOS = "shelf.out_of_stock"
SUSTAIN_MIN, LASTS_MIN = 10, 20 / 60

scans = st.lists(st.tuples(st.sampled_from("EEEFFF?.B"), st.integers(1, 40)), max_size=14)
"""(what the slot showed, minutes since the scan before); B = the whole bay is blocked."""


def made(steps):
    minute, found = 0, []
    for state, gap in steps:
        minute += gap
        seen = [saw("", visible_ratio=0.1 if state == "B" else 1.0), *slot("E" if state == "B" else state)]
        found.append(scan(minute, *seen))
    return found


def blocked(steps):
    """Which scans say nothing of the slot: the bay is blocked in them, or a blockage was sustained before and did not end."""
    seen = [(minute, state == "B") for minute, state in timed(steps)]
    inside, within = [], stretches([(at, verdict) for at, verdict in seen])
    for number, (_, verdict) in enumerate(seen):
        inside.append(verdict or any(start <= number < end for start, end in within if end is not None and start is not None))
    return inside


def timed(steps):
    minute = 0
    for state, gap in steps:
        minute += gap
        yield minute, state


def stretches(looks):
    """[proving look, look that closed it) of every sustained run, by the rule's own words and without any state kept."""
    return [(proven, end if end is not None else len(looks)) for _, end, proven in runs(looks) if proven is not None]


def runs(looks):
    """(first, closing look or None, proving look or None) of each run of verdicts; refuted ones that were not proven included."""
    found, at = [], 0
    while at < len(looks):
        if not looks[at][1]:
            at += 1
            continue
        proven = end = None
        for now in range(at, len(looks)):
            votes = [verdict for _, verdict in looks[at : now + 1]][-5:]
            if looks[now][1]:
                lasted = looks[now][0] + LASTS_MIN - looks[at][0] >= SUSTAIN_MIN
                if proven is None and sum(votes) >= 3 and lasted:
                    proven = now
            elif votes[-2:] == [False, False] or votes.count(False) >= 3:
                end = now
                break
        found.append((at, end, proven))
        at = len(looks) if end is None else end + 1
    return found


def expected(steps):
    """What stands of the slot's out-of-stock event, as (status, minute it was first seen)."""
    mute = blocked(steps)
    looks = [
        (minute, state == "E") for number, (minute, state) in enumerate(timed(steps)) if not mute[number] and state in ("E", "F")
    ]
    said = []
    for first, end, proven in runs(looks):
        if proven is not None:
            said.append(("final" if end is None else "closed", looks[first][0]))
        elif end is None:
            said.append(("provisional", looks[first][0]))
    return sorted(said)


def stood(found):
    return sorted((status, int(float(recording.partition("-")[2]))) for code, status, recording in found if code == OOS)


@given(scans)
@settings(max_examples=300, deadline=None)
def test_judge_and_brute_force_agree(steps):
    assert stood(told(judged(made(steps), WATCH))) == expected(steps)


@given(scans, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_order_of_analysis_and_doubled_scans_change_nothing(steps, chance: random.Random):
    at_once, record = Record(WATCH), Record(WATCH)
    seen = made(steps)
    at_once.add(*seen)
    mixed = [*seen, *seen[::3]]
    chance.shuffle(mixed)
    record.add(*mixed)
    assert record.stands() == at_once.stands()


@given(st.lists(st.tuples(st.sampled_from("EEEFFF?."), st.integers(1, 40)), max_size=14))
@settings(max_examples=100, deadline=None)
def test_a_slot_that_is_not_assessable_changes_nothing(steps):
    bare = [step for step in steps if step[0] not in "?."]
    spaced, minute, last = [], 0, 0
    for state, gap in steps:
        minute += gap
        if state not in "?.":
            spaced.append((state, minute - last))
            last = minute
    assert [state for state, _ in bare] == [state for state, _ in spaced]
    assert stood(told(judged(made(spaced), WATCH))) == stood(told(judged(made(steps), WATCH)))
