"""The temporal rules against a brute-force reading of the catalogue, on random conversations.

Events a, b, c are the customer's, d, e, f the rep's; an unknown voice saying one is a candidate. The oracle knows only the
list of hits (code, turn, place, candidate) and says, by looking at all of it at once, at which hits the event must fire.
"""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.tags import Conversation, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.model import Event, Lexicon, Match, Temporal, TermsFile
from edge_agent.tagging.tagger import RuleTagger

SOUNDS = dict(zip("abcdef", ["甲甲", "乙乙", "丙丙", "丁丁", "戊戊", "己己"], strict=True))
CUSTOMERS = set("abc")
few = settings(max_examples=40, deadline=None)


@dataclass(frozen=True)
class H:
    code: str
    turn: int
    place: int
    candidate: bool


def base(letter: str) -> Event:
    return Event(
        id=f"x.{letter}", zh=letter, en=letter, definition="", speaker="customer" if letter in CUSTOMERS else "rep",
        kind="occurrence", severity="info", layer="none", match=Match(phrases=[SOUNDS[letter]]),
    )  # fmt: skip


def tagger(kind: str, temporal: Temporal, *, severity: str = "notice", speaker: str = "rep") -> RuleTagger:
    derived = Event(
        id="y.derived",
        zh="y",
        en="y",
        definition="",
        speaker=speaker,
        kind=kind,
        severity=severity,
        layer="none",
        temporal=temporal,
    )
    events = {e.id: e for e in [*map(base, SOUNDS), derived]}
    return RuleTagger(
        Lexicon(
            terms=TermsFile(),
            industries={},
            events=events,
            extends=[],
            digest="0" * 64,
            event_digests=dict.fromkeys(events, "0" * 64),
        )
    )


def refs(letters: str) -> list[str]:
    return [f"x.{letter}" for letter in letters]


def owner(letters: list[str]) -> str:
    return "customer" if letters[0] in CUSTOMERS else "rep"


spoken = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=2).map(lambda said: (owner(said), said))
unclear = st.sampled_from("abcdef").map(lambda letter: ("unknown", [letter]))
idle = st.sampled_from(["rep", "customer"]).map(lambda who: (who, []))
talks = st.lists(st.one_of(spoken, spoken, spoken, idle, idle, unclear), max_size=14)


def utterances(talk) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(
            start_ms=i * 3000, end_ms=i * 3000 + 2000, speaker=Speaker(who), text="。".join(SOUNDS[x] for x in said) or "哪里哪里"
        )
        for i, (who, said) in enumerate(talk)
    )


def hits(talk) -> list[H]:
    """One hit per event and turn, in the order in which they were said."""
    found: list[H] = []
    turn, before = -1, None
    for place, (who, said) in enumerate(talk):
        turn, before = (turn, who) if who == before else (turn + 1, who)
        for letter in said:
            mine = who == "unknown" or (who == "customer") == (letter in CUSTOMERS)
            if mine and not any(h.code == letter and h.turn == turn for h in found):
                found.append(H(letter, turn, place, who == "unknown"))
    return found


def turns(talk) -> list[str]:
    return [who for i, (who, _) in enumerate(talk) if i == 0 or talk[i - 1][0] != who]


