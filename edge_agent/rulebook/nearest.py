"""The known words nearest to an unknown one: by characters in common, by their order (difflib) and by sound (pypinyin).

Score 0..1 = the mean of: share of common characters (Dice), the ratio of matching runs of characters, the same of toneless
syllables. A word that is contained in the other counts more. Only suggestions: nothing is ever taken for another word.
"""

from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

_WORTH: Final = 0.3


def nearest(said: str, known: Mapping[str, str], *, most: int = 5) -> list[tuple[str, float]]:
    """The best `most` values of `known` (word -> value), best first, each with its score."""
    best: dict[str, float] = {}
    for word, value in known.items():
        if set(word) & set(said) or _sounds(word) & _sounds(said):
            best[value] = max(best.get(value, 0.0), _score(said, word))
    ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(value, score) for value, score in ranked[:most] if score >= _WORTH]


def _score(said: str, word: str) -> float:
    shared = sum(min(said.count(c), word.count(c)) for c in set(said))
    dice = 2 * shared / (len(said) + len(word))
    order = SequenceMatcher(None, said, word, autojunk=False).ratio()
    sound = SequenceMatcher(None, _syllables(said), _syllables(word), autojunk=False).ratio()
    inside = 0.15 if len(word) > 1 and (word in said or said in word) else 0.0
    return min((dice + order + sound) / 3 + inside, 1.0)


def _sounds(word: str) -> frozenset[str]:
    return frozenset(_syllables(word))


@lru_cache(maxsize=4096)
def _syllables(word: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - only where something is unknown

    return tuple(lazy_pinyin(word))
