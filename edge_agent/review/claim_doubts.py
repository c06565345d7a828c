"""Why a statement can be held against nothing: it is hedged, conditional, has no single value, or was hardly understood."""

import re
from typing import TYPE_CHECKING, Final

from edge_agent.domain.notes import Fact, FactKind
from edge_agent.domain.transcript import LOW_CONFIDENCE
from edge_agent.lexicon.notation import fold
from edge_agent.lexicon.review import ClaimWords
from edge_agent.review.claim_reading import BEFORE, Clause, count, said
from edge_agent.review.fact_rows import Measure

if TYPE_CHECKING:
    from edge_agent.tagging.text import Span

_BUYING: Final = re.compile(r"(?:拿|订|定|买|进|要|满|够|达到|超过|来|下)(?:够|满|到|个)?$")
_GOES_ON: Final = re.compile("[二两三四五六七八九][一二两三四五六七八九十百千万]")
"""A number right behind a number: where the first ends cannot be told (四百六一条)."""
_FROM: Final = re.compile(r"(?:以上|起|起订|打底|就|，就|的话)")


class Doubts:
    """The words that make a statement less than one."""

    def __init__(self, words: ClaimWords) -> None:
        self._hedges = tuple(map(fold, words.hedges))
        self._conditions = tuple(map(fold, words.conditions))

    def of(self, here: Clause, kind: str, span: "Span", fact: Fact | None, measure: Measure | None) -> str:
        """The doubt as a code, "" for none; see `verdicts`."""
        if here.said.confidence < LOW_CONFIDENCE:
            return "unsure"
        if fact is not None and (measure is None or _GOES_ON.match(here.behind(span))):
            return "range" if "/" in fact.value else "no-value"
        if self._conditional(here, kind, span):
            return "conditional"
        before = here.sentence.text[: span[0]]
        short = [one for one in here.sentence.clauses if one[1] <= here.clause[0] and one[1] - one[0] <= BEFORE]
        near = here.text + "".join(here.sentence.text[low:high] for low, high in short)
        if any(said(word, near, before) for word in self._hedges) or here.text.endswith("吧"):
            return "hedged"
        return ""

    def _conditional(self, here: Clause, kind: str, span: "Span") -> bool:
        before = here.sentence.text[: span[0]]
        if any(said(word, here.sentence.text, before) for word in self._conditions):
            return True
        if kind == "stock":
            return here.text.startswith("等")
        if here.behind(span).startswith("起"):
            return True
        return kind in {"price", "discount"} and self._for_many(here, span)

    @staticmethod
    def _for_many(here: Clause, span: "Span") -> bool:
        """Whether it is said of a larger order: 拿十箱, 二十箱以上. A later clause with a sum of its own speaks of that one."""
        sums = [place for fact, place in here.in_sentence if fact.kind in {FactKind.MONEY, FactKind.PERCENT}]
        for fact, place in here.in_sentence:
            if fact.kind is not FactKind.QUANTITY or count(fact) <= 1:
                continue
            low, high = here.sentence.clause_of(place[0])
            if low >= here.clause[1] and any(low <= start < high for start, _ in sums):
                continue
            text = here.sentence.text
            if _BUYING.search(text[: place[0]]) or _FROM.match(text[place[1] :]) is not None:
                return True
            if place[1] <= span[0] and place[0] >= here.clause[0]:
                return True
        return False
