"""The opportunity card: what the talk tells about a sale that may come."""

from collections.abc import Sequence

from edge_agent.domain.insights import CardEntry
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag, Conversation


def filled(conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes) -> tuple[CardEntry, ...]:
    """Everything known, in the order of the card's fields."""
    del conversation, tags, notes
    return ()
