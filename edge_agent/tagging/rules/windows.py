"""Windows: metrics judged on one stretch of talk while it goes on; what is measured there is in `tagging.gauges`.

An event fires once and again only when its conditions have not held for 60 s. Above a fifth of speech without a known speaker
nothing is said about a person.
"""

from collections.abc import Iterable
from typing import Final

from edge_agent.domain.tags import Evidence
from edge_agent.lexicon.conditions import holds, parse
from edge_agent.lexicon.model import Event
from edge_agent.tagging.gauges import NAMES, STEADY, Sample
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule
from edge_agent.tagging.rules.measuring import reading
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
        self._here = [c for c in self._all if NAMES[gauge].issuperset(c.names)]
        self._steady = gauge in STEADY
        self._held_until: int | None = None
        self._false_since: int | None = None

    def settled(self, moment: Moment) -> Iterable[Finding]:
        samples = moment.turns.gauges.samples.get(self._gauge)
        if not samples:
            return NOTHING
        found = []
        for sample in samples:
            verdict = self._judge(sample, moment)
            if verdict is True:
                if self._is_armed(sample):
                    found.append(self._finding(sample, moment))
                self._held_until, self._false_since = sample.end_ms, None
            elif verdict is False and self._false_since is None:
                self._false_since = sample.end_ms
        return found

    def _judge(self, sample: Sample, moment: Moment) -> bool | None:
        """The stretch alone mostly decides, and costs least."""
        alone = holds(self._here, [], sample.facts)
        if alone is not True:
            return alone
        so_far = moment.turns.facts()
        if self._about_a_person and float(so_far.get("unknown_ratio", 0)) > UNCLEAR:
            return None
        return holds(self._all, self._any, {**so_far, **sample.facts})

    def _is_armed(self, sample: Sample) -> bool:
        if self._held_until is None:
            return True
        since = self._false_since if self._steady else self._held_until
        return since is not None and sample.end_ms - since >= REARMS_MS

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
            slots=reading((*self._all, *self._any), sample.facts),
        )
