"""Where terms sound as if they stood in a text: looked up by pairs of coarse syllables, so that many terms cost little more.

Each reading of a term is entered under every pair of its syllables that are neighbours or next but one. A text asks for its own
pairs; a reading that answers often enough on one diagonal (that is, at one place) is then compared syllable by syllable. So a
term is found although one syllable of three, or one in every two pairs, is quite wrong; of two syllables both must be near.
One syllable too many or too few is looked for in terms of four and more, where two neighbouring diagonals answer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from edge_agent.terms.likeness import apart, classes, coarse
from edge_agent.terms.sounds import WALL, Spoken, fold, readings

UNEVEN: Final = 0.7
"""What a syllable too many or too few costs."""
PAUSE: Final = 0.25
"""What a comma inside a term costs."""
FIGURE: Final = 0.3
"""What it costs more when a letter or digit is not even of the same sound."""
_FEW: Final = 2
_MOST: Final = 64
"""Terms of more syllables are not looked for."""
_BITS: Final = 24
_LOW: Final = (1 << _BITS) - 1
_BACK: Final = 1 << 8
"""A reading's number and a place in the text in one integer; places may be a little below zero."""
EVEN_ONLY: Final = 4
"""Terms of fewer syllables are looked for at their own length only."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way a term is spoken. `letters[i]` is the character of the term that syllable i belongs to."""

    term: int
    syllables: tuple[str, ...]
    tones: tuple[int, ...]
    letters: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether the term is Chinese characters only."""
        return not any(letter.isascii() for letter in self.letters)


@dataclass(frozen=True, slots=True)
class Hit:
    """A reading found at the characters [start, end); `cost` in syllables, `tones` how many of them differ in tone, `same`
    how many of them are the same character. Not `even`: a syllable more or less than the term has.
    """

    reading: Reading
    start: int
    end: int
    cost: float
    tones: int
    same: int
    even: bool


def loosest(size: int) -> float:
    """How far a term of that many syllables may be from what stands there to be looked at, at all."""
    return 0.5 if size <= 2 else 0.32 * size


@dataclass(frozen=True, slots=True)
class Heard:
    """A text as the index compares it: its syllables, the character of each, and at which of them nothing may be cut."""

    said: Spoken
    letters: tuple[str, ...]
    shut: tuple[bool, ...]

    @classmethod
    def of(cls, text: str, said: Spoken) -> "Heard":
        """`text` is folded; `said` is how it is spoken."""
        shut = (_shut(said, at, text) for at in range(len(said.places) + 1))
        return cls(said, tuple(text[start] for start, _ in said.places), tuple(shut))


class Index:
    def __init__(self, terms: Sequence[str]) -> None:
        self._readings: list[Reading] = []
        self._lengths: list[int] = []
        self._pairs: dict[int, list[int]] = defaultdict(list)
        for number, term in enumerate(terms):
            letters = _letters(term)
            for syllables, tones, owners in letters:
                self._enter(Reading(number, syllables, tones, owners))

    def _enter(self, reading: Reading) -> None:
        if len(reading.syllables) > _MOST:
            return
        number = len(self._readings)
        self._readings.append(reading)
        self._lengths.append(len(reading.syllables))
        kinds = [(coarse(s),) if len(reading.syllables) > _FEW else classes(s) for s in reading.syllables]
        for first, one in enumerate(kinds):
            for gap, other in enumerate(kinds[first + 1 : first + 3], 1):
                for pair in product(one, other):
                    self._pairs[_key(*pair, gap)].append((number << _BITS) - first)

    def near(self, heard: Heard, limits: Callable[[int], float] = loosest) -> Iterator[Hit]:
        """Every reading that sounds near enough somewhere; `limits` says how far apart, by the number of syllables."""
        answers = self._answers([coarse(s) for s in heard.said.syllables])
        limit = [limits(size) for size in range(_MOST + 1)]
        for place, count in answers.items():
            number = place >> _BITS
            length = self._lengths[number]
            if length < EVEN_ONLY or count > 1:
                hit = _even(self._readings[number], (place & _LOW) - _BACK, heard, limit[length])
                if hit is not None:
                    yield hit
                    continue
            if length >= EVEN_ONLY and limit[length] >= UNEVEN:
                for shift in (1, -1):
                    if place + shift in answers:
                        hit = _uneven(self._readings[number], (place & _LOW) - _BACK, shift, heard, limit[length])
                        if hit is not None:
                            yield hit

    def _answers(self, kinds: Sequence[int]) -> dict[int, int]:
        """How many pairs of each reading answer on each diagonal (the place where it would begin)."""
        found: dict[int, int] = defaultdict(int)
        pairs = self._pairs
        for first, one in enumerate(kinds):
            for gap in (1, 2):
                if first + gap < len(kinds):
                    at = first + _BACK
                    for entry in pairs.get(_key(one, kinds[first + gap], gap), ()):
                        found[entry + at] += 1
        return found


def _key(first: int, second: int, gap: int) -> int:
    return (first * 256 + second) * 4 + gap


def _letters(term: str) -> Iterator[tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]]:
    """A term's readings with the character each syllable belongs to."""
    seen = set()
    for syllables, tones, places in readings(term):
        if syllables and (syllables, tones) not in seen:
            seen.add((syllables, tones))
            yield syllables, tones, tuple(fold(term)[at] for at in places)


