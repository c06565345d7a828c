"""The catalogue's sentences about time, speakers and ends, each as a small talk and the turns at which its event is stamped."""

import tomllib
from pathlib import Path

import pytest

from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.model import Event, Lexicon, Match, Temporal, TermsFile
from edge_agent.tagging.tagger import RuleTagger

CASES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))["case"]
SOUNDS = dict(zip("abcdef-", ["甲甲", "乙乙", "丙丙", "丁丁", "戊戊", "己己", "哪里"], strict=True))
TURN_MS = 3000
REFERENCES = ("of", "opportunity", "reset_by", "after", "followed_by", "not_followed_by", "not_preceded_by", "unless", "chain")
REFERENCES += ("any_order", "opened_by", "closed_by", "all_required")


def named(value):
    return [f"x.{v}" for v in value] if isinstance(value, list) else f"x.{value}"


def tagger(case) -> RuleTagger:
    rule = {k: named(v) if k in REFERENCES else v for k, v in case["rule"].items()}
    about = {"definition": "", "layer": "none"}
    events = [
        Event(
            id=f"x.{letter}", zh=letter, en=letter, speaker="customer" if letter in "abc" else "rep", kind="occurrence",
            severity="info", match=Match(phrases=[SOUNDS[letter]]), **about,
        )
        for letter in "abcdef"
    ]  # fmt: skip
    events.append(
        Event(
            id="y.event", zh="y", en="y", speaker="rep", kind=case["kind"], severity=case.get("severity", "notice"),
            temporal=Temporal(**rule), **about,
        )
    )  # fmt: skip
    table = {e.id: e for e in events}
    digests = dict.fromkeys(table, "0" * 64)
    return RuleTagger(Lexicon(terms=TermsFile(), industries={}, events=table, extends=[], digest="0" * 64, event_digests=digests))


def talk(text: str) -> tuple[Utterance, ...]:
    voices = {"C": Speaker.CUSTOMER, "R": Speaker.REP, "U": Speaker.UNKNOWN}
    return tuple(
        Utterance(
            start_ms=n * TURN_MS, end_ms=n * TURN_MS + 2000, speaker=voices[turn[0]],
            text="。".join("，".join(SOUNDS[x] for x in said.split("+")) for said in turn[2:].split(",")),
        )
        for n, turn in enumerate(text.split())
    )  # fmt: skip


def ms(stamp: int | str, end_ms: int) -> int:
    if isinstance(stamp, int):
        return stamp * TURN_MS
    return end_ms if stamp == "end" else int(float(stamp.removesuffix("s")) * 1000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_catalogue_sentence(case):
    said = talk(case["talk"])
    end_ms = len(said) * TURN_MS
    conversation = Conversation(utterances=said, duration_ms=end_ms, ended=case.get("ended", True))
    tags = [tag for tag in tagger(case).tag(conversation) if tag.code == "y.event"]
    assert [tag.start_ms for tag in tags] == [ms(stamp, end_ms) for stamp in case["fires"]]
    if "known" in case:
        assert [tag.known_at_ms for tag in tags] == [ms(stamp, end_ms) for stamp in case["known"]]


def test_one_closing_hit_closes_one_item_over_all_unresolved_events():
    """A confirmation answers what was raised last, whichever event waits for it."""
    first = {"kind": "unresolved", "rule": {"opened_by": ["a"], "closed_by": ["d"], "unresolved_until": "end"}}
    base = tagger(first).lexicon
    other = Event(
        id="z.event", zh="z", en="z", definition="", speaker="rep", kind="unresolved", severity="notice", layer="none",
        temporal=Temporal(opened_by=["x.b"], closed_by=["x.d"], unresolved_until="end"),
    )  # fmt: skip
    events = {**base.events, other.id: other}
    both = RuleTagger(
        Lexicon(
            terms=base.terms,
            industries={},
            events=events,
            extends=[],
            digest="0" * 64,
            event_digests=dict.fromkeys(events, "0" * 64),
        )
    )
    said = talk("C:a R:- C:b R:d")
    found = [tag.code for tag in both.tag(Conversation(utterances=said, duration_ms=12_000))]
    assert "y.event" in found
    assert "z.event" not in found
