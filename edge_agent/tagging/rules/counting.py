"""First and repeat: the earliest hit, the count-th hit, and so many in a row.

Candidates are never counted (they would enter a person's statistics) but they do reset. After firing a count starts from zero.
"""

from collections import deque
from collections.abc import Collection, Iterable

from edge_agent.lexicon.model import Event
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule


class First(Rule):
    """The earliest hit of `of` in the conversation; fires once."""

    def __init__(self, event: Event, of: Collection[str]) -> None:
        super().__init__(event)
        self.hears = frozenset(of)
        self._done = False

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if self._done or hit.candidate:
            return NOTHING
        self._done = True
        return (self.at(hit, [hit.refer()]),)


class Count(Rule):
    """The count-th hit of `of` since the last firing or reset, within a rolling window of turns.

    `distinct = "topic"` takes one hit per known topic; `same_slot` counts each known value apart; `min_gap_min` drops hits
    that follow the last one kept too closely.
    """

    def __init__(self, event: Event, of: Collection[str], reset_by: Collection[str]) -> None:
        super().__init__(event)
        self._of, self._reset_by = frozenset(of), frozenset(reset_by)
        self.hears = self._of | self._reset_by
        self._kept: dict[object, deque[Hit]] = {}

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if hit.code in self._reset_by:
            self._kept.clear()
        if hit.code not in self._of or hit.candidate:
            return NOTHING
        t = self.event.temporal
        value = hit.slots.get(t.same_slot) if t.same_slot else ""
        if value is None:
            return NOTHING
        kept = self._kept.setdefault(value, deque())
        if t.window_turns is not None:
            while kept and hit.turn - kept[0].turn > t.window_turns:
                kept.popleft()
        if self._is_again(hit, kept):
            return NOTHING
        kept.append(hit)
        if len(kept) < (t.count or 1):
            return NOTHING
        counted = tuple(kept)
        kept.clear()
        slots = {**hit.slots, "count": len(counted)}
        return (self.at(hit, [h.refer() for h in counted], *counted[:-1], slots=slots),)

    def _is_again(self, hit: Hit, kept: deque[Hit]) -> bool:
        t = self.event.temporal
        if t.distinct == "topic":
            topic = hit.slots.get("topic")
            if topic is not None and any(h.slots.get("topic") == topic for h in kept):
                return True
        return bool(t.min_gap_min and kept and hit.start_ms - kept[-1].start_ms < t.min_gap_min * 60_000)


class Row(Rule):
    """`of` hits with no `reset_by` between them, one per turn."""

    def __init__(self, event: Event, of: Collection[str], reset_by: Collection[str]) -> None:
        super().__init__(event)
        self._of, self._reset_by = frozenset(of), frozenset(reset_by)
        self.hears = self._of | self._reset_by
        self._row: list[Hit] = []

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if hit.code in self._reset_by:
            self._row.clear()
        if hit.code not in self._of or hit.candidate:
            return NOTHING
        if self._row and self._row[-1].turn == hit.turn:
            return NOTHING
        self._row.append(hit)
        return self._full(hit)

    def _full(self, hit: Hit) -> Iterable[Finding]:
        if len(self._row) < (self.event.temporal.n_in_a_row or 1):
            return NOTHING
        counted, self._row = tuple(self._row), []
        slots = {**hit.slots, "count": len(counted)}
        return (self.at(hit, [h.refer("miss") for h in counted], *counted[:-1], slots=slots),)


class Trials(Row):
    """`n_in_a_row` with `opportunity`: each opportunity opens a trial, an `of` within `within_turns` is a miss.

    A miss counts once per trial; a reset ends the trial and the row; a trial that saw neither is void.
    """

    def __init__(self, event: Event, of: Collection[str], reset_by: Collection[str], opportunity: Collection[str]) -> None:
        super().__init__(event, of, reset_by)
        self._opportunity = frozenset(opportunity)
        self.hears = self._of | self._reset_by | self._opportunity
        self._trial: Hit | None = None

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        if hit.code in self._reset_by:
            self._row.clear()
            self._trial = None
        trial = self._trial
        if trial is not None and hit.code in self._of and not hit.candidate and self._in_time(trial, hit):
            self._trial = None
            self._row.append(hit)
            return self._full(hit)
        if hit.code in self._opportunity and not hit.candidate:
            self._trial = hit
        return NOTHING

    def _in_time(self, trial: Hit, hit: Hit) -> bool:
        limit = self.event.temporal.within_turns
        return limit is None or hit.turn - trial.turn <= limit
