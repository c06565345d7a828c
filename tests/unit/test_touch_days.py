"""Touches over days, with the shipped lexicon: what was measured and written elsewhere counts with what was said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import shipped
from touch_world import TouchWorld, chat, document, raw

from edge_agent import pipeline
from edge_agent.assets import bundled
from edge_agent.capture import touch
from edge_agent.capture.spool import Spool
from edge_agent.domain.recording import Recording
from edge_agent.domain.tags import Conversation
from edge_agent.pipeline import Kit
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.tagger import RuleTagger

TAGGER = shipped.tagger()
HISTORIAN = Historian(TAGGER.lexicon)
OPENED = {"open_count": 1, "dwell_s": 40, "internal_viewer": False}


class Days(TouchWorld):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.spool = Spool(self.inbox, partial(touch.read, names=TAGGER.delivered, pseudonym=self.pseudonym))
        self.arrivals = self.spool.arrivals
        self.count, self.tagger = 0, TAGGER

    @property
    def kit(self) -> Kit:
        return replace(super().kit, tagger=self.tagger, historian=HISTORIAN)

    def on(self, day: float, made: Any = document, *lines: Any, **more: Any) -> Recording:
        """Something of the same customer, so many days ago from now."""
        self.count += 1
        at = self.clock.now() - timedelta(days=40) + timedelta(days=day)
        where = {"at": at.isoformat()} if made is document else {"at": at}
        return self.touch(made(*lines, **{"id": f"m-{self.count}", "customer": "C-77", **where, **more}))

    def all_codes(self) -> list[str]:
        """Of the tags in force."""
        sql = "SELECT code FROM tags WHERE status = 'final' AND id NOT IN (SELECT supersedes FROM tags) ORDER BY rowid"
        return [row[0] for row in self.query(sql)]


def quote(*, at: datetime, **more: Any) -> dict[str, Any]:
    """A quotation that the rep sends as a file."""
    sent = {"at": at.isoformat(), "from": "rep", "kind": "file", "text": "十二家门店报价单_v2.pdf"}
    return chat(at=at, **{"messages": [sent], **more})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Days]:
    made = Days(tmp_path)
    yield made
    made.close()


def test_a_proposal_that_is_opened_a_third_time_within_a_week_is_noticed(world: Days) -> None:
    for day in (1, 3, 6):
        world.on(day, facts=OPENED)
    assert world.all_codes().count("document.pdf_opened") == 3
    assert world.all_codes().count("document.pdf_reopened_3x") == 1


@pytest.mark.parametrize(("days", "customers"), [((1, 3, 12), "AAA"), ((2, 2.001, 2.002), "AAA"), ((1, 3, 6), "ABA")])
def test_too_far_apart_too_close_or_somebody_else_it_is_not(world: Days, days: tuple[float, ...], customers: str) -> None:
    for day, customer in zip(days, customers, strict=True):
        world.on(day, facts=OPENED, customer=customer)
    assert "document.pdf_reopened_3x" not in world.all_codes()


def test_three_requests_in_writing_without_a_quote_are_escalated(world: Days) -> None:
    for day, ask in ((1, "发我一份十二家店的报价，含税的"), (7, "报价单能发我一份吗"), (15, "方案跟价格一起发邮箱吧，老板要看")):
        world.on(day, chat, ("customer", 0, ask))
    assert world.all_codes().count("chat.quote_requested") == 3
    assert world.all_codes().count("process.three_inquiries_no_quote") == 1


def test_a_quote_that_was_sent_as_a_file_settles_them(world: Days) -> None:
    ask = "发我一份十二家店的报价，含税的"
    world.on(1, chat, ("customer", 0, ask))
    world.on(7, chat, ("customer", 0, ask))
    world.on(8, quote)
    world.on(15, chat, ("customer", 0, ask))
    assert "document.quote_sent" in world.all_codes()
    assert "process.three_inquiries_no_quote" not in world.all_codes()


@pytest.mark.parametrize("sent", [True, False])
def test_a_promised_quote_is_due_until_it_is_sent(world: Days, sent: bool) -> None:
    world.on(4.1, chat, ("customer", 0, "你好"), customer="C-88")
    world.on(3, chat, ("customer", 0, "能报个价吗"), ("rep", 1, "报价单我今天下班前发给您"))
    assert "price.quote_promised" in world.all_codes()
    if sent:
        world.on(3.05, quote)
        assert "document.quote_sent" in world.all_codes()
    pipeline.conclude(world.kit)
    assert ("process.quote_promised_not_sent" in world.all_codes()) is not sent


@pytest.mark.parametrize(("told", "facts", "fires"), [
    (True, {"outbound_marketing": True, "re_consented": False}, True),
    (True, {"outbound_marketing": True, "re_consented": True}, False),
    (True, {"outbound_marketing": True}, False),
    (False, {"outbound_marketing": True, "re_consented": False}, False),
])  # fmt: skip
def test_who_asked_not_to_be_called_is_not_called(world: Days, told: bool, facts: dict[str, bool], fires: bool) -> None:
    world.on(1, chat, ("customer", 0, "以后别再给我打电话推销了" if told else "好的，谢谢"))
    assert ("consent.marketing_opt_out" in world.all_codes()) is told
    world.on(4, channel="crm", facts=facts)
    assert ("process.contact_after_opt_out" in world.all_codes()) is fires


def _facts(example: str) -> dict[str, float | bool]:
    """`k=v; k=v | note`, without what says how long it held."""
    given = (part.strip().split("=") for part in example.split("|", maxsplit=1)[0].split(";"))
    return {name: value == "true" if value in {"true", "false"} else float(value) for name, value in given if name != "held_s"}


def test_every_event_that_needs_its_channel_can_come_about() -> None:
    """Its own examples, delivered as facts: each `must` brings it about, no `must_not` does."""
    waiting = {code for code, why in TAGGER.inert({"b2b"}).items() if why.startswith("needs its channel")}
    assert len(waiting) >= 19
    assert waiting <= {event.id for event in TAGGER.events if event.kind == "metric"}
    tried = 0
    for event in TAGGER.events:
        if event.id in waiting:
            for examples, expected in ((event.examples.must, True), (event.examples.must_not, False)):
                for text in examples:
                    facts = _facts(text)
                    sealed = touch.read(raw(document(facts=facts)), names=TAGGER.delivered).content
                    delivered = pipeline.touched(sealed).facts
                    talk = Conversation(utterances=(), duration_ms=0, channel="crm", facts=delivered)
                    assert (event.id in [tag.code for tag in TAGGER.tag(talk)]) is expected, (event.id, text)
                    tried += 1
    assert tried >= 120


RULE = """
[[rule]]
id = "good_customer"
zh = "好客户"
en = "A good customer"
text = "当客户复购间隔小于30天且客单价大于5000元，则提醒店长"
[rule.examples]
must = ["repurchase_interval_days=20; average_order_yuan=6000"]
must_not = ["average_order_yuan=6000"]
"""


def test_a_rule_in_business_language_holds_of_what_a_till_delivers(world: Days, tmp_path: Path) -> None:
    rules = tmp_path / "company" / "rules"
    rules.mkdir(parents=True)
    (rules / "ours.toml").write_text(RULE, encoding="utf-8")
    world.tagger = RuleTagger.load(bundled("lexicons"), company=rules.parent)
    names = {"repurchase_interval_days", "average_order_yuan"}
    assert names <= set(world.tagger.delivered)
    assert names <= set(TAGGER.delivered)
    world.on(1, channel="pos", facts={"repurchase_interval_days": 20, "average_order_yuan": 5000})
    world.on(2, channel="pos", facts={"average_order_yuan": 8000})
    assert world.all_codes() == []
    world.on(3, channel="pos", facts={"repurchase_interval_days": 20, "average_order_yuan": 5000.5})
    assert world.all_codes() == ["rule.good_customer"]
