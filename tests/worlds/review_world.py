"""Talks for a review: the lexicons loaded once, written talks in the notation of examples, a table of facts to hold against."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import shipped

from edge_agent.domain.insights import Claim, MoodPoint
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.examples import scene
from edge_agent.review import claims, mood
from edge_agent.tagging.tagger import RuleTagger

BEHAVIOUR = Path(__file__).parents[1] / "benchmarks" / "behaviour"
AT = datetime.fromisoformat("2026-11-25T10:00+08:00")
RIVALS = ("澜星", "金谷")


@lru_cache(maxsize=1)
def tagger() -> RuleTagger:
    return shipped.tagger()


def talk(text: str, *, at: datetime | None = AT, confidence: float = 1.0) -> Conversation:
    """`客户：… / 销售：…` as a conversation, all trades applied."""
    acted = scene(text, "rep")
    said = tuple(
        Utterance(
            start_ms=one.start_ms, end_ms=one.end_ms, speaker=one.speaker, text=one.text, confidence=confidence,
            backchannel=one.backchannel,
        )
        for one in acted.utterances
        if one.text
    )  # fmt: skip
    return Conversation(
        utterances=said, duration_ms=acted.duration_ms, industry="*", own=("麦田食品",), competitors=RIVALS, started_at=at
    )


def held(text: str, facts: Path, *, at: datetime | None = AT, confidence: float = 1.0) -> list[Claim]:
    """The claims of a written talk, held against the tables of a folder."""
    conversation = talk(text, at=at, confidence=confidence)
    return list(claims.checked(conversation, Notes(), tagger(), str(facts), zone=AT.tzinfo))


def felt(text: str, speaker: Speaker = Speaker.CUSTOMER, *, backchannel: bool = False) -> MoodPoint | None:
    """What one utterance tells by itself, without tags."""
    points = felt_in([Utterance(start_ms=0, end_ms=1000, speaker=speaker, text=text, backchannel=backchannel)])
    return points[0] if points else None


def felt_in(said: Sequence[Utterance]) -> tuple[MoodPoint, ...]:
    conversation = Conversation(utterances=tuple(said), duration_ms=1000, industry="*", competitors=RIVALS)
    found = mood.curve(conversation, (), tagger())
    return found.points if found is not None else ()
