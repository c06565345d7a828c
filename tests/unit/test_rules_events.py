"""Rules as events: an ordinary kind where one says the same, a tree elsewhere; facts and the hour count only when known."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import pytest
import shipped

from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.lexicon.examples import scene
from edge_agent.lexicon.model import Event, RuleRow
from edge_agent.rulebook.events import event
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.reading import read
from edge_agent.tagging.rules.build import inert, over_days
from edge_agent.tagging.tagger import RuleTagger

LEXICON = shipped.lexicon()
BOOK = Book(LEXICON)
COMPLAINT = "客户：你们这空调装完就漏水，我要投诉你们。 / 销售：师傅下午会联系您。 / 客户：好吧。 / （结束）"
WEDNESDAY = datetime(2026, 11, 25, 20, 30).astimezone()


def made(text: str) -> Event:
    found = read(text, BOOK)
    assert found.rule is not None, found.question
    return event(RuleRow(id="it", text=text), found.rule, BOOK)


def tagger_with(rule: Event) -> RuleTagger:
    """A rule has no sayings of its own: the matcher of the shipped lexicons serves, which takes a second to build."""
    events = {**LEXICON.events, rule.id: rule}
    tagger = RuleTagger(msgspec.structs.replace(LEXICON, events=events, event_digests=dict.fromkeys(events, "0" * 64)))
    tagger.matcher = shipped.tagger().matcher
    return tagger


def fired(text: str, talk: str, **known) -> Sequence[BehaviorTag]:
    rule = made(text)
    tagger = tagger_with(rule)
    acted = scene(talk, "customer")
    ended = known.pop("ended", acted.ended)
    said = Conversation(utterances=acted.utterances, duration_ms=acted.duration_ms, ended=ended, **known)
    return [tag for tag in tagger.tag(said) if tag.code == rule.id]


@pytest.mark.parametrize(
    ("text", "kind", "temporal"),
    [
        ("当客户投诉，则提醒店长", "repeat", {"of": ["service.complaint_raised"], "count": 1, "scope": "conversation"}),
        ("当客户首次提及竞品，则提醒销售", "first", {"of": ["competitor.alternative_mentioned"], "first_in": "conversation"}),
        ("当客户嫌贵超过2次，则提醒销售", "repeat", {"of": ["price.objection"], "count": 3, "scope": "conversation"}),
        ("当12轮内客户嫌贵3次，则提醒销售", "repeat", {"of": ["price.objection"], "count": 3, "window_turns": 12}),
        ("当全程未询问预算，则提醒销售", "absence", {"of": ["budget.asked"], "until": "end"}),
        ("当前6轮未自报家门，则提醒销售", "absence", {"of": ["opening.self_introduced"], "until_turn": 6}),
        ("当开场90秒内未告知录音，则提醒店长", "absence", {"of": ["consent.recording_notice"], "until_s": 90.0}),
        (
            "当客户投诉后6轮内未致歉，则提醒店长", "sequence",
            {"after": ["service.complaint_raised"], "not_followed_by": ["service.apology_given"], "within_turns": 6},
        ),
        (
            "当客户投诉后24小时内未给处理方案，则上报", "sequence",
            {"after": ["service.complaint_raised"], "not_followed_by": ["service.solution_promised"], "within_h": 24.0},
        ),
        ("当未查库存就承诺有货，则提醒销售", "sequence", {"after": ["stock.promised"], "not_preceded_by": ["stock.checked"]}),
        (
            "当客户拒绝加购后销售升级推荐，则提醒销售", "sequence",
            {"after": ["upsell.refused"], "followed_by": ["upsell.upgrade_offered"]},
        ),
    ],
)  # fmt: skip
def test_a_rule_that_an_ordinary_kind_can_say_is_that_kind(text: str, kind: str, temporal: dict[str, object]) -> None:
    rule = made(text)
    assert rule.kind == kind
    given = {key: value for key, value in msgspec.to_builtins(rule.temporal).items() if value not in (None, [], False)}
    assert given == temporal
    assert rule.when is None


def test_three_inquiries_without_a_quote_is_the_catalogues_own_event() -> None:
    rule = made("当30天内同一客户询价不少于3次且未进入报价，则在2小时内升级")
    own = LEXICON.events["process.three_inquiries_no_quote"]
    assert (rule.kind, rule.temporal, rule.layer) == (own.kind, own.temporal, own.layer)
    assert over_days(rule)
    assert inert(rule, ()) == ""


def test_demo_avoided_is_counted_as_the_catalogue_counts_it() -> None:
    rule = made("当客户连续3次回避产品演示，则提醒主管")
    own = LEXICON.events["product.demo_avoided_3x"]
    assert (rule.kind, rule.layer, rule.speaker) == (own.kind, own.layer, own.speaker)
    listed = {key: [v] if isinstance(v := getattr(own.temporal, key), str) else v for key in ("of", "opportunity", "reset_by")}
    assert {key: getattr(rule.temporal, key) for key in listed} == listed


def test_the_strongest_action_is_the_layer() -> None:
    assert made("当客户投诉，则提醒销售，同时上报合规").layer == "escalate"
    assert made("当客户投诉，则只记录").severity == "info"


def test_what_must_not_come_is_decided_at_a_real_end_only() -> None:
    rule = "当客户投诉且未致歉，则提醒店长"
    (tag,) = fired(rule, COMPLAINT)
    assert tag.start_ms == 0
    assert tag.known_at_ms > tag.end_ms
    assert {e.kind for e in tag.evidence} == {"reference", "absent"}
    assert fired(rule, COMPLAINT, ended=False) == []
    assert fired(rule, COMPLAINT.replace("师傅下午", "实在对不起，师傅下午")) == []


def test_unless_excuses() -> None:
    rule = "当客户投诉，则提醒店长，除非销售已致歉"
    assert len(fired(rule, COMPLAINT)) == 1
    assert fired(rule, COMPLAINT.replace("师傅下午", "实在对不起，师傅下午")) == []


@pytest.mark.parametrize(
    ("facts", "times"),
    [((("vip", True),), 1), ((("vip", False),), 0), ((), 0), ((("member", True),), 0)],
)
def test_a_fact_that_was_not_delivered_is_unknown_and_nothing_fires_on_it(facts, times: int) -> None:
    assert len(fired("当客户是重点客户且投诉，则提醒店长", COMPLAINT, facts=facts)) == times
    assert fired("当并非（重点客户且客户投诉），则提醒店长", COMPLAINT) == []


def test_figures_are_compared_in_the_facts_own_unit() -> None:
    rule = "当复购间隔<30天且客单价>5000元，则提醒销售"
    both = (("repurchase_interval_days", 29.0), ("average_order_yuan", 5001.0))
    assert len(fired(rule, COMPLAINT, facts=both)) == 1
    assert fired(rule, COMPLAINT, facts=(both[0], ("average_order_yuan", 5000.0))) == []
    assert fired(rule, COMPLAINT, facts=both[:1]) == []


@pytest.mark.parametrize(
    ("hours", "times"),
    [("周三晚上8点以后", 1), ("周三晚上9点以后", 0), ("周四", 0), ("工作日", 1), ("晚上8点到次日6点", 1), ("9点到20点", 0)],
)
def test_the_hour_is_when_the_conversation_began_in_the_boxs_own_time(hours: str, times: int) -> None:
    assert len(fired(f"当{hours}客户投诉，则提醒店长", COMPLAINT, started_at=WEDNESDAY)) == times
    assert fired(f"当{hours}客户投诉，则提醒店长", COMPLAINT) == []


def test_minutes_are_counted_in_the_conversation() -> None:
    talk = "客户：太贵了。 / （静默{}秒） / 销售：嗯。 / 客户：还是太贵了。 / （结束）"
    assert len(fired("当2分钟内客户嫌贵2次，则提醒销售", talk.format(60))) == 1
    assert fired("当2分钟内客户嫌贵2次，则提醒销售", talk.format(200)) == []


def test_a_count_over_days_stands_beside_other_conditions_but_not_what_must_not_come_for_days() -> None:
    rule = made("当30天内同一客户询价不少于3次且直到结束没有报价，则提醒店长")
    assert over_days(rule)
    assert inert(rule, ()) == ""
    rule = made("当客户询价且客户投诉之后3天内没有报价，则提醒店长")
    assert "two rules" in inert(rule, ())


def test_why_not_names_the_condition_that_is_missing() -> None:
    rule = made("当重点客户投诉，则提醒店长")
    tagger = tagger_with(rule)
    acted = scene(COMPLAINT, "customer")
    said = Conversation(utterances=acted.utterances, duration_ms=acted.duration_ms, ended=acted.ended)
    told = tagger.why_not(rule.id, said)
    assert any("vip" in line and "没有送来" in line for line in told.zh)
    assert any("service.complaint_raised came" in line for line in told.en)
