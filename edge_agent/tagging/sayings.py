"""How one saying is found in one sentence, given where its literals and slots stand.

Ordered steps stay in one clause and within their gaps; unordered ones anywhere in the sentence; a `whole` saying must fill
its clause but for opening and closing particles or its own repetition. A single character must be a word of its own.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from edge_agent.lexicon import words
from edge_agent.lexicon.notation import Saying, Step, fold
from edge_agent.tagging import slots
from edge_agent.tagging.context import Hits
from edge_agent.tagging.slots import Slot
from edge_agent.tagging.text import Sentence, Span

Needs = tuple[frozenset[str], ...]
"""Sets of literals; of each at least one must stand somewhere in the sentence, else there is nothing to look for."""


def needs_of(saying: Saying, *known: Step) -> Needs:
    return tuple(step.words for step in saying.steps if step not in known and not step.slots)


class Vetoes:
    """The vetoes of one table, found by the words of one step of each."""

    def __init__(self, vetoes: Sequence[Saying]) -> None:
        self.entries = [(needs_of(saying), saying) for saying in vetoes]
        self.by_word: dict[str, list[int]] = {}
        self.wordless = [number for number, (needs, _) in enumerate(self.entries) if not needs]
        for number, (needs, _) in enumerate(self.entries):
            for word in min(needs, key=len, default=()):
                self.by_word.setdefault(word, []).append(number)
        self.words = frozenset(self.by_word)


@dataclass(slots=True, kw_only=True)
class View:
    """One sentence with its literal hits; slots are looked up when first asked for. `products` comes from the matcher."""

    sentence: Sentence
    hits: Hits
    products: tuple[Slot, ...] = ()
    sounded: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """The part of `hits` that was matched by sound only."""
    words: frozenset[str] = field(init=False)
    """Every literal that stands somewhere."""
    _slots: dict[str, tuple[Slot, ...]] = field(default_factory=dict)
    _left: dict[int, list[tuple[int, Saying]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.words = frozenset(self.hits)

    def lacks(self, needs: Needs) -> bool:
        """Whether one of the sets of literals does not stand anywhere: nearly all sayings end here, and cheaply."""
        for literals in needs:  # noqa: SIM110 - the innermost loop; any() takes twice as long
            if literals.isdisjoint(self.words):
                return True
        return False

    def left(self, vetoes: "Vetoes") -> list[tuple[int, Saying]]:
        """Those that may stand here, by their number; asked by every saying of a table, and sifted once."""
        if id(vetoes) not in self._left:
            touched = {number for word in vetoes.words & self.words for number in vetoes.by_word[word]}
            entries = ((number, *vetoes.entries[number]) for number in sorted(touched.union(vetoes.wordless)))
            self._left[id(vetoes)] = [(number, saying) for number, needs, saying in entries if not self.lacks(needs)]
        return self._left[id(vetoes)]

    def slots(self, kind: str) -> tuple[Slot, ...]:
        if kind == "product":
            return self.products
        if kind not in self._slots:
            self._slots[kind] = tuple(slots.find(self.sentence.text, kind))
        return self._slots[kind]


class Edges:
    """Which particles may stand before and after a `whole` saying."""

    def __init__(self, lead: Sequence[str], tail: Sequence[str]) -> None:
        self._lead = "|".join(re.escape(fold(w)) for w in sorted(lead, key=len, reverse=True)) or "(?!)"
        self._tail = "|".join(re.escape(fold(w)) for w in sorted(tail, key=len, reverse=True)) or "(?!)"

    def fill(self, sentence: Sentence, span: Span) -> bool:
        """Whether nothing but particles or repetitions stands around `span` in its clause."""
        low, high = sentence.clause_of(span[0])
        if not low <= span[0] <= span[1] <= high:
            return False
        text = sentence.text
        own = re.escape(text[span[0] : span[1]])
        before, after = text[low : span[0]], text[span[1] : high]
        return (not before or re.fullmatch(f"(?:{own}|{self._lead})*", before) is not None) and (
            not after or re.fullmatch(f"(?:{own}|{self._tail})*", after) is not None
        )


def find(saying: Saying, view: View, edges: Edges) -> Iterator[tuple[Span, int]]:
    """Every place where the saying stands, from the left: its span and how many characters it pins down."""
    if not saying.ordered:
        found = _together(saying, view)
        if found is not None:
            yield found
        return
    places = [_spans(step, view) for step in saying.steps]
    for first in places[0]:
        found = _onward(saying, places, 1, first, first[1] - first[0], view=view)
        if found is None or not _stands(saying, 0, first, view):
            continue
        span, letters = found
        if len(saying.steps) > 1 and not _one_clause(view.sentence, span):
            continue
        if not saying.whole or edges.fill(view.sentence, span):
            yield span, letters


def _onward(
    saying: Saying, places: Sequence[Sequence[Span]], step: int, so_far: Span, letters: int, *, view: View
) -> tuple[Span, int] | None:  # fmt: skip
    """The first way on from `so_far` through the steps from `step`. Words are asked for last: cutting a sentence is dear."""
    if step == len(places):
        return so_far, letters
    reach = so_far[1] + saying.steps[step].gap
    here = places[step]
    for number in range(bisect_left(here, (so_far[1], 0)), len(here)):
        start, end = here[number]
        if start > reach:
            return None
        found = _onward(saying, places, step + 1, (so_far[0], end), letters + end - start, view=view)
        if found is not None and _stands(saying, step, here[number], view):
            return found
    return None


def _together(saying: Saying, view: View) -> tuple[Span, int] | None:
    taken: list[Span] = []
    for number, step in enumerate(saying.steps):
        free = (
            span
            for span in _spans(step, view)
            if not any(s < span[1] and span[0] < e for s, e in taken) and _stands(saying, number, span, view)
        )
        if (span := next(free, None)) is None:
            return None
        taken.append(span)
    return (min(s for s, _ in taken), max(e for _, e in taken)), sum(e - s for s, e in taken)


def _spans(step: Step, view: View) -> list[Span]:
    """Where one step stands, from the left."""
    spans = [(start, start + len(word)) for word in step.words & view.words for start in view.hits[word]]
    spans += [slot.span for kind in step.slots for slot in view.slots(kind)]
    return sorted(spans)


def _stands(saying: Saying, number: int, span: Span, view: View) -> bool:
    """A single character must be a word of its own."""
    if span[1] - span[0] > 1 or not _must_stand_alone(saying, number, saying.steps[number]):
        return True
    return words.stands_alone(view.sentence.text, span[0])


def _must_stand_alone(saying: Saying, number: int, step: Step) -> bool:
    """Single characters are checked unless they are glued to a neighbour or make up a whole clause."""
    if saying.whole or len(saying.steps) == 1:
        return False
    if not saying.ordered:
        return True
    glued_left = number > 0 and step.gap == 0
    glued_right = number + 1 < len(saying.steps) and saying.steps[number + 1].gap == 0
    return not (glued_left or glued_right)


def _one_clause(sentence: Sentence, span: Span) -> bool:
    return sentence.clause_of(span[0]) == sentence.clause_of(span[1] - 1)
