"""Unresolved and absence: what stays open until it is closed, and what never came.

Both may show a provisional finding while the talk goes on; only the final one counts. A cut recording is no end: what is
pending then becomes undetermined, its provisional finding is withdrawn.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from edge_agent.domain.tags import Evidence, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.conditions import holds, parse
from edge_agent.lexicon.model import Event
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One unresolved event: what opens and what closes its items."""

    rule: Rule = field(compare=False)
    opened_by: frozenset[str]
    closed_by: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Item:
    """An open item of the event `kind`."""

    kind: str
    hit: Hit
    shown: bool = False

    @property
    def name(self) -> tuple[str, int, int]:
        return (self.kind, *self.hit.place)


class Docket(Rule):
    """The open items of all unresolved events together: one closing hit closes the most recent item it can close."""

    def __init__(self, events: Mapping[str, tuple[Event, Collection[str], Collection[str]]]) -> None:
        self._kinds = {
            event.id: _Kind(rule=Rule(event), opened_by=frozenset(opened), closed_by=frozenset(closed))
            for event, opened, closed in events.values()
        }
        self.hears = frozenset[str]().union(*(k.opened_by | k.closed_by for k in self._kinds.values()))
        self._open: list[Item] = []

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        found: Iterable[Finding] = NOTHING
        closable = [item for item in self._open if hit.code in self._kinds[item.kind].closed_by]
        if closable:
            self._open.remove(closable[-1])
            found = self._withdraw(closable[-1], moment, hit.refer("closed"))
        if not hit.candidate and hit.speaker is not Speaker.UNKNOWN:
            self._open += [
                Item(kind=name, hit=hit)
                for name, kind in self._kinds.items()
                if hit.code in kind.opened_by and not self._is_open(name, hit)
            ]
        return found

    def _is_open(self, kind: str, hit: Hit) -> bool:
        same = (i for i in self._open if i.kind == kind)
        return any(i.hit.code == hit.code and i.hit.speaker is hit.speaker for i in same)

    def settled(self, moment: Moment) -> Iterable[Finding]:
        found = []
        for item in self._open:
            live = self._kinds[item.kind].rule.event.temporal.live_after_turns
            if live is not None and not item.shown and moment.turns.now - item.hit.turn >= live:
                item.shown = True
                found.append(self._finding(item, moment, Status.PROVISIONAL, f"{live} turns"))
        return found

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        items, self._open = self._open, []
        if really:
            return [self._finding(item, moment, Status.FINAL, "end") for item in items]
        cut = Evidence(kind="window", detail="cut", start_ms=moment.now_ms, end_ms=moment.now_ms)
        return [finding for item in items for finding in self._withdraw(item, moment, cut)]

    def _withdraw(self, item: Item, moment: Moment, why: Evidence) -> Iterable[Finding]:
        if not item.shown:
            return NOTHING
        return (self._finding(item, moment, Status.WITHDRAWN, "closed", why),)

    def _finding(self, item: Item, moment: Moment, status: Status, until: str, *more: Evidence) -> Finding:
        rule = self._kinds[item.kind].rule
        evidence = [item.hit.refer("opened"), rule.window(until, item.hit, moment), *more]
        return rule.at(item.hit, evidence, status=status, sure=moment.turns.clarity, item=item.name)


class Missing(Rule):
    """Absence: `of` not seen by the end, by turn `until_turn` or by second `until_s`; `all_required`: any one missing.

    `all` is judged when it would fire. `live_on` gives a provisional finding when that event comes first.
    """

    def __init__(self, event: Event, wanted: Collection[str], *, every: bool, live_on: Collection[str]) -> None:
        super().__init__(event)
        self._wanted, self._every, self._live_on = tuple(wanted), every, frozenset(live_on)
        self.hears = frozenset(self._wanted) | self._live_on
        self._seen: set[str] = set()
        self._over = False
        self._shown = False
        self._conditions = [parse(c) for c in event.temporal.all or []]

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        if self._over:
            return NOTHING
        if hit.code in self._wanted:
            self._seen.add(hit.code)
            if self._missing():
                return NOTHING
            self._over = True
            return self._withdraw(moment, hit.refer("closed"))
        if self._shown or not self._holds(moment):
            return NOTHING
        self._shown = True
        return (self._finding(moment, hit.start_ms, hit.turn, Status.PROVISIONAL, hit.refer()),)

    def turned(self, moment: Moment) -> Iterable[Finding]:
        limit = self.event.temporal.until_turn
        if limit is None or len(moment.turns.all) <= limit:
            return NOTHING
        last = moment.turns.all[limit - 1]
        return self._fire(moment, last.end_ms, last.index)

    def passed(self, moment: Moment) -> Iterable[Finding]:
        limit = self.event.temporal.until_s
        if limit is None or moment.now_ms <= limit * 1000:
            return NOTHING
        return self._fire(moment, int(limit * 1000), moment.turns.now)

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        limit = self.event.temporal.until_s
        if limit is not None:
            reached = moment.now_ms >= limit * 1000
            return self._fire(moment, int(limit * 1000), moment.turns.now) if reached else NOTHING
        if really:
            return self._fire(moment, moment.now_ms, moment.turns.now)
        cut = Evidence(kind="window", detail="cut", start_ms=moment.now_ms, end_ms=moment.now_ms)
        return self._withdraw(moment, cut)

    def _missing(self) -> list[str]:
        """What is still missing; nothing when the absence is refuted."""
        left = [code for code in self._wanted if code not in self._seen]
        return left if self._every or not self._seen else []

    def _holds(self, moment: Moment) -> bool:
        return holds(self._conditions, [], moment.turns.facts()) is True

    def _fire(self, moment: Moment, at_ms: int, turn: int) -> Iterable[Finding]:
        if self._over:
            return NOTHING
        self._over = True
        if not self._holds(moment):
            return NOTHING
        return (self._finding(moment, at_ms, turn, Status.FINAL),)

    def _withdraw(self, moment: Moment, why: Evidence) -> Iterable[Finding]:
        if not self._shown:
            return NOTHING
        self._shown = False
        return (self._finding(moment, moment.now_ms, moment.turns.now, Status.WITHDRAWN, why),)

    def _finding(self, moment: Moment, at_ms: int, turn: int, status: Status, *more: Evidence) -> Finding:
        missing = self._missing()
        absent = [Evidence(kind="absent", detail=code, start_ms=0, end_ms=at_ms, turn=turn) for code in missing]
        measured = [
            Evidence(kind="measure", detail=f"{c.left} {c.sign} {c.right}", start_ms=0, end_ms=at_ms) for c in self._conditions
        ]
        return Finding(
            event=self.event,
            anchor=None,
            at_ms=at_ms,
            turn=turn,
            confidence=moment.turns.clarity,
            evidence=(*absent, *measured, *more),
            status=status,
            slots={"missing": missing[0]} if self._every and missing else {},
            item=(self.event.id, -1, -1),
        )
