"""Speech as the matcher reads it: folded sentences and clauses, with every character's place in the raw utterance.

Folding is NFKC and lower case; words that recognisers confuse are put right, hesitations dropped, and each brand name becomes
one private-use character, so that sayings are plain literals and a brand counts as one character.
Sentences end at 。！？； or an ellipsis, clauses at any other punctuation and at blanks next to Chinese.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from edge_agent.lexicon.dialect import Standard
from edge_agent.lexicon.notation import fold
from edge_agent.tagging.names import Misheard

Span = tuple[int, int]
"""Half-open character offsets into a sentence's folded text."""

_SENTENCE: Final = re.compile(r"(?:[。!?;\n]|\.{2,}|…|(?<!\d)\.(?!\w))+")
_CLAUSE: Final = re.compile(r"[,、:()\[\]《》<>“”\"'‘’·~—\-]+|(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """`text` is folded, its closing punctuation included; `places[i]` is where `text[i]` stands in the raw utterance.

    `brands` are the brand codes in the order of their symbols, each with its position; `misheard` are the positions of those
    that were only heard (see `names`).
    """

    text: str
    places: tuple[Span, ...]
    clauses: tuple[Span, ...]
    brands: tuple[tuple[int, str], ...] = ()
    misheard: frozenset[int] = frozenset()

    def clause_of(self, position: int) -> Span:
        """The clause around `position` (the nearest before, for punctuation)."""
        found = (0, len(self.text))
        for clause in self.clauses:
            if clause[0] > position:
                break
            found = clause
        return found

    def raw(self, span: Span) -> Span:
        """The same span in the utterance as it was recognised."""
        return self.places[span[0]][0], self.places[max(span[1] - 1, span[0])][1]


class Reader:
    """Cuts utterances into sentences for one setting of brands and confusable words."""

    def __init__(
        self,
        *,
        brands: Mapping[str, tuple[str, str]],
        confusables: Mapping[str, str],
        fillers: Sequence[str],
        rivals: Sequence[str] = (),
        dialect: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`brands`: name -> (symbol, code); `confusables`: heard -> meant; `rivals`: names to recognise by sound as well.

        `dialect`: see `lexicon.dialect`.
        """
        standard = Standard(dialect)
        self._codes = {standard(fold(name)): code for name, (_, code) in brands.items()}
        symbols = {standard(fold(name)): symbol for name, (symbol, _) in brands.items()}
        repairs = {fold(heard): fold(meant) for heard, meant in {**dialect, **confusables}.items()}
        self._repairs = [_Swap(table) for table in (repairs, {fold(word): "" for word in fillers}) if table]
        self._brands = _Swap(symbols) if symbols else None
        self._misheard = Misheard(standard(fold(name)) for name in rivals)

    def sentences(self, raw: str, *, by_sound: bool = False) -> Iterator[Sentence]:
        """The sentences of an utterance in order; empty ones are left out. `by_sound`: it was recognised, not written."""
        text, places, brands, misheard = self._folded(raw, by_sound=by_sound)
        start = 0
        ends = [m.end() for m in _SENTENCE.finditer(text)]
        for end in [*ends, len(text)]:
            part = text[start:end]
            if any(c.isalnum() or _private(c) for c in part):
                yield Sentence(
                    text=part,
                    places=tuple(places[start:end]),
                    clauses=tuple(_clauses(part)),
                    brands=tuple((at - start, code) for at, code in brands if start <= at < end),
                    misheard=frozenset(at - start for at in misheard if start <= at < end),
                )
            start = end

    def _folded(self, raw: str, *, by_sound: bool) -> tuple[str, list[Span], list[tuple[int, str]], frozenset[int]]:
        letters = [fold(char) for char in raw] if not raw.isascii() else list(raw.lower())
        text = "".join(letters)
        places = [(at, at + 1) for at, folded in enumerate(letters) for _ in folded]
        for repair in self._repairs:
            text, places, _ = repair.apply(text, places)
        if self._brands is None:
            return text, places, [], frozenset()
        heard = list(self._misheard.find(text)) if by_sound else []
        for at, name in heard:
            text = text[:at] + name + text[at + len(name) :]
        raw_at = {places[at] for at, _ in heard}
        text, places, named = self._brands.apply(text, places)
        misheard = frozenset(at for at, _ in named if any(places[at][0] == start for start, _ in raw_at))
        return text, places, [(at, self._codes[name]) for at, name in named], misheard


class _Swap:
    """Replaces whole words by others, from the left and the longest first, keeping track of places."""

    def __init__(self, table: Mapping[str, str]) -> None:
        import ahocorasick  # noqa: PLC0415 - compiled library, only where a reader is built

        self._table = table
        self._automaton: Any = ahocorasick.Automaton()
        for word in table:
            self._automaton.add_word(word, word)
        self._automaton.make_automaton()

    def apply(self, text: str, places: list[Span]) -> tuple[str, list[Span], list[tuple[int, str]]]:
        letters: list[str] = []
        moved: list[Span] = []
        found: list[tuple[int, str]] = []
        end = length = 0
        # `iter_long` misses some words behind a longer one that only began: all are taken, and sorted out here.
        for start, _, word in sorted((last + 1 - len(word), -len(word), word) for last, word in self._automaton.iter(text)):
            if start < end:
                continue
            kept, new = text[end:start], self._table[word]
            letters += [kept, new]
            moved += places[end:start]
            length += len(kept)
            found.append((length, word))
            end = start + len(word)
            moved += [(places[start][0], places[end - 1][1])] * len(new)
            length += len(new)
        if not end:
            return text, places, []
        return "".join([*letters, text[end:]]), moved + places[end:], found


def _clauses(text: str) -> Iterator[Span]:
    body = _SENTENCE.search(text)
    stop = body.start() if body is not None and body.end() == len(text) else len(text)
    start = 0
    for match in _CLAUSE.finditer(text, 0, stop):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if start < stop:
        yield start, stop


def _private(char: str) -> bool:
    return "\ue000" <= char <= "\uf8ff"
