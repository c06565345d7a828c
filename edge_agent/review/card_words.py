"""Who decides, what is to be done, whether something is wanted: read from a sentence by the words of `lexicons/card.toml`."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from edge_agent.lexicon.notation import fold
from edge_agent.lexicon.scorecards import CardWords

Span = tuple[int, int]
_CLAUSE: Final = re.compile(r"[,，、。!?！？;；:：\s]+")
_REACH: Final = 8
_SELF: Final = "self"
"""A decider by what one says of oneself (我说了算): it holds its deciding word already."""


class Words:
    """The words of one lexicon: the longest counts, from the left."""

    def __init__(self, words: CardWords) -> None:
        self._deciders = _Table(words.deciders)
        self._asked = _Table({str(about): words_ for about, words_ in words.asked.items()})
        self._actions = _Table(words.actions, words.excluded)
        self._rank = list(words.actions)
        self._things = [code for code in words.actions if code in words.things]
        self._deciding = _any(words.deciding)
        self._wanting = _any(words.wanting)

    def wants(self, text: str) -> bool:
        return self._wanting.search(_folded(text)) is not None

    def asked(self, text: str) -> Collection[str]:
        """What a question of the rep's is about: quantity, budget, timing, decision-maker."""
        return {code for code, _ in self._asked.find(_folded(text))}

    def decider(self, text: str, span: Span) -> str:
        """Who decides by this utterance: the last one before a deciding word, else the one nearest to `span`; "" for nobody."""
        folded = _folded(text)
        found = list(self._deciders.find(folded))
        deciding = [code for code, at in found if code == _SELF or self._decides(folded, at)]
        if deciding:
            return deciding[-1]
        return min(found, key=lambda one: _apart(one[1], span), default=("", span))[0]

    def actions(self, text: str) -> Sequence[str]:
        """What is to be done by this utterance: an act, then the thing it is about; a weak act (after the things) only alone."""
        found = {code for code, _ in self._actions.find(_folded(text)) if code}
        named = [code for code in self._rank if code in found]
        thing = next((code for code in self._things if code in found), "")
        last = max((self._rank.index(code) for code in self._things), default=len(self._rank))
        act = next((code for code in named if code not in self._things and self._rank.index(code) < last), "")
        return [code for code in (act, thing) if code] or named[:1]

    def _decides(self, text: str, at: Span) -> bool:
        stop = _CLAUSE.search(text, at[1])
        behind = text[at[1] : min(stop.start() if stop else len(text), at[1] + _REACH)]
        return self._deciding.search(behind) is not None


class _Table:
    """Code -> words; what an `excluded` word covers means nothing."""

    def __init__(self, table: Mapping[str, Sequence[str]], excluded: Sequence[str] = ()) -> None:
        self._code = {fold(word): code for code, words in table.items() for word in words} | {fold(w): "" for w in excluded}
        self._words = _any(self._code)

    def find(self, text: str) -> Iterator[tuple[str, Span]]:
        for match in self._words.finditer(text):
            yield self._code[match[0]], match.span()


def _folded(text: str) -> str:
    """Folded as sayings are, every character in its place."""
    return "".join(folded if len(folded := fold(char)) == 1 else char for char in text)


def _any(words: Iterable[str]) -> re.Pattern[str]:
    """One expression for plain words, the longest first; none of them for no words."""
    return re.compile("|".join(re.escape(fold(word)) for word in sorted(words, key=len, reverse=True)) or "(?!)")


def _apart(one: Span, other: Span) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)
