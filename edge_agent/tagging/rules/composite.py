"""A tree of conditions joined by and, or, not: fires once, as soon as what has happened decides it.

Each leaf is true, false, or not decided yet. What must not come is decided at a real end only, and an unknown voice counts there:
doubt goes against the adverse tag. A fact that was not delivered stays undecided for ever, so nothing fires on it. A leaf that
an ordinary kind can judge runs as that kind's own machine, so it means the same inside a tree as alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from edge_agent.domain.tags import Evidence, Status
from edge_agent.lexicon.conditions import Condition, Fact
from edge_agent.lexicon.model import Event
from edge_agent.lexicon.when import Absent, All, Any, Clock, Count, Heard, Near, Node, Not, Window, leaves, named
from edge_agent.lexicon.when import Fact as Known
from edge_agent.rulebook.events import over_days, plain
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule

WEEKDAY, MINUTE = "local_weekday", "local_minute"
"""Facts about when the conversation began: 1 to 7, and minutes of the day."""

Make = Callable[[Event, Mapping[str, Event]], Callable[[], Rule]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`value` None = not decided. `hits` and `evidence` are what it rests on; `silent`: on something not having been said."""

    value: bool | None
    hits: tuple[Hit, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    silent: bool = False
    candidate: bool = False


UNDECIDED = Verdict(value=None)
FALSE = Verdict(value=False)


def is_over_days(node: Node) -> bool:
    """Whether a part of the tree looks beyond the conversation: then `across.together` judges it."""
    return any(over_days(leaf) for leaf in leaves(node))


def inert(node: Node) -> str:
    """Why such a tree cannot be judged over days either, "" if it can."""
    parts = [leaf for leaf in leaves(node) if over_days(leaf)]
    if any(isinstance(leaf, Near) and leaf.absent and leaf.side != "before" for leaf in parts):
        return "what must not come for days is not judged beside other conditions; write two rules"
    if len({leaf.per for leaf in parts if isinstance(leaf, Count)} - {"conversation"}) > 1:
        return "counts of one customer and counts of one rep are not judged in one rule; write two"
    return ""


class Composite(Rule):
    """`events` are the models of the lexicon; `make` gives the machine of an ordinary event."""

    def __init__(self, event: Event, node: Node, events: Mapping[str, Event], make: Make) -> None:
        super().__init__(event)
        self._node = node
        self.hears = frozenset(named(node))
        self._heard: list[Hit] = []
        self._machines: dict[bytes, _Machine] = {}
        for leaf in leaves(node):
            found = None if isinstance(leaf, Heard) or _awaits_end(leaf) else plain(leaf)
            if found is not None:
                part = msgspec.structs.replace(event, kind=found[0], temporal=found[1], when=None)
                self._machines[_key(leaf)] = _Machine(rule=make(part, events)())
        self._over = False

    def inside(self) -> Sequence[object]:
        return [one for machine in self._machines.values() for one in (machine, machine.rule)]

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        if self._over:
            return NOTHING
        self._heard.append(hit)
        for machine in self._machines.values():
            if hit.code in machine.rule.hears:
                machine.keep(machine.rule.hit(hit, moment))
        return self._judge(moment)

    def turned(self, moment: Moment) -> Iterable[Finding]:
        return self._told(moment, lambda rule: rule.turned(moment))

    def settled(self, moment: Moment) -> Iterable[Finding]:
        return self._told(moment, lambda rule: rule.settled(moment))

    def passed(self, moment: Moment) -> Iterable[Finding]:
        return self._told(moment, lambda rule: rule.passed(moment))

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        for machine in self._machines.values():
            machine.keep(machine.rule.ended(moment, really=really))
        return self._judge(moment, final=really) if not self._over else NOTHING

    def _told(self, moment: Moment, tell: Callable[[Rule], Iterable[Finding]]) -> Iterable[Finding]:
        if self._over:
            return NOTHING
        new = [machine.keep(tell(machine.rule)) for machine in self._machines.values()]
        return self._judge(moment) if any(new) else NOTHING

    def _judge(self, moment: Moment, *, final: bool = False) -> Iterable[Finding]:
        found = self._verdict(self._node, moment, final=final, positive=True)
        if found.value is not True:
            return NOTHING
        self._over = True
        sure = moment.turns.clarity if found.silent else 1.0
        hits = sorted(found.hits, key=lambda h: h.order)
        if hits:
            return (self.at(hits[-1], dict.fromkeys(found.evidence), *hits[:-1], sure=sure),)
        return (
            Finding(
                event=self.event, anchor=None, at_ms=moment.now_ms, turn=moment.turns.now, confidence=sure,
                evidence=found.evidence, slots={}, candidate=found.candidate,
            ),
        )  # fmt: skip

    def _verdict(self, node: Node, moment: Moment, *, final: bool, positive: bool) -> Verdict:
        match node:
            case Not():
                inner = self._verdict(node.part, moment, final=final, positive=not positive)
                return Verdict(value=None if inner.value is None else not inner.value, silent=inner.value is False)
            case All():
                return _every([self._verdict(p, moment, final=final, positive=positive) for p in node.parts])
            case Any():
                return _some([self._verdict(p, moment, final=final, positive=positive) for p in node.parts])
            case _:
                return self._leaf(node, moment, final=final, positive=positive)

    def _leaf(self, node: Node, moment: Moment, *, final: bool, positive: bool) -> Verdict:  # noqa: PLR0911 - one way for each node
        machine = self._machines.get(_key(node))
        if machine is not None:
            return machine.verdict(final=final)
        match node:
            case Known():
                return _known(node, moment.facts, moment)
            case Clock():
                return _clock(node, moment.facts, moment)
            case Absent():
                return self._absent(node, moment, final=final)
        counted = [h for h in self._heard if not (h.candidate and positive and self.adverse)]
        match node:
            case Heard():
                hits = [h for h in counted if h.code in node.events][:1]
            case Count():
                return _counted(node, counted, moment, final=final)
            case Near():
                return _near(node, counted, final=final)
        return _because(hits, final=final)

    def _absent(self, node: Absent, moment: Moment, *, final: bool) -> Verdict:
        if any(h.code in node.of for h in self._heard):
            return FALSE
        if not final:
            return UNDECIDED
        absent = tuple(Evidence(kind="absent", detail=code, start_ms=0, end_ms=moment.now_ms) for code in node.of)
        return Verdict(value=True, evidence=absent, silent=True)


@dataclass(slots=True, kw_only=True)
class _Machine:
    """An ordinary rule inside the tree; its first final finding makes the leaf true."""

    rule: Rule = field(compare=False)
    held: Verdict | None = field(default=None, compare=False)

    def keep(self, findings: Iterable[Finding]) -> bool:
        new = [f for f in findings if f.status is Status.FINAL]
        if new and self.held is None:
            hits = (new[0].anchor,) if new[0].anchor is not None else ()
            silent = any(e.kind == "absent" for e in new[0].evidence)
            self.held = Verdict(value=True, hits=hits, evidence=new[0].evidence, silent=silent, candidate=new[0].candidate)
        return bool(new)

    def verdict(self, *, final: bool) -> Verdict:
        return self.held or (FALSE if final else UNDECIDED)


def _key(leaf: Node) -> bytes:
    """Leaves that say the same share one machine."""
    return msgspec.json.encode(leaf)


def _awaits_end(node: Node) -> bool:
    return isinstance(node, Absent) and node.until == "end"


def _every(parts: Sequence[Verdict]) -> Verdict:
    if any(p.value is False for p in parts):
        return FALSE
    return UNDECIDED if any(p.value is None for p in parts) else _joined(parts)


def _some(parts: Sequence[Verdict]) -> Verdict:
    held = [p for p in parts if p.value is True]
    if held:
        return _joined(held[:1])
    return UNDECIDED if any(p.value is None for p in parts) else FALSE


def _joined(parts: Sequence[Verdict]) -> Verdict:
    return Verdict(
        value=True,
        hits=tuple(h for p in parts for h in p.hits),
        evidence=tuple(e for p in parts for e in p.evidence),
        silent=any(p.silent for p in parts),
        candidate=any(p.candidate for p in parts),
    )


def _because(hits: Sequence[Hit], *, final: bool) -> Verdict:
    if not hits:
        return FALSE if final else UNDECIDED
    return Verdict(value=True, hits=tuple(hits), evidence=tuple(h.refer() for h in hits))


def _counted(node: Count, heard: Sequence[Hit], moment: Moment, *, final: bool) -> Verdict:
    """The counts no ordinary kind has: the n-th, at most so many, so many in minutes."""
    kept: list[Hit] = []
    for hit in heard:
        if hit.code in node.without:
            kept.clear()
        if hit.code in node.of and not hit.candidate and not (node.distinct == "topic" and _again(hit, kept)):
            kept.append(hit)
        if node.window is not None and node.op in (">=", ">"):
            kept = [h for h in kept if _inside(h, kept[-1], node.window)]
            if len(kept) >= node.n + (node.op == ">"):
                return _because(kept, final=final)
    if node.op in ("<", "<="):
        if len(kept) > node.n - (node.op == "<"):
            return FALSE
        measured = Evidence(kind="measure", detail=f"count {node.op} {node.n}", start_ms=0, end_ms=moment.now_ms)
        return Verdict(value=True, evidence=(measured,), silent=True) if final else UNDECIDED
    need = node.n + (node.op == ">")
    return _because(kept[:need] if len(kept) >= need else [], final=final)


def _again(hit: Hit, kept: Sequence[Hit]) -> bool:
    topic = hit.slots.get("topic")
    return topic is not None and any(h.slots.get("topic") == topic for h in kept)


def _near(node: Near, heard: Sequence[Hit], *, final: bool) -> Verdict:
    """Before, after and around as times or turns; `absent` looks forward only at the end."""
    anchors = [h for h in heard if h.code in node.anchor]
    for anchor in anchors[:1] if node.first_only else anchors:
        near = [h for h in heard if h is not anchor and h.code in node.of and _side(node, anchor, h)]
        if node.absent and not near and (final or node.side == "before"):
            absent = tuple(Evidence(kind="absent", detail=code, start_ms=0, end_ms=anchor.start_ms) for code in node.of)
            return Verdict(value=True, hits=(anchor,), evidence=(anchor.refer("anchor"), *absent), silent=True)
        if near and not node.absent:
            both = sorted((anchor, near[0]), key=lambda h: h.order)
            return Verdict(value=True, hits=tuple(both), evidence=(anchor.refer("anchor"), near[0].refer()))
    return FALSE if final else UNDECIDED


def _side(node: Near, anchor: Hit, other: Hit) -> bool:
    later = other.order > anchor.order
    if node.side != "around" and later != (node.side == "after"):
        return False
    return node.within is None or _inside(anchor, other, node.within)


def _inside(one: Hit, other: Hit, window: Window) -> bool:
    if window.unit == "turns":
        return abs(other.turn - one.turn) <= window.n
    return abs(other.start_ms - one.start_ms) <= window.n * 60_000


def _known(node: Known, facts: Mapping[str, Fact], moment: Moment) -> Verdict:
    right = str(node.value).lower() if isinstance(node.value, bool) else repr(node.value)
    value = Condition(left=node.name, sign=node.op, right=right).holds(facts)
    measured = Evidence(kind="measure", detail=f"{node.name} {node.op} {right}", start_ms=0, end_ms=moment.now_ms)
    return Verdict(value=value, evidence=(measured,) if value else ())


def _clock(node: Clock, facts: Mapping[str, Fact], moment: Moment) -> Verdict:
    day, minute = facts.get(WEEKDAY), facts.get(MINUTE)
    if day is None or minute is None:
        return UNDECIDED
    held = not node.days or day in node.days
    if node.from_minute is not None and node.to_minute is not None:
        start, end = node.from_minute, node.to_minute
        held = held and (start <= minute < end if start <= end else minute >= start or minute < end)
    measured = Evidence(kind="measure", detail=f"{WEEKDAY} {day:g}, {MINUTE} {minute:g}", start_ms=0, end_ms=moment.now_ms)
    return Verdict(value=held, evidence=(measured,) if held else ())


__all__ = ["MINUTE", "WEEKDAY", "Composite", "inert", "is_over_days"]
