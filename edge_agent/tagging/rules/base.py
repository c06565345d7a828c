"""What every temporal rule is: told of hits, turns, time and the end, it returns findings.

A rule subscribes to event ids (`hears`). `Moment` is all it may know of the conversation. Which speaker, layer and
digest a finding gets is the engine's business.
"""
# ruff: noqa: ARG002 - the defaults ignore what they are told

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edge_agent.domain.tags import Evidence, SlotValue, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.conditions import Fact
from edge_agent.lexicon.model import Event
from edge_agent.tagging.hits import ADVERSE, Hit
from edge_agent.tagging.turns import Turns

NOTHING: tuple["Finding", ...] = ()
OBLIGED = {"rep": Speaker.REP, "customer": Speaker.CUSTOMER, "either": None, "none": None}
"""Whose turn a rule waits for, by the speaker its event names; None = anyone's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now: stream time, the turns so far, and every earlier hit by event id."""

    now_ms: int
    turns: Turns
    seen: Mapping[str, list[Hit]]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What is known of this conversation that is not talk; what was not delivered is absent, never 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An event that came about. `anchor` is the hit it is stamped at (None: `at_ms` alone); `item` links its statuses."""

    event: Event
    anchor: Hit | None
    at_ms: int
    turn: int
    confidence: float
    evidence: tuple[Evidence, ...]
    candidate: bool = False
    status: Status = Status.FINAL
    slots: Mapping[str, SlotValue]
    item: tuple[str, int, int] | None = None


class Rule:
    """Base of all rules: hears nothing, finds nothing."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.adverse = event.severity in ADVERSE

    hears: Collection[str] = ()

    def inside(self) -> Sequence[object]:
        """What keeps state of its own inside this rule (see `saving`)."""
        return ()

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        """A hit of one of `hears`, in order."""
        return NOTHING

    def turned(self, moment: Moment) -> Iterable[Finding]:
        """A new turn has begun; its hits come later."""
        return NOTHING

    def settled(self, moment: Moment) -> Iterable[Finding]:
        """All hits of an utterance have been dealt out."""
        return NOTHING

    def passed(self, moment: Moment) -> Iterable[Finding]:
        """Time has reached `moment.now_ms`; hits at that instant come later."""
        return NOTHING

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        """The stream is over; `really` is False when the recording was cut: then nothing that waits may fire."""
        return NOTHING

    def at(
        self,
        hit: Hit,
        evidence: Iterable[Evidence],
        *others: Hit,
        status: Status = Status.FINAL,
        slots: Mapping[str, SlotValue] | None = None,
        sure: float = 1.0,
        item: tuple[str, int, int] | None = None,
    ) -> Finding:
        """A finding stamped at `hit`, brought about by it and `others`: as sure as the least sure of them."""
        parts = (hit, *others)
        return Finding(
            event=self.event,
            anchor=hit,
            at_ms=hit.start_ms,
            turn=hit.turn,
            confidence=min(sure, *(h.confidence for h in parts)),
            evidence=tuple(evidence),
            candidate=any(h.candidate for h in parts),
            status=status,
            slots=hit.slots if slots is None else slots,
            item=item,
        )

    def window(self, detail: str, hit: Hit, moment: Moment) -> Evidence:
        """A window that ran from a hit until now."""
        return Evidence(
            kind="window",
            detail=detail,
            start_ms=hit.start_ms,
            end_ms=max(moment.now_ms, hit.start_ms),
            turn=hit.turn,
            utterance=hit.utterance,
        )
