"""Rules over days against a brute-force reading of the catalogue; and judging piece by piece against judging all at once.

The oracles look at all hits at once and say at which the event must fire. The second half feeds the recordings of one person in
any order, as a backlog would, keeping only what stands and what a bounded look back gives; in the end the same must stand.
"""

from bisect import insort
from collections.abc import Iterable, Mapping

import pytest
from history_world import HOUR_MS, START, Said, derived, historian, history, past
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.history import LONGEST_MS, History, Past, Whose
from edge_agent.domain.tags import Status
from edge_agent.lexicon.model import Temporal
from edge_agent.lexicon.when import All, Any, Count, Heard, Near, Window

few = settings(max_examples=60, deadline=None)


@st.composite
def lives(draw) -> list[Said]:
    """Up to ten recordings of up to three hits, hours apart; a recording lasts less than an hour, hits may be simultaneous."""
    said = []
    clock = 0
    for call in range(draw(st.integers(0, 10))):
        clock += draw(st.sampled_from([1, 1, 2, 5, 12, 24, 48, 72]))
        hour = float(clock)
        for code in draw(st.lists(st.sampled_from("aaabcc"), min_size=1, max_size=3)):
            hour += draw(st.sampled_from([0, 1 / 8]))
            brand = draw(st.sampled_from(["jingu", "jingu", "lanxing", ""]))
            said.append(
                Said(
                    code=code, hour=hour, call=call, slots=(("brand", brand),) if brand else (),
                    unknown=draw(st.integers(0, 9)) == 0,
                )
            )  # fmt: skip
    return sorted(said, key=lambda one: (one.hour, one.unknown, one.code))


def fired(rules, said, now_h=1e4) -> list[float]:
    return sorted(hours for hours in stamped(rules.judge(history(said, now_h=now_h)).new))


def stamped(pasts) -> list[float]:
    return [round((one.at_ms - START) / HOUR_MS, 4) for one in pasts]


def brand(one: Said) -> str | None:
    return dict(one.slots).get("brand")


PLAIN = historian(derived("repeat", Temporal(of="x.a", count=3, window_days=4, per="account", reset_by="x.b")))


@few
@given(lives())
def test_count_over_days(said):
    expected, counted = [], []
    for one in said:
        if one.code == "b":
            counted = []
        elif one.code == "a" and not one.unknown:
            counted = [c for c in counted if one.hour - c.hour <= 96] + [one]
            if len(counted) == 3:
                expected.append(one.hour)
                counted = []
    assert fired(PLAIN, said) == expected


DISTINCT = historian(
    derived(
        "repeat", Temporal(of=["x.a", "x.c"], count=2, window_days=4, per="account", distinct="conversation", same_slot="brand")
    )
)


@few
@given(lives())
def test_one_hit_per_conversation_and_known_value(said):
    expected: list[float] = []
    for value in {brand(one) for one in said} - {None}:
        counted: list[Said] = []
        used: set[int] = set()
        for one in said:
            if one.code not in "ac" or one.unknown or brand(one) != value:
                continue
            counted = [c for c in counted if one.hour - c.hour <= 96]
            if one.call in used or one.call in {c.call for c in counted}:
                continue
            counted.append(one)
            if len(counted) == 2:
                expected.append(one.hour)
                used, counted = {c.call for c in counted}, []
    assert fired(DISTINCT, said) == sorted(expected)


WAITING = historian(derived("sequence", Temporal(after="x.a", not_followed_by=["x.b", "x.c"], within_h=24)))


@few
@given(lives(), st.integers(0, 300))
def test_waiting_for_what_does_not_come(said, now_h):
    expected, free_from = [], -1.0
    for n, one in enumerate(said):
        if one.code != "a" or one.unknown or one.hour <= free_from:
            continue
        answers = [s.hour for s in said[n + 1 :] if s.code in "bc" and s.hour <= one.hour + 24]
        if answers:
            free_from = answers[0]
        else:
            free_from = one.hour + 24
            expected.append(free_from)
    assert fired(WAITING, said, now_h) == [h for h in expected if h < now_h]


FOLLOWED = {
    s: historian(derived("sequence", Temporal(after="x.a", followed_by="x.c", unless="x.b", within_h=24), severity=s))
    for s in ("notice", "warning")
}


@pytest.mark.parametrize("severity", ["notice", "warning"])
@few
@given(said=lives())
def test_following_within_hours(severity, said):
    expected, used = [], -1
    known = [one for one in said if not (severity == "warning" and one.unknown and one.code != "b")]
    for n, one in enumerate(known):
        before = [m for m in range(used + 1, n) if known[m].code == "a"]
        if one.code != "c" or not before:
            continue
        if one.hour - known[before[-1]].hour <= 24 and not any(known[m].code == "b" for m in range(before[-1] + 1, n)):
            expected.append(one.hour)
            used = n
    assert fired(FOLLOWED[severity], said) == expected


