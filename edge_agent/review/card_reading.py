"""What each tag says for the opportunity card.

Who decides and what is to be done are read from the tagged utterance (`card_words`), numbers and dates are the talk's facts
nearest to the words of the tag. Without such a fact the rep's question just before may hold it (二十万够吗？够).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_agent.domain.insights import CardEntry, Field, Place
from edge_agent.domain.notes import Fact, FactKind, Notes
from edge_agent.domain.questions import asking
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker
from edge_agent.review.card_words import Words
from edge_agent.review.places import Places

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger

Found = Iterator[tuple[str, CardEntry]]
"""(kind, entry): an entry takes the place of an earlier one of the same field and kind."""

AGREED: Final = "closing.next_step_agreed"
PROPOSED: Final = frozenset({"closing.next_step_proposed", "closing.next_step_requested"})
ACCEPTED: Final = "closing.next_step_accepted"
ORDER: Final = "order"
PRODUCT: Final = "product"
QUANTITY: Final = "quantity"
SAMPLE: Final = "sample"
NEEDS: Final = frozenset(
    {
        "need.pain_stated", "need.pain_confirmed", "need.metric_stated", "need.decision_criteria_stated",
        "need.special_condition_stated",
    }
)  # fmt: skip
COUNTED: Final = frozenset({"need.quantity_stated", "closing.commit", "intent.reorder"})
BUDGETS: Final = frozenset({"budget.confirmed", "budget.insufficient"})
DECIDERS: Final = frozenset({"authority.decision_maker_identified", "objection.authority"})
TIMES: Final = frozenset({"need.timeline_confirmed", "intent.urgency"})
_RIVALS: Final = frozenset({"competitor.alternative_mentioned", "competitor.named", "competitor.price_compared"})
_TO_DO: Final = {
    "price.quote_promised": "quote", "closing.contract_requested": "contract", "product.demo_requested": "demo",
    "opening.callback_time_offered": "callback", "discount.approval_promised": "approval", "product.unknown_answer": "callback",
    "service.solution_promised": "solution", "proof.case_requested": "material",
}  # fmt: skip
"""Promises of the rep and requests of the customer that say themselves what is to be done."""
_WRONG: Final = ("service.complaint", "aftersales.", "stock.dealer_overstock", "objection.quality")
_BUDGET_ASKED: Final = ("budget.asked", "budget.confirm_script")
BACK: Final = 2
"""A question that holds the number of its answer is at most so many utterances back."""
_LEAST_BUDGET: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the tags of one talk say for its card."""

    conversation: Conversation
    tags: Sequence[BehaviorTag]
    notes: Notes
    places: Places
    words: Words
    tagger: "RuleTagger"

    def of(self, tag: BehaviorTag) -> Found:
        if tag.speaker is not Speaker.REP:
            if tag.code in NEEDS:
                yield tag.code, self.entry(Field.NEED, tag)
            if tag.code in COUNTED:
                yield from self._quantity(tag)
            if tag.code in BUDGETS:
                yield "", self._budget(tag)
            if tag.code in DECIDERS:
                yield from self._decider(tag)
            if tag.code in TIMES:
                yield from self._timing(tag)
            if tag.code in _RIVALS:
                yield from self._rival(tag)
            if tag.code == "closing.commit" and self._sold(tag):
                yield ORDER, replace(self.entry(Field.NEXT_STEP, tag), code=ORDER)
        if tag.code == AGREED:
            yield from self._agreed(tag)
        yield from self._to_do(tag)

    def entry(self, field: Field, tag: BehaviorTag, fact: Fact | None = None) -> CardEntry:
        sure = tag.confidence * (0.5 if tag.speaker is Speaker.UNKNOWN else 1.0) * (fact.confidence if fact is not None else 1.0)
        return CardEntry(
            field=field, code=tag.code, at=self.places.of(tag), side=tag.speaker, confidence=round(sure, 4), tag=tag.id,
            value=fact.value if fact is not None else "", unit=fact.unit if fact is not None else "",
        )  # fmt: skip

    def _quantity(self, tag: BehaviorTag) -> Found:
        at = self.places.of(tag)
        fact = self.fact(at, FactKind.QUANTITY)
        if fact is not None and SAMPLE not in self.words.actions(self.text(at)):  # two samples are no order
            yield QUANTITY, replace(self.entry(Field.NEED, tag, fact), code=QUANTITY)

    def _budget(self, tag: BehaviorTag) -> CardEntry:
        at = self.places.of(tag)
        fact = self.fact(at, FactKind.MONEY) or self.number(at)
        asked = self._question(at, _BUDGET_ASKED) if fact is None and tag.code == "budget.confirmed" else None
        if asked is not None and (fact := self.fact(asked, FactKind.MONEY) or self.number(asked)) is not None:
            fact = replace(fact, confidence=fact.confidence * 0.8)
        return self.entry(Field.BUDGET, tag, replace(fact, unit=fact.unit or "CNY") if fact is not None else None)

    def number(self, at: Place) -> Fact | None:
        """A bare number where money is spoken of: 批了十五万."""
        fact = self.fact(at, FactKind.NUMBER)
        if fact is None or float(fact.value.partition("/")[0]) < _LEAST_BUDGET:
            return None
        return replace(fact, confidence=fact.confidence * 0.9)

    def _decider(self, tag: BehaviorTag) -> Found:
        entry = self.entry(Field.DECIDER, tag)
        who = self.words.decider(self.text(entry.at), (entry.at.char_start, entry.at.char_end))
        if who == "self" and tag.code == "objection.authority":
            return
        if who or tag.code == "authority.decision_maker_identified":
            yield "", replace(entry, value=who)

    def _timing(self, tag: BehaviorTag) -> Found:
        at = self.places.of(tag)
        fact, length = self.fact(at, FactKind.DATE), self.fact(at, FactKind.DURATION)
        entry = self.entry(Field.TIMING, tag, None)
        if fact is None and length is None and tag.code == "need.timeline_confirmed":
            asked = self._question(at, ("need.timeline_asked", "closing.trial_close"))
            fact = self.fact(asked, FactKind.DATE) if asked else None
            entry = replace(entry, confidence=round(entry.confidence * 0.8, 4))
        if fact is not None:
            yield "", replace(entry, due=fact.value, confidence=round(entry.confidence * fact.confidence, 4))
        elif length is not None:
            yield "", replace(entry, value=length.value, confidence=round(entry.confidence * length.confidence, 4))
        elif tag.code == "need.timeline_confirmed":
            yield "", entry

    def _rival(self, tag: BehaviorTag) -> Found:
        """A rival, and what they ask for it where money is named behind their name."""
        named = [one for one in (tag, *self.at(tag.start_ms, _RIVALS)) if dict(one.slots).get("brand")]
        if named:
            brand = str(dict(named[0].slots)["brand"])
            at = self.places.of(next((one for one in named if one.code == "competitor.named"), tag))
            money = [one for one in self.facts(at, FactKind.MONEY) if one.char_start >= at.char_start]
            ours = bool(money) and "你" in self.text(at)[at.char_end : money[0].char_start]
            yield brand, replace(self.entry(Field.COMPETITOR, tag, money[0] if money and not ours else None), code=brand)
        elif tag.code == "competitor.alternative_mentioned":
            yield "", self.entry(Field.COMPETITOR, tag)

    def _agreed(self, tag: BehaviorTag) -> Found:
        """The step as it was proposed; the day as it was accepted, where that is another one."""
        proposed = next((self.places.held(one) for one in tag.evidence if one.detail in PROPOSED), None)
        accepted = next((self.places.held(one) for one in tag.evidence if one.detail == ACCEPTED), self.places.of(tag))
        if proposed is None:
            return
        actions = self.words.actions(self.text(proposed)) or self.words.actions(self.text(accepted))
        first, then = self.fact(proposed, FactKind.DATE), self.fact(accepted, FactKind.DATE)
        fact = then if then is not None and (first is None or _tells_more(then.value, first.value)) else first
        at, earlier = (accepted, (proposed,)) if fact is then and first is not None and then is not None else (proposed, ())
        kind = actions[0] if actions else AGREED
        entry = replace(self.entry(Field.NEXT_STEP, tag), code=kind, at=at, earlier=earlier, due=fact.value if fact else "")
        yield kind, replace(entry, confidence=round(entry.confidence * (fact.confidence if fact else 1.0), 4))

    def _to_do(self, tag: BehaviorTag) -> Found:
        """What the rep promised or the customer asked for; a mere question of the rep's only once it is agreed to."""
        entry = self.entry(Field.ACTION, tag)
        text = self.text(entry.at)
        kinds: Sequence[str] = ()
        if tag.code == "service.solution_promised" and not any(one.code.startswith(_WRONG) for one in self.tags):
            return  # a promise is a remedy only where something was wrong
        if tag.code in _TO_DO:
            named = self.words.actions(text) if tag.code in {"product.demo_requested", "service.solution_promised"} else ()
            kinds = named[:1] or (_TO_DO[tag.code],)
        elif tag.code in PROPOSED and (tag.speaker is not Speaker.REP or not asking(text) or self._agreed_to(tag)):
            kinds = self.words.actions(text)
        fact = self.fact(entry.at, FactKind.DATE) if kinds else None
        for kind in kinds:
            yield kind, replace(entry, code=kind, due=fact.value if fact is not None else "")

    def _agreed_to(self, proposal: BehaviorTag) -> bool:
        return any(
            held.detail == proposal.code and held.start_ms == proposal.start_ms
            for tag in self.tags if tag.code == AGREED for held in tag.evidence
        )  # fmt: skip

    def _question(self, at: Place, codes: Sequence[str]) -> Place | None:
        """Where the rep asked what is answered at `at`."""
        places = (self.places.of(tag) for tag in self.tags if tag.code in codes)
        near = [one for one in places if 0 < at.utterance - one.utterance <= BACK]
        return max(near, key=lambda one: one.utterance, default=None)

    def fact(self, at: Place, kind: FactKind) -> Fact | None:
        """The fact of that kind nearest to a place, in the same utterance; None if it has none with a value."""
        return min(
            self.facts(at, kind), key=lambda one: max(one.char_start - at.char_end, at.char_start - one.char_end, 0), default=None
        )  # fmt: skip

    def facts(self, at: Place, kind: FactKind) -> list[Fact]:
        return [one for one in self.notes.facts if one.utterance == at.utterance and one.kind is kind and one.value]

    def at(self, start_ms: int, codes: Collection[str]) -> list[BehaviorTag]:
        """Tags with one of these codes that are stamped where another is."""
        return [one for one in self.tags if one.start_ms == start_ms and one.code in codes]

    def _sold(self, commit: BehaviorTag) -> bool:
        """Whether a word of agreement is about the sale: not about the step just proposed, and not taken back."""
        at = self.places.of(commit)
        steps = [self.places.of(one).utterance for one in self.tags if one.code in {AGREED, ACCEPTED, *PROPOSED}]
        taken_back = any(one.code == "closing.commit_withdrawn" and one.start_ms >= commit.start_ms for one in self.tags)
        return not taken_back and not any(0 <= at.utterance - step <= BACK for step in steps)

    def text(self, at: Place) -> str:
        return self.conversation.utterances[at.utterance].text


def _tells_more(then: str, first: str) -> bool:
    """Whether the day as accepted replaces the day as proposed: another day, or the same with an hour."""
    if then.startswith("T"):
        return False
    return not _within(then, first) or ("T" in then and "T" not in first)


def _within(one: str, other: str) -> bool:
    """Whether the day of `one` lies in the stretch `other`; texts as `facts.dates` has them."""
    first, _, last = other.partition("/")
    day = one.partition("/")[0].strip(".") or one.partition("/")[2]
    lowest, highest = first.strip(".")[:10], (last or first).strip(".")[:10]
    return (not lowest or lowest <= day[:10]) and (not highest or day[:10] <= highest)
