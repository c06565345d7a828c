"""What cannot be told apart by ear: terms that sound alike, and terms that sound like everyday words.

Sounding alike means the same syllables without their tones, with what many speakers merge counted as one (zh/z, ch/c, sh/s,
ing/in, eng/en). Everyday words are those that the dictionary counts a few hundred times, the commonest three of a sound; terms
of up to four syllables are looked at.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from edge_agent.lexicon.words import begins, known
from edge_agent.terms.likeness import merged
from edge_agent.terms.sounds import readings, spoken

_EVERYDAY: Final = -12.5
_MOST: Final = 4
_MOST_WORDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """`term` sounds like `other`, another term or an everyday word."""

    term: str
    other: str
    kind: Literal["term", "word"]


def clashes(terms: Sequence[str], among: Sequence[str] = ()) -> list[Clash]:
    """Every clash of `terms` with one another, with those `among` which they come, and with everyday words."""
    by_sound: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for term in dict.fromkeys([*among, *terms]):
        by_sound[sound(term)].append(term)
    found = []
    for term in dict.fromkeys(terms):
        found += [Clash(term=term, other=other, kind="term") for other in by_sound[sound(term)] if other != term]
        words = sorted((word for word in _alike(sound(term)) if word != term), key=known, reverse=True)
        found += [Clash(term=term, other=word, kind="word") for word in words[:_MOST_WORDS]]
    return found


def sound(term: str) -> tuple[str, ...]:
    """The usual reading of a term with merged sounds."""
    return tuple(merged(syllable) for syllable in readings(term)[0][0])


def _alike(syllables: tuple[str, ...]) -> Iterator[str]:
    """Everyday words of the same sound, character by character along beginnings that the dictionary knows."""
    if not 1 < len(syllables) <= _MOST:
        return
    begun = [""]
    for number, syllable in enumerate(syllables):
        last = number == len(syllables) - 1
        begun = [b + c for b in begun for c in _characters().get(syllable, ()) if last or begins(b + c)]
    for word in begun:
        if known(word) >= _EVERYDAY and sound(word) == syllables:
            yield word


@lru_cache(maxsize=1)
def _characters() -> dict[str, list[str]]:
    """The characters in use, by their usual sound."""
    found: dict[str, list[str]] = defaultdict(list)
    used = [c for c in map(chr, range(0x4E00, 0x9FFF + 1)) if known(c) > float("-inf")]
    for character in used:
        for syllable in spoken(character).syllables:
            found[merged(syllable)].append(character)
    return found
