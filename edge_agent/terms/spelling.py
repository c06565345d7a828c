"""Text spelled one private character per syllable, so that ordinary string search finds what sounds the same.

Toneless, with the mergers of southern accents (`likeness.merged`). Everything that is not Chinese, and a character that no
dictionary can read, stays as it is: places stay what they are. A text is spelled character by character, each in its
commonest reading: one table, many times faster than looking words up. So what is searched for is spelled in both ways
(`spellings`): as its characters are, and as its words are (行 in 银行), which is how its homophones in a text come out.
"""

import re
from functools import lru_cache
from typing import Final

from edge_agent.terms.likeness import merged
from edge_agent.terms.sounds import CHINESE, WALL, pinyin

_FIRST: Final = 0xF0000
"""Syllables become characters of the last private plane, which no text of ours uses."""
_NUMBERS: Final[dict[str, int]] = {}


class _Table(dict[int, str]):
    """Character -> spelling, looked up when a character is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        found = character if CHINESE.fullmatch(character) is None else _spelled(character, pinyin(character))
        return self.setdefault(code, found)


_TABLE: Final = _Table()


def spell(text: str) -> str:
    """As long as `text`."""
    return text.translate(_TABLE)


def spellings(word: str) -> frozenset[str]:
    """What `word` may sound like in a spelled text; each as long as `word`."""
    return frozenset({spell(word), CHINESE.sub(_in_words, word)})


def _in_words(run: re.Match[str]) -> str:
    return _spelled(run[0], pinyin(run[0]))


def _spelled(characters: str, syllables: list[tuple[str, int]]) -> str:
    return "".join(c if syllable == WALL else _letter(syllable) for c, (syllable, _) in zip(characters, syllables, strict=True))


@lru_cache(maxsize=2048)
def _letter(syllable: str) -> str:
    return chr(_FIRST + _NUMBERS.setdefault(merged(syllable), len(_NUMBERS)))
