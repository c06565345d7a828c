"""All sayings of all events against one sentence: one pass of an automaton, then only what it touched.

Every literal (of phrases, combos, vetoes, cues and products) is in one Aho-Corasick automaton; every saying hangs on its longest
literal and is tried only when that was seen; expressions go through one RE2 filter first. So the cost grows with the
speech and its hits, not with the number of phrases. Built per trade, once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

from edge_agent.lexicon import notation
from edge_agent.lexicon.dialect import Standard
from edge_agent.lexicon.model import Lexicon, Match
from edge_agent.lexicon.notation import Saying, Step, fold
from edge_agent.tagging import sayings, slots
from edge_agent.tagging.context import Contexts
from edge_agent.tagging.sayings import Edges, Needs, Vetoes, View, needs_of
from edge_agent.tagging.slots import Slot
from edge_agent.tagging.sound import Sounds
from edge_agent.tagging.text import Sentence, Span

_MOST_TRIES: Final = 24
"""Places of one saying tried in one sentence before giving up: bounds the cost of absurd input."""

_PINNED: Final = 4
"""Characters that an expression counts for at most: how long a text its wildcards run over says nothing."""
_RARER: Final = 30.0
_SLOT: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One match table of one event, read: what vetoes its ways."""

    event: str
    match: Match
    exclude: Vetoes
    exclude_sentence: Vetoes


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One entry of a match table. `name` is its local id such as `phrases[2]`; `saying` is None for an expression."""

    name: str
    guard: Guard
    saying: Saying | None = None
    expression: str = ""


_Touch = tuple[Needs, Way, Saying]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A way that stood and was not vetoed. `letters` = characters it pinned down; `cues` = contexts it had to stand in.

    `by_sound`: part of it was only heard, not written (see `sound`).
    """

    way: Way
    span: Span
    letters: int
    cues: tuple[tuple[str, Span], ...] = ()
    by_sound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """A way that stood, and what spoke against it: `reason` "exclude", "context" or "no-context"; `detail` names it."""

    way: Way
    span: Span
    reason: str
    detail: str


