"""Gauges: what is measured over a stretch of talk while it goes on, from who said what and when.

Each is told of every utterance and answers samples: facts that hold of one stretch, the stamp an event built on them bears,
and the end of the stretch. No threshold stands here: those are the events'. A fact that cannot be known is in no sample.

| gauge | facts | stretch and stamp |
| --- | --- | --- |
| interruptions | `rep_…`, `customer_interruptions_per_10min` | 10 minutes, or all there is, as a rate; the last break-in |
| pace | `rep_chars_per_min`, `rep_speech_s` | the rep's utterances of 60 s, without the pauses between them; its start |
| asking | `rep_questions_in_90s`, `rep_statements_in_90s` | the 90 s up to a question; that question |
| listening | `customer_words_in_window`, `window_len_s`, `rep_speaking`, `customer_left` | 60 s of the rep's floor; its start |

Who breaks in on whom and what a floor is: `domain.metrics`. That the customer had not left is known only when they speak again,
so a stretch of listening is told of then; if they never do, it is not. Listening is a neutral mark, never a sign of anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge_agent.domain.metrics import SILENCE_MS, BreakIns
from edge_agent.domain.questions import asks, questions_and_statements
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.conditions import Fact

RATE_MS: Final = 600_000
PACE_MS: Final = 60_000
ASKING_MS: Final = 90_000
LISTENING_MS: Final = 60_000

NAMES: Final[Mapping[str, frozenset[str]]] = {
    "interruptions": frozenset({"rep_interruptions_per_10min", "customer_interruptions_per_10min"}),
    "pace": frozenset({"rep_chars_per_min", "rep_speech_s"}),
    "asking": frozenset({"rep_questions_in_90s", "rep_statements_in_90s"}),
    "listening": frozenset({"customer_words_in_window", "window_len_s", "rep_speaking", "customer_left"}),
}
"""The facts of each gauge. A condition can be judged only on facts of one gauge and on those of the whole talk so far."""
STEADY: Final = frozenset({"interruptions"})
"""Gauges that give a sample at every utterance; where others give none, their conditions do not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Facts of one stretch; `at_ms` is the stamp, `end_ms` how far the stretch reaches."""

    at_ms: int
    end_ms: int
    facts: Mapping[str, Fact]


@dataclass(slots=True, kw_only=True)
class Interruptions:
    breaks: BreakIns = field(default_factory=BreakIns)
    begun_ms: int | None = None
    starts: dict[str, list[int]] = field(default_factory=lambda: {"rep": [], "customer": []})

    def hear(self, said: Utterance) -> list[Sample]:
        self.begun_ms = said.start_ms if self.begun_ms is None else self.begun_ms
        if self.breaks.hear(said):
            self.starts[said.speaker.value].append(said.start_ms)
        since = max(said.end_ms - RATE_MS, self.begun_ms)
        if said.end_ms <= since:
            return []
        samples = []
        for who, starts in self.starts.items():
            while starts and starts[0] < since:
                del starts[0]
            rate = len(starts) * RATE_MS / (said.end_ms - since)
            at_ms = starts[-1] if starts else said.start_ms
            samples.append(Sample(at_ms=at_ms, end_ms=said.end_ms, facts={f"{who}_interruptions_per_10min": rate}))
        return samples


@dataclass(slots=True, kw_only=True)
class Pace:
    kept: list[tuple[int, int, int]] = field(default_factory=list)
    """(start, end, characters) of the rep's utterances of the window."""

    def hear(self, said: Utterance) -> list[Sample]:
        if said.speaker is not Speaker.REP or said.end_ms <= said.start_ms:
            return []
        self.kept.append((said.start_ms, said.end_ms, sum(map(str.isalnum, said.text))))
        while self.kept and self.kept[0][0] < said.end_ms - PACE_MS:
            del self.kept[0]
        if not self.kept:
            return []
        spoken = sum(end - start for start, end, _ in self.kept)
        letters = sum(count for _, _, count in self.kept)
        facts: dict[str, Fact] = {"rep_chars_per_min": letters * 60_000 / spoken, "rep_speech_s": spoken / 1000}
        return [Sample(at_ms=self.kept[0][0], end_ms=said.end_ms, facts=facts)]


