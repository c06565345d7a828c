"""What follows in time over days: an event after another within hours, and an act that was no longer allowed.

`followed_by` closes the most recent open `after`; further ones before it are absorbed, `unless` in between closes it. Candidates
neither open nor close anything adverse, but they stand for an `unless`.
"""

from collections.abc import Collection, Iterable, Mapping

from edge_agent.domain.history import DELIVERED, Past, Whose
from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.conditions import holds, parse
from edge_agent.lexicon.model import Event
from edge_agent.tagging.across.base import EVER_MS, NOTHING, Fired, Found, Over, refer
from edge_agent.tagging.rules.build import over_days


class Followed(Over):
    """`after` A, `followed_by` B `within_h`, stamped at B."""

    def __init__(
        self,
        event: Event,
        events: Mapping[str, Event],
        whose: Whose,
        *,
        after: Collection[str],
        followed_by: Collection[str],
        unless: Collection[str],
    ) -> None:
        super().__init__(event, events, whose)
        self._after, self._by, self._unless = frozenset(after), frozenset(followed_by), frozenset(unless)
        self.hears = self._after | self._by | self._unless
        self.reach_ms = int((event.temporal.within_h or 0) * 3_600_000)
        self._open: dict[SlotValue, Past] = {}

    def hit(self, hit: Past, told: Fired | None = None) -> Iterable[Found]:
        del told
        found: Iterable[Found] = NOTHING
        barred = self.adverse and self.is_candidate(hit)
        slot = self.event.temporal.same_slot
        value = hit.value(slot) if slot else ""
        first = self._open.get(value) if value is not None and hit.code in self._by and not barred else None
        if value is not None and first is not None and hit.at_ms - first.at_ms <= self.reach_ms:
            del self._open[value]
            found = (self._found(first, hit),)
        if hit.code in self._unless:
            self._open.clear()
        if hit.code in self._after and value is not None and not barred:
            self._open[value] = hit
        return found

    def _found(self, first: Past, hit: Past) -> Found:
        return Found(
            event=self.event, anchor=hit, at_ms=hit.at_ms, known_at_ms=hit.began_ms + hit.tag.known_at_ms,
            confidence=min(first.tag.confidence, hit.tag.confidence), slots=dict(hit.tag.slots),
            evidence=(refer(first, hit.recording, "anchor"), refer(hit, hit.recording)),
        )  # fmt: skip


class Acted(Over):
    """`after` A + `all`: at every touch after A of which it was delivered that all conditions hold, stamped at its start.

    What was not delivered is not known: then nothing fires. An unknown voice forbids nothing.
    """

    reach_ms = EVER_MS

    def __init__(self, event: Event, events: Mapping[str, Event], whose: Whose, *, after: Collection[str]) -> None:
        super().__init__(event, events, whose)
        self._after = frozenset(after)
        self.hears = self._after | {DELIVERED}
        self._conditions = [parse(c) for c in event.temporal.all or []]
        self._forbidden: Past | None = None

    def reaches(self) -> Mapping[str, int]:
        return {code: EVER_MS if self._is_concluded(code) else 0 for code in self.hears}

    def lasting(self) -> Mapping[str, str]:
        told = {code: self.events[code].speaker for code in self._after if code in self.events and not self._is_concluded(code)}
        return {code: Speaker.UNKNOWN.value if voice in ("rep", "customer") else "" for code, voice in told.items()}

    def _is_concluded(self, code: str) -> bool:
        return code in self.events and over_days(self.events[code])

    def hit(self, hit: Past, told: Fired | None = None) -> Iterable[Found]:
        del told
        if hit.code in self._after and not self.is_candidate(hit):
            self._forbidden = hit
        first = self._forbidden
        if hit.code != DELIVERED or first is None or holds(self._conditions, [], hit.facts) is not True:
            return NOTHING
        measured = [
            Evidence(kind="measure", detail=f"{c.left} {c.sign} {c.right}", start_ms=0, end_ms=0) for c in self._conditions
        ]
        found = Found(
            event=self.event, anchor=hit, at_ms=hit.at_ms, known_at_ms=hit.at_ms, confidence=first.tag.confidence, slots={},
            evidence=(refer(first, hit.recording, "anchor"), *measured),
        )  # fmt: skip
        return (found,)