class Matcher:
    """The sayings of a lexicon for one trade (`*` = all trades, for examples)."""

    def __init__(self, lexicon: Lexicon, industry: str, *, by_sound: bool = False) -> None:
        standard = Standard(lexicon.terms.dialect)
        self._contexts = Contexts(lexicon.terms.contexts, lexicon.terms.tail, standard)
        self._edges = Edges(*(tuple(map(standard, words)) for words in (lexicon.terms.lead, lexicon.terms.tail)))
        listed = [*lexicon.terms.product, *(p for file in lexicon.overlay(industry) for p in file.product)]
        self._products = {standard(fold(name)): product.id for product in listed for name in product.names}
        self.ways = [way for match in _tables(lexicon, industry) for way in _ways(*match, lexicon.terms.groups, standard)]
        self._by_literal, self._by_slot = _index(self.ways)
        self._automaton = _automaton(self._literals())
        self._by_sound = by_sound
        self._expressions = _Expressions([way for way in self.ways if way.saying is None])

    def view(self, sentence: Sentence, *, by_sound: bool = False) -> View:
        """The one pass: where every literal of the lexicon stands in the sentence (`by_sound`: or sounds as if it did)."""
        hits: dict[str, list[int]] = {}
        for end, word in self._automaton.iter(sentence.text):
            hits.setdefault(word, []).append(end + 1 - len(word))
        sounded = self._sounds.find(sentence.text, hits) if by_sound and self._by_sound else {}
        for word, starts in sounded.items():
            hits.setdefault(word, []).extend(starts)
        products = tuple(
            Slot(kind="product", span=(at, at + len(word)), value=self._products[word])
            for word in sorted(self._products.keys() & hits.keys(), key=lambda word: (-len(word), word))
            for at in hits[word]
        )
        return View(sentence=sentence, hits=hits, products=products, sounded=sounded)

    def find(self, view: View, wanted: Callable[[str], bool], vetoes: list[Veto] | None = None) -> dict[str, list[Found]]:
        """Every wanted event that stands in the sentence, its ways from the strongest; vetoed ways go to `vetoes`."""
        found: dict[str, list[Found]] = {}
        for way, span, letters in self._standing(view, wanted):
            verdict = self._judge(way, view, span, letters)
            if isinstance(verdict, Found):
                found.setdefault(way.guard.event, []).append(verdict)
            elif vetoes is not None:
                vetoes.append(verdict)
        for standing in found.values():
            standing.sort(key=lambda f: (f.by_sound, -f.letters, f.span, f.way.name))
        return found

    def _standing(self, view: View, wanted: Callable[[str], bool]) -> Iterator[tuple[Way, Span, int]]:
        tried: set[int] = set()
        touched = [touch for word in view.hits for touch in self._by_literal.get(word, ())]
        for kind, touches in self._by_slot.items():
            if view.slots(kind):
                touched += touches
        for needs, way, saying in touched:
            if (needs and view.lacks(needs)) or id(way) in tried or not wanted(way.guard.event):
                continue
            tried.add(id(way))
            for span, letters in islice(sayings.find(saying, view, self._edges), _MOST_TRIES):
                yield way, span, letters
        for way, span in self._expressions.find(view.sentence.text):
            if wanted(way.guard.event):
                yield way, span, min(span[1] - span[0], _PINNED)

    def _judge(self, way: Way, view: View, span: Span, letters: int) -> Found | Veto:
        guard = way.guard
        low, high = view.sentence.clause_of(span[0])[0], view.sentence.clause_of(span[1] - 1)[1]
        for entries, reach in (
            (guard.exclude, (min(low, span[0]), max(high, span[1]))),
            (guard.exclude_sentence, (0, len(view.sentence.text))),
        ):
            for number, saying in view.left(entries):
                for at, _ in islice(sayings.find(saying, view, self._edges), _MOST_TRIES):
                    if at[0] < reach[1] and reach[0] < at[1]:
                        key = "exclude" if entries is guard.exclude else "exclude_sentence"
                        return Veto(way=way, span=at, reason="exclude", detail=f"{key}[{number}]")
        for name in guard.match.contexts_off:
            if (cue := self._contexts.cue(name, view.sentence, view.hits, span)) is not None:
                return Veto(way=way, span=cue, reason="context", detail=name)
        cues = []
        for name in guard.match.contexts_on:
            if (cue := self._contexts.cue(name, view.sentence, view.hits, span, inside=True)) is None:
                return Veto(way=way, span=span, reason="no-context", detail=name)
            cues.append((name, cue))
        return Found(way=way, span=span, letters=letters, cues=tuple(cues), by_sound=_rests_on_sound(way, view, span))

    @cached_property
    def _sounds(self) -> Sounds:
        """Built at the first recognised (not written) sentence: spelling every literal takes a second."""
        return Sounds(set(self._literals()))

    def _literals(self) -> Iterator[str]:
        yield from self._contexts.literals()
        yield from self._products
        for way in self.ways:
            for saying in (way.saying, *(s for _, s in (*way.guard.exclude.entries, *way.guard.exclude_sentence.entries))):
                for step in saying.steps if saying is not None else ():
                    yield from step.literals


class _Expressions:
    """All patterns behind one RE2 filter: one scan for the letters they need, then only what may match is run."""

    def __init__(self, ways: Sequence[Way]) -> None:
        import re2  # noqa: PLC0415 - compiled library, only where a matcher is built

        self._ways = ways
        self._one = [re2.compile(way.expression) for way in ways]
        self._filter = re2.Filter()
        for way in ways:
            self._filter.Add(way.expression)
        if ways:
            self._filter.Compile()

    def find(self, text: str) -> Iterator[tuple[Way, Span]]:
        if not self._ways:
            return
        for number in self._filter.Match(text) or ():
            for match in islice(self._one[number].finditer(text), _MOST_TRIES):
                if match.end() > match.start():
                    yield self._ways[number], match.span()


