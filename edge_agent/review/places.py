"""Where a tag stands in the talk: the number of its utterance and offsets into its text.

Tags number utterances as they were fed (by start, end and side); a place numbers them as the conversation, and so the sealed
transcript, has them.
"""

from collections.abc import Sequence
from typing import Final

from edge_agent.domain.insights import Place
from edge_agent.domain.tags import BehaviorTag, Conversation, Evidence
from edge_agent.domain.transcript import Speaker, Utterance

_RANK: Final = {Speaker.CUSTOMER: 0, Speaker.REP: 1, Speaker.UNKNOWN: 2}


class Places:
    """The places of one talk's tags."""

    def __init__(self, conversation: Conversation, tags: Sequence[BehaviorTag]) -> None:
        self.utterances: Sequence[Utterance] = conversation.utterances
        fed = sorted(enumerate(self.utterances), key=lambda one: (one[1].start_ms, one[1].end_ms, _RANK[one[1].speaker]))
        self._numbers = [number for number, _ in fed]
        self._worded = {(held.utterance, tag.code): held for tag in tags for held in tag.evidence[:1] if held.char_end}

    def of(self, tag: BehaviorTag) -> Place:
        """Where the tag is stamped; the whole utterance where no words of its own bring it about."""
        held = next((one for one in tag.evidence if one.utterance >= 0 and one.start_ms == tag.start_ms), None)
        return self._by_time(tag.start_ms) if held is None else self.held(held)

    def held(self, held: Evidence) -> Place:
        """Where one condition of a tag stands; a reference stands where the tag it names does."""
        worded = held if held.char_end else self._worded.get((held.utterance, held.detail), held)
        number = self._numbers[held.utterance]
        said = self.utterances[number]
        return Place(
            utterance=number, char_start=worded.char_start, char_end=worded.char_end or len(said.text), start_ms=said.start_ms
        )  # fmt: skip

    def _by_time(self, at_ms: int) -> Place:
        number = max((n for n, said in enumerate(self.utterances) if said.start_ms <= at_ms), default=0)
        said = self.utterances[number]
        return Place(utterance=number, char_start=0, char_end=len(said.text), start_ms=said.start_ms)