@dataclass(slots=True, kw_only=True)
class Asking:
    asked: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    total: int = 0
    """The rep's questions so far; tag questions (对吧) are none."""
    answering: bool = False

    def hear(self, said: Utterance) -> list[Sample]:
        if said.speaker is not Speaker.REP:
            self.answering = asks(said.text)
            return []
        questions, statements = questions_and_statements(said.text, answering=self.answering)
        self.answering = False
        self.total += questions
        self.asked += [said.start_ms] * questions
        self.told += [said.start_ms] * statements
        for kept in (self.asked, self.told):
            while kept and kept[0] < said.start_ms - ASKING_MS:
                del kept[0]
        if not questions:
            return []
        facts: dict[str, Fact] = {"rep_questions_in_90s": len(self.asked), "rep_statements_in_90s": len(self.told)}
        return [Sample(at_ms=said.start_ms, end_ms=said.end_ms, facts=facts)]


@dataclass(slots=True, kw_only=True)
class Listening:
    floor: tuple[int, int] | None = None
    """Where the rep's present floor began and how far it reaches."""
    words: list[tuple[int, int, int]] = field(default_factory=list)
    """(start, end, characters) of what the customer threw in."""
    waiting: list[Sample] = field(default_factory=list)
    """Stretches of which it is not known yet whether the customer was still there."""

    def hear(self, said: Utterance) -> list[Sample]:
        if said.speaker is Speaker.REP:
            if self.floor is not None and said.start_ms - self.floor[1] <= SILENCE_MS:
                self.floor = (self.floor[0], max(self.floor[1], said.end_ms))
            else:
                self._close()
                self.floor = (said.start_ms, said.end_ms)
            return []
        self._close(said.start_ms)
        if said.speaker is Speaker.UNKNOWN:
            return []
        proven, self.waiting = self.waiting, []
        return proven

    def aside(self, said: Utterance) -> None:
        """A backchannel: it belongs to no turn."""
        if said.speaker is Speaker.CUSTOMER:
            self.words.append((said.start_ms, said.end_ms, sum(map(str.isalnum, said.text))))

    def _close(self, now_ms: int | None = None) -> None:
        """The floor is over (`now_ms`: taken by another): every stretch that begins with it or behind a word thrown in."""
        floor, words = self.floor, self.words
        if floor is not None and now_ms is not None:
            floor = (floor[0], min(floor[1], now_ms))
        self.floor, self.words = None, []
        for start in () if floor is None else (floor[0], *(end for _, end, _ in words)):
            if floor is None or start + LISTENING_MS > floor[1]:
                break
            said = sum(count for at, _, count in words if start <= at < start + LISTENING_MS)
            facts: dict[str, Fact] = {
                "customer_words_in_window": said,
                "window_len_s": LISTENING_MS / 1000,
                "rep_speaking": True,
                "customer_left": False,
            }
            self.waiting.append(Sample(at_ms=start, end_ms=floor[1], facts=facts))


@dataclass(slots=True, kw_only=True)
class Gauges:
    """All of them. `samples` are those of the utterance heard last that is no backchannel."""

    interruptions: Interruptions = field(default_factory=Interruptions)
    pace: Pace = field(default_factory=Pace)
    asking: Asking = field(default_factory=Asking)
    listening: Listening = field(default_factory=Listening)
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def hear(self, said: Utterance) -> None:
        """An utterance that makes or goes on with a turn."""
        self.samples = {
            "interruptions": self.interruptions.hear(said),
            "pace": self.pace.hear(said),
            "asking": self.asking.hear(said),
            "listening": self.listening.hear(said),
        }

    def aside(self, said: Utterance) -> None:
        """A backchannel."""
        self.listening.aside(said)


PARTS: Final = (Gauges, Interruptions, Pace, Asking, Listening, Sample, BreakIns)
"""All types of which what was measured so far consists, besides utterances and plain values."""
