"""Which sayings stand in which sentence, and what vetoes them: one table per way of writing and per context."""

import time

import pytest

from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.model import Context, Event, Lexicon, Match, Product, TermsFile
from edge_agent.tagging.matcher import Veto
from edge_agent.tagging.tagger import RuleTagger

CONTEXTS = {
    "negated": Context(zh="否定", before=["不", "没"], reach=3, but=["没问题", "不但"]),
    "question": Context(zh="提问", ends=["吗", "?"], scope="sentence"),
    "hypothetical": Context(zh="假设", before=["要是"], after=["的话"]),
    "quoted": Context(zh="转述", anywhere=["规定"], scope="sentence"),
}


def event(**match) -> Event:
    return Event(
        id="x.said", zh="x", en="x", definition="", speaker="either", kind="occurrence", severity="info", layer="none",
        match=Match(**match),
    )  # fmt: skip


def tagger(*events: Event, **terms) -> RuleTagger:
    found = {e.id: e for e in events}
    terms = TermsFile(
        contexts=CONTEXTS,
        tail=["啊", "吧", "的", "了"],
        lead=["那", "嗯"],
        product=[Product(id="sensor", names=["传感器"])],
        **terms,
    )
    digests = dict.fromkeys(found, "0" * 64)
    return RuleTagger(Lexicon(terms=terms, industries={}, events=found, extends=[], digest="0" * 64, event_digests=digests))


def stands(text: str, vetoes: list[Veto] | None = None, **match) -> list[str]:
    """What of `text` the event pinned down, as raw text."""
    ear = tagger(event(**match)).ear(own=["恒拓"], competitors=["澜星"])
    said = Utterance(start_ms=0, end_ms=1000, speaker=Speaker.CUSTOMER, text=text)
    found = []
    for heard in ear.listen(said, vetoes):
        found += [text[slice(*heard.view.sentence.raw(f.span))] for f in heard.found.get("x.said", ())]
    return found


@pytest.mark.parametrize(
    ("text", "match", "found"),
    [
        ("你这太贵了吧", {"phrases": ["太贵了"]}, ["太贵了"]),
        ("你这太 贵了", {"phrases": ["太贵了"]}, []),
        ("ＯＫ没问题", {"phrases": ["ok"]}, ["ＯＫ"]),
        ("比澜星贵不少", {"phrases": ["比{竞品}贵"]}, ["比澜星贵"]),
        ("比恒拓贵不少", {"phrases": ["比{竞品}贵"]}, []),
        ("传感器八百六一支", {"phrases": ["{产品}{金额}"]}, ["传感器八百六"]),
        ("一年9800", {"phrases": ["一年{金额}"]}, ["一年9800"]),
        ("一年九千八", {"phrases": ["一年{金额}"]}, ["一年九千八"]),
        ("超出我们今年预算", {"phrases": ["超出…预算"]}, ["超出我们今年预算"]),
        ("超出我们今年列支的全部预算", {"phrases": ["超出…预算"]}, []),
        ("超出，预算", {"phrases": ["超出…预算"]}, []),
        ("那行吧", {"whole": ["行"]}, ["行"]),
        ("行行行", {"whole": ["行"]}, ["行", "行", "行"]),
        ("好，行，周四见", {"whole": ["行"]}, ["行"]),
        ("行李箱", {"whole": ["行"]}, []),
        ("七千九百九。", {"whole": ["{金额}"]}, ["七千九百九"]),
        ("大概七千九百九。", {"whole": ["{金额}"]}, []),
        ("价格有点高", {"combos": [["价格|报价", "高|贵"]]}, ["价格有点高"]),
        ("高的价格", {"combos": [["价格|报价", "高|贵"]]}, []),
        ("价格提高了", {"combos": [["价格|报价", "高|贵"]]}, []),
        ("价格嘛，高", {"combos": [["价格|报价", "高|贵"]]}, []),
        ("我姓周，城南恒拓的", {"together": [["我姓|我是", "{自家}"]]}, ["我姓周，城南恒拓"]),
        ("我姓周。恒拓的", {"together": [["我姓|我是", "{自家}"]]}, []),
        ("贵了快十块", {"patterns": ["贵了.{0,3}块"]}, ["贵了快十块"]),
        ("贵了。十块", {"patterns": ["贵了.{0,3}块"]}, []),
        ("比澜星便宜", {"patterns": ["比{竞品}(贵|便宜)"]}, ["比澜星便宜"]),
    ],
)
def test_saying_stands_where_it_should(text, match, found):
    assert stands(text, **match) == found


@pytest.mark.parametrize(
    ("text", "match", "reason"),
    [
        ("贵公司太贵了", {"exclude": ["贵公司"]}, "exclude[0]"),
        ("不便宜，太贵了", {"exclude": ["不便宜"]}, None),
        ("不便宜，太贵了", {"exclude_sentence": ["不便宜"]}, "exclude_sentence[0]"),
        ("不便宜。太贵了", {"exclude_sentence": ["不便宜"]}, None),
        ("倒不觉得太贵了", {"contexts_off": ["negated"]}, "negated"),
        ("不过这个价太贵了", {"contexts_off": ["negated"]}, None),
        ("没问题太贵了", {"contexts_off": ["negated"]}, None),
        ("不，太贵了", {"contexts_off": ["negated"]}, None),
        ("是不是太贵了？", {"contexts_off": ["question"]}, "question"),
        ("太贵了，知道吗", {"contexts_off": ["question"]}, "question"),
        ("要是太贵了就算了", {"contexts_off": ["hypothetical"]}, "hypothetical"),
        ("太贵了的话就算了", {"contexts_off": ["hypothetical"]}, "hypothetical"),
        ("就算了，要是别家呢，太贵了", {"contexts_off": ["hypothetical"]}, None),
        ("规定不能说，太贵了", {"contexts_off": ["quoted"]}, "quoted"),
        ("太贵了", {"contexts_on": ["question"]}, "question"),
        ("太贵了吗", {"contexts_on": ["question"]}, None),
    ],
)
def test_hit_is_vetoed_by_what_stands_around_it(text, match, reason):
    vetoes: list[Veto] = []
    found = stands(text, vetoes, phrases=["太贵了"], **match)
    assert ([v.detail for v in vetoes], bool(found)) == ([reason] if reason else [], reason is None)


def test_cue_inside_the_hit_does_not_speak_against_it():
    assert stands("这不贵", phrases=["不贵"], contexts_off=["negated"]) == ["不贵"]
    assert stands("贵吗", phrases=["贵吗"], contexts_off=["question"]) == ["贵吗"]
    assert stands("贵吗", phrases=["贵吗"], contexts_on=["question"]) == ["贵吗"]


def test_hostile_repetition_stays_cheap():
    began = time.process_time()
    found = stands("价格" * 20_000 + "报价", combos=[["价格", "价格", "价格", "报价"]])
    assert 0 < len(found) <= 24
    assert time.process_time() - began < 5
