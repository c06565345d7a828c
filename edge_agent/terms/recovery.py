"""Terms put where the recogniser wrote something that sounds like them; what is written right is never touched.

`candidates` are all places where a term may have been said, at most one for each stretch of text, `certain` where the text alone
decides (see `belief`); `correct` puts the certain ones; `likely` names the terms worth hinting at a second decoding.
One `Recovery` serves any number of texts; making it costs a tenth of a millisecond a term, a text not much more with 10,000 terms
than with 100.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from edge_agent.domain.transcript import Correction
from edge_agent.lexicon.words import Usual, known
from edge_agent.terms.belief import Belief, farthest, weigh
from edge_agent.terms.index import Heard, Hit, Index, loosest
from edge_agent.terms.sounds import fold, spoken

_ROUNDS: Final = 3
_STANDS: Final = 1000.0
_NEAR: Final = 25
"""Up to so many characters away another term stands beside."""
_Place = tuple[int, int, int]
"""(start, end, number of the term)."""
_EVERYDAY: Final = -14.5
"""A term that is as usual a word as this says nothing of the trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A term that may have been said at [start, end) of the text. `score` 0..1: 1 = the same sound; `odds`: belief, as a
    logarithm, that the term was said and not what is written; `certain` where that is enough.
    """

    start: int
    end: int
    term: str
    score: float
    reason: str
    certain: bool
    odds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The text with terms put right; `corrections` in order, with offsets into `text` and what had stood there."""

    text: str
    corrections: tuple[Correction, ...] = ()


