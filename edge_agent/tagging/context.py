"""In which light something was said: negated, asked, supposed, quoted, past, about someone else.

Contexts are data (`[contexts.*]` of terms.toml): cue words before, after or anywhere around a hit, within its clause or
sentence. A cue inside the hit itself speaks for a wanted context, never against the hit; inside a `but` word it is none.
Every cue is a literal of the one automaton.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from edge_agent.lexicon.dialect import Standard
from edge_agent.lexicon.model import Context
from edge_agent.lexicon.notation import fold
from edge_agent.tagging.text import Sentence, Span

Hits = Mapping[str, Sequence[int]]
"""Where each literal of the automaton starts in the sentence."""

_MARKS: Final = " ,.。!;~…、:"
BEFORE, AFTER, ANYWHERE = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cues:
    places: dict[str, list[tuple[int, int, str]]]
    """Of each cue word: BEFORE, AFTER or ANYWHERE, and where it stands in that list."""
    words: frozenset[str]
    ends: tuple[str, ...]
    but: tuple[str, ...]
    reach: int
    sentence: bool


class Contexts:
    """Judges hits against all contexts of a lexicon. `tail` are closing particles that `ends` looks behind."""

    def __init__(self, contexts: Mapping[str, Context], tail: Sequence[str], standard: Standard) -> None:
        def folded(words: Sequence[str]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(standard(fold(word)) for word in words))

        self._tail = tuple(fold(t) for t in tail)
        self._ending = lru_cache(maxsize=256)(self._found_ending)  # many sayings ask about the same few clauses
        self._cues = {}
        for name, c in contexts.items():
            places: dict[str, list[tuple[int, int, str]]] = {}
            for kind, words in ((BEFORE, c.before), (AFTER, c.after), (ANYWHERE, c.anywhere)):
                for number, word in enumerate(folded(words)):
                    places.setdefault(word, []).append((kind, number, word))
            self._cues[name] = _Cues(
                places=places, words=frozenset(places), ends=folded(c.ends), but=folded(c.but), reach=c.reach,
                sentence=c.scope == "sentence",
            )  # fmt: skip

    def literals(self) -> Iterator[str]:
        """Everything the automaton must know for `cue`."""
        for cues in self._cues.values():
            yield from (*cues.places, *cues.but)

    def cue(self, name: str, sentence: Sentence, hits: Hits, span: Span, *, inside: bool = False) -> Span | None:
        """The first cue that puts the hit at `span` into context `name`, or None. `inside`: cues within the hit count."""
        cues = self._cues[name]
        if not cues.ends and cues.words.isdisjoint(hits):
            return None
        low, high = (0, len(sentence.text)) if cues.sentence else self._scope(sentence, span)
        present = sorted(place for word in cues.words & hits.keys() for place in cues.places[word])
        spared = [(s, s + len(b)) for b in cues.but for s in hits.get(b, ())] if present else []
        for kind, _, word in present:
            for start in hits[word]:
                end = start + len(word)
                if _inside(start, end, spared):
                    continue
                before, behind = low <= start and end <= span[0], span[1] <= start and end <= high
                if kind == BEFORE and before and not (cues.reach and span[0] - end > cues.reach):
                    return start, end
                if kind == AFTER and behind:
                    return start, end
                if kind == ANYWHERE and (before or behind or (inside and low <= start and end <= high)):
                    return start, end
        closing = self._closing(cues, sentence, low, high)
        return None if closing is not None and closing[1] <= span[1] and not inside else closing

    @staticmethod
    def _scope(sentence: Sentence, span: Span) -> Span:
        """The clause of the hit, or from its first to its last clause if it spans several."""
        return sentence.clause_of(span[0])[0], sentence.clause_of(max(span[1] - 1, span[0]))[1]

    def _closing(self, cues: _Cues, sentence: Sentence, low: int, high: int) -> Span | None:
        if not cues.ends:
            return None
        found = self._ending(cues.ends, sentence.text[low : high + 1])
        return None if found is None else (low + found[0], low + found[1])

    def _found_ending(self, ends: tuple[str, ...], text: str) -> Span | None:
        while True:
            cue = next((end for end in ends if text.endswith(end)), None)
            if cue is not None:
                return len(text) - len(cue), len(text)
            shorter = text.rstrip(_MARKS)
            if shorter == text:
                shorter = next((text.removesuffix(t) for t in self._tail if text.endswith(t)), text)
            if shorter == text:
                return None
            text = shorter


def _inside(start: int, end: int, spans: Sequence[Span]) -> bool:
    return any(low <= start and end <= high for low, high in spans)
