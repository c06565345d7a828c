"""The whole event catalogue fits our schema, our checks and our rules, and its measured facts judge as it says."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from edge_agent.lexicon.check import check
from edge_agent.lexicon.examples import is_facts
from edge_agent.lexicon.model import Event, Examples, Lexicon, Match, TermsFile
from edge_agent.tagging.across.build import makers
from edge_agent.tagging.rules.build import inert, plan
from edge_agent.tagging.trial import judge

CATALOGUE = Path(__file__).parents[3] / "shared" / "catalogue" / "catalogue.toml"
FLAGS = frozenset({"outbound", "recorded", "dual_record", "b2b"})

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CATALOGUE.is_file(), reason="the event catalogue is not on this machine"),
]


@pytest.fixture(scope="module")
def events() -> dict[str, Event]:
    found = {}
    for given in tomllib.loads(CATALOGUE.read_text("utf-8"))["event"]:
        examples = Examples(must=given.pop("positive"), must_not=given.pop("negative"))
        event = msgspec.convert(given, Event)
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
    derived = sum(e.kind != "occurrence" and e.id not in reasons for e in events.values())
    later = makers(events, lambda _, __: None)
    assert len(rules) + len(later) == derived - unresolved + 1
    assert {make().event.id for make in later} == {
        "aftersales.complaint_3x_30d", "competitor.mentioned_3x_30d", "document.pdf_reopened_3x",
        "process.quote_promised_not_sent", "process.three_inquiries_no_quote", "risk.repeat_30d",
    }  # fmt: skip
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
