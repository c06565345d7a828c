"""One conversation through the engine: turns, speakers, stamps, provisional and final, explanations, the port."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.tags import BehaviorTag, Conversation, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import BadInput
from edge_agent.ids import is_id
from edge_agent.lexicon import words
from edge_agent.lexicon.examples import scene
from edge_agent.lexicon.load import load
from edge_agent.ports import Tagger
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.trial import passes, play, staged, trials
from edge_agent.tagging.turns import Turns

SEED = Path(__file__).parents[1] / "golden" / "tagging" / "seed"
TAGGER = RuleTagger(load(SEED))


def tags(text: str, **more) -> tuple[BehaviorTag, ...]:
    return play(TAGGER, scene(text, "customer"), "*", **more)


def of(code: str, found: tuple[BehaviorTag, ...]) -> list[BehaviorTag]:
    return [tag for tag in found if tag.code == code]


def says(*turns: tuple[str, str, int, int], **more) -> Conversation:
    said = tuple(Utterance(speaker=Speaker(who), text=text, start_ms=start, end_ms=end) for who, text, start, end in turns)
    return Conversation(utterances=said, duration_ms=said[-1].end_ms, own=("恒拓",), competitors=("金谷", "澜星"), **more)


@pytest.mark.parametrize("trial", list(trials(TAGGER)), ids=str)
def test_seed_example_holds(trial):
    assert passes(TAGGER, trial) is True


def test_occurrence_tag_carries_everything_the_wire_asks_for():
    (tag,) = of("price.objection", tags("客户：这个价格比金谷贵了快十块。"))
    assert is_id(tag.id)
    assert (tag.rule, tag.severity, tag.layer, tag.speaker) == ("price.objection@2", "notice", "tip", Speaker.CUSTOMER)
    assert tag.rule_digest == TAGGER.lexicon.event_digests["price.objection"]
    assert dict(tag.slots) == {"amount": 10.0, "brand": "jingu"}
    assert tag.start_ms == 0 < tag.end_ms == tag.known_at_ms
    assert tag.status is Status.FINAL


def test_brand_of_the_recordings_own_list_is_a_number_never_a_name():
    conversation = says(("customer", "比澜星贵", 0, 1000))
    assert dict(TAGGER.tag(conversation)[0].slots) == {"brand": "rival-2"}


def test_evidence_points_at_the_words_that_were_said():
    text = "哦，这个，你这也太贵了吧。"
    (tag,) = of("price.objection", TAGGER.tag(says(("customer", text, 0, 1000))))
    (held,) = tag.evidence
    assert (held.kind, held.detail, text[held.char_start : held.char_end]) == ("phrase", "phrases[0]", "太贵了")


def test_confidence_is_the_utterances_times_the_strength_of_the_match():
    said = Utterance(speaker=Speaker.CUSTOMER, text="太贵了", start_ms=0, end_ms=900, confidence=0.5)
    (tag,) = TAGGER.tag(Conversation(utterances=(said,), duration_ms=900, ended=False))
    assert tag.confidence == pytest.approx(0.5 * (1 - 0.2 / 3), abs=1e-4)


def test_repeating_in_one_turn_is_one_hit():
    assert len(of("price.objection", tags("客户：太贵了，太贵了。真的太贵了。 / 销售：嗯。"))) == 1


def test_same_start_puts_the_customer_before_the_rep_and_smaller_ends_first():
    conversation = says(
        ("rep", "标准版九千八", 0, 2000), ("customer", "多少钱", 0, 2000), ("customer", "太贵了", 0, 1000), ended=False
    )
    assert [t.code for t in TAGGER.tag(conversation)] == ["price.objection", "price.asked", "price.quote_given"]


def test_unknown_voice_gives_a_candidate():
    found = tags("未知：太贵了。 / 销售：您好。 / （结束）")
    assert [t.speaker for t in of("price.objection", found)] == [Speaker.UNKNOWN]
    assert of("price.objection_unclosed", found) == []


def test_unknown_voice_closes_what_is_open():
    assert of("price.objection_unclosed", tags("客户：太贵了。 / 销售：嗯。 / 未知：这么算可以。 / （结束）")) == []


def test_backchannel_makes_no_turn_and_breaks_none():
    turns = Turns(words=["嗯", "对"])
    talk = [("rep", "我们这款机器", 0, 5000), ("customer", "嗯", 4000, 4400), ("rep", "特别省电", 5100, 9000)]
    for who, text, start, end in talk:
        turns.hear(Utterance(speaker=Speaker(who), text=text, start_ms=start, end_ms=end))
    assert [(t.speaker, t.end_ms) for t in turns.all] == [(Speaker.REP, 9000)]


@pytest.mark.parametrize(
    ("before", "word", "start", "end"),
    [
        ("您同意吗？", "嗯", 4000, 4400),
        ("我们这款机器", "嗯", 5200, 5600),
        ("我们这款机器", "嗯嗯嗯", 4000, 4400),
        ("机器", "对", 4000, 5600),
    ],
)
def test_answer_late_long_or_slow_word_is_a_turn(before, word, start, end):
    turns = Turns(words=["嗯", "对"])
    turns.hear(Utterance(speaker=Speaker.REP, text=before, start_ms=0, end_ms=5000))
    assert turns.hear(Utterance(speaker=Speaker.CUSTOMER, text=word, start_ms=start, end_ms=end))


def test_marked_backchannel_is_believed_unless_it_answers():
    for before, is_turn in (("机器很省电。", False), ("您看行吗？", True)):
        turns = Turns(words=[])
        turns.hear(Utterance(speaker=Speaker.REP, text=before, start_ms=0, end_ms=1000))
        mark = Utterance(speaker=Speaker.CUSTOMER, text="对", start_ms=2000, end_ms=2300, backchannel=True)
        assert turns.hear(mark) is is_turn


def test_open_objection_is_shown_after_its_turns_and_withdrawn_when_closed():
    said = scene(
        "客户：太贵了。 / 销售：一。 / 客户：二。 / 销售：三。 / 客户：四。 / 销售：五。 / 客户：这么算可以。 / （结束）", "rep"
    )
    engine = TAGGER.engine()
    story = [
        (t.status, t.turn, t.known_at_ms) for u in said.utterances for t in engine.feed(u) if t.code == "price.objection_unclosed"
    ]
    assert [status for status, _, _ in story] == [Status.PROVISIONAL, Status.WITHDRAWN]
    assert [turn for _, turn, _ in story] == [0, 0]
    assert story[0][2] == said.utterances[4].end_ms
    assert engine.end(duration_ms=said.duration_ms) == ()


def test_final_tag_supersedes_its_provisional_one():
    said = scene("客户：太贵了。 / 销售：一。 / 客户：二。 / 销售：三。 / 客户：四。 / （结束）", "rep")
    engine = TAGGER.engine()
    shown = [t for u in said.utterances for t in engine.feed(u) if t.status is Status.PROVISIONAL]
    final = of("price.objection_unclosed", engine.end(duration_ms=said.duration_ms))
    assert [t.supersedes for t in final] == [t.id for t in shown]
    assert (final[0].start_ms, final[0].known_at_ms) == (0, said.duration_ms)


def test_cut_recording_leaves_everything_open_undetermined():
    text = "客户：太贵了。 / 销售：一。 / 客户：二。 / 销售：三。 / 客户：四。"
    assert of("price.objection_unclosed", tags(text)) == []
    engine = TAGGER.engine()
    for said in scene(text, "rep").utterances:
        engine.feed(said)
    assert [t.status for t in engine.end(ended=False)] == [Status.WITHDRAWN]


def test_absence_is_stamped_at_the_end_of_its_turn_and_known_at_the_next():
    event = TAGGER.lexicon.events["talk.no_introduction"]
    said = scene(" / ".join(f"{'销售' if n % 2 == 0 else '客户'}：嗯呐{n}。" for n in range(8)), "rep")
    (tag,) = of("talk.no_introduction", TAGGER.tag(staged(TAGGER, said, "*", event)))
    assert (tag.start_ms, tag.known_at_ms, tag.turn) == (said.utterances[5].end_ms, said.utterances[6].start_ms, 5)


def test_flag_that_is_not_set_switches_an_event_off():
    assert of("talk.no_introduction", tags("销售：喂您好。 / 客户：哪位？ / （结束）")) == []


def test_inert_events_say_why():
    assert TAGGER.inert({"outbound"}) == {}
    assert TAGGER.inert() == {"talk.no_introduction": "off: the talk is not marked outbound"}


def test_industry_sayings_count_only_in_their_trade():
    for industry, times in (("fmcg", 1), ("saas", 0), ("", 0)):
        conversation = says(("customer", "你压给我八十箱", 0, 1000), industry=industry)
        assert len(of("price.objection", TAGGER.tag(conversation))) == times


def test_product_said_before_fills_the_slot_of_a_later_quote():
    (first, second) = of("price.quote_given", tags("销售：传感器八百。 / 客户：一百支呢？ / 销售：八百六一支。"))
    assert (dict(first.slots), dict(second.slots)) == ({"amount": 800, "sku": "sensor"}, {"amount": 860, "sku": "sensor"})


def test_out_of_order_speech_is_refused():
    engine = TAGGER.engine()
    engine.feed(Utterance(speaker=Speaker.REP, text="喂", start_ms=1000, end_ms=2000))
    with pytest.raises(BadInput):
        engine.feed(Utterance(speaker=Speaker.REP, text="喂", start_ms=900, end_ms=2000))
    engine.end()
    with pytest.raises(BadInput):
        engine.feed(Utterance(speaker=Speaker.REP, text="喂", start_ms=3000, end_ms=4000))


def test_empty_conversation_has_no_tags():
    assert TAGGER.tag(Conversation(utterances=(), duration_ms=0)) == ()


def test_tagger_is_the_port():
    port: Tagger = TAGGER
    assert port.ruleset == TAGGER.lexicon.digest
    assert TAGGER.codes == set(TAGGER.lexicon.events)


def test_terms_begin_with_the_brands_and_are_bounded():
    around = Circumstances(
        kind=Kind.CALL, started_at=datetime(2026, 1, 1, tzinfo=UTC), consent=Consent.NOTICE, industry="fmcg", own=("麦田食品",),
        competitors=("澜星", "金谷", *map(str, range(90))),
    )  # fmt: skip
    hot = TAGGER.terms(around)
    assert hot[:3] == ("麦田食品", "澜星", "金谷")
    assert len(hot) == len(set(hot)) <= 200


def test_why_is_told_in_both_languages_without_a_word_that_was_said():
    text = "客户：八百一支太贵了。 / 销售：这是进口芯片。 / 客户：嗯，再说吧。 / （结束）"
    for tag in tags(text):
        told = TAGGER.explain(tag)
        assert len(told.zh) == len(told.en) >= 2
        assert not any("芯片" in line or "太贵" in line for line in (*told.zh, *told.en))
    (open_,) = of("price.objection_unclosed", tags(text))
    assert any("价格异议" in line for line in TAGGER.explain(open_).zh)


@pytest.mark.parametrize(
    ("text", "code", "missing"),
    [
        ("客户：你们不是太贵了吗？", "price.objection", "context"),
        ("客户：贵公司太贵了。", "price.objection", "exclude[0]"),
        ("销售：太贵了。", "price.objection", "not said by customer"),
        ("客户：这么算可以。", "price.accepted", "price.objection did not come"),
        ("客户：这个价格还好。", "price.objection", "1 of the 2 groups of combos[0]"),
        ("客户：你好。", "price.objection", "nothing said comes near"),
        ("客户：太贵了。 / 销售：嗯。 / 客户：这么算可以。 / （结束）", "price.objection_unclosed", "price.accepted came"),
        ("客户：太贵了。", "price.objection", "did fire"),
        ("客户：太贵了。", "talk.repeat_30d", "judged over days"),
        ("客户：太贵了。", "no.such", "no event"),
    ],
)
def test_why_not_names_the_nearest_missing_condition(text, code, missing):
    told = TAGGER.why_not(code, staged(TAGGER, scene(text, "customer"), "*"))
    assert missing in " ".join(told.en)
    assert len(told.zh) == len(told.en)


def test_measured_talk_share_needs_known_speakers():
    long = (("rep", "讲讲", 0, 200_000), ("customer", "哦", 200_000, 210_000))
    assert [t.code for t in TAGGER.tag(says(*long))] == ["talk.ratio_high"]
    assert TAGGER.tag(says(*long, ("unknown", "谁", 210_000, 290_000))) == ()


def test_word_cache_goes_where_it_is_told(tmp_path):
    words.configure(tmp_path / "cache")
    words._tokenizer.cache_clear()
    try:
        assert words.stands_alone("提高", 1) is False
        assert list((tmp_path / "cache").iterdir())
    finally:
        words._cache_folder.clear()
        words._tokenizer.cache_clear()
        words._words.cache_clear()
