"""How a talk was conducted, in numbers about time: definitions, units and sources. Nothing here judges anybody.

Speech is the union of a person's utterances; what was left out of the text as said by nobody (`Quality.left_out_ms`) counts as
speech of nobody known. A **floor** is a stretch one person holds: their utterances in a row, pauses of up
to 5 s included, that nobody but a backchannel (嗯, 对) breaks. Every measure about a person is absent (None), never 0, where more
than a fifth of the speech has no known speaker (the catalogue's rule 5), or where that person did not speak.

| measure | definition | unit |
| --- | --- | --- |
| coverage | speech with a known speaker / all speech | 0..1 |
| talk_ratio | rep's speech / (rep's + customer's) [1] | 0..1 |
| longest_monologue_s, longest_story_s | longest floor of the rep, of the customer [1] | s |
| interactivity_per_min | changes of floor between rep and customer per minute of speech [1, as a plain rate] | 1/min |
| patience_s | median wait between the end of a customer's floor and the rep's; an overlap waits 0 s [1] | s |
| interruptions_by_… | starts inside the other's utterance (300 ms from either end) that last longer than it [2] | count |
| silence_s, longest_silence_s | gaps over 5 s in which nobody speaks, between the first and the last word | s |
| rep_speed, customer_speed | characters (Han, letters, digits) per minute of that person's speech | characters/min |
| rep_open_questions, rep_closed_questions | the rep's sentences that ask (see `questions`) [3] | count |
| questions_per_min | the rep's questions per minute of all speech | 1/min |

[1] Gong's published call statistics: talk-to-listen ratio, longest monologue, longest customer story, interactivity, patience.
[2] Zimmerman & West 1975, "Sex roles, interruptions and silences in conversation". [3] Rackham 1988, "SPIN Selling".

Silence is a measure, never a sign of lack of interest. Times in the transcript are milliseconds.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from edge_agent.domain.questions import Asking, asking
from edge_agent.domain.transcript import Speaker, Utterance

SILENCE_MS: Final = 5_000
BREAK_IN_MS: Final = 300
UNCLEAR: Final = 0.2
"""Above this share of speech without a known speaker nothing is said about persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The table above. `waits` is how many answers `patience_s` rests on."""

    coverage: float | None = None
    talk_ratio: float | None = None
    longest_monologue_s: float | None = None
    longest_story_s: float | None = None
    interactivity_per_min: float | None = None
    patience_s: float | None = None
    waits: int = 0
    interruptions_by_rep: int | None = None
    interruptions_by_customer: int | None = None
    silence_s: float | None = None
    longest_silence_s: float | None = None
    rep_speed: float | None = None
    customer_speed: float | None = None
    rep_open_questions: int | None = None
    rep_closed_questions: int | None = None
    questions_per_min: float | None = None


@dataclass(slots=True, kw_only=True)
class _Floor:
    speaker: Speaker
    start_ms: int
    end_ms: int


def measure(utterances: Sequence[Utterance], *, left_out_ms: int = 0) -> Metrics:
    """All measures of one talk; utterances ordered by (start, end).

    `left_out_ms` of it sounded like speech and is in no utterance; where that is much, a gap is no silence for sure.
    """
    silences = _silences(utterances)
    speech = {who: _spoken_ms((u.start_ms, u.end_ms) for u in utterances if u.speaker is who) for who in Speaker}
    total = sum(speech.values()) + left_out_ms
    rep, customer = speech[Speaker.REP], speech[Speaker.CUSTOMER]
    quiet = Metrics(
        coverage=round((rep + customer) / total, 4) if total else None,
        silence_s=None if left_out_ms > UNCLEAR * total else sum(silences) / 1000,
        longest_silence_s=None if left_out_ms > UNCLEAR * total else max(silences, default=0) / 1000,
    )
    if not rep + customer or total - rep - customer > UNCLEAR * total:
        return quiet
    both = bool(rep and customer)
    floors = _floors(utterances)
    waits = [
        max(0, after.start_ms - before.end_ms)
        for before, after in pairwise(floors)
        if (before.speaker, after.speaker) == (Speaker.CUSTOMER, Speaker.REP)
    ]
    changes = sum({before.speaker, after.speaker} == {Speaker.REP, Speaker.CUSTOMER} for before, after in pairwise(floors))
    asked = [asking(u.text) for u in utterances if u.speaker is Speaker.REP and not u.backchannel]
    opened, closed = (sum(one.count(kind) for one in asked) for kind in (Asking.OPEN, Asking.CLOSED))
    return Metrics(
        coverage=quiet.coverage,
        talk_ratio=round(rep / (rep + customer), 4) if both else None,
        longest_monologue_s=_longest_s(floors, Speaker.REP),
        longest_story_s=_longest_s(floors, Speaker.CUSTOMER),
        interactivity_per_min=round(changes * 60_000 / total, 2) if both else None,
        patience_s=statistics.median(waits) / 1000 if waits else None,
        waits=len(waits),
        interruptions_by_rep=_interruptions(utterances, Speaker.REP) if both else None,
        interruptions_by_customer=_interruptions(utterances, Speaker.CUSTOMER) if both else None,
        silence_s=quiet.silence_s,
        longest_silence_s=quiet.longest_silence_s,
        rep_speed=_speed(utterances, Speaker.REP, rep),
        customer_speed=_speed(utterances, Speaker.CUSTOMER, customer),
        rep_open_questions=opened if rep else None,
        rep_closed_questions=closed if rep else None,
        questions_per_min=round((opened + closed) * 60_000 / total, 2) if rep else None,
    )


def _floors(utterances: Sequence[Utterance]) -> list[_Floor]:
    floors: list[_Floor] = []
    for said in utterances:
        if said.backchannel:
            continue
        last = floors[-1] if floors else None
        if last is not None and last.speaker is said.speaker and said.start_ms - last.end_ms <= SILENCE_MS:
            last.end_ms = max(last.end_ms, said.end_ms)
        else:
            floors.append(_Floor(speaker=said.speaker, start_ms=said.start_ms, end_ms=said.end_ms))
    return floors


def _longest_s(floors: Iterable[_Floor], who: Speaker) -> float | None:
    lengths = [floor.end_ms - floor.start_ms for floor in floors if floor.speaker is who]
    return max(lengths) / 1000 if lengths else None


def _interruptions(utterances: Sequence[Utterance], who: Speaker) -> int:
    """How often `who` began while the other was speaking and went on after the other had stopped."""
    breaks = BreakIns()
    return sum([breaks.hear(said) and said.speaker is who for said in utterances])


@dataclass(slots=True, kw_only=True)
class BreakIns:
    """Who breaks in on whom, told utterance by utterance in order; each of the other's utterances is broken once."""

    _holding: dict[str, Utterance] = field(default_factory=dict)

    def hear(self, said: Utterance) -> bool:
        """Whether this utterance breaks in on the other's and goes on after it."""
        if said.backchannel or said.speaker is Speaker.UNKNOWN:
            return False
        mine = said.speaker.value
        other = "customer" if said.speaker is Speaker.REP else "rep"
        held, own = self._holding.get(other), self._holding.get(mine)
        if own is None or said.end_ms >= own.end_ms:
            self._holding[mine] = said
        if held is None or not held.start_ms + BREAK_IN_MS <= said.start_ms <= held.end_ms - BREAK_IN_MS:
            return False
        if said.end_ms <= held.end_ms:
            return False
        del self._holding[other]
        return True


def _silences(utterances: Sequence[Utterance]) -> list[int]:
    """Lengths in ms of the gaps over `SILENCE_MS` in which nobody speaks."""
    gaps, until = [], None
    for said in utterances:
        if until is not None and said.start_ms - until > SILENCE_MS:
            gaps.append(said.start_ms - until)
        until = said.end_ms if until is None else max(until, said.end_ms)
    return gaps


def _spoken_ms(spans: Iterable[tuple[int, int]]) -> int:
    """Length of the union of spans that are ordered by their start."""
    total, until = 0, 0
    for start, end in spans:
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total


def _speed(utterances: Iterable[Utterance], who: Speaker, spoken_ms: int) -> float | None:
    characters = sum(character.isalnum() for said in utterances if said.speaker is who for character in said.text)
    return round(characters * 60_000 / spoken_ms, 1) if spoken_ms else None
