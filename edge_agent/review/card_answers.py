"""What a talk says for the opportunity card without a tag of its own: answers to the rep's questions, and products.

- An answer counts where the rep had asked for just that (预算多少？- 十五万出头), unless it is a question or refuses.
- A product counts as a need where the customer names it and wants something in the same utterance.
"""

from dataclasses import replace
from typing import Final

from edge_agent.domain.insights import CardEntry, Field, Place
from edge_agent.domain.notes import FactKind
from edge_agent.domain.questions import asking
from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker
from edge_agent.review.card_reading import BACK, BUDGETS, DECIDERS, NEEDS, PRODUCT, TIMES, Found, Reading

_WANTING: Final = frozenset(
    {
        *(NEEDS - {"need.special_condition_stated"}), "need.quantity_stated", "closing.commit", "intent.purchase_signal",
        "intent.reorder", "intent.urgency",
        "price.asked", "stock.asked", "product.demo_requested", "product.feature_question", "upsell.customer_asked",
    }
)  # fmt: skip
"""What a customer says when the product they name is one they want."""
_ASKED: Final = {
    "budget.asked": Field.BUDGET, "budget.confirm_script": Field.BUDGET, "need.timeline_asked": Field.TIMING,
    "authority.asked": Field.DECIDER,
}  # fmt: skip
_OWN: Final = {Field.BUDGET: BUDGETS, Field.TIMING: TIMES, Field.DECIDER: DECIDERS}
_NO_ANSWER: Final = frozenset(
    {
        "budget.refused", "price.objection", "price.asked", "objection.stall", "objection.need", "intent.explicit_disinterest",
        "consent.marketing_opt_out", "opening.customer_busy",
    }
)  # fmt: skip
_COMPLAINTS: Final = ("service.", "aftersales.", "stock.dealer_overstock", "objection.", "churn.", "upsell.refused")


def answer(reading: Reading, asked: BehaviorTag) -> Found:
    """What the customer answers to a question, where nothing else tells."""
    field = _ASKED.get(asked.code)
    if field is None:
        return
    question = reading.places.of(asked)
    for number in range(question.utterance + 1, min(question.utterance + 1 + BACK, len(reading.conversation.utterances))):
        said = reading.conversation.utterances[number]
        codes = {tag.code for tag in reading.tags if (tag.start_ms, tag.end_ms) == (said.start_ms, said.end_ms)}
        if said.speaker is not Speaker.CUSTOMER or said.backchannel:
            continue
        if codes & (_OWN[field] | _NO_ANSWER) or asking(said.text):
            return
        whole = Place(utterance=number, char_start=0, char_end=len(said.text), start_ms=said.start_ms)
        entry = replace(
            reading.entry(field, asked),
            at=whole,
            side=said.speaker,
            confidence=round(asked.confidence * said.confidence * 0.8, 4),
        )
        yield from _answered(reading, entry, whole)
        return


def _answered(reading: Reading, entry: CardEntry, at: Place) -> Found:
    if entry.field is Field.DECIDER:
        who = reading.words.decider(reading.text(at), (0, 0))
        if who:
            yield "", replace(entry, value=who)
        return
    budget = entry.field is Field.BUDGET
    fact = (reading.fact(at, FactKind.MONEY) or reading.number(at)) if budget else reading.fact(at, FactKind.DATE)
    if fact is None:
        return
    entry = replace(
        entry, at=replace(at, char_start=fact.char_start, char_end=fact.char_end),
        confidence=round(entry.confidence * fact.confidence, 4),
    )  # fmt: skip
    yield "", replace(entry, value=fact.value, unit=fact.unit or "CNY") if budget else replace(entry, due=fact.value)


def products(reading: Reading) -> Found:
    """Products a customer names where they want something, by a tag or by a word."""
    talk = reading.conversation
    ear = reading.tagger.ear(industry=talk.industry, context=talk.context, own=talk.own, competitors=talk.competitors)
    for number, said in enumerate(talk.utterances):
        here = [tag for tag in reading.tags if (tag.start_ms, tag.end_ms) == (said.start_ms, said.end_ms)]
        wants = any(tag.code in _WANTING for tag in here) or reading.words.wants(said.text)
        if said.speaker is not Speaker.CUSTOMER or not wants or any(tag.code.startswith(_COMPLAINTS) for tag in here):
            continue
        for heard in ear.listen(said):
            for slot in heard.view.products:
                start, end = heard.view.sentence.raw(slot.span)
                yield f"{PRODUCT} {slot.value}", CardEntry(
                    field=Field.NEED, code=PRODUCT, value=str(slot.value), side=said.speaker,
                    confidence=round(said.confidence, 4),
                    at=Place(utterance=number, char_start=start, char_end=end, start_ms=said.start_ms),
                )  # fmt: skip
