"""Recovery on any text: offsets are right, what stood there can be had back, and a second time changes nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.terms.recovery import Corrected, Recovery

TERMS = (
    "返点",
    "账期",
    "集采",
    "集采目录",
    "价格异议",
    "铺货率",
    "GMP认证",
    "3C认证",
    "医保支付价",
    "增值税专票",
    "CT球管",
    "动销",
    "窜货",
)
RECOVERY = Recovery(TERMS)
SOUNDS = st.sampled_from(
    "返饭翻点店电账长期起集机急采材踩目木录路价家架格革意异义议铺普货活或率绿鸡爱慕皮认人证正三医一保包支之付复增值税水专砖票动洞销效窜"
    "串 ，。GMPC3Ｃ的了是我们很好x"
)
TEXT = st.one_of(st.text(SOUNDS, max_size=24), st.text(max_size=12))


def original(done: Corrected) -> str:
    """The text before, put together again from the corrections."""
    parts, at = [], 0
    for one in done.corrections:
        assert done.text[one.start : one.end] == one.term
        parts += [done.text[at : one.start], one.raw]
        at = one.end
    return "".join([*parts, done.text[at:]])


@given(TEXT)
@settings(max_examples=400)
def test_offsets_are_right_and_the_raw_text_can_be_had_back(text: str) -> None:
    assert original(RECOVERY.correct(text)) == text


@given(TEXT)
@settings(max_examples=400)
def test_a_second_time_changes_nothing(text: str) -> None:
    once = RECOVERY.correct(text)
    assert RECOVERY.correct(once.text) == Corrected(text=once.text)


@given(TEXT)
def test_candidates_lie_in_the_text_in_order_without_overlap(text: str) -> None:
    at = 0
    for one in RECOVERY.candidates(text):
        assert at <= one.start < one.end <= len(text)
        assert one.term in TERMS
        assert 0 <= one.score <= 1
        at = one.end


@given(
    st.lists(st.sampled_from(["今天", "妈妈", "下雨", "学校", "晚饭", "火车", "，", "去了", "我们", "很高"]), max_size=12).map(
        "".join
    )
)
def test_a_text_without_sound_alikes_never_changes(text: str) -> None:
    assert RECOVERY.correct(text) == Corrected(text=text)


@given(st.lists(st.sampled_from([*TERMS, "我们的", "，", "要不要", "。"]), max_size=8).map("".join))
def test_terms_that_stand_there_stay(text: str) -> None:
    assert RECOVERY.correct(text) == Corrected(text=text)
