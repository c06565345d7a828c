"""What the rep states in a talk that a table of facts can know: stock, prices, discounts, parameters, dates of delivery.

- Amounts, days and quantities are the talk's own facts (`edge_agent.facts`); the words beside them, in the same clause, say what
  they are an amount of (`lexicons/claims.toml`). An amount that nothing explains is no claim.
- Only utterances heard as the rep's. Negated, asked, quoted, past or refused is no claim; hedged (左右), conditional (满十箱) or
  without a single value is one that cannot be held against anything: it keeps its `doubt`. What is taken back (不对) is gone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_agent.domain.notes import Fact, FactKind
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.facts.measures import MEASURES
from edge_agent.lexicon.dialect import Standard
from edge_agent.lexicon.notation import fold
from edge_agent.lexicon.review import ClaimWords, spoken
from edge_agent.review import claim_subjects, hearing
from edge_agent.review.claim_doubts import Doubts
from edge_agent.review.claim_reading import (
    AFTER,
    BEFORE,
    Clause,
    Statement,
    beside,
    count,
    first,
    measure_of,
    percent_of,
    placed,
    until,
)
from edge_agent.review.claim_refusals import Refusals
from edge_agent.review.claim_subjects import Named, Subjects
from edge_agent.review.fact_rows import FactTable, Measure
from edge_agent.tagging.context import Contexts

if TYPE_CHECKING:
    from edge_agent.tagging.sayings import View
    from edge_agent.tagging.tagger import RuleTagger
    from edge_agent.tagging.text import Span

_EACH_BEHIND: Final = re.compile(rf"(?:钱)?(?:/|一|每|1)({MEASURES})(?!套)")
_EACH_BEFORE: Final = re.compile(rf"(?:每|一|1)({MEASURES})(?:的)?(?:价格?|卖|是|就|才|只要|只|要|售价|按|算您|收您|给您)*$")
_PRICE_ASKED: Final = re.compile(
    r"多少钱|多钱|什么价|啥价|怎么卖|咋卖|价格(?:是|呢|多少|怎么)|几块|几多钱|(?:卖|[一每][^多少]{1,2})多少(?![天年个月小时公分度瓦])|报个价|怎么个价"
)
_NOT_A_CUT: Final = re.compile(r"[到至价后完成]")
_ASKING: Final = frozenset({"question", "asking"})
_EFFECTS: Final = frozenset({"降", "省", "减", "抵"})
"""With a percentage these tell what a product does, not what it costs."""
_CHANGES: Final = re.compile(r"[降升减增涨]|提高|[多少快慢]了")
_SAME_DAY: Final = re.compile(r"当天|当日|即日")
_NEXT_DAY: Final = re.compile(r"次日|隔天|隔日|第二天")
_NUMBERS: Final = (FactKind.QUANTITY, FactKind.DURATION, FactKind.PERCENT, FactKind.NUMBER)
_BESIDE: Final = 10
_BARE_ANSWER: Final = 8


class Finder:
    """Finds statements with one lexicon; made once."""

    def __init__(self, tagger: "RuleTagger") -> None:
        lexicon = tagger.lexicon
        standard = Standard(lexicon.terms.dialect)
        self._words: ClaimWords = spoken(lexicon.claims, lambda word: standard(fold(word)))
        self._listens = hearing.listener(lexicon, ())
        self._contexts = Contexts(lexicon.terms.contexts, lexicon.terms.tail, standard)
        self._doubts = Doubts(self._words)
        self._refusals = Refusals(self._words)

    def find(
        self, conversation: Conversation, facts: Mapping[int, Sequence[Fact]], table: FactTable, at: datetime | None
    ) -> Iterator[Statement]:
        """Every statement in the order it was said; `facts` by number of utterance, `at` the talk's local beginning."""
        ear = hearing.ear(self._listens, conversation)
        subjects = Subjects(self._words)
        asked = False
        for number, said in enumerate(conversation.utterances):
            found: list[tuple[tuple[int, int], Statement]] = []
            withdrawn: list[tuple[int, int]] = []
            for place, heard in enumerate(ear.listen(said)):
                names = claim_subjects.named(heard.view, table, said.text)
                if said.speaker is Speaker.REP:
                    withdrawn += [(place, at_) for at_ in self._taken_back(heard.view.sentence.text)]
                    sums = placed(facts.get(number, ()), heard.view.sentence)
                    for here in self._clauses(said, heard.view, subjects, names, number=number, sums=sums, asked_price=asked):
                        found += [((place, here.clause[0]), one) for one in self._stated(here, table, at)]
                subjects.remember(number, names)
            yield from (one for position, one in found if not any(position < back for back in withdrawn))
            if said.speaker is not Speaker.REP and not said.backchannel:
                asked = _PRICE_ASKED.search(fold(said.text)) is not None
            elif found:
                asked = False

    @staticmethod
    def _clauses(
        said: Utterance, view: "View", subjects: Subjects, names: Named, *, number: int,
        sums: Sequence[tuple[Fact, "Span"]], asked_price: bool,
    ) -> Iterator[Clause]:  # fmt: skip
        for clause in view.sentence.clauses:
            inside = [one for one in sums if clause[0] <= one[1][0] and one[1][1] <= clause[1]]
            subject = subjects.of(number, view.sentence, names, clause)
            yield Clause(
                number=number, said=said, view=view, clause=clause, sums=inside, in_sentence=sums, subject=subject,
                asked_price=asked_price,
            )  # fmt: skip

    def _stated(self, here: Clause, table: FactTable, at: datetime | None) -> Iterator[Statement]:
        taken: list[Fact] = []
        for search in (self._parameters(here, table, taken), self._delivery(here, at, taken), self._money(here, taken)):
            yield from search
        counted = list(self._counted(here, taken))
        yield from counted or self._in_stock(here)

    def _parameters(self, here: Clause, table: FactTable, taken: list[Fact]) -> Iterator[Statement]:
        called = [(fold(word), code) for code, words in self._words.parameters.items() for word in words]
        called += [(fold(word), row.attribute) for row in table.called("parameter") for word in row.words]
        done: set[str] = set()
        for word, code in sorted(set(called), key=lambda pair: (-len(pair[0]), pair)):
            at = here.sentence.text.find(word, *here.clause)
            if at < 0 or code in done:
                continue
            fact = beside((at, at + len(word)), [one for one in here.sums if one[0].kind in _NUMBERS and one[0] not in taken])
            if fact is None or _CHANGES.search(here.sentence.text[at : fact[1][0]]):
                continue
            done.add(code)
            taken.append(fact[0])
            measure, behind = measure_of(fact[0]), here.behind(fact[1])
            yield from self._statement(here, "parameter", fact, measure, attribute=code, behind=behind)

    def _delivery(self, here: Clause, at: datetime | None, taken: list[Fact]) -> Iterator[Statement]:
        for attribute, words in (
            ("arrive", self._words.arrive), ("dispatch", self._words.dispatch), ("install", self._words.install),
        ):  # fmt: skip
            verb = first(here.sentence.text, here.clause, words)
            if verb is None and attribute == "arrive" and here.text.endswith("到"):
                verb = (here.clause[1] - 1, here.clause[1])
            if verb is None:
                continue
            when = self._when(here, verb, at)
            if when is None:
                continue
            fact, span, measure = when
            if fact is not None:
                taken += [one for one, place in here.sums if place[0] < span[1] and span[0] < place[1]]
            if measure is not None and measure.value < 0:
                continue
            doubt = "no-time" if at is None and measure is None else ""
            yield from self._statement(here, "delivery", (fact, span), measure, attribute=attribute, sense="by", doubt=doubt)
            return

    def _when(self, here: Clause, verb: "Span", at: datetime | None) -> "tuple[Fact | None, Span, Measure | None] | None":
        """The day or time that stands nearest before the verb, else behind it."""
        kinds = (FactKind.DATE, FactKind.DURATION)
        for kind in kinds if "工作日" not in here.text else reversed(kinds):
            sums = [one for one in here.sums if one[0].kind is kind]
            before = [one for one in sums if one[1][0] < verb[1] and verb[0] - one[1][1] <= _BESIDE]
            after = [one for one in sums if verb[1] <= one[1][0] <= verb[1] + AFTER]
            if before or after:
                fact, span = before[-1] if before else after[0]
                return fact, span, until(fact, here.sentence.text[span[0] : span[1]], at)
        for pattern, days in ((_SAME_DAY, 0), (_NEXT_DAY, 1)):
            match = pattern.search(here.sentence.text, here.clause[0], verb[0])
            if match is not None and verb[0] - match.end() <= _BESIDE:
                return None, match.span(), Measure(value=float(days), unit="day")
        return None

    def _money(self, here: Clause, taken: list[Fact]) -> Iterator[Statement]:
        for fact, span in here.sums:
            if fact in taken:
                continue
            if fact.kind is FactKind.PERCENT:
                if fact.unit == "折" or any(word in here.text for word in self._words.reduced if word not in _EFFECTS):
                    measure = None if not fact.value or "/" in fact.value else percent_of(fact)
                    yield from self._statement(here, "discount", (fact, span), measure)
            elif fact.kind is FactKind.MONEY or (fact.kind is FactKind.NUMBER and here.asked_price):
                yield from self._sum(here, fact, span)
            elif fact.kind is FactKind.NUMBER and here.subject and self._is_cut(here.before(span), ""):
                measure = measure_of(fact)
                cut = None if measure is None else Measure(value=measure.value, unit="CNY")
                yield from self._statement(here, "discount", (fact, span), cut)

    def _sum(self, here: Clause, fact: Fact, span: "Span") -> Iterator[Statement]:
        before, behind = here.before(span), here.behind(span)
        if any(word in (here.text if len(word) > 1 else before[-2:]) for word in self._words.no_price):
            return
        if self._is_cut(before, behind):
            yield from self._statement(here, "discount", (fact, span), measure_of(fact))
            return
        each = _EACH_BEHIND.match(behind) or _EACH_BEFORE.search(before)
        bare = fact.kind is FactKind.NUMBER
        priced = any(word in before for word in self._words.price)
        if bare and not (priced or each or self._answers(here, span)):
            return
        if not (priced or each or here.asked_price or (here.subject and here.view.products)):
            return
        many = [one for one, place in here.sums if one.kind is FactKind.QUANTITY and count(one) > 1 and place[1] <= span[0]]
        doubt = "different-unit" if many and each is None else ""
        measure = measure_of(fact)
        if measure is not None:
            unit = measure.unit or "CNY"
            measure = Measure(value=measure.value, unit=f"{unit}/{each[1]}" if each is not None and unit == "CNY" else unit)
        yield from self._statement(here, "price", (fact, span), measure, doubt=doubt)

    @staticmethod
    def _answers(here: Clause, span: "Span") -> bool:
        """Whether a bare number answers the customer's question for the price: a short clause, or the product and the number."""
        named = [slot.span[1] for slot in here.view.products if here.clause[0] <= slot.span[0] < span[0]]
        return len(here.text) <= _BARE_ANSWER or (bool(named) and not here.behind(span) and span[0] - named[-1] <= BEFORE)

    def _is_cut(self, before: str, behind: str) -> bool:
        """Whether the sum is taken off rather than paid: 便宜二十, 二十块的优惠."""
        for word in self._words.reduced:
            at = before.rfind(word)
            if at >= 0 and len(before) - at - len(word) <= BEFORE and not _NOT_A_CUT.search(before[at + len(word) :]):
                return True
            if behind.lstrip("的").startswith(word):
                return True
        return False

    def _counted(self, here: Clause, taken: list[Fact]) -> Iterator[Statement]:
        word = first(here.sentence.text, here.clause, [*self._words.only, *self._words.remaining])
        sums = [one for one in here.sums if one[0].kind is FactKind.QUANTITY and one[0] not in taken]
        if word is None or len(sums) != 1 or first(here.sentence.text, here.clause, self._words.out_of_stock) is not None:
            return
        if any(one.kind is FactKind.MONEY for one, _ in here.sums):
            return
        only = first(here.sentence.text, here.clause, self._words.only) is not None
        yield from self._statement(here, "stock", sums[0], measure_of(sums[0][0]), sense="only" if only else "is")

    def _in_stock(self, here: Clause) -> Iterator[Statement]:
        if any(one.kind in {FactKind.DATE, FactKind.QUANTITY} for one, _ in here.sums):
            return
        found = [
            (span[0], -span[1], sense)
            for sense, words in (("none", self._words.out_of_stock), ("has", self._words.in_stock))
            if (span := first(here.sentence.text, here.clause, words)) is not None
        ]
        if found:
            start, end, sense = min(found)
            yield from self._statement(here, "stock", (None, (start, -end)), None, sense=sense)

    def _statement(
        self,
        here: Clause,
        kind: str,
        what: "tuple[Fact | None, Span]",
        measure: Measure | None,
        *,
        attribute: str = "",
        sense: str = "is",
        behind: str = "",
        doubt: str = "",
    ) -> Iterator[Statement]:
        """The statement, unless it stands in a light in which nothing is stated."""
        fact, span = what
        if any(self._contexts.cue(name, here.sentence, here.view.hits, span) for name in self._words.contexts_off):
            return
        whole = (here.clause[0], here.clause[0])
        if any(
            self._contexts.cue(name, here.sentence, here.view.hits, whole) for name in _ASKING & set(self._words.contexts_off)
        ):
            return  # 有没有货: the question overlaps what would be stated
        if kind in {"price", "discount"}:
            if self._refusals.of(here, span):
                return
            attribute = self._qualifier(here.text)
        start, end = here.sentence.raw(span)
        yield Statement(
            kind=kind, utterance=here.number, start_ms=here.said.start_ms, char_start=start, char_end=end, subject=here.subject,
            measure=measure, confidence=here.said.confidence, attribute=attribute, sense=sense, text=here.text, behind=behind,
            doubt=doubt or self._doubts.of(here, kind, span, fact, measure),
        )  # fmt: skip

    def _qualifier(self, text: str) -> str:
        return next((c for c, words in self._words.qualifiers.items() if any(fold(word) in text for word in words)), "")

    def _taken_back(self, text: str) -> Iterator[int]:
        for word in map(fold, self._words.withdrawn):
            at = text.find(word)
            if at >= 0 and not text[:at].endswith("对"):
                yield at
