"""The port: lexicons loaded once, a finished conversation in, tags out. Implements `ports.Tagger`.

Brand values in tags are codes: the id of the lexicon, or `own-1`, `rival-2` by the order of the recording's own lists.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from edge_agent.domain.recording import Circumstances
from edge_agent.domain.tags import BehaviorTag, Conversation, Status
from edge_agent.ids import new_id
from edge_agent.lexicon import words
from edge_agent.lexicon.conditions import Fact
from edge_agent.lexicon.load import load
from edge_agent.lexicon.model import Event, Lexicon, expand
from edge_agent.lexicon.notation import OWN, RIVAL
from edge_agent.lexicon.when import leaves, named
from edge_agent.rulebook.events import compiler
from edge_agent.tagging import delivered
from edge_agent.tagging.engine import Engine, by_stamp
from edge_agent.tagging.explain import Explanation, explain
from edge_agent.tagging.hearing import Ear
from edge_agent.tagging.hits import RANK
from edge_agent.tagging.matcher import Matcher
from edge_agent.tagging.rules.base import Rule
from edge_agent.tagging.rules.build import inert, over_days, plan
from edge_agent.tagging.rules.composite import MINUTE, WEEKDAY
from edge_agent.tagging.sight.names import over_scans
from edge_agent.tagging.text import Reader
from edge_agent.tagging.whynot import why_not

MOST_TERMS: Final = 200
"""Active terms of one talk; `speech` chooses among them what it hints the recogniser at."""
SPOKEN: Final = frozenset({"call", "visit"})
WRITTEN: Final = frozenset({"chat", "document"})
"""Sources whose events are said in writing alone; those of calls and visits are looked for everywhere."""


class RuleTagger:
    """Event models over text. Cheap to make; the matcher of a trade is built at its first conversation."""

    def __init__(self, lexicon: Lexicon, *, by_sound: bool = True, make_id: Callable[[], str] = new_id) -> None:
        self.lexicon = lexicon
        self._make_id = make_id
        self.matcher = lru_cache(maxsize=16)(lambda industry: Matcher(lexicon, industry, by_sound=by_sound))
        self._reader = lru_cache(maxsize=16)(self._made_reader)  # a trade may have thousands of brands
        self._plan = lru_cache(maxsize=16)(
            lambda context, written=False: plan(_heard_in(lexicon.events, written=written), context)
        )
        self._referred = _referred(lexicon.events)
        self._only_written = frozenset(e.id for e in lexicon.events.values() if e.source in WRITTEN)

    @classmethod
    def load(cls, builtin: Path, *, company: Path | None = None, cache: Path | None = None) -> "RuleTagger":
        """Read and check the lexicons; `cache` is where word boundaries may keep their dictionary.

        Raises:
            BadConfig: names every fault with file, line, entry and remedy.
        """
        if cache is not None:
            words.configure(cache)
        return cls(load(builtin, company, rules=compiler()))

    @property
    def ruleset(self) -> str:
        """sha256 of the canonical form of all lexicons in force."""
        return self.lexicon.digest

    @property
    def events(self) -> Sequence[Event]:
        """Every event model in force, by id."""
        return tuple(self.lexicon.events.values())

    @property
    def codes(self) -> frozenset[str]:
        """The closed set of event ids."""
        return frozenset(self.lexicon.events)

    @property
    def delivered(self) -> Mapping[str, type]:
        """The closed set of facts that other systems may deliver: name -> `bool` or `float`."""
        asked = {fact.name: bool if fact.unit == "yesno" else float for fact in self.lexicon.facts}
        return asked | delivered.names(self.events)

    @property
    def values(self) -> frozenset[str]:
        """The closed set of SKU, brand and topic codes; numbered brands (`rival-1`) up to 32 of each side."""
        listed = [*self.lexicon.terms.product, *(p for f in self.lexicon.industries.values() for p in f.product)]
        brands = (b.id for f in self.lexicon.industries.values() for b in f.brand)
        numbered = (f"{side}-{n}" for side in ("own", "rival") for n in range(1, 33))
        return frozenset([*(p.id for p in listed), *brands, *numbered, *self.lexicon.terms.topics])

    def inert(self, context: Collection[str] = ()) -> Mapping[str, str]:
        """Events that cannot fire with these deployment flags, and why."""
        reasons = {event.id: inert(event, context) for event in self.events}
        return {code: reason for code, reason in reasons.items() if reason}

    def terms(self, circumstances: Circumstances) -> Sequence[str]:
        """Terms to listen for, most valuable first: brands of this talk, then the trade's terms and products."""
        files = list(self.lexicon.overlay(circumstances.industry))
        wanted = [*circumstances.own, *circumstances.competitors]
        for file in files:
            wanted += [name for brand in file.brand for name in brand.names[:1]]
            wanted += file.hotwords
            wanted += [product.names[0] for product in file.product]
        wanted += self.lexicon.terms.hotwords
        return tuple(dict.fromkeys(wanted))[:MOST_TERMS]

    def engine(
        self,
        *,
        industry: str = "",
        context: Collection[str] = (),
        own: Sequence[str] = (),
        competitors: Sequence[str] = (),
        written: bool = False,
        facts: Mapping[str, Fact] | None = None,
        remembered: Sequence[Callable[[], Rule]] = (),
    ) -> Engine:
        """A fresh engine for one talk under these circumstances. `industry` `*` applies every trade (examples).

        `facts`: what is known of it that is not talk (`known`). `remembered`: rules over days that listen, too
        (`across.live`); what they find is provisional.
        """
        usual = self._plan(frozenset(context), written)
        return Engine(
            self.ear(industry=industry, context=context, own=own, competitors=competitors, written=written),
            replace(usual, makers=[*usual.makers, *remembered]) if remembered else usual,
            self.lexicon.event_digests,
            facts=facts,
            make_id=self._make_id,
        )

    def ear(
        self,
        *,
        industry: str = "",
        context: Collection[str] = (),
        own: Sequence[str] = (),
        competitors: Sequence[str] = (),
        written: bool = False,
    ) -> Ear:
        """What a talk under these circumstances is heard with."""
        heard = self._plan(frozenset(context)).heard
        return Ear(
            matcher=self.matcher(industry if any(self.lexicon.overlay(industry)) else ""),
            reader=self._reader(industry, tuple(own), tuple(competitors)),
            events=self.lexicon.events,
            heard=heard if written else {voice: codes - self._only_written for voice, codes in heard.items()},
            referred=self._referred,
            backchannels=self.lexicon.terms.backchannels,
            topics=self.lexicon.terms.topics,
        )

    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        """The final tags of a recording in the order of their stamps; provisional ones are for live use (`engine`)."""
        engine = self.engine(
            industry=conversation.industry,
            context=conversation.context,
            own=conversation.own,
            competitors=conversation.competitors,
            written=conversation.channel not in SPOKEN,
            facts=known(conversation),
        )
        in_order = sorted(conversation.utterances, key=lambda u: (u.start_ms, u.end_ms, RANK[u.speaker]))
        tags = [tag for said in in_order for tag in engine.feed(said)]
        tags += engine.end(ended=conversation.ended, duration_ms=conversation.duration_ms)
        tags += delivered.judged(self.events, conversation, self.lexicon.event_digests, self._make_id)
        return by_stamp([tag for tag in tags if tag.status is Status.FINAL])

    def explain(self, tag: BehaviorTag) -> Explanation:
        """Why this tag, in words, from codes only."""
        return explain(tag, self.lexicon.events)

    def why_not(self, code: str, conversation: Conversation) -> Explanation:
        """Why this conversation did not bring `code` about: the attempt that came closest, in words, from codes only."""
        event = self.lexicon.events.get(code)
        if event is None:
            return Explanation(zh=(f"没有事件 {code}",), en=(f"there is no event {code}",))
        return self.why_not_of(event, conversation, self.tag(conversation))

    def why_not_of(self, event: Event, conversation: Conversation, tags: Sequence[BehaviorTag]) -> Explanation:
        """The same with the tags at hand; of a sealed talk there is no utterance, then only a derived event is explained."""
        code = event.id
        reason = inert(event, conversation.context)
        if reason or any(tag.code == code for tag in tags):
            return Explanation(
                zh=(f"{code} 未启用：{reason}" if reason else f"{code} 已经触发",),
                en=(f"{code} is inert: {reason}" if reason else f"{code} did fire",),
            )
        if over_scans(event):
            return Explanation(
                zh=(f"{event.zh}：从货架和卖场的画面判断，看该处各次巡检的记录",),
                en=(f"{event.en}: judged over scans of a place, from what they observed",),
            )
        if over_days(event):
            return Explanation(
                zh=(f"{event.zh}：跨录音判断，分析入账后看同一个人的历史记录",),
                en=(f"{event.en}: judged over days, from the same person's recordings, once the talk is in the ledger",),
            )
        ear = self.ear(
            industry=conversation.industry,
            context=conversation.context,
            own=conversation.own,
            competitors=conversation.competitors,
            written=conversation.channel not in SPOKEN,
        )
        return why_not(event, conversation, tags, ear)

    def _made_reader(self, industry: str, own: Sequence[str], competitors: Sequence[str]) -> Reader:
        terms = self.lexicon.terms
        confusables = dict(terms.confusables)
        for file in self.lexicon.overlay(industry):
            confusables |= file.confusables
        return Reader(
            brands=self._brands(industry, own, competitors), confusables=confusables, fillers=terms.fillers, rivals=competitors,
            dialect=terms.dialect,
        )  # fmt: skip

    def _brands(self, industry: str, own: Sequence[str], competitors: Sequence[str]) -> dict[str, tuple[str, str]]:
        symbols = {"own": OWN, "rival": RIVAL}
        listed = {
            name: (symbols[brand.side], brand.id)
            for file in self.lexicon.overlay(industry)
            for brand in file.brand
            for name in brand.names
        }
        ids = {name: code for name, (_, code) in listed.items()}
        for side, names in (("own", own), ("rival", competitors)):
            for number, name in enumerate(names, 1):
                listed[name] = (symbols[side], ids.get(name, f"{side}-{number}"))
        return listed