TREE = All(
    parts=[
        Count(of=["x.a"], n=2, window=Window(n=4, unit="days"), per="account", distinct="conversation"),
        Any(parts=[Heard(events=["x.c"]), Near(anchor=["x.a"], side="after", of=["x.b"], within=Window(n=2, unit="days"))]),
    ]
)
EVERYTHING = historian(
    derived("repeat", Temporal(of="x.a", count=3, window_days=4, per="account", reset_by="x.b"), code="y.count"),
    derived(
        "repeat",
        Temporal(of=["x.a", "x.c"], count=2, window_days=4, per="account", distinct="conversation", same_slot="brand"),
        code="y.distinct",
    ),
    derived("repeat", Temporal(of="x.c", count=2, window_days=2, per="account", min_gap_min=30), code="y.gap"),
    derived("sequence", Temporal(after="x.a", not_followed_by="x.b", within_h=24), code="y.waiting"),
    derived("sequence", Temporal(after="x.c", not_followed_by="x.b", within_h=48, same_slot="brand"), code="y.each"),
    derived(
        "sequence", Temporal(after="x.a", followed_by="x.c", unless="x.b", within_h=30, same_slot="brand"), code="y.followed"
    ),
    derived("composite", when=TREE, code="y.tree"),
    derived("repeat", Temporal(of="y.waiting", count=2, window_days=9, per="account"), code="y.chained"),
)


class Store:
    """What a ledger would keep of one person: tags in force, and recordings that wait to be judged."""

    def __init__(self, said: list[Said]) -> None:
        calls = {number: min(s.hour for s in said if s.call == number) for number in {s.call for s in said}}
        self.began = {f"call-{n}": START + int(h * HOUR_MS) for n, h in calls.items()}
        self.waiting: dict[str, list[Past]] = {name: [] for name in self.began}
        for one in said:
            made = past(one, calls)
            self.waiting[made.recording].append(made)
        self.hits: list[Past] = []
        self.stood: dict[str, Past] = {}
        self.due: set[tuple[str, int]] = set()

    def analyse(self, recording: str, now_ms: int) -> None:
        for one in self.waiting.pop(recording):
            insort(self.hits, one, key=lambda p: p.order)
        self.judge(recording, now_ms)

    def judge(self, recording: str, now_ms: int) -> None:
        since = self.began[recording]

        def read(reaches: Mapping[str, int], kept: Iterable[Past]) -> list[Past]:
            """As the ledger does it."""
            return [one for one in kept if one.code in reaches and one.began_ms >= since - reaches[one.code] - LONGEST_MS]

        judged = EVERYTHING.judge(
            History(
                whose=Whose.CUSTOMER, since_ms=since, now_ms=now_ms, hits=read(EVERYTHING.heard[Whose.CUSTOMER], self.hits),
                stood=sorted(read(EVERYTHING.judged[Whose.CUSTOMER], self.stood.values()), key=lambda p: p.order),
                waiting_ms=min((self.began[name] for name in self.waiting), default=None),
            )
        )  # fmt: skip
        for one in (*judged.new, *judged.gone):
            self.stood.pop(one.tag.supersedes, None)
            if one.tag.status is Status.FINAL:
                self.stood[one.tag.id] = one
        self.due |= set(judged.due)

    def tick(self, now_ms: int) -> None:
        for recording, _ in sorted(one for one in self.due if one[1] <= now_ms):
            self.judge(recording, now_ms)
        self.due = {one for one in self.due if one[1] > now_ms}

    def says(self) -> list[tuple[str, str, int]]:
        return sorted((one.code, one.recording, one.at_ms) for one in self.stood.values())


@settings(max_examples=120, deadline=None)
@given(lives(), st.randoms(use_true_random=False))
def test_any_order_of_analysis_ends_the_same(said, random):
    whole = EVERYTHING.judge(history(said, now_h=2000)).new
    store = Store(said)
    order = list(store.began)
    random.shuffle(order)
    now = START + 900 * HOUR_MS
    for recording in order:
        now += random.choice([0, HOUR_MS, 20 * HOUR_MS])
        store.analyse(recording, now)
        if random.random() < 0.3:
            store.tick(now)
    store.tick(START + 2000 * HOUR_MS)
    assert store.says() == sorted((one.code, one.recording, one.at_ms) for one in whole)
    store.tick(START + 2001 * HOUR_MS)
    for recording in order:
        store.judge(recording, START + 2002 * HOUR_MS)
    assert store.says() == sorted((one.code, one.recording, one.at_ms) for one in whole)


@few
@given(lives())
def test_as_it_happens_nothing_is_ever_taken_back(said):
    """Recordings that come in their order, with time going on, give final conclusions only."""
    store = Store(said)
    given_out: set[str] = set()
    for recording in list(store.began):
        now = store.began[recording] + HOUR_MS
        store.tick(store.began[recording])
        store.analyse(recording, now)
        assert given_out <= store.stood.keys()
        given_out = set(store.stood)
    store.tick(START + 2000 * HOUR_MS)
    assert given_out <= store.stood.keys()
    whole = EVERYTHING.judge(history(said, now_h=2000)).new
    assert store.says() == sorted((one.code, one.recording, one.at_ms) for one in whole)
