"""What a rep speaks about at one place of the talk: a product, a competitor's brand, or nobody can tell.

Nearest first: the clause, then the sentence, then what was said before, by whomever, a few utterances back. Two candidates at the
same distance are none; so is what only the eye knows (那款), another house without a name (人家, 网上), and a competitor whom the
clause merely compares with. A wrong guess here would make a false accusation, so in doubt there is no subject.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.lexicon.notation import OWN, RIVAL, fold
from edge_agent.lexicon.review import ClaimWords
from edge_agent.review.fact_rows import FactTable
from edge_agent.tagging.sayings import View
from edge_agent.tagging.text import Sentence, Span

BACK: Final = 4
"""Utterances that a subject is carried over."""
_THAN: Final = ("比", "跟", "和", "像", "同", "与", "不比", "对比", "较")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What was named somewhere: own products by code, brands by code, each with its place in the sentence."""

    products: tuple[tuple[Span, str], ...]
    rivals: tuple[tuple[Span, str], ...]
    owns: tuple[tuple[Span, str], ...]

    def within(self, span: Span) -> "Named":
        """What stands inside a stretch of the sentence."""
        return Named(
            products=_inside(self.products, span), rivals=_inside(self.rivals, span), owns=_inside(self.owns, span)
        )  # fmt: skip

    @property
    def something(self) -> bool:
        return bool(self.products or self.rivals or self.owns)

    @property
    def one(self) -> str:
        """The single subject named here; "" for none or several."""
        products = {code for _, code in self.products}
        rivals = {code for _, code in self.rivals}
        if len(products) > 1 or len(rivals) > 1:
            return ""
        product = next(iter(products), "")
        if rivals:
            if self.owns:
                return ""
            rival = next(iter(rivals))
            return f"{rival}/{product}" if product else rival
        owns = {code for _, code in self.owns}
        return product or (next(iter(owns)) if len(owns) == 1 else "")


def named(view: View, table: FactTable, said: str) -> Named:
    """Everything named in a sentence of the utterance `said`, by the lexicon and by the table's own names."""
    sentence, text = view.sentence, view.sentence.text
    products = [(slot.span, str(slot.value)) for slot in view.products]
    rivals: list[tuple[Span, str]] = []
    for name, code, rival in table.names:
        at = text.find(name)
        while at >= 0:
            (rivals if rival else products).append(((at, at + len(name)), code))
            at = text.find(name, at + 1)
    called = {name: code for name, code, _ in table.names}
    owns = []
    for at, code in sentence.brands:
        start, end = sentence.raw((at, at + 1))
        known = ((at, at + 1), called.get(fold(said[start:end]), code))
        if text[at] == RIVAL:
            rivals.append(known)
        elif text[at] == OWN:
            owns.append(known)
    return Named(products=tuple(_longest(products)), rivals=tuple(_longest(rivals)), owns=tuple(owns))


class Subjects:
    """Keeps what was named before, utterance by utterance, and answers what a clause is about."""

    def __init__(self, words: ClaimWords) -> None:
        self._elsewhere = tuple(fold(word) for word in words.elsewhere)
        self._ours = tuple(fold(word) for word in words.ours)
        self._pointing = tuple(fold(word) for word in words.pointing)
        self._before: list[tuple[int, Named]] = []
        self._here: Named | None = None

    def remember(self, number: int, found: Named) -> None:
        """A sentence of utterance `number` is over."""
        if found.something:
            self._before.append((number, found))

    def of(self, number: int, sentence: Sentence, found: Named, clause: Span) -> str:
        """The subject of a clause; "" when nobody can tell."""
        text = sentence.text[clause[0] : clause[1]]
        own = found.within(clause)
        if own.rivals and any(self._compares(sentence.text, span[0]) for span, _ in own.rivals):
            return ""
        if any(word in text for word in self._elsewhere) and not own.rivals:
            return ""
        if own.something:
            return own.one
        if any(word in text for word in self._pointing):
            return ""
        return self._carried(number, sentence, found, clause, ours=any(word in text for word in self._ours))

    def _carried(self, number: int, sentence: Sentence, found: Named, clause: Span, *, ours: bool) -> str:
        clauses = [one for one in sentence.clauses if one[0] < clause[0]]
        for earlier in reversed(clauses):
            text = sentence.text[earlier[0] : earlier[1]]
            there = found.within(earlier)
            if any(word in text for word in self._elsewhere):
                return ""
            if there.something:
                return self._mine(there, ours=ours)
            if any(word in text for word in self._pointing):
                return ""
        if self._before and number - self._before[-1][0] <= BACK:
            return self._mine(self._before[-1][1], ours=ours)
        return ""

    def _mine(self, there: Named, *, ours: bool) -> str:
        """A competitor is not carried into another clause; with 我们 in this one, the product beside its name may be."""
        if not there.rivals:
            return there.one
        products = {code for _, code in there.products}
        return next(iter(products)) if ours and len(products) == 1 and not there.owns else ""

    @staticmethod
    def _compares(text: str, at: int) -> bool:
        return text[:at].endswith(_THAN)


def _inside(found: Sequence[tuple[Span, str]], span: Span) -> tuple[tuple[Span, str], ...]:
    return tuple(one for one in found if span[0] <= one[0][0] and one[0][1] <= span[1])


def _longest(found: Sequence[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """Without names that stand inside longer ones."""
    kept: list[tuple[Span, str]] = []
    for span, code in sorted(found, key=lambda one: (one[0][0] - one[0][1], one[0])):
        if not any(low <= span[0] and span[1] <= high for (low, high), _ in kept):
            kept.append((span, code))
    return sorted(kept)
