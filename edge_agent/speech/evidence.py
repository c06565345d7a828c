"""Which text of a stretch of sound is believed: as read, read otherwise, or with terms put where something alike was written.

The recogniser itself is asked how likely each text is, given the sound. A term that was said costs it little, often nothing: the
sound is there, only the word is rare. One that was not said costs it 15 to 40 nats. So

    belief = GAIN x (log P(text with the term | sound) - log P(text without | sound)) - UNLIKE x syllables that differ
             + LENGTH x syllables (up to five) + ODDS x how odd the text is there - NEED            put where belief > 0

Texts of different readings are compared by log P(text | sound) plus TERM for each term in them that some reading without hints
holds or nearly holds: hints also bring terms that nobody said. One that is not the usual reading needs OTHERWISE more. One that
breaks off is no candidate, since what it leaves out costs it nothing. The figures began as a logistic regression over candidates
of the development sets that are named in `tests/benchmarks/test_bench_terms_audio.py`. How odd the text is comes from
`terms.belief`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.transcript import Correction
from edge_agent.speech.writing import MARKS
from edge_agent.terms.recovery import Candidate, Recovery

GAIN: Final = 0.22
UNLIKE: Final = 8.0
LENGTH: Final = 3.8
LONG: Final = 5
ODDS: Final = 0.15
LEAST_ODD, ODDEST = -20.0, 10.0
NEED: Final = 5.1
TERM: Final = 12.0
OTHERWISE: Final = 4.0
WHOLE: Final = 0.75
"""A reading with fewer characters than that share of the usual one's has left something out."""
BEST_GAIN: Final = 5.0
"""A candidate that would not be believed if the sound gained so much by it is not asked about."""
MOST: Final = 8
"""So many candidates are asked about in one text."""

Fit = Callable[[Sequence[str]], list[float]]
"""log P(text | sound) of each text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The text that is believed: `base` as one of the given was, `text` with the corrections put."""

    base: str
    text: str
    corrections: tuple[Correction, ...] = ()


def believed(read: Sequence[str], fit: Fit, recovery: Recovery, *, put: bool, hinted: str = "") -> Told:
    """The best of the texts read without hints, the usual one first, and the hinted one; with `put`, terms may be put right in
    each of them.
    """
    bases = [base for base in dict.fromkeys((*read, hinted)) if _letters(base) >= WHOLE * _letters(read[0])]
    places = {base: open_places(recovery, base) for base in bases}
    asked = places if put else {base: [] for base in bases}
    standing = {base: recovery.standing(base) for base in bases}
    if not any(asked.values()) and not any(standing[base] - standing[bases[0]] for base in bases[1:]):
        return Told(base=bases[0], text=bases[0])
    heard = {term for base in bases if base in read for term in (*standing[base], *(place.term for place in places[base]))}
    texts = dict.fromkeys(bases)
    for base in bases:
        texts |= dict.fromkeys(text for place in asked[base] for text in both(base, place))
    fits = dict(zip(texts, fit(list(texts)), strict=True))
    found: list[tuple[float, Told]] = []
    for base in bases:
        gains = [(place, fits[with_term] - fits[without]) for place in asked[base] for without, with_term in [both(base, place)]]
        chosen = best(gains)
        corrected = recovery.apply(base, [place for place, _ in chosen])
        terms = recovery.standing(corrected.text) & (heard | {place.term for place, _ in chosen})
        value = fits[base] + sum(gain for _, gain in chosen) + TERM * len(terms)
        value -= OTHERWISE if base != bases[0] else 0.0
        found.append((value, Told(base=base, text=corrected.text, corrections=corrected.corrections)))
    return max(found, key=lambda one: one[0])[1]


def belief(place: Candidate, gain: float) -> float:
    """Above 0 the term is put; `gain` in nats."""
    size = len(place.term)
    odd = ODDS * max(LEAST_ODD, min(place.odds, ODDEST))
    return GAIN * gain - UNLIKE * size * (1 - place.score) + LENGTH * min(size, LONG) + odd - NEED


def best(gains: Sequence[tuple[Candidate, float]]) -> list[tuple[Candidate, float]]:
    """Those to be put: believed, and of places that overlap the one that is believed most."""
    chosen: list[tuple[Candidate, float]] = []
    for place, gain in sorted(gains, key=lambda one: -belief(*one)):
        if belief(place, gain) <= 0:
            break
        if all(place.end <= other.start or other.end <= place.start for other, _ in chosen):
            chosen.append((place, gain))
    return chosen


def open_places(recovery: Recovery, text: str) -> list[Candidate]:
    """The candidates worth asking the sound about, the likeliest first."""
    places = [place for place in recovery.places(text) if belief(place, BEST_GAIN) > 0]
    return sorted(places, key=lambda place: -belief(place, 0.0))[:MOST]


def both(text: str, place: Candidate) -> tuple[str, str]:
    """The text as it was, without marks inside the stretch, and with the term there."""
    before, stretch, after = text[: place.start], text[place.start : place.end], text[place.end :]
    return before + stretch.translate(_NO_MARKS) + after, before + place.term + after


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


_NO_MARKS: Final = str.maketrans("", "", MARKS)
