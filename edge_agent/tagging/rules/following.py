"""Sequences: what follows, what does not, what came before, chains and gatherings.

Distances are differences of turn indices, limits inclusive. A hit is first taken as what completes an item, then as what
opens one, so an event may follow itself. Candidates complete nothing adverse and never open a wait for what does not come.
"""

from collections.abc import Collection, Iterable, Sequence

from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.lexicon.conditions import Fact, holds, parse
from edge_agent.lexicon.model import Event
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, OBLIGED, Finding, Moment, Rule


class Followed(Rule):
    """`after` A then `followed_by` B: B closes the most recent open A, all As before it are absorbed.

    `unless` between A and B closes A. `same_slot` keeps one A per known value, `differs_slot` asks for another known value.
    """

    def __init__(self, event: Event, after: Collection[str], followed_by: Collection[str], unless: Collection[str]) -> None:
        super().__init__(event)
        self._after, self._by, self._unless = frozenset(after), frozenset(followed_by), frozenset(unless)
        self.hears = self._after | self._by | self._unless
        self._open: dict[SlotValue, Hit] = {}

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        found: Iterable[Finding] = NOTHING
        if hit.code in self._by and not (hit.candidate and self.adverse):
            found = self._close(hit)
        if hit.code in self._unless:
            self._open.clear()
        value = self._value(hit)
        if hit.code in self._after and value is not None and not (hit.candidate and self.adverse):
            self._open[value] = hit
        return found

    def _close(self, hit: Hit) -> Iterable[Finding]:
        t = self.event.temporal
        value = self._value(hit)
        first = self._open.get(value) if value is not None else None
        if first is None or (t.within_turns is not None and hit.turn - first.turn > t.within_turns):
            return NOTHING
        if t.differs_slot:
            before, now = first.slots.get(t.differs_slot), hit.slots.get(t.differs_slot)
            if before is None or now is None or before == now:
                return NOTHING
        if t.same_slot and value is not None:
            del self._open[value]
        else:
            self._open.clear()
        return (self.at(hit, [first.refer("anchor"), hit.refer()], first),)

    def _value(self, hit: Hit) -> SlotValue | None:
        same = self.event.temporal.same_slot
        return hit.slots.get(same) if same else ""


class NotFollowed(Rule):
    """`not_followed_by`: fires when the window has fully passed without any listed event.

    At a real end sooner it fires only if the obliged person had a turn after A. As inside an open window are absorbed.
    """

    def __init__(self, event: Event, after: Collection[str], awaited: Collection[str]) -> None:
        super().__init__(event)
        self._after, self._awaited = frozenset(after), frozenset(awaited)
        self.hears = self._after | self._awaited
        self._open: Hit | None = None

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if hit.code in self._awaited:
            self._open = None
        if hit.code in self._after and self._open is None and not hit.candidate:
            self._open = hit
        return NOTHING

    def turned(self, moment: Moment) -> Iterable[Finding]:
        limit = self.event.temporal.within_turns
        if self._open is None or limit is None or moment.turns.now - self._open.turn <= limit:
            return NOTHING
        return self._fire(moment, f"{limit} turns")

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        if self._open is None or not really:
            return NOTHING
        if not moment.turns.spoke_after(OBLIGED[self.event.speaker], self._open.turn):
            return NOTHING
        return self._fire(moment, "end")

    def _fire(self, moment: Moment, window: str) -> Iterable[Finding]:
        anchor, self._open = self._open, None
        if anchor is None:
            return NOTHING
        absent = [_absent(code, anchor, moment) for code in sorted(self._awaited)]
        evidence = [anchor.refer("anchor"), self.window(window, anchor, moment), *absent]
        return (self.at(anchor, evidence, sure=moment.turns.clarity),)


class NotPreceded(Rule):
    """`not_preceded_by`: fires at A if no listed event came earlier in the conversation; `first_only` looks at one A."""

    def __init__(self, event: Event, after: Collection[str], missing: Collection[str]) -> None:
        super().__init__(event)
        self._missing = frozenset(missing)
        self.hears = frozenset(after)
        self._done = False

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        if self._done or (hit.candidate and self.adverse):
            return NOTHING
        self._done = self.event.temporal.first_only
        if any(moment.seen.get(code) for code in self._missing):
            return NOTHING
        absent = [_absent(code, hit, moment) for code in sorted(self._missing)]
        return (self.at(hit, [hit.refer("anchor"), *absent], sure=moment.turns.clarity),)


