"""Weighted scorecards over the tags and measures of a talk: what was seen counts, and what was not seen only where it could be.

- An item's points = weight x the best share of its levels that hold, less the penalty of what it forbids. Not applicable, not
  measured or not clear: no points, and out of the total.
- "Not seen" is said only of a talk with a real end of which at most a fifth is unclear (nobody known spoke, or the text is
  doubtful). What the rules of this deployment cannot see at all, or only over days, does not apply.
- A candidate (an unknown voice) never scores against anybody: it makes no item apply, breaks no prohibition, and where it may
  have earned what was not seen otherwise the item is not judged.
- Nothing here reads silence, pauses or what staff feel: the lexicon refuses cards that would.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_agent.domain.insights import Ground, ItemScore, Outcome, Scorecard
from edge_agent.domain.metrics import Metrics
from edge_agent.domain.notes import Notes
from edge_agent.domain.scores import summed
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import LOW_CONFIDENCE, Speaker
from edge_agent.errors import BadConfig
from edge_agent.lexicon.conditions import holds, parse
from edge_agent.lexicon.model import Lexicon, expand
from edge_agent.lexicon.scorecards import CardItem, Level, Refs
from edge_agent.review.places import Places
from edge_agent.tagging.rules.build import later

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger

UNCLEAR: Final = 0.2
"""Above this share of unclear speech nothing follows from something not being there."""
_SIDES: Final = frozenset({"rep", "customer"})


def scored(
    conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes, tagger: "RuleTagger", wanted: Sequence[str]
) -> tuple[Scorecard, ...]:
    """The wanted scorecards, filled in; those that are no longer there are left out."""
    lexicon = tagger.lexicon
    cards = [lexicon.scorecards[name] for name in wanted if name in lexicon.scorecards]
    if not cards:
        return ()
    talk = _Talk.of(conversation, tags, notes, tagger)
    return tuple(
        summed(
            Scorecard(
                card=card.id, digest=lexicon.scorecard_digests[card.id], total=None, coverage=0.0,
                items=tuple(talk.judged(item) for item in card.item), least_coverage=card.least_coverage,
            )
        )
        for card in cards
    )  # fmt: skip


def check_wanted(lexicon: Lexicon, wanted: Sequence[str]) -> None:
    """BadConfig when the configuration asks for a scorecard that is not there."""
    for name in wanted:
        if name not in lexicon.scorecards:
            raise BadConfig(
                f"insights.scorecards: there is no scorecard `{name}`",
                remedy=f"use one of {', '.join(lexicon.scorecards)}, or add it under scorecards/",
                zh="配置项 insights.scorecards：没有这张评分卡",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How far one level holds: for certain, and at most. `codes` are the events it names."""

    level: Level
    holds: bool
    possible: bool
    measured: bool
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """One talk as a card sees it. `known` are tags whose speaker is, `doubtful` the candidates."""

    lexicon: Lexicon
    conversation: Conversation
    known: Mapping[str, Sequence[BehaviorTag]]
    doubtful: Mapping[str, Sequence[BehaviorTag]]
    inert: frozenset[str]
    facts: Mapping[str, float]
    blind: Outcome | None
    """Why nothing follows from absence here; None: it does."""
    places: Places

    @classmethod
    def of(cls, conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes, tagger: "RuleTagger") -> "_Talk":
        known: dict[str, list[BehaviorTag]] = {}
        doubtful: dict[str, list[BehaviorTag]] = {}
        events = tagger.lexicon.events
        for tag in tags:
            event = events.get(tag.code)
            candidate = tag.speaker is Speaker.UNKNOWN and event is not None and event.speaker in _SIDES
            (doubtful if candidate else known).setdefault(tag.code, []).append(tag)
        measured = dataclasses.asdict(notes.metrics or Metrics())
        clear = _clear(conversation, notes.metrics)
        blind = Outcome.CUT if not conversation.ended else Outcome.UNCLEAR if clear < 1 - UNCLEAR else None
        return cls(
            lexicon=tagger.lexicon, conversation=conversation, known=known, doubtful=doubtful,
            inert=frozenset([*tagger.inert(conversation.context), *(one.id for one in tagger.events if later(one))]),
            facts={name: value for name, value in measured.items() if value is not None}, blind=blind,
            places=Places(conversation, tags),
        )  # fmt: skip

    def judged(self, item: CardItem) -> ItemScore:
        """One item. What it forbids and was seen counts whatever else is unclear."""
        if not self._applies(item):
            return self._item(item, None, Outcome.NOT_APPLICABLE)
        broken = [tag for code in self._codes(item.forbidden) for tag in self.known.get(code, ())]
        share, outcome, grounds = self._earned(item)
        if broken:
            kept = max(0.0, (share or 0.0) - item.penalty)
            return self._item(item, kept, Outcome.FORBIDDEN, (*self._grounds(broken, against=True), *grounds))
        return self._item(item, share, outcome, grounds)

    def _earned(self, item: CardItem) -> tuple[float | None, Outcome, tuple[Ground, ...]]:
        """Share of the points, how it came about, and what it rests on; what the item forbids left aside."""
        if not item.level:
            blind = Outcome.NOT_APPLICABLE if self.inert.issuperset(self._codes(item.forbidden)) else self.blind
            return (1.0, Outcome.MET, ()) if blind is None else (None, blind, ())
        levels = [one for one in map(self._level, item.level) if one is not None]
        best = max((one for one in levels if one.holds), key=lambda one: one.level.share, default=None)
        if best is not None:
            full = best.level.share >= max(one.share for one in item.level)
            return best.level.share, Outcome.MET if full else Outcome.PARTLY, self._rests_on(best, self.known)
        return self._missed(levels)

    def _missed(self, levels: Sequence[_Level]) -> tuple[float | None, Outcome, tuple[Ground, ...]]:
        """The same where no level holds for certain."""
        perhaps = next((one for one in levels if one.possible), None)
        if not levels:
            return None, Outcome.NOT_APPLICABLE, ()
        if perhaps is not None:
            why = Outcome.UNKNOWN_SPEAKER if perhaps.measured else Outcome.NOT_MEASURED
            return None, why, self._rests_on(perhaps, self.doubtful)
        if all(not one.codes for one in levels):
            return 0.0, Outcome.NOT_MET, self._rests_on(levels[0], self.known)
        return (0.0, Outcome.NOT_SEEN, ()) if self.blind is None else (None, self.blind, ())

    def _level(self, level: Level) -> _Level | None:
        """None where the rules of this deployment cannot see what it asks for."""
        some, every = self._codes(level.any), self._codes(level.all)
        if any(code in self.inert for code in every) or (some and all(code in self.inert for code in some)):
            return None
        measured = holds([parse(text) for text in level.facts], (), self.facts)
        known = self._seen(self.known, level, some, every)
        with_doubt = known or self._seen({c: (*self.known.get(c, ()), *self.doubtful.get(c, ())) for c in (*some, *every)},
                                         level, some, every)  # fmt: skip
        return _Level(
            level=level, holds=known and measured is True, possible=with_doubt and measured is not False,
            measured=measured is not None, codes=(*some, *every),
        )  # fmt: skip

    @staticmethod
    def _seen(seen: Mapping[str, Sequence[BehaviorTag]], level: Level, some: Sequence[str], every: Sequence[str]) -> bool:
        enough = not some or sum(len(seen.get(code, ())) for code in some) >= level.count
        return enough and all(seen.get(code) for code in every)

    def _applies(self, item: CardItem) -> bool:
        """Only what is known makes an item apply, so that nobody loses points by an unknown voice."""
        asked, talk = item.only_if, self.conversation
        events = self._codes(asked.any)
        return (
            (not events or any(self.known.get(code) for code in events))
            and talk.context.issuperset(asked.context)
            and (not asked.industry or talk.industry in asked.industry)
            and (not asked.facts or holds([parse(text) for text in asked.facts], (), self.facts) is True)
        )

    def _rests_on(self, level: _Level, seen: Mapping[str, Sequence[BehaviorTag]]) -> tuple[Ground, ...]:
        names = dict.fromkeys(name for text in level.level.facts for name in parse(text).names)
        measures = [Ground(code=name, value=f"{self.facts[name]:g}") for name in names if name in self.facts]
        return (*self._grounds(tag for code in level.codes for tag in seen.get(code, ())), *measures)

    def _grounds(self, tags: Iterable[BehaviorTag], *, against: bool = False) -> tuple[Ground, ...]:
        in_order = sorted(tags, key=lambda tag: (tag.start_ms, tag.code))
        return tuple(Ground(code=tag.code, tag=tag.id, at=self.places.of(tag), against=against) for tag in in_order)

    def _codes(self, given: Refs) -> list[str]:
        return expand(self.lexicon.events, given)

    @staticmethod
    def _item(item: CardItem, share: float | None, outcome: Outcome, grounds: tuple[Ground, ...] = ()) -> ItemScore:
        points = None if share is None else round(share * item.weight, 4)
        return ItemScore(
            item=item.id, points=points, most=item.weight, outcome=outcome, grounds=grounds, critical=item.critical
        )  # fmt: skip


def _clear(conversation: Conversation, metrics: Metrics | None) -> float:
    """Share of the talk that is clear: a known speaker said it, and the text can be relied on. What is written has no length."""
    spoken = any(said.end_ms > said.start_ms for said in conversation.utterances)
    lengths = [(said, max(said.end_ms - said.start_ms, 0) if spoken else len(said.text)) for said in conversation.utterances]
    total = sum(length for _, length in lengths)
    if not total:
        return 0.0
    unknown = sum(length for said, length in lengths if said.speaker is Speaker.UNKNOWN) / total
    if metrics is not None and metrics.coverage is not None:
        unknown = max(unknown, 1 - metrics.coverage)
    doubtful = sum(length for said, length in lengths if said.speaker is not Speaker.UNKNOWN and said.confidence < LOW_CONFIDENCE)
    return 1 - unknown - doubtful / total
