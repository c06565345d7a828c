"""Trees of conditions with parts over days: judged once in each recording, together with what was said and delivered there."""

from dataclasses import replace

import pytest
import shipped
from history_world import HOUR_MS, SHOP, START, Said, base, derived, history, hours
from history_world import historian as of_events
from msgspec.structs import replace as changed

from edge_agent.domain.history import Past, Whose, delivered
from edge_agent.lexicon.model import Event, Lexicon, RuleRow, Temporal, TermsFile
from edge_agent.lexicon.when import All, Any, Clock, Count, Fact, Heard, Near, Node, Not, Window
from edge_agent.rulebook.events import compiler
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.rules.build import inert, over_days

MONTH = Window(n=30, unit="days")


def made(node: Node, severity: str = "notice") -> Event:
    return Event(
        id="rule.made", zh="r", en="r", definition="", speaker="customer", kind="composite", when=node, severity=severity,
        layer="tip",
    )  # fmt: skip


def historian(node: Node, severity: str = "notice") -> Historian:
    rule = Event(
        id="rule.made",
        zh="r",
        en="r",
        definition="",
        speaker="customer",
        kind="composite",
        when=node,
        severity=severity,
        layer="tip",
    )
    known = {event.id: event for event in (*map(base, "abcdef"), rule)}
    digests = dict.fromkeys(known, "0" * 64)
    return Historian(
        Lexicon(terms=TermsFile(), industries={}, events=known, extends=[], digest="0" * 64, event_digests=digests), SHOP
    )


def often(code: str, n: int, op: str = ">=", **more) -> Count:
    return Count(of=[f"x.{code}"], n=n, op=op, window=MONTH, per="account", **{"distinct": "conversation", **more})


def heard(code: str) -> Heard:
    return Heard(events=[f"x.{code}"])


def said(*hits: str) -> list[Said]:
    """`a0 b24`: events with hours; each hour is a recording of its own."""
    return [Said(code=one[0], hour=float(one[1:]), call=int(one[1:])) for one in hits]


BOTH = All(parts=[often("a", 3), heard("b")])


@pytest.mark.parametrize(
    ("node", "hits", "fires"),
    [
        (BOTH, ["a0", "a24", "a48", "b72"], [72]),
        (BOTH, ["a0", "a24", "a48", "b48"], [48]),
        (BOTH, ["b0", "a1", "a24", "a48"], []),
        (BOTH, ["a0", "a24", "b72", "a96"], []),
        (BOTH, ["a0", "a24", "a48", "b72", "b96"], [72, 96]),
        (BOTH, ["a0", "a24", "a48", "b800"], []),
        (All(parts=[often("a", 2), Not(part=heard("b"))]), ["a0", "a24", "b24", "a48"], [48]),
        (Any(parts=[often("a", 3), heard("c")]), ["a0", "c24", "a48", "a72"], [24, 72]),
        (All(parts=[often("a", 2, "<"), heard("b")]), ["a0", "b1", "a24", "b48"], [1]),
        (All(parts=[often("a", 2, without=["x.c"]), heard("b")]), ["a0", "c1", "a24", "b48"], []),
        (All(parts=[Near(anchor=["x.a"], side="after", of=["x.b"], within=Window(n=2, unit="days")), heard("c")]),
         ["a0", "b40", "c40"], [40]),
        (All(parts=[Near(anchor=["x.a"], side="after", of=["x.b"], within=Window(n=2, unit="days")), heard("c")]),
         ["a0", "b49", "c49"], []),
        (All(parts=[Near(anchor=["x.a"], side="before", of=["x.b"], absent=True, within=Window(n=2, unit="days")), heard("c")]),
         ["a0", "c0", "b10", "a20", "c20"], [0]),
        (Near(anchor=["x.a"], side="around", of=["x.b"], within=Window(n=1, unit="days")), ["b0", "a20", "b60"], [20]),
    ],
)  # fmt: skip
def test_tree_holds_in_the_recording_that_completes_it(node, hits, fires):
    assert hours(historian(node).judge(history(said(*hits), now_h=900))) == fires


def test_evidence_names_the_earlier_talks_and_what_was_said_now():
    (one,) = historian(BOTH).judge(history(said("a0", "a24", "a48", "b72"), now_h=900)).new
    assert [held.kind for held in one.tag.evidence] == ["earlier", "earlier", "earlier", "reference"]
    assert not any("over_days" in held.detail for held in one.tag.evidence)


