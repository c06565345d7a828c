"""A hit: one event seen at one place of a conversation, and the order in which hits count.

Order = utterance start; ties: smaller end, customer before rep, place of the words, then event id (ASCII).
A candidate is a hit of a rep or customer event by an unknown speaker: it may exonerate, never accuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.domain.transcript import Speaker

RANK: Final = {Speaker.CUSTOMER: 0, Speaker.REP: 1, Speaker.UNKNOWN: 2}
ADVERSE: Final = frozenset({"warning", "critical"})
"""Severities that no unknown voice may bring about."""

Order = tuple[int, int, int, int, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`turn` counts both speakers from 0; `utterance`, `sentence` place it exactly; `confidence` see `engine`."""

    code: str
    speaker: Speaker
    turn: int
    start_ms: int
    end_ms: int
    utterance: int = 0
    sentence: int = 0
    place_in_sentence: int = 0
    confidence: float = 1.0
    candidate: bool = False
    slots: Mapping[str, SlotValue]
    evidence: tuple[Evidence, ...] = ()
    letters_per_min: float = 0.0
    letters: int = 0

    @property
    def order(self) -> Order:
        return (self.start_ms, self.end_ms, RANK[self.speaker], self.utterance, self.sentence, self.place_in_sentence, self.code)

    @property
    def place(self) -> tuple[int, int]:
        return (self.utterance, self.sentence)

    def refer(self, kind: str = "reference") -> Evidence:
        """This hit as evidence for another event."""
        return Evidence(
            kind=kind,
            detail=self.code,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            turn=self.turn,
            utterance=self.utterance,
        )
