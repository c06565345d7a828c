"""Rivals' names that were misheard: the same syllables in other characters (蓝金 for 蓝鲸).

Only names that the talk's own circumstances give are listened for; there are few, and each is likely to be said. A name of
three syllables or more counts wherever it sounds; one of two counts only right behind a word that points to another house
(人家蓝金…), since two syllables mean too many things. Compared as in `sound`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from edge_agent.terms.spelling import spell, spellings

_ALONE: Final = 3
_POINTING: Final = ("人家", "他们", "他们家", "那家", "别家", "对面", "隔壁")


class Misheard:
    """Where one of `names` (folded) sounds as if it stood in a text, without those that are written there."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple((name, spellings(name)) for name in names if len(name) > 1)

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """(start, name) in the order of the text; `text` is folded."""
        if not self._names:
            return
        heard = spell(text)
        found: set[tuple[int, str]] = set()
        for name, spelled_ways in self._names:
            for spelled in spelled_ways:
                at = heard.find(spelled)
                while at >= 0:
                    end = at + len(name)
                    if text[at:end] != name and (len(name) >= _ALONE or text[:at].endswith(_POINTING)):
                        found.add((at, name))
                    at = heard.find(spelled, end)
        yield from sorted(found)
