"""What only shows when scorecards and events are together: references, measures, and what nobody may be judged by.

A card judges what was said and done. It may not refer to silence, to pauses, or to what a member of staff feels; the customer's
own words of anger or content are what they are. A fault is (entry, key, message, remedy), as in `check`.
"""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from edge_agent.domain.metrics import Metrics
from edge_agent.lexicon.check import CONTEXTS, SILENT, Fault
from edge_agent.lexicon.conditions import BadCondition, parse
from edge_agent.lexicon.model import Lexicon, expand, refs
from edge_agent.lexicon.scorecards import CardItem, Refs, ScorecardFile

MEASURES: Final = frozenset(one.name for one in dataclasses.fields(Metrics)) - {"silence_s", "longest_silence_s"}
"""What a condition may name, as defined in `domain.metrics`."""
_FEELINGS: Final = ("sentiment", "emotion", "mood", "feeling")


def entry_of(card: str, item: str = "") -> str:
    """How a card or an item is called in problems."""
    return f"scorecard {card} {item}".rstrip()


def faults(lexicon: Lexicon) -> Iterator[Fault]:
    """Every fault of the scorecards."""
    for card in lexicon.scorecards.values():
        if not card.item:
            yield entry_of(card.id), "item", "has no items", "add at least one [[item]]"
        for item in card.item:
            yield from _item(lexicon, card, item)


def _item(lexicon: Lexicon, card: ScorecardFile, item: CardItem) -> Iterator[Fault]:
    entry = entry_of(card.id, item.id)
    if not item.level and not refs(item.forbidden):
        yield entry, "level", "can earn no points and lose none", "add an [[item.level]] or `forbidden`"
    for level in item.level:
        if not (refs(level.any) or refs(level.all) or level.facts):
            yield entry, "level", "a level asks for nothing", "name events in any or all, or a condition in facts"
        if level.count > 1 and not refs(level.any):
            yield entry, "count", "counts nothing", "name the events to count in `any`"
        yield from _events(lexicon, entry, "any", level.any)
        yield from _events(lexicon, entry, "all", level.all)
        yield from _facts(entry, level.facts)
    yield from _events(lexicon, entry, "forbidden", item.forbidden)
    yield from _events(lexicon, entry, "only_if", item.only_if.any)
    yield from _facts(entry, item.only_if.facts)
    yield from _known(entry, item.only_if.context, CONTEXTS, "flag")
    yield from _known(entry, item.only_if.industry, lexicon.industries, "trade")


def _events(lexicon: Lexicon, entry: str, key: str, given: Refs) -> Iterator[Fault]:
    for ref in refs(given):
        named = expand(lexicon.events, ref)
        if not named:
            yield entry, key, f"refers to `{ref}`, which does not exist", "correct the id or add that event"
        if SILENT & set(named):
            yield entry, key, f"`{ref}` is a mark of silence", "silence is no evidence of anything; remove it"
        for code in named:
            about = lexicon.events[code].speaker
            if about != "customer" and any(word in code for word in _FEELINGS):
                yield entry, key, f"`{code}` is about what staff feel", "judge what was said or done; remove it"


def _facts(entry: str, given: Sequence[str]) -> Iterator[Fault]:
    for text in given:
        try:
            condition = parse(text)
        except BadCondition as error:
            yield entry, "facts", str(error), 'write "name > number"'
            continue
        for name in condition.names:
            if "silen" in name or "pause" in name:
                yield entry, "facts", f"`{name}` is a measure of silence", "silence is no evidence of anything; remove it"
            elif name not in MEASURES:
                yield entry, "facts", f"nothing measures `{name}`", f"use one of {', '.join(sorted(MEASURES))}"


def _known(entry: str, given: Sequence[str], known: Collection[str], what: str) -> Iterator[Fault]:
    for name in given:
        if name not in known:
            yield entry, "only_if", f"unknown {what} `{name}`", f"use one of {', '.join(sorted(known))}"
