"""Feeding utterance by utterance is the whole truth: same tags as at once, nothing taken back, every offset inside its text."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.tags import BehaviorTag, Conversation, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.load import load
from edge_agent.lexicon.notation import OWN, RIVAL, fold
from edge_agent.tagging.engine import by_stamp
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.text import Reader

TAGGER = RuleTagger(load(Path(__file__).parents[1] / "golden" / "tagging" / "seed"), make_id=lambda: "")
few = settings(max_examples=60, deadline=None)

phrases = st.sampled_from([
    "太贵了", "比金谷贵", "这个价格有点高", "不贵", "多少钱", "标准版一年九千八", "三十二块八", "那行吧",
    "这么算可以", "我是恒拓的小赵",
    "支持离线吗", "超出我们预算", "贵了快十块", "嗯", "要是太贵了呢", "呃", "蓝星",
])  # fmt: skip
texts = st.one_of(
    st.lists(phrases, max_size=3).flatmap(
        lambda said: st.sampled_from(["。", "，", "？", " "]).map(lambda mark: mark.join(said))
    ),
    st.text(max_size=30),
)
turns = st.tuples(
    st.sampled_from(list(Speaker)), texts, st.integers(0, 4000), st.integers(0, 5000), st.floats(0, 1), st.booleans()
)


@st.composite
def talks(draw) -> tuple[Utterance, ...]:
    clock = 0
    said = []
    for speaker, text, pause, length, confidence, mark in draw(st.lists(turns, max_size=12)):
        clock += pause
        said.append(
            Utterance(start_ms=clock, end_ms=clock + length, speaker=speaker, text=text, confidence=confidence, backchannel=mark)
        )
    return tuple(said)


def talk(said: tuple[Utterance, ...], **more) -> Conversation:
    end = max((u.end_ms for u in said), default=0)
    return Conversation(
        utterances=said, duration_ms=end, own=("恒拓",), competitors=("金谷", "澜星"), context=frozenset({"outbound"}), **more
    )


def ready(said):
    rank = {Speaker.CUSTOMER: 0, Speaker.REP: 1, Speaker.UNKNOWN: 2}
    return sorted(said, key=lambda u: (u.start_ms, u.end_ms, rank[u.speaker]))


@few
@given(talks(), st.booleans())
def test_feeding_one_by_one_equals_all_at_once(said, ended):
    engine = TAGGER.engine(context={"outbound"}, own=["恒拓"], competitors=["金谷", "澜星"])
    tags: list[BehaviorTag] = []
    for one in ready(said):
        tags += engine.feed(one)
    conversation = talk(said, ended=ended)
    tags += engine.end(ended=ended, duration_ms=conversation.duration_ms)
    assert by_stamp([t for t in tags if t.status is Status.FINAL]) == TAGGER.tag(conversation)


@few
@given(talks(), st.integers(0, 12), texts)
def test_what_was_given_does_not_depend_on_what_comes_later(said, cut, other):
    """The same beginning gives the same tags, whatever is said after it."""
    head = ready(said)[:cut]
    later = replace(head[-1], text=other, start_ms=head[-1].start_ms + 9000, end_ms=head[-1].start_ms + 9500) if head else None
    stories = []
    for tail in ([], [later] if later else []):
        engine = TAGGER.engine(context={"outbound"}, own=["恒拓"], competitors=["金谷", "澜星"])
        stories.append([engine.feed(one) for one in [*head, *tail]][: len(head)])
    assert stories[0] == stories[1]


@few
@given(talks())
def test_every_piece_of_evidence_lies_inside_what_was_said(said):
    in_order = ready(said)
    for tag in TAGGER.tag(talk(said)):
        assert 0 <= tag.confidence <= 1
        assert tag.start_ms <= tag.end_ms
        assert tag.start_ms <= tag.known_at_ms
        for held in tag.evidence:
            if held.kind in ("phrase", "pattern", "context"):
                assert 0 <= held.char_start < held.char_end <= len(in_order[held.utterance].text)


@few
@given(st.text(max_size=60))
def test_every_folded_character_leads_back_to_what_it_was(raw):
    reader = Reader(brands={"恒拓": (OWN, "own-1"), "金谷": (RIVAL, "rival-1")}, confusables={}, fillers=["呃"])
    for sentence in reader.sentences(raw):
        assert len(sentence.places) == len(sentence.text)
        for at, char in enumerate(sentence.text):
            start, end = sentence.raw((at, at + 1))
            meant = {OWN: "恒拓", RIVAL: "金谷"}.get(char)
            assert (
                raw[start:end] == meant if meant in ("恒拓", "金谷") and raw[start:end] == meant else char in fold(raw[start:end])
            )
        for low, high in sentence.clauses:
            assert 0 <= low < high <= len(sentence.text)


@few
@given(talks())
def test_hearing_no_speaker_accuses_nobody(said):
    """With every voice unknown there is no warning, nothing open, nothing escalated."""
    nobody = tuple(replace(u, speaker=Speaker.UNKNOWN) for u in said)
    for tag in TAGGER.tag(talk(nobody)):
        assert tag.layer not in ("escalate", "intercept")
        assert tag.code not in ("price.objection_unclosed", "price.conflict", "price.unanswered")