class Chain(Rule):
    """All links in this order, first to last within `within_turns`, greedy earliest match, each hit used once."""

    def __init__(self, event: Event, links: Sequence[Collection[str]]) -> None:
        super().__init__(event)
        self._links = [frozenset(link) for link in links]
        self.hears = frozenset[str]().union(*self._links)
        self._unused: list[Hit] = []

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if hit.candidate and self.adverse:
            return NOTHING
        limit = self.event.temporal.within_turns
        if limit is not None:
            self._unused = [h for h in self._unused if hit.turn - h.turn <= limit]
        self._unused.append(hit)
        if hit.code not in self._links[-1]:
            return NOTHING
        for number, first in enumerate(self._unused[:-1]):
            chain = self._from(number) if first.code in self._links[0] else None
            if chain is not None:
                self._unused = [h for h in self._unused if all(h is not c for c in chain)]
                return (self.at(hit, [h.refer("link") for h in chain], *chain[:-1]),)
        return NOTHING

    def _from(self, start: int) -> list[Hit] | None:
        """The earliest chain beginning at `start` whose last link is the newest hit."""
        chain: list[Hit] = []
        for hit in self._unused[start:-1]:
            if len(chain) < len(self._links) - 1 and hit.code in self._links[len(chain)]:
                chain.append(hit)
        return [*chain, self._unused[-1]] if len(chain) == len(self._links) - 1 else None


class Gathered(Rule):
    """`any_order` + `at_least`: fires once, at the hit that makes that many different ids."""

    def __init__(self, event: Event, of: Collection[str]) -> None:
        super().__init__(event)
        self.hears = frozenset(of)
        self._seen: dict[str, Hit] = {}
        self._done = False

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if self._done or (hit.candidate and self.adverse) or hit.code in self._seen:
            return NOTHING
        self._seen[hit.code] = hit
        if len(self._seen) < (self.event.temporal.at_least or 1):
            return NOTHING
        self._done = True
        parts = list(self._seen.values())
        slots = {**hit.slots, "count": len(parts)}
        return (self.at(hit, [h.refer() for h in parts], *parts[:-1], slots=slots),)


class Holding(Rule):
    """`after` + `all`: fires when the conditions first hold after A. Known facts: `since_anchor_s`, `recording_on`.

    `recording_on` is true because the recording goes on: later speech, or its end, proves it.
    """

    KNOWN = frozenset({"since_anchor_s", "recording_on"})

    def __init__(self, event: Event, after: Collection[str]) -> None:
        super().__init__(event)
        self.hears = frozenset(after)
        self._open: Hit | None = None
        self._conditions = [parse(c) for c in event.temporal.all or []]

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if self._open is None and not (hit.candidate and self.adverse):
            self._open = hit
        return NOTHING

    def passed(self, moment: Moment) -> Iterable[Finding]:
        anchor = self._open
        if anchor is None:
            return NOTHING
        since = (moment.now_ms - anchor.start_ms) / 1000
        facts: dict[str, Fact] = {"since_anchor_s": since, "recording_on": True}
        if holds(self._conditions, [], facts) is not True:
            return NOTHING
        self._open = None
        limits = [float(c.right) for c in self._conditions if c.left == "since_anchor_s"]
        at_ms = anchor.start_ms + int(max(limits, default=0) * 1000)
        measured = Evidence(kind="measure", detail="since_anchor_s", start_ms=anchor.start_ms, end_ms=moment.now_ms)
        return (
            Finding(
                event=self.event,
                anchor=None,
                at_ms=at_ms,
                turn=moment.turns.now,
                confidence=anchor.confidence,
                evidence=(anchor.refer("anchor"), measured),
                slots={},
            ),
        )

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        del really
        return self.passed(moment)


def _absent(code: str, anchor: Hit, moment: Moment) -> Evidence:
    return Evidence(
        kind="absent",
        detail=code,
        start_ms=0 if moment.now_ms <= anchor.start_ms else anchor.start_ms,
        end_ms=max(moment.now_ms, anchor.start_ms),
        turn=anchor.turn,
    )
