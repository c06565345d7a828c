"""Whatever is said, staff have no mood, and a customer's stays within its bounds."""

from hypothesis import given, settings
from hypothesis import strategies as st
from review_world import felt_in, tagger

from edge_agent.domain.transcript import Speaker, Utterance

PIECES = sorted({word for cue in tagger().lexicon.mood.cue for word in [*cue.phrases, *cue.whole] if "…" not in word})
TEXTS = st.lists(st.sampled_from([*PIECES, "，", "。", "不", "太", "但是", "如果", "我们"]), min_size=1, max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([Speaker.REP, Speaker.UNKNOWN]), TEXTS), max_size=6))
def test_only_the_customer_has_a_mood(turns):
    said = [Utterance(start_ms=n, end_ms=n + 1, speaker=who, text=text) for n, (who, text) in enumerate(turns)]
    assert felt_in(said) == ()


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_a_point_is_within_bounds_and_points_into_its_text(text):
    for point in felt_in([Utterance(start_ms=0, end_ms=1, speaker=Speaker.CUSTOMER, text=text)]):
        assert -1 <= point.valence <= 1
        assert 0 <= point.at.char_start < point.at.char_end <= len(text)
        assert not (point.probing and point.leaving)
