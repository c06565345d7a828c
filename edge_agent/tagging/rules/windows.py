"""Windows: metrics judged on one stretch of talk while it goes on; what is measured there is in `tagging.gauges`.

An event fires once and again only when its conditions have not held for 60 s. Above a fifth of speech without a known speaker
nothing is said about a person.
"""

from collections.abc import Iterable
from typing import Final

from edge_agent.domain.tags import Evidence
from edge_agent.lexicon.conditions import holds, parse
from edge_agent.lexicon.model import Event
from edge_agent.tagging.gauges import Sample
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule
from edge_agent.tagging.turns import UNCLEAR

REARMS_MS: Final = 60_000


class Windowed(Rule):
    """Conditions on the samples of one gauge, and on the whole talk so far."""

    def __init__(self, event: Event, gauge: str) -> None:
        super().__init__(event)
        self._gauge = gauge
        self._about_a_person = event.speaker in ("rep", "customer")
        self._all = [parse(c) for c in event.temporal.all or []]
        self._any = [parse(c) for c in event.temporal.any or []]
        self._held_until: int | None = None

    def settled(self, moment: Moment) -> Iterable[Finding]:
        samples = moment.turns.gauges.samples.get(self._gauge)
        if not samples:
            return NOTHING
        so_far = moment.turns.facts()
        if self._about_a_person and float(so_far.get("unknown_ratio", 0)) > UNCLEAR:
            return NOTHING
        found = []
        for sample in samples:
            if holds(self._all, self._any, {**so_far, **sample.facts}) is not True:
                continue
            if self._held_until is None or sample.end_ms - self._held_until >= REARMS_MS:
                found.append(self._finding(sample, moment))
            self._held_until = sample.end_ms
        return found

    def _finding(self, sample: Sample, moment: Moment) -> Finding:
        turns = moment.turns.all
        return Finding(
            event=self.event,
            anchor=None,
            at_ms=sample.at_ms,
            turn=next((turn.index for turn in reversed(turns) if turn.start_ms <= sample.at_ms), moment.turns.now),
            confidence=1.0,
            evidence=tuple(
                Evidence(kind="measure", detail=f"{c.left} {c.sign} {c.right}", start_ms=sample.at_ms, end_ms=sample.end_ms)
                for c in (*self._all, *self._any)
            ),
            slots={},
        )
