"""From an utterance to hits: cut it into sentences, match them, and read the slots an event carries.

An event hears only its own speaker; an unknown voice makes a candidate of a rep's or customer's event. `after` (of the event
or of one match table) is looked up in what was hit before: a table's `after` in earlier sentences only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.model import Event, Match, expand, refs
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.matcher import Found, Matcher, Veto
from edge_agent.tagging.sayings import View
from edge_agent.tagging.slots import Slot
from edge_agent.tagging.text import Reader

Seen = Mapping[str, Sequence[Hit]]
SOUND: Final = 0.85
"""What a match by sound is worth of one in writing."""
WRITTEN: Final = 1.0
"""An utterance this sure was written (chat, a transcript by hand), not recognised: nothing in it was misheard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One sentence of one utterance, matched."""

    ear: "Ear"
    said: Utterance
    view: View
    found: Mapping[str, Sequence[Found]]

    def codes(self) -> Sequence[str]:
        return sorted(self.found)

    def hit(self, code: str, turn: int, place: tuple[int, int], seen: Seen) -> Hit | None:
        """The strongest way of `code` whose own `after` holds, as a hit; None when none does."""
        for found in self.found[code]:
            before = self.ear.before(found.way.guard.match, turn, place, seen)
            if before is not None:
                return self._hit(code, found, turn, place, before)
        return None

    def _hit(self, code: str, found: Found, turn: int, place: tuple[int, int], before: tuple[Evidence, ...]) -> Hit:
        said, event = self.said, self.ear.events[code]
        start, end = self.view.sentence.raw(found.span)
        name = "sound" if found.by_sound else "pattern" if found.way.saying is None else "phrase"
        evidence = [self._evidence(name, found.way.name, turn, place[0], (start, end))]
        for context, span in found.cues:
            evidence.append(self._evidence("context", context, turn, place[0], self.view.sentence.raw(span)))
        length_ms = said.end_ms - said.start_ms
        letters = sum(map(str.isalnum, said.text))
        return Hit(
            code=code,
            speaker=said.speaker,
            turn=turn,
            start_ms=said.start_ms,
            end_ms=said.end_ms,
            utterance=place[0],
            sentence=place[1],
            place_in_sentence=found.span[0],
            confidence=said.confidence * (1 - 0.2 / max(found.letters, 1)) * (SOUND if found.by_sound else 1),
            candidate=said.speaker is Speaker.UNKNOWN and event.speaker in ("rep", "customer"),
            slots=self.ear.slots(code, self.view, found.span),
            evidence=(*evidence, *before),
            letters=sum(map(str.isalnum, self.view.sentence.text)),
            letters_per_min=letters * 60_000 / length_ms if length_ms else 0.0,
        )

    def _evidence(self, kind: str, detail: str, turn: int, utterance: int, span: tuple[int, int]) -> Evidence:
        return Evidence(
            kind=kind,
            detail=detail,
            start_ms=self.said.start_ms,
            end_ms=self.said.end_ms,
            turn=turn,
            utterance=utterance,
            char_start=span[0],
            char_end=span[1],
        )


class Ear:
    """What one talk is heard with: its brands, its trade's matcher, and the events that are on. Keeps the last product named."""

    def __init__(
        self,
        *,
        matcher: Matcher,
        reader: Reader,
        events: Mapping[str, Event],
        heard: Mapping[Speaker, frozenset[str]],
        referred: Mapping[str, Collection[str]],
        backchannels: Collection[str],
        topics: Mapping[str, Sequence[str]],
    ) -> None:
        """`referred`: event id -> slot names that rules compare; its keys are all events that any rule refers to."""
        self.events, self.backchannels, self.referred = events, backchannels, referred
        self._matcher, self._reader, self._heard, self._topics = matcher, reader, heard, topics
        self.product: SlotValue | None = None

    def listen(self, said: Utterance, vetoes: list[Veto] | None = None) -> Iterator[Heard]:
        """The utterance's sentences, matched against the events its speaker can bring about."""
        wanted = self._heard[said.speaker].__contains__
        misheard = said.confidence < WRITTEN
        for sentence in self._reader.sentences(said.text, by_sound=misheard):
            view = self._matcher.view(sentence, by_sound=misheard)
            yield Heard(ear=self, said=said, view=view, found=self._matcher.find(view, wanted, vetoes))
            if view.products:
                self.product = view.products[-1].value

    def search(self, said: Utterance, code: str, vetoes: list[Veto]) -> Iterator[Heard]:
        """The same for one event, whoever speaks: for "why not"."""
        misheard = said.confidence < WRITTEN
        for sentence in self._reader.sentences(said.text, by_sound=misheard):
            view = self._matcher.view(sentence, by_sound=misheard)
            yield Heard(ear=self, said=said, view=view, found=self._matcher.find(view, code.__eq__, vetoes))

    def partly(self, view: View, code: str) -> tuple[str, int, int] | None:
        """The saying of `code` that comes closest in this sentence: its name, the steps that stand, the steps it has."""
        best: tuple[str, int, int] | None = None
        for way in self._matcher.ways:
            if way.guard.event != code or way.saying is None or len(way.saying.steps) < 2:
                continue
            steps = way.saying.steps
            stand = sum(any(w in view.hits for w in s.literals) or any(view.slots(k) for k in s.slots) for s in steps)
            if stand and (best is None or stand * best[2] > best[1] * len(steps)):
                best = (way.name, stand, len(steps))
        return best

    def alike(self, said: Utterance, code: str) -> Iterator[tuple[str, int, int]]:
        """Per sentence the saying of `code` that shares most characters in a row (from two): its name, how many, of how many."""
        for sentence in self._reader.sentences(said.text):
            pairs = {sentence.text[at : at + 2] for at in range(len(sentence.text) - 1)}
            best: tuple[str, int, int] | None = None
            for way in self._matcher.ways:
                if way.guard.event != code or way.saying is None:
                    continue
                for word in (word for step in way.saying.steps for word in step.literals[:_ALIKE]):
                    shared = _shared(word, pairs)
                    if shared and (best is None or shared * best[2] > best[1] * len(word)):
                        best = (way.name, shared, len(word))
            if best is not None:
                yield best

    def before(self, match: Match, turn: int, place: tuple[int, int], seen: Seen) -> tuple[Evidence, ...] | None:
        """What a match table's `after` rests on: () when it asks nothing, None when it does not hold."""
        if not refs(match.after):
            return ()
        for code in expand(self.events, match.after):
            for hit in reversed(seen.get(code, ())):
                if hit.place < place and 0 <= turn - hit.turn <= match.within_turns:
                    return (hit.refer("after"),)
        return None

    def context_of(self, event: Event, hit: Hit, seen: Seen) -> tuple[Evidence, ...] | None:
        """The same for the `after` of an occurrence itself: any hit dealt out before this one, within its turns."""
        t = event.temporal
        if t.after is None:
            return ()
        for code in expand(self.events, t.after, own=event.id, exclude=t.exclude):
            for earlier in reversed(seen.get(code, ())):
                if t.within_turns is None or 0 <= hit.turn - earlier.turn <= t.within_turns:
                    return (earlier.refer("after"),)
        return None

    def slots(self, code: str, view: View, span: tuple[int, int]) -> dict[str, SlotValue]:
        """The slot values an event carries or a rule compares; unknown ones are left out."""
        names = {*self.events[code].slots, *self.referred.get(code, ())}
        found = {name: self._slot(name, view, span) for name in sorted(names)}
        return {name: value for name, value in found.items() if value is not None}

    def _slot(self, name: str, view: View, span: tuple[int, int]) -> SlotValue | None:
        if name in _KINDS:
            return _nearest(view.slots(_KINDS[name]), span)
        if name == "sku":
            pointed = any(word in view.sentence.text for word in _POINTING)
            return _nearest(view.products, span) or (None if pointed else self.product)
        if name == "brand":
            brands = [Slot(kind="brand", span=(at, at + 1), value=code) for at, code in view.sentence.brands]
            return _nearest(brands, span)
        return next((t for t, words in self._topics.items() if any(w in view.sentence.text for w in words)), None)


_KINDS: Final = {"amount": "amount", "qty": "qty", "discount_pct": "percent", "date": "date", "due": "date"}
"""Which kind of value in speech fills which slot of a tag."""


_POINTING: Final = ("这款", "那款", "这台", "那台", "这种", "那种")
"""Which product is meant by these only the eye knows: the slot stays unknown."""


_ALIKE: Final = 40
"""So many spellings of one step are compared for likeness: a group of hundreds of words tells no more."""


def _shared(word: str, pairs: Collection[str]) -> int:
    """Length of the longest run of `word` whose every two neighbours stand side by side in the sentence; 0 or at least 2."""
    longest = run = 0
    for at in range(len(word) - 1):
        run = run + 1 if word[at : at + 2] in pairs else 0
        longest = max(longest, run)
    return longest + 1 if longest else 0


def _nearest(slots: Sequence[Slot], span: tuple[int, int]) -> SlotValue | None:
    """The known value closest to the match."""
    known = [s for s in slots if s.value is not None]
    if not known:
        return None
    return min(known, key=lambda s: max(s.span[0] - span[1], span[0] - s.span[1], 0)).value
