"""An event model as the judge over scans reads it, and its verdict on one look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from edge_agent.lexicon.conditions import Condition, Fact, holds, parse
from edge_agent.lexicon.model import Event, refs
from edge_agent.tagging.sight.names import AUDITS, GATES, SUSPENDING, WAS, asked


@dataclass(frozen=True, kw_only=True)
class Visual:
    """A visual event. `gates` have to hold before anything is judged; `every` and `some` are what is judged; `counts` ask how
    often that was so (`consecutive_audits`): while it is not yet often enough, nothing is known.
    """

    event: Event
    gates: Sequence[Condition]
    counts: Sequence[Condition]
    every: Sequence[Condition]
    some: Sequence[Condition]

    @classmethod
    def of(cls, event: Event) -> "Visual":
        every = [parse(text) for text in event.temporal.all or []]
        some = [parse(text) for text in event.temporal.any or []]
        judged = [one for one in every if one.left not in GATES]
        shut = [one for one in every if one.left in GATES] if judged or some else []
        gates = [one for one in shut if one.left != AUDITS]
        return cls(event=event, gates=gates, counts=[one for one in shut if one.left == AUDITS], every=judged or every, some=some)

    @property
    def id(self) -> str:
        return self.event.id

    @property
    def sustain_ms(self) -> int:
        return round((self.event.temporal.sustain_s or 0) * 1000)

    @cached_property
    def names(self) -> frozenset[str]:
        return asked(self.event)

    @cached_property
    def conditions(self) -> Sequence[Condition]:
        return [*self.gates, *self.every, *self.some, *self.counts]

    @property
    def answers(self) -> str:
        """The event that it answers, "" = none: then it stays open until a scan refutes it."""
        return next((code for name, code in WAS.items() if name in self.names), "")

    @property
    def suspends(self) -> bool:
        return self.id in SUSPENDING

    def verdict(self, values: Mapping[str, Fact]) -> bool | None:
        """Whether it holds; None = not assessable: a gate is shut, a value that decides is missing, or it came too seldom."""
        judged = self.shown(values)
        if judged and any(one.holds(values) is not True for one in self.counts):
            return None
        return judged

    def shown(self, values: Mapping[str, Fact]) -> bool | None:
        """The same, however often it was so."""
        if any(gate.holds(values) is not True for gate in self.gates):
            return None
        return holds(self.every, self.some, values)


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """A sequence over scans: `after` was found and none of `ends` came within so many ms in which the shop was open."""

    event: Event
    after: str
    ends: tuple[str, ...]
    within_ms: int

    @classmethod
    def of(cls, event: Event) -> "Awaited":
        t = event.temporal
        return cls(
            event=event,
            after=refs(t.after)[0],
            ends=tuple(refs(t.not_followed_by)),
            within_ms=round((t.within_h or 0) * 3_600_000),
        )

    @property
    def id(self) -> str:
        return self.event.id
