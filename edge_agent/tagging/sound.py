"""Literals that were misheard: the same syllables in other characters (王上旗舰店 for 网上旗舰店).

A recogniser under noise writes homophones. Speech and literals of at least `SHORTEST` Chinese characters are compared by
toneless pinyin, with the mergers of southern accents (zh/z, ch/c, sh/s, ing/in, eng/en). Shorter literals are never
compared by sound: two syllables mean too many things. One character per syllable, so places stay what they are.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

SHORTEST: Final = 3
_CHINESE: Final = re.compile(r"[一-鿿]+")
_MERGED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_ENDINGS: Final = (("ing", "in"), ("eng", "en"))


class Sounds:
    """Where long literals stand by sound. Built once with all literals of a matcher."""

    def __init__(self, literals: Iterable[str]) -> None:
        import ahocorasick  # noqa: PLC0415 - compiled library, only where a matcher is built

        spelled: dict[str, list[str]] = {}
        for word in literals:
            if len(word) >= SHORTEST and _CHINESE.fullmatch(word):
                spelled.setdefault(spell(word), []).append(word)
        self._automaton: Any = ahocorasick.Automaton()
        self._automaton.add_word("\uf8ff", [])  # an empty automaton cannot be searched
        for spelling, words in spelled.items():
            self._automaton.add_word(spelling, words)
        self._automaton.make_automaton()

    def find(self, text: str, written: Mapping[str, list[int]]) -> dict[str, list[int]]:
        """Starts of literals that sound as if they stood in `text`, without those that are written there."""
        found: dict[str, list[int]] = {}
        for end, words in self._automaton.iter(spell(text)):
            for word in words:
                start = end + 1 - len(word)
                if start not in written.get(word, ()):
                    found.setdefault(word, []).append(start)
        return found


def spell(text: str) -> str:
    """One private character per syllable; everything that is not Chinese stays as it is."""
    return _CHINESE.sub(_spelled, text)


def _spelled(run: re.Match[str]) -> str:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionary is only needed where sound is compared

    syllables = lazy_pinyin(run[0])
    return "".join(map(_letter, syllables)) if len(syllables) == len(run[0]) else run[0]


@lru_cache(maxsize=2048)
def _letter(syllable: str) -> str:
    for written, heard in _MERGED:
        if syllable.startswith(written):
            syllable = heard + syllable[len(written) :]
    for written, heard in _ENDINGS:
        if syllable.endswith(written):
            syllable = syllable.removesuffix(written) + heard
    return chr(_FIRST + _NUMBERS.setdefault(syllable, len(_NUMBERS)))


_FIRST: Final = 0xF0000
"""Syllables become characters of the last private plane, which no text of ours uses."""
_NUMBERS: Final[dict[str, int]] = {}
