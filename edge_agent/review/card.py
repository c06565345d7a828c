"""The opportunity card: what a talk tells about a sale that may come, as codes, normalised numbers and dates with their places.

- It rests on tags; who decides and what is to be done are read from the tagged utterance (`card_words`), numbers and dates are
  the talk's facts nearest to the words of the tag. Without such a fact the rep's question just before may hold it (二十万够吗？够).
- One budget, one decider and one date of the deal: a later statement that says something else replaces the earlier, and the place
  of that is kept. Needs, rivals, next steps and actions are several, one of each kind; of each kind the same holds.
- What nobody said is absent. Only an agreed step is a next step. What an unknown voice said is half as sure and replaces
  nothing that a known side said. How many people spoke does not matter, only on which side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_agent.domain.insights import CardEntry, Field, Place
from edge_agent.domain.notes import Fact, FactKind, Notes
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker
from edge_agent.review.card_words import Words
from edge_agent.review.places import Places

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger

AGREED: Final = "closing.next_step_agreed"
PROPOSED: Final = frozenset({"closing.next_step_proposed", "closing.next_step_requested"})
ACCEPTED: Final = "closing.next_step_accepted"
ORDER: Final = "order"
PRODUCT: Final = "product"
QUANTITY: Final = "quantity"
_NEEDS: Final = frozenset(
    {
        "need.pain_stated", "need.pain_confirmed", "need.metric_stated", "need.decision_criteria_stated",
        "need.special_condition_stated",
    }
)  # fmt: skip
_WANTING: Final = frozenset(
    {
        *_NEEDS, "need.quantity_stated", "closing.commit", "intent.purchase_signal", "intent.reorder", "intent.urgency",
        "price.asked", "stock.asked", "product.demo_requested", "product.feature_question", "upsell.customer_asked",
    }
)  # fmt: skip
"""What a customer says when the product they name is one they want."""
_COUNTED: Final = frozenset({"need.quantity_stated", "closing.commit", "intent.reorder"})
_BUDGETS: Final = frozenset({"budget.confirmed", "budget.insufficient"})
_DECIDERS: Final = frozenset({"authority.decision_maker_identified", "objection.authority"})
_TIMES: Final = frozenset({"need.timeline_confirmed", "intent.urgency"})
_RIVALS: Final = frozenset({"competitor.alternative_mentioned", "competitor.named", "competitor.price_compared"})
_TO_DO: Final = {
    "price.quote_promised": "quote", "closing.contract_requested": "contract", "product.demo_requested": "demo",
    "opening.callback_time_offered": "callback", "discount.approval_promised": "approval", "service.solution_promised": "solution",
    "product.unknown_answer": "callback", "proof.case_requested": "material",
}  # fmt: skip
"""Promises of the rep and requests of the customer that say themselves what is to be done."""
_BACK: Final = 2
"""A question that holds the number of its answer is at most so many utterances back."""
_LEAST_BUDGET: Final = 100.0


def filled(
    conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes, tagger: "RuleTagger"
) -> tuple[CardEntry, ...]:
    """Everything known, in the order of the card's fields and of the talk."""
    reading = _Reading(
        conversation=conversation, tags=tags, notes=notes, places=Places(conversation, tags), words=Words(tagger.lexicon.card),
        tagger=tagger,
    )  # fmt: skip
    card = _Card()
    for tag in sorted(tags, key=lambda one: (one.start_ms, one.end_ms)):
        for key, entry in reading.entries(tag):
            card.put(key, entry)
    withdrawn = [tag.start_ms for tag in tags if tag.code == "closing.commit_withdrawn"]
    fields = list(Field)
    kept = (one for one in card.entries.values() if one.code != ORDER or not any(at >= one.at.start_ms for at in withdrawn))
    return tuple(sorted(kept, key=lambda one: (fields.index(one.field), one.at.start_ms, one.at.char_start, one.code)))


class _Card:
    """Entries by field and kind. `put` lets the latest word count."""

    def __init__(self) -> None:
        self.entries: dict[tuple[Field, str], CardEntry] = {}

    def put(self, kind: str, new: CardEntry) -> None:
        old = self.entries.get((new.field, kind))
        if old is None:
            self.entries[new.field, kind] = new
        elif _same(old, new):
            self.entries[new.field, kind] = replace(old, confidence=max(old.confidence, new.confidence))
        elif _says_more(old, new):
            earlier = (one for one in dict.fromkeys((*old.earlier, old.at, *new.earlier)) if one.utterance != new.at.utterance)
            due = new.due or (old.due if old.field is Field.ACTION else "")
            self.entries[new.field, kind] = replace(new, due=due, earlier=tuple(earlier))


