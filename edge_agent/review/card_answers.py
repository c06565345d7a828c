"""What a talk says for the opportunity card without a tag of its own: answers to the rep's questions, and products.

- An answer counts where the rep had asked for just that, by a tag or by a word (预算多少？- 十五万出头).
- A product counts as a need where the customer names it and wants something in the same utterance.
"""

from dataclasses import replace
from typing import Final

from edge_agent.domain.insights import CardEntry, Field, Place
from edge_agent.domain.notes import FactKind
from edge_agent.domain.questions import asking
from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker
from edge_agent.review.card_reading import BACK, BUDGETS, COUNTED, DECIDERS, NEEDS, PRODUCT, QUANTITY, TIMES, Found, Reading

_WANTING: Final = frozenset(
    {
        *(NEEDS - {"need.special_condition_stated"}), "need.quantity_stated", "closing.commit", "intent.purchase_signal",
        "intent.reorder", "intent.urgency",
        "price.asked", "stock.asked", "product.demo_requested", "product.feature_question", "upsell.customer_asked",
    }
)  # fmt: skip
"""What a customer says when the product they name is one they want."""
ASKED: Final = {
    "budget.asked": "budget", "budget.confirm_script": "budget", "need.timeline_asked": "timing",
    "authority.asked": "decision-maker",
}  # fmt: skip
"""What a tag of the rep's asks for."""
_FIELDS: Final = {"budget": Field.BUDGET, "timing": Field.TIMING, "decision-maker": Field.DECIDER, QUANTITY: Field.NEED}
_CODES: Final = {
    "budget": "budget.asked", "timing": "need.timeline_asked", "decision-maker": "authority.asked", QUANTITY: QUANTITY,
}  # fmt: skip
_OWN: Final = {"budget": BUDGETS, "timing": TIMES, "decision-maker": DECIDERS, QUANTITY: COUNTED}
"""Tags that say it themselves."""
_NO_ANSWER: Final = frozenset(
    {
        "budget.refused", "price.objection", "price.asked", "objection.stall", "objection.need", "intent.explicit_disinterest",
        "consent.marketing_opt_out", "opening.customer_busy",
    }
)  # fmt: skip
_COMPLAINTS: Final = ("service.", "aftersales.", "stock.dealer_overstock", "objection.", "churn.", "upsell.refused")


def answers(reading: Reading) -> Found:
    """What the customer answers to the rep's questions."""
    for number, said in enumerate(reading.conversation.utterances):
        if said.speaker is Speaker.REP and not said.backchannel:
            asked = {ASKED[tag.code]: tag for tag in reading.at(said.start_ms, ASKED)}
            for about in sorted({*asked, *(reading.words.asked(said.text) if asking(said.text) else ())}):
                yield from _answer(reading, number, about, asked.get(about))


def _answer(reading: Reading, question: int, about: str, tag: BehaviorTag | None) -> Found:
    """The first thing the customer says to it, unless it is a question, refuses, or has a tag of its own."""
    for number in range(question + 1, min(question + 1 + BACK, len(reading.conversation.utterances))):
        said = reading.conversation.utterances[number]
        if said.speaker is not Speaker.CUSTOMER or said.backchannel:
            continue
        codes = {one.code for one in reading.tags if (one.start_ms, one.end_ms) == (said.start_ms, said.end_ms)}
        if codes & (_OWN[about] | _NO_ANSWER) or asking(said.text):
            return
        whole = Place(utterance=number, char_start=0, char_end=len(said.text), start_ms=said.start_ms)
        sure = said.confidence * (0.8 if tag is None else tag.confidence * 0.9)
        entry = CardEntry(
            field=_FIELDS[about], code=_CODES[about], at=whole, side=said.speaker, confidence=sure, tag=tag.id if tag else ""
        )
        yield from _answered(reading, about, entry)
        return


def _answered(reading: Reading, about: str, entry: CardEntry) -> Found:
    at = entry.at
    if about == "decision-maker":
        who = reading.words.decider(reading.text(at), (0, 0))
        if who:
            yield "", replace(entry, value=who, confidence=round(entry.confidence, 4))
        return
    if about == "budget":
        fact = reading.fact(at, FactKind.MONEY) or reading.number(at)
    else:
        named = reading.facts(at, FactKind.DATE if about == "timing" else FactKind.QUANTITY)
        fact = named[0 if about == "timing" else -1] if named else None  # 二十箱，不，三十箱
    if fact is None:
        return
    place = replace(at, char_start=fact.char_start, char_end=fact.char_end)
    entry = replace(entry, at=place, confidence=round(entry.confidence * fact.confidence, 4))
    if about == "timing":
        yield "", replace(entry, due=fact.value)
    else:
        unit = fact.unit or "CNY" if about == "budget" else fact.unit
        yield QUANTITY if about == QUANTITY else "", replace(entry, value=fact.value, unit=unit)


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