class Recovery:
    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = list(dict.fromkeys(term for term in map(str.strip, terms) if term))
        self._folded = [fold(term) for term in self._terms]
        self._trade = [known(term) < _EVERYDAY for term in self._folded]
        self._index = Index(self._terms)
        self._written = _automaton(self._folded)

    def correct(self, text: str) -> Corrected:
        """Put every certain term. A second time changes nothing."""
        done = Corrected(text=text)
        for _ in range(_ROUNDS):
            certain = [one for one in self._found(done.text, farthest) if one.certain]
            if not certain:
                break
            done = _after(done, self.apply(done.text, certain))
        return done

    def candidates(self, text: str) -> Sequence[Candidate]:
        """Where terms may have been said, in order, not overlapping, uncertain ones included."""
        return self._found(text, loosest)

    def places(self, text: str) -> list[Candidate]:
        """All places where a term may have been said, also where they overlap; one for each stretch and term."""
        look = self._look(text, loosest)
        near = [place for place in look.standing if self._trade[place[2]]]
        best: dict[tuple[int, int, int], Candidate] = {}
        for hit, belief in self._weighed(look, near):
            place, one = (hit.start, hit.end, hit.reading.term), self._candidate(hit, belief)
            best[place] = max(one, best.get(place, one), key=lambda c: c.score)
        return list(best.values())

    def standing(self, text: str) -> set[str]:
        """The terms that are written in the text."""
        return {self._terms[number] for _, (number, size) in self._written.iter(fold(text)) if size}

    def likely(self, texts: Iterable[str], most: int) -> list[str]:
        """Terms that stand in the texts or sound, even loosely, as if they stood there; the best first."""
        best: dict[int, float] = {}
        for text in texts:
            look = self._look(text, loosest)
            for _, _, number in look.standing:
                best[number] = _STANDS
            for hit, belief in self._weighed(look, ()):
                number = hit.reading.term
                best[number] = max(best.get(number, -_STANDS), belief.odds)
        return [self._terms[number] for number in sorted(best, key=lambda n: -best[n])[:most]]

    def apply(self, text: str, chosen: Sequence[Candidate]) -> Corrected:
        """Put the chosen candidates of this text, whether certain or not."""
        parts: list[str] = []
        corrections = []
        at = length = 0
        for one in sorted(chosen, key=lambda c: c.start):
            if one.start < at:
                continue
            kept = text[at : one.start]
            length += len(kept)
            corrections.append(
                Correction(
                    start=length, end=length + len(one.term), term=one.term, raw=text[one.start : one.end], score=one.score,
                    reason=one.reason,
                )
            )  # fmt: skip
            parts += [kept, one.term]
            length += len(one.term)
            at = one.end
        return Corrected(text="".join([*parts, text[at:]]), corrections=tuple(corrections))

    def _found(self, text: str, limits: Callable[[int], float]) -> list[Candidate]:
        look = self._look(text, limits)
        if not look.hits:
            return []
        near = [place for place in look.standing if self._trade[place[2]]]
        weighed = self._weighed(look, near)
        sure = [(hit.start, hit.end, hit.reading.term) for hit, belief in _best(weighed) if _bears(hit, belief)]
        if sure:
            weighed = self._weighed(look, near + sure)
        return [self._candidate(hit, belief) for hit, belief in _best(weighed)]

    def _look(self, text: str, limits: Callable[[int], float]) -> "_Look":
        folded = fold(text)
        standing = [(last + 1 - size, last + 1, number) for last, (number, size) in self._written.iter(folded) if size]
        hits = [hit for hit in self._index.near(Heard.of(folded, spoken(text)), limits) if self._open(hit, folded, standing)]
        return _Look(folded, standing, hits, Usual(folded) if hits else None)

    def _open(self, hit: Hit, folded: str, standing: Sequence[_Place]) -> bool:
        """Whether a term may be put there: not over one that stands there already, unless it contains it."""
        for start, end, number in standing:
            if start < hit.end and hit.start < end:
                inside = hit.start <= start and end <= hit.end and number != hit.reading.term
                if not inside or folded[start:end] not in self._folded[hit.reading.term]:
                    return False
        return True

    def _weighed(self, look: "_Look", near: Sequence[_Place]) -> list[tuple[Hit, Belief]]:
        if look.usual is None:
            return []
        return [
            (
                hit,
                weigh(
                    hit, look.folded[hit.start : hit.end], oddity=look.usual.oddity(hit.start, hit.end), terms=len(self._terms),
                    beside=any(_beside(hit, place) for place in near),
                ),
            )
            for hit in look.hits
        ]  # fmt: skip

    def _candidate(self, hit: Hit, belief: Belief) -> Candidate:
        size = len(hit.reading.syllables)
        return Candidate(
            start=hit.start, end=hit.end, term=self._terms[hit.reading.term], score=round(max(0.0, 1 - hit.cost / size), 3),
            reason=belief.reason, certain=belief.certain, odds=round(belief.odds, 2),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a text: folded, the terms that stand in it, and what sounds like one."""

    folded: str
    standing: list[_Place]
    hits: list[Hit]
    usual: Usual | None


def _best(weighed: Sequence[tuple[Hit, Belief]]) -> list[tuple[Hit, Belief]]:
    """The set of hits without overlap that says most: certain before uncertain, long and alike before short (by dynamic
    programming over ends).
    """
    rows = sorted(weighed, key=lambda row: (row[0].end, row[0].start))
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    ends = [hit.end for hit, _ in rows]
    for number, (hit, belief) in enumerate(rows):
        before = bisect_right(ends, hit.start, 0, number)
        value = best[before][0] + _worth(hit, belief)
        best.append((value, [*best[before][1], number]) if value > best[-1][0] else best[-1])
    return [rows[number] for number in best[-1][1]]


def _beside(hit: Hit, place: _Place) -> bool:
    """Whether another term stands near the hit, not under it."""
    start, end, number = place
    return number != hit.reading.term and (0 <= hit.start - end <= _NEAR or 0 <= start - hit.end <= _NEAR)


def _bears(hit: Hit, belief: Belief) -> bool:
    """Whether it is sure enough to speak for others beside it: two syllables never are."""
    return belief.certain and len(hit.reading.syllables) > 2


def _worth(hit: Hit, belief: Belief) -> float:
    size = len(hit.reading.syllables)
    alike = max(0.0, 1 - hit.cost / size)
    return size * alike**2 + (100.0 * size + belief.odds if belief.certain else 0.0)


def _after(first: Corrected, second: Corrected) -> Corrected:
    """Two rounds of corrections as one: offsets into the last text, `raw` of the first."""
    if not first.corrections:
        return second
    kept = list(first.corrections)
    found = []
    shift = 0  # from the first round's text to the second's, before the place looked at
    for one in second.corrections:
        start, end = one.start - shift, one.start - shift + len(one.raw)
        while kept and kept[0].end <= start:
            found.append(_moved(kept.pop(0), shift))
        raw, back = one.raw, 0
        while kept and kept[0].start < end:
            inner = kept.pop(0)
            at = inner.start - start + back
            raw = raw[:at] + inner.raw + raw[at + len(inner.term) :]
            back += len(inner.raw) - len(inner.term)
        found.append(replace(one, raw=raw))
        shift += len(one.term) - len(one.raw)
    return Corrected(text=second.text, corrections=(*found, *(_moved(one, shift) for one in kept)))


def _moved(one: Correction, by: int) -> Correction:
    return replace(one, start=one.start + by, end=one.end + by)


def _automaton(terms: Sequence[str]) -> Any:
    import ahocorasick  # noqa: PLC0415 - compiled library, only where terms are looked for

    automaton = ahocorasick.Automaton()
    automaton.add_word("\uf8ff", (0, 0))  # an empty automaton cannot be searched
    for number, term in enumerate(terms):
        automaton.add_word(term, (number, len(term)))
    automaton.make_automaton()
    return automaton
