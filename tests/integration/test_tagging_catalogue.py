"""The whole event catalogue fits our schema, our checks and our rules, and its measured facts judge as it says."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_agent.assets import bundled
from edge_agent.lexicon.check import check
from edge_agent.lexicon.examples import is_facts
from edge_agent.lexicon.load import load
from edge_agent.lexicon.model import Event, Examples, Lexicon, Match, Temporal, TermsFile
from edge_agent.tagging.across.build import makers
from edge_agent.tagging.rules.build import inert, plan
from edge_agent.tagging.sight.names import over_scans
from edge_agent.tagging.sight.watch import Watch
from edge_agent.tagging.trial import judge

CATALOGUE = Path(__file__).parents[3] / "shared" / "catalogue" / "catalogue.toml"
FLAGS = frozenset({"outbound", "recorded", "dual_record", "b2b"})

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CATALOGUE.is_file(), reason="the event catalogue is not on this machine"),
]


SPECIFIED = ("id", "zh", "en", "definition", "source", "speaker", "kind", "severity", "layer", "key_node")


def given() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = tomllib.loads(CATALOGUE.read_text("utf-8"))["event"]
    return listed


@pytest.fixture(scope="module")
def events() -> dict[str, Event]:
    found = {}
    for one in given():
        examples = Examples(must=one.pop("positive"), must_not=one.pop("negative"))
        event = msgspec.convert(one, Event)
        says = Match(phrases=["某某某"]) if event.kind == "occurrence" else []
        found[event.id] = msgspec.structs.replace(event, examples=examples, match=says)
    return found


def test_every_catalogue_rule_passes_our_checks(events):
    lexicon = Lexicon(terms=TermsFile(), industries={}, events=events, extends=[], digest="", event_digests={})
    assert list(check(lexicon, [])) == []


def test_every_catalogue_rule_is_run_or_inert_for_a_reason(events):
    rules = plan(events, FLAGS).rules()
    reasons = {code: reason for code, event in events.items() if (reason := inert(event, FLAGS))}
    unresolved = sum(e.kind == "unresolved" for e in events.values())
    seen = {code for code, event in events.items() if over_scans(event)}
    derived = sum(e.kind != "occurrence" and e.id not in reasons and e.id not in seen for e in events.values())
    later = makers(events, lambda _, __: None)
    assert len(rules) + len(later) == derived - unresolved + 1
    assert {make().event.id for make in later} == {
        "aftersales.complaint_3x_30d", "competitor.mentioned_3x_30d", "document.pdf_reopened_3x",
        "process.quote_promised_not_sent", "process.three_inquiries_no_quote", "process.contact_after_opt_out",
        "process.complaint_sla_breached",
        "risk.repeat_30d",
    }  # fmt: skip
    assert seen - reasons.keys() == Watch(load(bundled("lexicons"))).codes
    assert {events[code].kind for code in reasons} <= {"visual", "metric", "repeat", "sequence", "absence"}


def test_measured_facts_judge_as_the_catalogue_says(events):
    judged = 0
    for event in events.values():
        for must, texts in ((True, event.examples.must), (False, event.examples.must_not)):
            for text in filter(is_facts, texts):
                verdict = judge(event, text)
                assert verdict is None or verdict is must, (event.id, text)
                judged += verdict is not None
    assert judged > 150


def test_lexicons_hold_the_whole_catalogue_word_for_word():
    ours = load(bundled("lexicons")).events
    listed = given()
    assert ours.keys() == {one["id"] for one in listed}
    for one in listed:
        event = ours[one["id"]]
        assert {key: getattr(event, key) for key in SPECIFIED} == {key: one[key] for key in SPECIFIED}
        assert event.temporal == msgspec.convert(one["temporal"], Temporal), event.id


def test_lexicons_keep_the_given_examples_and_add_enough_of_their_own():
    ours = load(bundled("lexicons")).events
    for one in given():
        event = ours[one["id"]]
        least = 6 if event.key_node or event.layer in ("intercept", "escalate") else 3
        for had, have in ((one["positive"], event.examples.must), (one["negative"], event.examples.must_not)):
            assert set(had) <= set(have), event.id
            assert len(set(have) - set(had)) >= least, event.id
