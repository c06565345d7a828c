"""Text spelled one private character per syllable, so that ordinary string search finds what sounds the same.

Toneless, with the mergers of southern accents (`likeness.merged`). Everything that is not Chinese, and a character that no
dictionary can read, stays as it is: places stay what they are.
"""

import re
from functools import lru_cache
from typing import Final

from edge_agent.terms.likeness import merged
from edge_agent.terms.sounds import CHINESE, WALL, pinyin

_FIRST: Final = 0xF0000
"""Syllables become characters of the last private plane, which no text of ours uses."""
_NUMBERS: Final[dict[str, int]] = {}


def spell(text: str) -> str:
    """As long as `text`."""
    return CHINESE.sub(_spelled, text)


def _spelled(run: re.Match[str]) -> str:
    syllables = (syllable for syllable, _ in pinyin(run[0]))
    return "".join(c if syllable == WALL else _letter(syllable) for c, syllable in zip(run[0], syllables, strict=True))


@lru_cache(maxsize=2048)
def _letter(syllable: str) -> str:
    return chr(_FIRST + _NUMBERS.setdefault(merged(syllable), len(_NUMBERS)))