def test_unknown_voice_counts_nothing_and_accuses_nobody():
    lives = said("a0", "a24", "a48", "b72")
    doubt = [replace(one, unknown=True) for one in lives]
    assert hours(historian(BOTH).judge(history([*doubt[:1], *lives[1:]], now_h=900))) == []
    assert hours(historian(BOTH, "critical").judge(history([*lives[:3], doubt[3]], now_h=900))) == []


def test_unknown_voice_fills_up_a_count_that_takes_the_tag_away():
    talks = said("a0", "a24", "b48")
    doubt = [*talks[:1], replace(talks[1], unknown=True), talks[2]]
    for part in (Not(part=often("a", 2)), often("a", 2, "<")):
        node = All(parts=[part, heard("b")])
        assert hours(historian(node, "critical").judge(history(doubt[1:], now_h=900))) == [48]
        assert hours(historian(node, "critical").judge(history(doubt, now_h=900))) == []


def test_a_count_that_was_not_reached_is_evidence():
    (one,) = historian(Not(part=often("a", 2))).judge(history(said("a0"), now_h=900)).new
    assert [held.detail for held in one.tag.evidence] == ["count < 2"]


def touch(hour: float, **facts: float) -> Past:
    return delivered(f"touch-{hour}", START + int(hour * HOUR_MS), facts)


def test_facts_that_were_delivered_stand_beside_counts_over_days():
    node = All(parts=[often("a", 2), Fact(name="open_count", op=">", value=3)])
    rules = historian(node)
    plain = history(said("a0", "a24"), now_h=900)
    for facts, fires in (({"open_count": 4}, [30]), ({"open_count": 3}, []), ({}, [])):
        given = replace(plain, hits=[*plain.hits, touch(30, **facts)])
        assert hours(rules.judge(given)) == fires


def test_hour_of_the_day_is_the_shops():
    node = All(parts=[often("a", 2), heard("b"), Clock(days=[5], from_minute=600, to_minute=660)])
    assert hours(historian(node).judge(history(said("a0", "a168", "b168"), now_h=900))) == [168.0]
    assert hours(historian(node).judge(history(said("a0", "a169", "b169"), now_h=900))) == []


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (All(parts=[often("a", 2), Count(of=["x.b"], n=2, window=MONTH, per="rep")]), "one customer"),
        (All(parts=[heard("a"), Near(anchor=["x.a"], side="after", of=["x.b"], absent=True, within=MONTH)]), "must not come"),
    ],
)
def test_what_cannot_be_judged_says_why(node, why):
    event = Event(
        id="rule.made",
        zh="r",
        en="r",
        definition="",
        speaker="customer",
        kind="composite",
        when=node,
        severity="notice",
        layer="tip",
    )
    assert over_days(event)
    assert why in inert(event, ())


def test_sentence_of_business_staff_is_judged_over_days():
    """The words of a rule, through the whole rulebook, into the second stage."""
    lexicon = shipped.lexicon()
    row = RuleRow(id="made", text="当30天内同一客户投诉不少于2次且客户询价，则提醒店长")
    event = compiler()(lexicon, row)
    assert event.kind == "composite"
    assert over_days(event)
    assert inert(event, ()) == ""
    events = {**lexicon.events, event.id: event}
    rules = Historian(changed(lexicon, events=events, event_digests={**lexicon.event_digests, event.id: "0" * 64}), SHOP)
    assert event.id in rules.judged[Whose.CUSTOMER]


def test_a_tree_may_name_a_conclusion_and_what_it_rests_on():
    """The conclusion is dealt after its anchor and comes before it in the order."""
    third = changed(
        derived("repeat", Temporal(of="x.b", count=3, window_days=30, per="account", distinct="conversation"), code="a.third"),
        speaker="customer",
    )
    node = All(parts=[changed(often("a", 1), of=["a.third"]), Heard(events=["x.b"])])
    said = [Said(code="b", hour=float(hour), call=hour) for hour in (0, 24, 48)]
    judged = of_events(third, made(node)).judge(history(said))
    assert sorted((one.code, one.recording) for one in judged.new) == [("a.third", "call-48"), ("rule.made", "call-48")]
