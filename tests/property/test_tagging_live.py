"""Live equals batch, with the shipped lexicon and its sample rules: turn by turn, and through a save and a restart amid it."""

from functools import cache
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge_agent.assets import bundled
from edge_agent.domain.tags import BehaviorTag, Conversation, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import BadInput
from edge_agent.lexicon.examples import BadExample, is_facts, scene
from edge_agent.lexicon.load import load
from edge_agent.rulebook.events import compiler
from edge_agent.tagging.engine import Engine, by_stamp
from edge_agent.tagging.hits import RANK
from edge_agent.tagging.tagger import RuleTagger

NUMBERS = [count()]
TAGGER = RuleTagger(load(bundled("lexicons"), rules=compiler(), dormant=True), make_id=lambda: str(next(NUMBERS[0])))
SETTING = {
    "industry": "fmcg", "context": frozenset({"outbound", "recorded", "dual_record", "b2b"}), "own": ("麦田食品", "恒拓"),
    "competitors": ("澜星", "金谷"),
}  # fmt: skip
SHOWN: set[str] = set()
"""Event ids that the random talks brought about, for the test at the end."""


@cache
def lines() -> dict[str, list[tuple[Speaker, str]]]:
    """What is said in the examples of all events, by the kind of the event."""
    found: dict[str, list[tuple[Speaker, str]]] = {}
    for event in TAGGER.events:
        for text in (*event.examples.must, *event.examples.must_not[:1]):
            if is_facts(text):
                continue
            try:
                acted = scene(text, event.speaker)
            except BadExample:
                continue
            found.setdefault(event.kind, []).extend((one.speaker, one.text) for one in acted.utterances)
    return found


@cache
def stories() -> list[list[tuple[Speaker, str]]]:
    """Whole examples of what derives from several hits: they make the rules conclude something."""
    derived = (event for event in TAGGER.events if event.kind not in ("occurrence", "metric", "visual"))
    texts = [(text, event.speaker) for event in derived for text in event.examples.must if not is_facts(text)]
    return [[(one.speaker, one.text) for one in scene(text, speaker).utterances] for text, speaker in texts]


@st.composite
def talks(draw) -> tuple[Utterance, ...]:
    """Examples and single lines of them mixed, with pauses, overlaps, unclear voices and backchannels."""
    random = Random(draw(st.integers(0, 2**32)))
    pool = [line for kind in sorted(lines()) for line in lines()[kind]]
    spoken: list[tuple[Speaker, str]] = []
    for _ in range(random.randint(1, 5)):
        spoken += random.choice(stories()) if random.random() < 0.5 else [random.choice(pool)]
    clock, said = 0, []
    for speaker, text in spoken:
        clock += random.choice([0, 200, 200, 900, 8000, 61_000])
        length = max(len(text), 1) * random.choice([90, 180, 180])
        voice = Speaker.UNKNOWN if random.random() < 0.05 else speaker
        said.append(
            Utterance(
                start_ms=clock, end_ms=clock + length, speaker=voice, text=text, confidence=random.choice([1.0, 1.0, 0.8]),
                backchannel=random.random() < 0.02,
            )
        )  # fmt: skip
        clock += random.choice([length, length, length // 2])
    return tuple(sorted(said, key=lambda u: (u.start_ms, u.end_ms, RANK[u.speaker])))


def engine() -> Engine:
    return TAGGER.engine(**SETTING)


def batch(said: tuple[Utterance, ...], *, ended: bool) -> tuple[BehaviorTag, ...]:
    NUMBERS[0] = count()
    end = max((u.end_ms for u in said), default=0)
    return TAGGER.tag(Conversation(utterances=said, duration_ms=end, ended=ended, **SETTING))


def live(said: tuple[Utterance, ...], cuts: set[int], *, ended: bool) -> list[BehaviorTag]:
    """All tags, turn by turn; at each cut the engine is thrown away and another one goes on from its saved state."""
    NUMBERS[0] = count()
    running, tags = engine(), []
    for number, one in enumerate(said):
        if number in cuts:
            state = running.state()
            assert running.state() == state
            running = engine()
            running.resume(state)
            assert running.state() == state
        tags += running.feed(one)
    tags += running.end(ended=ended, duration_ms=max((u.end_ms for u in said), default=0))
    return tags


@settings(max_examples=1000, deadline=None)
@given(talks(), st.booleans(), st.sets(st.integers(0, 30), max_size=3))
def test_live_through_restarts_equals_batch(said, ended, cuts):
    whole = batch(said, ended=ended)
    told = live(said, cuts, ended=ended)
    assert by_stamp([tag for tag in told if tag.status is Status.FINAL]) == whole
    assert live(said, set(), ended=ended) == told
    SHOWN.update(tag.code for tag in whole)


def test_random_talks_brought_every_kind_of_rule_about():
    kinds = {TAGGER.lexicon.events[code].kind for code in SHOWN}
    assert kinds >= {"occurrence", "first", "repeat", "sequence", "unresolved", "absence", "metric", "composite"}
    assert len(SHOWN) > 120


@settings(max_examples=60, deadline=None)
@given(talks())
def test_state_holds_no_word_that_was_said(said):
    running = engine()
    for one in said:
        running.feed(one)
    state = running.state().decode()
    assert not any(one.text in state for one in said if len(one.text) > 3)
    assert state.isascii()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 4000), st.integers(1, 40))
def test_damaged_state_is_refused(noise, at, length):
    running = engine()
    running.feed(Utterance(start_ms=0, end_ms=900, speaker=Speaker.CUSTOMER, text="太贵了，别家才八十八。"))
    whole = running.state()
    with pytest.raises(BadInput):
        engine().resume(noise)
    with pytest.raises(BadInput):
        engine().resume(whole[: at % len(whole)])
    with pytest.raises(BadInput):
        engine().resume(whole[: at % len(whole)] + b"\xff" * length + whole[at % len(whole) + length :])


def test_state_of_other_rules_is_refused():
    digests = {**TAGGER.lexicon.event_digests, "price.asked": "0" * 64}
    other = RuleTagger(replace(TAGGER.lexicon, event_digests=digests))
    with pytest.raises(BadInput) as refused:
        other.engine(**SETTING).resume(engine().state())
    assert refused.value.kind == "other-models"
