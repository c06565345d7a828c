"""The customer's mood along the talk, from words alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edge_agent.domain.insights import Mood
from edge_agent.domain.tags import BehaviorTag, Conversation

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger


def curve(conversation: Conversation, tags: Sequence[BehaviorTag], tagger: "RuleTagger") -> Mood | None:
    """The customer's curve; None where nothing they said tells."""
    del conversation, tags, tagger
    return None
