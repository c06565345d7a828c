"""What was promised and did not come: a hit opens a wait, a listed event in time ends it, else it fires at its deadline.

The deadline is `within_h` after the hit, or what its `deadline_slot` says; it is inclusive. A further hit while one waits
changes nothing. Candidates open no wait, but they end one, as does an event whose `same_slot` value is not known: doubt goes
against the adverse tag. What only touches in writing tell of is missing only where such touches come.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.history import DAY_MS, Past, Whose
from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.lexicon.model import Event
from edge_agent.tagging.across.base import EVER_MS, NOTHING, Fired, Found, Over, refer

LONGEST_DAYS: Final = 92
"""What is promised for later than that is never found missing: nobody looks so far back."""
WRITTEN: Final = frozenset({"chat", "document"})
"""Sources of what is never said in a talk, so that only touches tell of it."""
Until = Callable[[SlotValue, int], int | None]
"""(value of the deadline slot, ms when it was said) -> ms until which it is in time; None for what is no deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    hit: Past
    deadline_ms: int


class Awaited(Over):
    """`after` A, `not_followed_by` B `within_h`; `until` reads the deadline slot.

    Whether a hit opens a wait hangs on whether an earlier one still waits.
    """

    reach_ms = EVER_MS

    def __init__(
        self,
        event: Event,
        events: Mapping[str, Event],
        whose: Whose,
        *,
        after: Collection[str],
        awaited: Collection[str],
        until: Until,
    ) -> None:
        super().__init__(event, events, whose)
        self._after, self._awaited, self._until = frozenset(after), frozenset(awaited), until
        self.hears = self._after | self._awaited
        self._within_ms = int((event.temporal.within_h or 0) * 3_600_000)
        self._open: dict[SlotValue, _Wait] = {}
        sources = {events[code].source for code in self._awaited if code in events}
        self._unwritten = bool(sources) and sources <= WRITTEN

    def hit(self, hit: Past, told: Fired | None = None) -> Iterable[Found]:
        del told
        slot = self.event.temporal.same_slot
        value = hit.value(slot) if slot else ""
        if hit.code in self._awaited:
            if value is None:
                self._open.clear()
            else:
                self._open.pop(value, None)
        if hit.code in self._after and value is not None and value not in self._open and not self.is_candidate(hit):
            deadline_ms = self._deadline(hit)
            if deadline_ms - hit.at_ms <= LONGEST_DAYS * DAY_MS:
                self._open[value] = _Wait(hit=hit, deadline_ms=deadline_ms)
        return NOTHING

    def passed(self, now_ms: int) -> Iterable[Found]:
        over = sorted(
            (value for value, wait in self._open.items() if wait.deadline_ms < now_ms),
            key=lambda value: (self._open[value].deadline_ms, str(value)),
        )
        return [self._found(self._open.pop(value)) for value in over]

    def due(self) -> Iterable[tuple[str, int]]:
        return [(wait.hit.recording, wait.deadline_ms + 1) for wait in self._open.values()]

    def _deadline(self, hit: Past) -> int:
        slot = self.event.temporal.deadline_slot
        value = hit.value(slot) if slot else None
        said = self._until(value, hit.at_ms) if value is not None else None
        return hit.at_ms + self._within_ms if said is None else max(said, hit.at_ms)

    def _found(self, wait: _Wait) -> Found:
        hit, tag = wait.hit, wait.hit.tag
        waited_ms = wait.deadline_ms - hit.began_ms
        hours = f"{(wait.deadline_ms - hit.at_ms) / 3_600_000:g} h"
        window = Evidence(kind="window", detail=hours, start_ms=tag.start_ms, end_ms=waited_ms, turn=tag.turn)
        absent = [
            Evidence(kind="absent", detail=code, start_ms=tag.start_ms, end_ms=waited_ms, turn=tag.turn)
            for code in sorted(self._awaited)
        ]
        return Found(
            event=self.event, anchor=hit, at_ms=wait.deadline_ms, known_at_ms=wait.deadline_ms, confidence=tag.confidence,
            evidence=(refer(hit, hit.recording, "anchor"), window, *absent), slots=dict(tag.slots), timed=True,
            unwritten=self._unwritten,
        )  # fmt: skip