def _same(old: CardEntry, new: CardEntry) -> bool:
    return (old.code, old.value, old.due, old.side) == (new.code, new.value, new.due, new.side)


def _says_more(old: CardEntry, new: CardEntry) -> bool:
    """Whether a later statement takes the place of an earlier one."""
    if new.side is Speaker.UNKNOWN and old.side is not Speaker.UNKNOWN:
        return False
    if new.field is Field.COMPETITOR or new.code == PRODUCT:
        return bool(new.value) and not old.value
    if new.field is Field.ACTION:
        return new.side is Speaker.REP or old.side is not Speaker.REP
    if new.field is Field.TIMING and old.code != new.code and not new.code.startswith("need."):
        return not old.due and bool(new.due)
    return bool(new.value or new.due) or not (old.value or old.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What one tag says for the card."""

    conversation: Conversation
    tags: Sequence[BehaviorTag]
    notes: Notes
    places: Places
    words: Words
    tagger: "RuleTagger"

    def entries(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        """(kind, entry): an entry takes the place of an earlier one of the same field and kind."""
        if tag.speaker is not Speaker.REP:
            if tag.code in _NEEDS:
                yield tag.code, self._entry(Field.NEED, tag)
            if tag.code in _COUNTED:
                yield from self._quantity(tag)
            if tag.code in _WANTING:
                yield from self._products(tag)
            if tag.code in _BUDGETS:
                yield "", self._budget(tag)
            if tag.code in _DECIDERS:
                yield from self._decider(tag)
            if tag.code in _TIMES:
                yield from self._timing(tag)
            if tag.code in _RIVALS:
                yield from self._rival(tag)
            if tag.code == "closing.commit":
                yield ORDER, replace(self._entry(Field.NEXT_STEP, tag), code=ORDER)
        if tag.code == AGREED:
            yield from self._agreed(tag)
        yield from self._to_do(tag)

    def _entry(self, field: Field, tag: BehaviorTag, fact: Fact | None = None) -> CardEntry:
        sure = tag.confidence * (0.5 if tag.speaker is Speaker.UNKNOWN else 1.0) * (fact.confidence if fact is not None else 1.0)
        return CardEntry(
            field=field, code=tag.code, at=self.places.of(tag), side=tag.speaker, confidence=round(sure, 4), tag=tag.id,
            value=fact.value if fact is not None else "", unit=fact.unit if fact is not None else "",
        )  # fmt: skip

    def _quantity(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        fact = self._fact(self.places.of(tag), FactKind.QUANTITY)
        if fact is not None:
            yield QUANTITY, replace(self._entry(Field.NEED, tag, fact), code=QUANTITY)

    def _products(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        """Products named in the very utterance in which the customer wants something."""
        talk = self.conversation
        ear = self.tagger.ear(industry=talk.industry, context=talk.context, own=talk.own, competitors=talk.competitors)
        entry = self._entry(Field.NEED, tag)
        for heard in ear.listen(talk.utterances[entry.at.utterance]):
            for slot in heard.view.products:
                start, end = heard.view.sentence.raw(slot.span)
                named = replace(entry.at, char_start=start, char_end=end)
                yield f"{PRODUCT} {slot.value}", replace(entry, code=PRODUCT, value=str(slot.value), at=named)

    def _budget(self, tag: BehaviorTag) -> CardEntry:
        at = self.places.of(tag)
        fact = self._fact(at, FactKind.MONEY) or self._number(at)
        if fact is None and tag.code == "budget.confirmed":
            asked = self._question(at, ("budget.asked", "budget.confirm_script", "budget.quote_without_budget"))
            fact = asked and (self._fact(asked, FactKind.MONEY) or self._number(asked))
            fact = fact and replace(fact, confidence=fact.confidence * 0.8)
        return self._entry(Field.BUDGET, tag, replace(fact, unit=fact.unit or "CNY") if fact is not None else None)

    def _number(self, at: Place) -> Fact | None:
        """A bare number where money is spoken of: 批了十五万."""
        fact = self._fact(at, FactKind.NUMBER)
        if fact is None or float(fact.value.partition("/")[0]) < _LEAST_BUDGET:
            return None
        return replace(fact, confidence=fact.confidence * 0.9)

    def _decider(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        entry = self._entry(Field.DECIDER, tag)
        who = self.words.decider(self._text(entry.at), (entry.at.char_start, entry.at.char_end))
        if who == "self" and tag.code == "objection.authority":
            return
        if who or tag.code == "authority.decision_maker_identified":
            yield "", replace(entry, value=who)

    def _timing(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        at = self.places.of(tag)
        fact, length = self._fact(at, FactKind.DATE), self._fact(at, FactKind.DURATION)
        entry = self._entry(Field.TIMING, tag, None)
        if fact is None and length is None and tag.code == "need.timeline_confirmed":
            asked = self._question(at, ("need.timeline_asked", "closing.trial_close"))
            fact = self._fact(asked, FactKind.DATE) if asked else None
            entry = replace(entry, confidence=round(entry.confidence * 0.8, 4))
        if fact is not None:
            yield "", replace(entry, due=fact.value, confidence=round(entry.confidence * fact.confidence, 4))
        elif length is not None:
            yield "", replace(entry, value=length.value, confidence=round(entry.confidence * length.confidence, 4))
        elif tag.code == "need.timeline_confirmed":
            yield "", entry

    def _rival(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        brand = str(dict(tag.slots).get("brand", ""))
        if not brand and tag.code == "competitor.price_compared":
            near = {self._place_key(one): one for one in self.tags if one.code == "competitor.named"}
            named = near.get(self._place_key(tag))
            brand = str(dict(named.slots).get("brand", "")) if named is not None else ""
        if brand:
            fact = self._fact(self.places.of(tag), FactKind.MONEY) if tag.code == "competitor.price_compared" else None
            yield brand, replace(self._entry(Field.COMPETITOR, tag, fact), code=brand)
        elif tag.code == "competitor.alternative_mentioned":
            yield "", self._entry(Field.COMPETITOR, tag)

    def _agreed(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        """The step as it was proposed; the day as it was accepted, where that is another one."""
        proposed = next((self.places.held(one) for one in tag.evidence if one.detail in PROPOSED), None)
        accepted = next((self.places.held(one) for one in tag.evidence if one.detail == ACCEPTED), self.places.of(tag))
        if proposed is None:
            return
        actions = self.words.actions(self._text(proposed)) or self.words.actions(self._text(accepted))
        first, then = self._fact(proposed, FactKind.DATE), self._fact(accepted, FactKind.DATE)
        fact = then if first is None or (then is not None and not _within(then.value, first.value)) else first
        at, earlier = (accepted, (proposed,)) if fact is then and fact is not None and first is not None else (proposed, ())
        kind = actions[0] if actions else AGREED
        entry = replace(self._entry(Field.NEXT_STEP, tag), code=kind, at=at, earlier=earlier, due=fact.value if fact else "")
        yield kind, replace(entry, confidence=round(entry.confidence * (fact.confidence if fact else 1.0), 4))

    def _to_do(self, tag: BehaviorTag) -> Iterator[tuple[str, CardEntry]]:
        entry = self._entry(Field.ACTION, tag)
        kinds = [_TO_DO[tag.code]] if tag.code in _TO_DO else self.words.actions(self._text(entry.at)) if tag.code in PROPOSED else []
        fact = self._fact(entry.at, FactKind.DATE) if kinds else None
        for kind in kinds:
            yield kind, replace(entry, code=kind, due=fact.value if fact is not None else "")

    def _question(self, at: Place, codes: Sequence[str]) -> Place | None:
        """Where the rep asked what is answered at `at`."""
        places = (self.places.of(tag) for tag in self.tags if tag.code in codes)
        near = [one for one in places if 0 < at.utterance - one.utterance <= _BACK]
        return max(near, key=lambda one: one.utterance, default=None)

    def _fact(self, at: Place, kind: FactKind) -> Fact | None:
        """The fact of that kind nearest to a place, in the same utterance; None if it has none with a value."""
        found = [one for one in self.notes.facts if one.utterance == at.utterance and one.kind is kind and one.value]
        return min(found, key=lambda one: max(one.char_start - at.char_end, at.char_start - one.char_end, 0), default=None)

    def _place_key(self, tag: BehaviorTag) -> tuple[int, int]:
        return (tag.start_ms, tag.end_ms)

    def _text(self, at: Place) -> str:
        return self.conversation.utterances[at.utterance].text


def _within(one: str, other: str) -> bool:
    """Whether the day of `one` lies in the stretch `other`; texts as `facts.dates` has them."""
    first, _, last = other.partition("/")
    day = one.partition("/")[0].strip(".") or one.partition("/")[2]
    lowest, highest = first.strip(".")[:10], (last or first).strip(".")[:10]
    return (not lowest or lowest <= day[:10]) and (not highest or day[:10] <= highest)
