"""Counts over days: the count-th hit of one person within a rolling window (last - first <= window, inclusive), then from zero.

`distinct = "conversation"` takes one hit per recording; the recordings that made a count fire count no second time, those that a
reset cleared do. `same_slot` counts each known value apart, `min_gap_min` drops what follows the last one taken too closely.
Candidates are never counted, but they reset.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping

from edge_agent.domain.history import DAY_MS, Past, Whose
from edge_agent.domain.tags import SlotValue
from edge_agent.lexicon.model import Event
from edge_agent.tagging.across.base import EVER_MS, NOTHING, Fired, Found, Over, refer


class Counted(Over):
    """`of` hits of one person, `count` of them within `window_days`, with no `reset_by` between them."""

    def __init__(
        self, event: Event, events: Mapping[str, Event], whose: Whose, *, of: Collection[str], reset_by: Collection[str]
    ) -> None:
        super().__init__(event, events, whose)
        self._of, self._reset_by = frozenset(of), frozenset(reset_by)
        self.hears = self._of | self._reset_by
        self._window_ms = (event.temporal.window_days or 0) * DAY_MS
        self._count = event.temporal.count or 1
        chained = event.temporal.min_gap_min or event.temporal.distinct == "topic"  # what is dropped hangs on what was not
        self.reach_ms = EVER_MS if chained else self._window_ms
        self._kept: dict[SlotValue, deque[Past]] = {}
        self._used: dict[SlotValue, frozenset[str]] = {}
        self._last: dict[SlotValue, int] = {}

    def hit(self, hit: Past, told: Fired | None = None) -> Iterable[Found]:
        if hit.code in self._reset_by:
            self._kept.clear()
        slot = self.event.temporal.same_slot
        value = hit.value(slot) if slot else ""
        if hit.code not in self._of or value is None or self.is_candidate(hit):
            return NOTHING
        kept = self._kept.setdefault(value, deque())
        while kept and hit.at_ms - kept[0].at_ms > self._window_ms:
            kept.popleft()
        if self._is_again(hit, value, kept):
            return NOTHING
        kept.append(hit)
        self._last[value] = hit.at_ms
        fires = len(kept) >= self._count if told is None else told()
        if not fires:
            return NOTHING
        counted = list(kept)[-self._count :]
        kept.clear()
        self._used[value] = frozenset(h.recording for h in counted)
        return (self._found(hit, counted),)

    def _is_again(self, hit: Past, value: SlotValue, kept: deque[Past]) -> bool:
        t = self.event.temporal
        gap_ms = (t.min_gap_min or 0) * 60_000
        if gap_ms and value in self._last and hit.at_ms - self._last[value] < gap_ms:
            return True
        if t.distinct == "topic":
            topic = hit.value("topic")
            return topic is not None and any(h.value("topic") == topic for h in kept)
        used = self._used.get(value, frozenset())
        return t.distinct == "conversation" and (hit.recording in used or any(h.recording == hit.recording for h in kept))

    def _found(self, hit: Past, counted: list[Past]) -> Found:
        return Found(
            event=self.event, anchor=hit, at_ms=hit.at_ms, known_at_ms=hit.began_ms + hit.tag.known_at_ms,
            confidence=min(h.tag.confidence for h in counted),
            evidence=tuple(refer(h, hit.recording) for h in counted),
            slots={**dict(hit.tag.slots), "count": len(counted)},
        )  # fmt: skip
