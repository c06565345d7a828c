"""What a review hears a talk with: the tagger's own ear for the same trade and brands, but for other sayings than its events.

So negation, hypothesis, quotation, brands, products, dialect and what sounds alike are taken here exactly as they are for tags.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.model import Event, Match
from edge_agent.tagging.tagger import RuleTagger

if TYPE_CHECKING:
    from edge_agent.lexicon.model import Lexicon
    from edge_agent.tagging.hearing import Ear


def saying(code: str, speaker: Speaker, match: Match) -> Event:
    """A match table in the form the ear takes it."""
    return Event(
        id=code, zh=code, en=code, definition="", speaker="customer" if speaker is Speaker.CUSTOMER else "rep", kind="occurrence",
        severity="info", layer="none", match=match,
    )  # fmt: skip


def listener(lexicon: "Lexicon", sayings: Iterable[Event]) -> RuleTagger:
    """A tagger that knows these sayings instead of the lexicon's events."""
    industries = {name: msgspec.structs.replace(file, extend=[]) for name, file in lexicon.industries.items()}
    events = {event.id: event for event in sayings}
    return RuleTagger(
        msgspec.structs.replace(
            lexicon, industries=industries, events=events, extends=[], event_digests=dict.fromkeys(events, "")
        )
    )


def ear(listens: RuleTagger, conversation: Conversation) -> "Ear":
    """The ear for this talk's trade and brands."""
    return listens.ear(industry=conversation.industry, own=conversation.own, competitors=conversation.competitors)