def _step(reading: Reading, at: int, heard: Heard, place: int) -> float:
    """The cost of syllable `at` of the reading against syllable `place` of the text; the same character costs nothing."""
    here = heard.letters[place]
    if here == reading.letters[at]:
        return 0.0
    cost = apart(reading.syllables[at], heard.said.syllables[place])
    return cost + FIGURE if cost and here.isascii() and not reading.letters[at].isascii() else cost


def _even(reading: Reading, start: int, heard: Heard, limit: float) -> Hit | None:
    length = len(reading.syllables)
    end = start + length
    if start < 0 or end >= len(heard.shut) or heard.shut[start] or heard.shut[end]:
        return None
    cost = 0.0
    for at in range(length):
        cost += _step(reading, at, heard, start + at)
        if cost > limit:
            return None
    said = heard.said
    cost += PAUSE * sum(said.paused[start + 1 : end])
    if cost > limit:
        return None
    same = [heard.letters[start + at] == reading.letters[at] for at in range(length)]
    tones = sum(not same[at] and reading.tones[at] not in (0, said.tones[start + at]) for at in range(length))
    return Hit(reading, said.places[start][0], said.places[end - 1][1], cost, tones, sum(same), even=True)


def _uneven(reading: Reading, start: int, shift: int, heard: Heard, limit: float) -> Hit | None:
    """One syllable more (`shift` 1) or less (-1) in the text than in the term."""
    length = len(reading.syllables)
    end = start + length + shift
    if start < 0 or end >= len(heard.shut) or heard.shut[start] or heard.shut[end]:
        return None
    said = heard.said
    fixed = UNEVEN + PAUSE * sum(said.paused[start + 1 : end])
    if fixed > limit or WALL in said.syllables[start:end]:
        return None
    whole = min(length, length + shift)
    head, tail = [0.0], [0.0]
    for at in range(whole):
        head.append(head[-1] + _step(reading, at, heard, start + at))
        tail.append(tail[-1] + _step(reading, length - 1 - at, heard, end - 1 - at))
    # the odd syllable is never at an edge: there a shorter window serves, or it is the neighbour's
    cost = fixed + min(head[cut] + tail[whole - cut] for cut in range(1, whole))
    if cost > limit:
        return None
    return Hit(reading, said.places[start][0], said.places[end - 1][1], cost, 0, 0, even=False)


def _shut(said: Spoken, at: int, text: str) -> bool:
    """Whether a term may neither begin nor end at syllable `at`: inside a number, a row of letters, or one letter's name."""
    if at in (0, len(said.places)):
        return False
    (before, _), (after, _) = said.places[at - 1], said.places[at]
    if before == after:
        return True
    one, other = text[before], text[after]
    return one.isascii() and other.isascii() and one.isdigit() == other.isdigit() and not said.paused[at] and after - before <= 2
