"""The opportunity card: what a talk tells about a sale that may come, as codes, normalised numbers and dates with their places.

- One budget, one decider and one date of the deal: a later statement that says something else replaces the earlier, and the place
  of that is kept. Needs, rivals, next steps and actions are several, one of each kind; of each kind the same holds.
- What nobody said is absent. Only an agreed step is a next step. What an unknown voice said is half as sure and replaces
  nothing that a known side said. How many people spoke does not matter, only on which side.

`card_reading` reads one tag, `card_answers` what has none; `card_words` knows the words.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from edge_agent.domain.insights import CardEntry, Field
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker
from edge_agent.review import card_answers
from edge_agent.review.card_reading import PRODUCT, Found, Reading
from edge_agent.review.card_words import Words
from edge_agent.review.places import Places

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger


def filled(conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes, tagger: "RuleTagger") -> tuple[CardEntry, ...]:
    """Everything known, in the order of the card's fields and of the talk."""
    reading = Reading(
        conversation=conversation, tags=tags, notes=notes, places=Places(conversation, tags), words=Words(tagger.lexicon.card),
        tagger=tagger,
    )  # fmt: skip
    card = _Card()
    for kind, entry in _in_order(reading):
        card.put(kind, entry)
    fields = list(Field)
    return tuple(
        sorted(card.entries.values(), key=lambda one: (fields.index(one.field), one.at.start_ms, one.at.char_start, one.code))
    )


def _in_order(reading: Reading) -> Found:
    """Everything the talk says, as it was said."""
    found: list[tuple[int, str, CardEntry]] = []
    for tag in reading.tags:
        found += ((tag.start_ms, kind, entry) for kind, entry in reading.of(tag))
    for more in (card_answers.answers(reading), card_answers.products(reading)):
        found += ((entry.at.start_ms, kind, entry) for kind, entry in more)
    for _, kind, entry in sorted(found, key=lambda one: one[0]):
        yield kind, entry


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