def fired(rules: RuleTagger, talk, *, ended=True) -> list[int]:
    """Places (utterance numbers) at which the derived event was stamped, in stamp order."""
    said = utterances(talk)
    tags = rules.tag(Conversation(utterances=said, duration_ms=len(said) * 3000, ended=ended))
    return [tag.start_ms // 3000 for tag in tags if tag.code == "y.derived"]


def later(hs: list[H], h: H) -> list[H]:
    return hs[hs.index(h) + 1 :]


def check(rules: RuleTagger, talk, expected: list[int], *, ended=True) -> None:
    assert sorted(fired(rules, talk, ended=ended)) == sorted(expected)


FIRST = tagger("first", Temporal(of=refs("ad"), first_in="conversation"))


@few
@given(talks)
def test_first_is_the_earliest_known_hit(talk):
    known = [h for h in hits(talk) if h.code in "ad" and not h.candidate]
    check(FIRST, talk, [known[0].place] if known else [])


@pytest.mark.parametrize("window", [None, 3])
@few
@given(talk=talks)
def test_count_fires_at_every_third_hit_in_its_window(window, talk):
    rules = COUNTS[window]
    hs = hits(talk)
    expected, counted = [], []
    for h in hs:
        if h.code == "f":
            counted = []
        if h.code in "ab" and not h.candidate:
            counted = [c for c in counted if window is None or h.turn - c.turn <= window] + [h]
            if len(counted) == 3:
                expected.append(h.place)
                counted = []
    check(rules, talk, expected)


COUNTS = {
    w: tagger("repeat", Temporal(of=refs("ab"), count=3, window_turns=w, scope="conversation", reset_by=refs("f")))
    for w in (None, 3)
}
ROW = tagger("repeat", Temporal(of=refs("de"), n_in_a_row=2, reset_by=refs("a")))


@few
@given(talks)
def test_row_counts_turns_between_resets(talk):
    expected, row = [], []
    for h in hits(talk):
        if h.code == "a":
            row = []
        elif h.code in "de" and not h.candidate and h.turn not in row:
            row.append(h.turn)
            if len(row) == 2:
                expected.append(h.place)
                row = []
    check(ROW, talk, expected)


TRIALS = tagger(
    "repeat", Temporal(of=refs("a"), opportunity=refs("d"), n_in_a_row=2, within_turns=3, reset_by=refs("bf")), severity="warning"
)


@few
@given(talks)
def test_trials_are_misses_resets_or_void(talk):
    hs = hits(talk)
    story: list[tuple[int, str]] = [(hs.index(h), "reset") for h in hs if h.code in "bf"]
    for i, h in enumerate(hs):
        if h.code == "d" and not h.candidate:
            until = next(
                (j for j in range(i + 1, len(hs)) if hs[j].code in "bf" or (hs[j].code == "d" and not hs[j].candidate)), len(hs)
            )
            misses = [j for j in range(i + 1, until) if hs[j].code == "a" and not hs[j].candidate and hs[j].turn - h.turn <= 3]
            story += [(j, "miss") for j in misses[:1]]
    expected, row = [], 0
    for index, what in sorted(story):
        row = row + 1 if what == "miss" else 0
        if row == 2:
            expected.append(hs[index].place)
            row = 0
    check(TRIALS, talk, expected)


FOLLOWED = {
    s: tagger("sequence", Temporal(after=refs("ad"), followed_by=refs("b"), within_turns=3, unless=refs("f")), severity=s)
    for s in ("notice", "warning")
}


@pytest.mark.parametrize("severity", ["notice", "warning"])
@few
@given(talk=talks)
def test_followed_closes_the_most_recent_anchor(severity, talk):
    hs = [h for h in hits(talk) if not (severity == "warning" and h.candidate and h.code != "f")]
    expected, used = [], -1
    for j, b in enumerate(hs):
        anchors = [i for i in range(used + 1, j) if hs[i].code in "ad"]
        if b.code != "b" or not anchors:
            continue
        a = anchors[-1]
        if b.turn - hs[a].turn <= 3 and not any(hs[i].code == "f" for i in range(a + 1, j)):
            expected.append(b.place)
            used = j
    check(FOLLOWED[severity], talk, expected)


NOT_FOLLOWED = tagger("sequence", Temporal(after=refs("ab"), not_followed_by=refs("de"), within_turns=2))


@pytest.mark.parametrize("ended", [True, False])
@few
@given(talk=talks)
def test_not_followed_waits_for_its_window_or_a_real_end(ended, talk):
    hs, speakers = hits(talk), turns(talk)
    expected, free = [], (-1, -1)  # the window of the last anchor is over from (turn, index) on
    for i, a in enumerate(hs):
        if a.code not in "ab" or a.candidate or i <= free[1] or a.turn <= free[0]:
            continue
        answer = next((j for j in range(i + 1, len(hs)) if hs[j].code in "de" and hs[j].turn - a.turn <= 2), None)
        if answer is not None:
            free = (-1, answer - 1) if hs[answer].code in "ab" else (-1, answer)
            continue
        free = (a.turn + 2, i)
        passed = len(speakers) - 1 > a.turn + 2
        if passed or (ended and "rep" in speakers[a.turn + 1 :]):
            expected.append(a.place)
    check(NOT_FOLLOWED, talk, expected, ended=ended)


NOT_PRECEDED = {
    first: tagger("sequence", Temporal(after=refs("d"), not_preceded_by=refs("ae"), first_only=first), severity="warning")
    for first in (True, False)
}


@pytest.mark.parametrize("first_only", [True, False])
@few
@given(talk=talks)
def test_not_preceded_looks_back_over_the_whole_talk(first_only, talk):
    hs = hits(talk)
    anchors = [h for h in hs if h.code == "d" and not h.candidate]
    expected = [d.place for d in anchors[: 1 if first_only else None] if not any(h.code in "ae" for h in hs[: hs.index(d)])]
    check(NOT_PRECEDED[first_only], talk, expected)


CHAIN = tagger("sequence", Temporal(chain=refs("ade"), within_turns=5))


@few
@given(talks)
def test_chain_is_the_greedy_earliest_and_uses_each_hit_once(talk):
    hs = hits(talk)
    used: set[int] = set()
    expected = []
    for last in [j for j, h in enumerate(hs) if h.code == "e"]:
        for i in [i for i in range(last) if hs[i].code == "a" and i not in used and hs[last].turn - hs[i].turn <= 5]:
            middle = next((m for m in range(i + 1, last) if hs[m].code == "d" and m not in used), None)
            if middle is not None:
                used |= {i, middle, last}
                expected.append(hs[last].place)
                break
    check(CHAIN, talk, expected)


GATHERED = tagger("sequence", Temporal(any_order=refs("abde"), at_least=3, scope="conversation"))


@few
@given(talks)
def test_gathered_fires_once_at_the_third_different_event(talk):
    firsts: dict[str, H] = {}
    for h in hits(talk):
        if h.code in "abde":
            firsts.setdefault(h.code, h)
    check(GATHERED, talk, [list(firsts.values())[2].place] if len(firsts) >= 3 else [])


UNRESOLVED = tagger(
    "unresolved", Temporal(opened_by=refs("ab"), closed_by=refs("de"), unresolved_until="end", live_after_turns=2)
)


@pytest.mark.parametrize("ended", [True, False])
@few
@given(talk=talks)
def test_unresolved_items_that_nothing_closed_fire_at_their_opening(ended, talk):
    items: list[H] = []
    for h in hits(talk):
        if h.code in "de" and items:
            items.remove(max(items, key=lambda i: (i.place, i.turn, hits(talk).index(i))))
        if h.code in "ab" and not h.candidate and all(i.code != h.code for i in items):
            items.append(h)
    check(UNRESOLVED, talk, [h.place for h in items] if ended else [], ended=ended)


MISSING = {
    "end": tagger("absence", Temporal(of=refs("de"), until="end", all=["turns >= 4"])),
    "turn": tagger("absence", Temporal(of=refs("de"), until_turn=4)),
    "every": tagger("absence", Temporal(all_required=refs("de"), until="end")),
}


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("kind", list(MISSING))
@few
@given(talk=talks)
def test_absence_fires_when_what_was_wanted_never_came(kind, ended, talk):
    hs, n = hits(talk), len(turns(talk))
    seen = {h.code for h in hs if h.code in "de" and (kind != "turn" or h.turn < 4)}
    if kind == "turn":
        expected = not seen and (n > 4 or ended)
    elif kind == "end":
        expected = not seen and n >= 4 and ended
    else:
        expected = len(seen) < 2 and ended
    assert len(fired(MISSING[kind], talk, ended=ended)) == expected


@few
@given(talks, st.integers(0, 24))
def test_what_a_prefix_gave_stays_given(talk, cut):
    """Streaming never takes back a final tag, and a prefix gives exactly what the whole had given by then."""
    said = utterances(talk)
    for rules in (UNRESOLVED, NOT_FOLLOWED, CHAIN):
        whole, part = rules.engine(), rules.engine()
        by_then = [[tag_key(t) for t in whole.feed(u)] for u in said][:cut]
        assert by_then == [[tag_key(t) for t in part.feed(u)] for u in said[:cut]]


def tag_key(tag):
    return (tag.code, tag.start_ms, tag.status, tag.known_at_ms, tag.confidence, tag.evidence)


@few
@given(talks)
def test_every_provisional_is_withdrawn_or_followed_by_its_final(talk):
    engine = UNRESOLVED.engine()
    tags = [tag for said in utterances(talk) for tag in engine.feed(said)]
    tags += engine.end(duration_ms=len(talk) * 3000)
    shown = {tag.id for tag in tags if tag.status is Status.PROVISIONAL}
    assert shown == {tag.supersedes for tag in tags if tag.supersedes}
