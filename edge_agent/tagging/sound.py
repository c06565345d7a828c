"""Literals that were misheard: the same syllables in other characters (王上旗舰店 for 网上旗舰店).

A recogniser under noise writes homophones. Speech and literals of at least `SHORTEST` Chinese characters are compared by
toneless pinyin, with the mergers of southern accents (zh/z, ch/c, sh/s, ing/in, eng/en). Shorter literals are never
compared by sound: two syllables mean too many things. One character per syllable, so places stay what they are.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from edge_agent.terms.sounds import CHINESE
from edge_agent.terms.spelling import spell, spellings

SHORTEST: Final = 3


class Sounds:
    """Where long literals stand by sound. Built once with all literals of a matcher."""

    def __init__(self, literals: Iterable[str]) -> None:
        import ahocorasick  # noqa: PLC0415 - compiled library, only where a matcher is built

        spelled: dict[str, list[str]] = {}
        for word in literals:
            if len(word) >= SHORTEST and CHINESE.fullmatch(word):
                for spelling in spellings(word):
                    spelled.setdefault(spelling, []).append(word)
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
                if start not in written.get(word, ()) and start not in found.get(word, ()):
                    found.setdefault(word, []).append(start)
        return found
