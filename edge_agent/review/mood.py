"""The customer's mood along the talk, from words alone: a point for each utterance of theirs that says something of it.

- Only utterances heard as the customer's are read; what the rep says can make no point, nor can silence, a short answer or
  a backchannel. Cues, their weights and their contexts are data (`lexicons/mood.toml`), and so are the events that count.
- A cue's weight is multiplied by the word of degree beside it; negated, a cue that flips counts -0.8 of it; what stands before
  the last 但是 of the utterance counts half. `valence` = the best positive and the worst negative of it added, within -1..1.
  An event counts where no cue of a feeling does.
- Probing (再看看别家) tests the rep and is no bad mood: it counts next to nothing and is marked. Leaving (已经签了别家) is marked
  as well, and beats probing in the same utterance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from edge_agent.domain.insights import Mood, MoodPoint, Place
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.dialect import Standard
from edge_agent.lexicon.notation import fold
from edge_agent.lexicon.review import Cue, MoodFile
from edge_agent.review import hearing

if TYPE_CHECKING:
    from edge_agent.tagging.hearing import Ear, Heard
    from edge_agent.tagging.tagger import RuleTagger
    from edge_agent.tagging.text import Sentence, Span

FLIPPED: Final = -0.8
BEFORE_CONTRAST: Final = 0.5
NEUTRAL: Final = 0.2
"""Valences nearer to 0 than this are neither good nor bad."""
_NEGATED: Final = "negated"
_BESIDE: Final = 4
_BEHIND: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signal:
    """One thing that tells. `kind` feeling, probing, leaving; offsets of the utterance's text."""

    value: float
    kind: str
    reason: str
    char_start: int
    char_end: int


def curve(conversation: Conversation, tags: Sequence[BehaviorTag], tagger: "RuleTagger") -> Mood | None:
    """The customer's curve; None where nothing they said tells."""
    reader = _reader(tagger)
    ear = hearing.ear(reader.listens, conversation)
    points: list[MoodPoint] = []
    said = 0
    for number, utterance in enumerate(conversation.utterances):
        if utterance.speaker is not Speaker.CUSTOMER or not utterance.text.strip():
            continue
        said += 1
        if utterance.backchannel:
            continue
        signals = [*reader.cues(ear, utterance), *reader.events(utterance, tags)]
        point = _point(number, utterance, signals)
        if point is not None:
            points.append(point)
    return Mood(points=tuple(points), coverage=round(len(points) / said, 4)) if points else None


class _Reader:
    """The cues of one lexicon, ready to be heard."""

    def __init__(self, tagger: "RuleTagger") -> None:
        self._file: MoodFile = tagger.lexicon.mood
        self._cues: dict[str, tuple[Cue, float]] = {}
        off = self._file.contexts_off
        sayings = []
        for cue in self._file.cue:
            self._cues[f"mood.{cue.id}"] = (cue, 1.0)
            sayings.append(hearing.saying(f"mood.{cue.id}", Speaker.CUSTOMER, cue.as_match(off)))
            if cue.flips:
                self._cues[f"not.{cue.id}"] = (cue, FLIPPED)
                turned = cue.as_match([name for name in off if name != _NEGATED], [_NEGATED])
                sayings.append(hearing.saying(f"not.{cue.id}", Speaker.CUSTOMER, turned))
        self.listens = hearing.listener(tagger.lexicon, sayings)
        standard = Standard(tagger.lexicon.terms.dialect)
        self._degrees = {standard(fold(word)): factor for word, factor in self._file.degrees.items()}
        self._contrasts = tuple(standard(fold(word)) for word in self._file.contrasts)

    def cues(self, ear: "Ear", utterance: Utterance) -> Iterator[_Signal]:
        """What the utterance's own words tell."""
        heard = list(ear.listen(utterance))
        turn = max(
            ((number, at) for number, one in enumerate(heard) for at in self._turns(one.view.sentence.text)), default=(-1, 0)
        )
        for number, one in enumerate(heard):
            yield from self._in(one, number, turn)

    def _in(self, heard: "Heard", number: int, turn: tuple[int, int]) -> Iterator[_Signal]:
        sentence = heard.view.sentence
        for code, founds in heard.found.items():
            cue, sign = self._cues[code]
            for found in founds:
                value = cue.weight * sign * (self._degree(sentence, found.span) if cue.kind == "feeling" else 1.0)
                if cue.kind == "feeling" and (number, found.span[1]) <= turn:
                    value *= BEFORE_CONTRAST
                start, end = sentence.raw(found.span)
                reason = f"cue:{cue.id}" if sign > 0 else f"cue:{cue.id}:negated"
                yield _Signal(value=value, kind=cue.kind, reason=reason, char_start=start, char_end=end)

    def events(self, utterance: Utterance, tags: Sequence[BehaviorTag]) -> Iterator[_Signal]:
        """What its tags tell: those of the customer stamped at this utterance."""
        stamp = (utterance.start_ms, utterance.end_ms)
        for tag in tags:
            weight = self._file.events.get(tag.code)
            if weight is None or tag.speaker is not Speaker.CUSTOMER or (tag.start_ms, tag.end_ms) != stamp:
                continue
            held = next((one for one in tag.evidence if one.char_end > one.char_start), None)
            span = (held.char_start, held.char_end) if held is not None else (0, len(utterance.text))
            yield _Signal(value=weight, kind="event", reason=f"event:{tag.code}", char_start=span[0], char_end=span[1])

    def _degree(self, sentence: "Sentence", span: "Span") -> float:
        low, high = sentence.clause_of(span[0])
        around = sentence.text[max(low, span[0] - _BESIDE) : min(max(high, span[1]), span[1] + _BEHIND)]
        found = [factor for word, factor in self._degrees.items() if word in around]
        return max(found, key=lambda factor: abs(factor - 1), default=1.0)

    def _turns(self, text: str) -> Iterator[int]:
        """Where a contrast begins in the sentence."""
        for word in self._contrasts:
            at = text.rfind(word)
            if at >= 0:
                yield at


@lru_cache(maxsize=2)
def _reader(tagger: "RuleTagger") -> _Reader:
    return _Reader(tagger)


def _point(number: int, utterance: Utterance, signals: Sequence[_Signal]) -> MoodPoint | None:
    of = {kind: [one for one in signals if one.kind == kind] for kind in ("feeling", "event", "probing", "leaving")}
    leaving, probing = bool(of["leaving"]), bool(of["probing"]) and not of["leaving"]
    counted = [*of["feeling"], *of["leaving"]] or of["probing"] or of["event"]
    if not counted:
        return None
    decided = max(counted, key=lambda one: (abs(one.value), -one.char_start))
    best = max((one.value for one in counted if one.value > 0), default=0.0)
    worst = min((one.value for one in counted if one.value < 0), default=0.0)
    return MoodPoint(
        at=Place(
            utterance=number, char_start=decided.char_start, char_end=decided.char_end, start_ms=utterance.start_ms
        ),
        valence=round(max(-1.0, min(1.0, best + worst)), 2), reason=decided.reason, probing=probing, leaving=leaving,
    )  # fmt: skip