def _heard_in(events: Mapping[str, Event], *, written: bool) -> Mapping[str, Event]:
    """All of them; in writing without what is measured of time."""
    if not written:
        return events
    return {event.id: event for event in events.values() if event.kind != "metric" and event.temporal.until_s is None}


def known(conversation: Conversation) -> dict[str, Fact]:
    """What is known of a conversation besides its words: what was delivered with it, and when it began in the box's own time."""
    facts: dict[str, Fact] = dict(conversation.facts)
    if conversation.started_at is not None:
        at = conversation.started_at.astimezone()
        facts |= {WEEKDAY: at.isoweekday(), MINUTE: at.hour * 60 + at.minute}
    return facts


def _referred(events: Mapping[str, Event]) -> dict[str, set[str]]:
    """Every event some rule refers to, with the slots that rule compares."""
    found: dict[str, set[str]] = {}
    for event in events.values():
        t = event.temporal
        slots = {s for s in (t.same_slot, t.differs_slot, "topic" if t.distinct == "topic" else None) if s}
        for key in ("of", "after", "followed_by"):
            for code in expand(events, getattr(t, key), own=event.id, exclude=t.exclude):
                found.setdefault(code, set()).update(slots)
        for key in ("not_preceded_by", "unless"):
            for code in expand(events, getattr(t, key), own=event.id, exclude=t.exclude):
                found.setdefault(code, set())
        for match in event.matches():
            for code in expand(events, match.after):
                found.setdefault(code, set())
        for leaf in leaves(event.when) if event.when is not None else ():
            for code in named(leaf):
                found.setdefault(code, set()).update({"topic"} if getattr(leaf, "distinct", "") == "topic" else set())
    return found