def _rests_on_sound(way: Way, view: View, span: Span) -> bool:
    if any(span[0] <= at < span[1] for at in view.sentence.misheard):
        return True
    steps = way.saying.steps if way.saying is not None and view.sounded else ()
    return any(
        span[0] <= start and start + len(word) <= span[1]
        for step in steps
        for word in step.literals
        for start in view.sounded.get(word, ())
    )


def _automaton(words: Iterator[str]) -> Any:
    import ahocorasick  # noqa: PLC0415 - compiled library, only where a matcher is built

    automaton = ahocorasick.Automaton()
    for word in words:
        if word:
            automaton.add_word(word, word)
    automaton.add_word("\uf8ff", "\uf8ff")  # an empty automaton cannot be searched
    automaton.make_automaton()
    return automaton


def _tables(lexicon: Lexicon, industry: str) -> Iterator[tuple[str, str, Match]]:
    """(event, prefix of the ways' names, match table): the events' own, then what a trade or company adds."""
    for event in lexicon.events.values():
        tables = event.matches()
        for number, match in enumerate(tables):
            yield event.id, f"match[{number}]." if len(tables) > 1 else "", match
    added = [("company", x) for x in lexicon.extends]
    added += [(file.id, x) for file in lexicon.overlay(industry) for x in file.extend]
    for number, (owner, extend) in enumerate(added):
        yield extend.event, f"{owner}.extend[{number}].", extend.as_match()


def _ways(event: str, prefix: str, match: Match, groups: Mapping[str, Sequence[str]], standard: Standard) -> Iterator[Way]:
    def phrase(text: str, *, whole: bool = False) -> Saying:
        return standard.saying(notation.phrase(text, groups, gap=match.gap, whole=whole))

    def combo(parts: Sequence[str], *, ordered: bool) -> Saying:
        return standard.saying(notation.combo(parts, groups, gap=match.gap, ordered=ordered))

    guard = Guard(
        event=event,
        match=match,
        exclude=Vetoes([phrase(text) for text in match.exclude]),
        exclude_sentence=Vetoes([phrase(text) for text in match.exclude_sentence]),
    )
    read = [(f"phrases[{n}]", phrase(text)) for n, text in enumerate(match.phrases)]
    read += [(f"whole[{n}]", phrase(text, whole=True)) for n, text in enumerate(match.whole)]
    read += [(f"combos[{n}]", combo(parts, ordered=True)) for n, parts in enumerate(match.combos)]
    read += [(f"together[{n}]", combo(parts, ordered=False)) for n, parts in enumerate(match.together)]
    for name, saying in read:
        yield Way(name=prefix + name, guard=guard, saying=saying)
    for number, text in enumerate(match.patterns):
        yield Way(
            name=f"{prefix}patterns[{number}]",
            guard=guard,
            expression=notation.pattern(text, groups, slots.PATTERNS),
        )


def _commonness(step: Step) -> float:
    """Roughly how often a step stands by chance: each further character of a literal makes it so many times rarer."""
    return sum(_RARER ** -len(word) for word in step.literals) + len(step.slots) * _SLOT


def _index(ways: Sequence[Way]) -> tuple[dict[str, list[_Touch]], dict[str, list[_Touch]]]:
    """Ways by the literals (or slots) of their most telling step: the one that is likely to stand in the fewest sentences."""
    by_literal: dict[str, list[_Touch]] = defaultdict(list)
    by_slot: dict[str, list[_Touch]] = defaultdict(list)
    for way in ways:
        if way.saying is None:
            continue
        anchor = min(way.saying.steps, key=_commonness)
        touch = (needs_of(way.saying, anchor), way, way.saying)
        for word in anchor.literals:
            by_literal[word].append(touch)
        for kind in anchor.slots:
            by_slot[kind].append(touch)
    return dict(by_literal), dict(by_slot)
