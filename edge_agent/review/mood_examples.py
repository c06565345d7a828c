"""The examples of `mood.toml` put to the test: each sentence of a customer must come out as its list says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge_agent.domain.insights import MoodPoint
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.review.mood import NEUTRAL, curve

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger


def examples(tagger: "RuleTagger") -> Iterator[tuple[str, str, bool]]:
    """(list, sentence, whether it holds) for every example."""
    lists = tagger.lexicon.mood.examples
    for name in lists.__struct_fields__:
        for text in getattr(lists, name):
            yield name, text, name in verdicts(point(tagger, text))


def point(tagger: "RuleTagger", text: str) -> MoodPoint | None:
    """What one sentence of a customer tells, as an example: all trades, the example brands."""
    setting = tagger.lexicon.terms.examples
    said = Utterance(start_ms=0, end_ms=1000, speaker=Speaker.CUSTOMER, text=text)
    talk = Conversation(
        utterances=(said,), duration_ms=1000, industry="*", own=tuple(setting.own), competitors=tuple(setting.competitors)
    )
    found = curve(talk, tagger.tag(talk), tagger)
    return found.points[0] if found is not None else None


def verdicts(found: MoodPoint | None) -> frozenset[str]:
    """Every list that a point belongs to."""
    if found is None:
        return frozenset({"neutral"})
    side = "positive" if found.valence >= NEUTRAL else "negative" if found.valence <= -NEUTRAL else "neutral"
    signs = [name for name, is_so in (("probing", found.probing), ("leaving", found.leaving)) if is_so]
    return frozenset([side, *signs])
