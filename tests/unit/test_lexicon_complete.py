"""What the built-in lexicons hold: all events, the key nodes, enough examples, trades that are worth loading, and no silence."""

from functools import cache

import pytest
import shipped

from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.check import QUIET, REFERENCES, SILENT
from edge_agent.lexicon.conditions import parse
from edge_agent.lexicon.model import Event, Lexicon, expand
from edge_agent.tagging.rules.measuring import DELIVERED
from edge_agent.tagging.tagger import RuleTagger

TRADES = ("appliance", "autoparts", "finance", "fmcg", "meddevice", "pharmacy", "saas", "store")
KEY_NODES = {
    "need.pain_confirmed", "need.timeline_confirmed", "authority.decision_maker_identified", "budget.confirmed",
    "price.first_mention", "price.objection_unclosed", "discount.given_unprompted", "objection.trust",
    "competitor.alternative_mentioned", "product.demo_accepted", "proof.case_requested", "intent.purchase_signal",
    "closing.commit", "closing.next_step_agreed", "closing.no_next_step", "service.complaint_raised", "churn.cancel_intent",
}  # fmt: skip


@cache
def lexicon() -> Lexicon:
    return shipped.lexicon()


def conditions(event: Event) -> list[str]:
    return [*(event.temporal.all or []), *(event.temporal.any or [])]


def operands(event: Event) -> set[str]:
    return {name for condition in conditions(event) for name in parse(condition).names}


def test_there_are_281_events_in_28_families_and_17_key_nodes():
    events = lexicon().events.values()
    assert len(events) == 281
    assert len({event.family for event in events}) == 28
    assert {event.id for event in events if event.key_node} == KEY_NODES
    assert len(KEY_NODES) == 17


def test_every_event_has_its_quota_of_different_examples_besides_two_given():
    for event in lexicon().events.values():
        least = 2 + (6 if event.key_node or event.layer in ("intercept", "escalate") else 3)
        must, must_not = event.examples.must, event.examples.must_not
        assert min(len(set(must)), len(set(must_not))) >= least, event.id
        assert not set(must) & set(must_not), event.id


def test_silence_is_a_neutral_mark_and_nothing_builds_on_it():
    events = lexicon().events
    assert events.keys() >= SILENT
    for event in events.values():
        if event.id in SILENT:
            assert (event.severity, event.layer) == ("info", "none")
            continue
        named = [ref for key in REFERENCES if key != "exclude" for ref in expand(events, getattr(event.temporal, key))]
        assert not SILENT & set(named) - set(expand(events, event.temporal.exclude)), event.id
        assert not any(word in condition for condition in conditions(event) for word in QUIET), event.id


def test_what_was_left_unread_or_unanswered_by_the_customer_only_times_a_follow_up():
    unread = [e for e in lexicon().events.values() if operands(e) & {"external_opens", "customer_reply_after_quote"}]
    assert {e.id for e in unread} == {"document.not_opened_72h", "chat.quiet_after_quote"}
    assert {(e.speaker, e.severity) for e in unread} == {("none", "info")}


def test_nobody_of_the_staff_has_a_mood():
    assert {e.speaker for e in lexicon().events.values() if e.family == "sentiment"} == {"customer"}


def test_delivered_facts_are_those_the_events_of_their_channels_ask_for():
    asked = {name for e in lexicon().events.values() if e.source in ("chat", "document", "process") for name in operands(e)}
    assert asked == DELIVERED


@pytest.mark.parametrize("trade", TRADES)
def test_trade_brings_its_words_products_brands_and_sayings(trade: str):
    file = lexicon().industries[trade]
    assert len(set(file.hotwords)) >= 25
    assert len(file.product) >= 8
    assert len(file.brand) >= 3
    assert len(file.extend) >= 4
    assert all(x.must and x.must_not for x in file.extend)


def test_brand_of_a_trade_is_a_rival_in_that_trade_alone():
    tagger = RuleTagger(lexicon())
    said = Utterance(start_ms=0, end_ms=2000, speaker=Speaker.CUSTOMER, text="禾柚的比你们便宜。")
    heard = {trade: tagger.tag(Conversation(utterances=(said,), duration_ms=2000, industry=trade)) for trade in ("fmcg", "saas")}
    named = {trade: [dict(tag.slots) for tag in tags if tag.code == "competitor.named"] for trade, tags in heard.items()}
    assert named == {"fmcg": [{"brand": "heyou"}], "saas": []}


def test_events_of_a_chat_are_read_in_writing_alone():
    tagger = RuleTagger(lexicon())
    said = Utterance(start_ms=0, end_ms=2000, speaker=Speaker.CUSTOMER, text="麻烦发我一份报价单。")
    for channel, read in (("call", False), ("visit", False), ("wechat", True)):
        tags = tagger.tag(Conversation(utterances=(said,), duration_ms=2000, channel=channel))
        assert any(tag.code == "chat.quote_requested" for tag in tags) is read
