"""Implements `ports.Reviewer`: each of the four readings has its switch and is left out where it has nothing to go by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from edge_agent.config import Insights as Switches
from edge_agent.domain.insights import Insights
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.review import card, claims, mood, scorecards

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """`tagger` lends its lexicon and its ear: what a review reads in the text is read as the tagger reads it.

    `zone` is where days are counted, as in the notes; None = this machine's own.
    """

    switches: Switches
    tagger: "RuleTagger"
    zone: tzinfo | None = None

    def __post_init__(self) -> None:
        scorecards.check_wanted(self.tagger.lexicon, self.switches.scorecards)

    def review(self, conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes) -> Insights:
        on = self.switches
        return Insights(
            mood=mood.curve(conversation, tags, self.tagger) if on.mood else None,
            claims=claims.checked(conversation, notes, self.tagger, on.facts, zone=self.zone) if on.claims else (),
            scorecards=scorecards.scored(conversation, tags, notes, self.tagger, on.scorecards),
            card=card.filled(conversation, tags, notes, self.tagger) if on.card else (),
        )
