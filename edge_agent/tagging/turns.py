"""Turns and what can be measured of them: who spoke how long, in which turn we are, how clear it was.

A turn is a maximal run of utterances by one speaker. A backchannel (so marked by the recogniser, or a bare 嗯/对/好 of at most
2 characters and 1 s that starts while the other is still speaking) makes no turn and breaks none, unless it answers a question.
Facts are shares 0..1, seconds and counts; a fact that cannot be measured is absent, never 0. Those of a stretch of the talk
are measured by `gauges`.
"""

import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge_agent.domain.metrics import SILENCE_MS
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.conditions import Fact
from edge_agent.tagging.gauges import RATE_MS, Gauges

_MARKS: Final = " ，。！？、,.!?…~～"
_ASKS: Final = ("?", "？", "吗", "呢", "吧", "没有", "不行")
UNCLEAR: Final = 0.2
"""Above this share of unknown speech no measure about a person is given (catalogue, rule 5)."""


def asks(text: str) -> bool:
    """Whether a bare 嗯 after this would be an answer."""
    return text.rstrip("。. ").endswith(_ASKS)


@dataclass(slots=True, kw_only=True)
class Turn:
    index: int
    speaker: Speaker
    start_ms: int
    end_ms: int


@dataclass(slots=True, kw_only=True)
class Turns:
    """Fed with every utterance in order. `words` are the backchannels of the lexicon."""

    words: Collection[str]
    all: list[Turn] = field(default_factory=list)
    last: Utterance | None = None
    speech_ms: dict[Speaker, int] = field(default_factory=lambda: dict.fromkeys(Speaker, 0))
    gaps_ms: list[int] = field(default_factory=list)
    floor_ms: int = 0
    """Where what is said now began without a pause of more than 5 s (`domain.metrics`)."""
    gauges: Gauges = field(default_factory=Gauges)
    _clear_ms: float = 0.0
    _facts: dict[str, Fact] | None = None

    @property
    def now(self) -> int:
        """Index of the current turn, -1 before the first."""
        return len(self.all) - 1

    def hear(self, said: Utterance) -> bool:
        """Take in one utterance; False when it is a backchannel and so belongs to no turn."""
        self._facts = None
        length = max(said.end_ms - said.start_ms, 0)
        self.speech_ms[said.speaker] += length
        self._clear_ms += length * said.confidence
        if self._is_backchannel(said):
            self.gauges.aside(said)
            return False
        self.gauges.hear(said)
        if self.all and self.all[-1].speaker is said.speaker:
            if said.start_ms - self.all[-1].end_ms > SILENCE_MS:
                self.floor_ms = said.start_ms
            self.all[-1].end_ms = max(self.all[-1].end_ms, said.end_ms)
        else:
            if said.speaker is Speaker.REP and self.all and self.all[-1].speaker is Speaker.CUSTOMER:
                self.gaps_ms.append(said.start_ms - self.all[-1].end_ms)
            turn = Turn(index=len(self.all), speaker=said.speaker, start_ms=said.start_ms, end_ms=said.end_ms)
            self.all.append(turn)
            self.floor_ms = said.start_ms
        self.last = said
        return True

    def _is_backchannel(self, said: Utterance) -> bool:
        last = self.last
        if last is None or last.speaker is said.speaker:
            return False
        if asks(last.text):
            return False
        if said.backchannel:
            return True
        bare = said.text.strip(_MARKS)
        short = len(bare) <= 2 and said.end_ms - said.start_ms <= 1000
        return short and said.start_ms < last.end_ms and bool(bare) and set(bare) <= set("".join(self.words))

    @property
    def clarity(self) -> float:
        """Mean confidence of what was said so far, weighted by duration: how sure we are that something was not said."""
        total = sum(self.speech_ms.values())
        return self._clear_ms / total if total else 1.0

    def spoke_after(self, speaker: Speaker | None, turn: int) -> bool:
        """Whether that speaker (None = anyone) had a turn after turn `turn`."""
        return any(t.index > turn and (speaker is None or t.speaker is speaker) for t in reversed(self.all))

    def facts(self) -> Mapping[str, Fact]:
        """What is measured so far."""
        if self._facts is None:
            self._facts = self._measured()
        return self._facts

    def _measured(self) -> dict[str, Fact]:
        rep, customer = self.speech_ms[Speaker.REP], self.speech_ms[Speaker.CUSTOMER]
        total = rep + customer + self.speech_ms[Speaker.UNKNOWN]
        facts: dict[str, Fact] = {"turns": len(self.all), "speech_s": total / 1000}
        if total:
            facts["unknown_ratio"] = self.speech_ms[Speaker.UNKNOWN] / total
            facts["turn_switches_per_min"] = (len(self.all) - 1) * 60_000 / total
        if rep + customer:
            facts["rep_talk_ratio"] = rep / (rep + customer)
        if rep:
            facts["rep_questions_per_10min"] = self.gauges.asking.total * RATE_MS / total
        if self.gaps_ms:
            facts["rep_response_gap_median_s"] = statistics.median(self.gaps_ms) / 1000
            facts["gap_samples"] = len(self.gaps_ms)
        if self.all:
            current = self.all[-1]
            length_s = (current.end_ms - self.floor_ms) / 1000
            facts["rep_monologue_s"] = length_s if current.speaker is Speaker.REP else 0.0
            facts["customer_monologue_s"] = length_s if current.speaker is Speaker.CUSTOMER else 0.0
        return facts
