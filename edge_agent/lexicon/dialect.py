"""Regional words in the standard language, for speech and sayings alike: 咋 is 怎么, 俺 is 我, 侬 is 你.

Whoever says 俺 must be understood as who says 我. So both what is said and what is looked for are put into the standard
language first (`[dialect]` of terms.toml); from the left, the longest word first, and a word that is listed as itself (野蛮)
keeps the shorter one inside it from being taken.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from edge_agent.lexicon.notation import Saying, fold


class Standard:
    """Puts text into the standard language; `table` is regional word -> standard word."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = {fold(regional): fold(standard) for regional, standard in table.items()}
        words = sorted(self._table, key=len, reverse=True)
        self._find = re.compile("|".join(map(re.escape, words)) if words else "(?!)")

    def __call__(self, text: str) -> str:
        return self._find.sub(lambda found: self._table[found[0]], text)

    def saying(self, saying: Saying) -> Saying:
        """The same saying with its literals in the standard language."""
        steps = tuple(replace(step, literals=tuple(dict.fromkeys(map(self, step.literals)))) for step in saying.steps)
        return replace(saying, steps=steps)
