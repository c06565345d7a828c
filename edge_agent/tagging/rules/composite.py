"""A tree of conditions joined by and, or, not: fires once, as soon as what has happened decides it.

Each leaf is true, false, or not decided yet. What must not come is decided at a real end only, and an unknown voice counts there:
doubt goes against the adverse tag. A fact that was not delivered stays undecided for ever, so nothing fires on it. A leaf that
an ordinary kind can judge runs as that kind's own machine, so it means the same inside a tree as alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from edge_agent.domain.tags import Evidence, Status
from edge_agent.lexicon.conditions import Condition, Fact
from edge_agent.lexicon.model import Event
from edge_agent.lexicon.when import Absent, All, Any, Clock, Count, First, Heard, Near, Node, Not, Row, leaves, named
from edge_agent.lexicon.when import Fact as Known
from edge_agent.rulebook.events import over_days, plain
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule
from edge_agent.tagging.rules.parts import CONTRARY, UNDECIDED, Part, Verdict, denied, part

WEEKDAY, MINUTE = "local_weekday", "local_minute"
"""Facts about when the conversation began: 1 to 7, and minutes of the day."""

Make = Callable[[Event, Mapping[str, Event]], Callable[[], Rule]]


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
        self._parts: dict[bytes, Part] = {}
        self._machines: dict[bytes, _Machine] = {}
        for leaf, positive in signed(node, positive=True):
            found = None if isinstance(leaf, Heard) or _awaits_end(leaf) else plain(leaf)
            if found is not None:
                one = msgspec.structs.replace(event, kind=found[0], temporal=found[1], when=None)
                machine = _Machine(rule=make(one, events)(), leaf=leaf, positive=positive, blamed=self.adverse)
                self._machines[_key(leaf, positive=positive)] = machine
            elif (own := part(leaf, positive=positive, blamed=self.adverse)) is not None:
                self._parts[_key(leaf, positive=positive)] = own
        self._over = False

    def inside(self) -> Sequence[object]:
        machines = [one for machine in self._machines.values() for one in (machine, machine.rule)]
        return [*machines, *self._parts.values()]

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        if self._over:
            return NOTHING
        for own in self._parts.values():
            own.hit(hit)
        for machine in self._machines.values():
            machine.hit(hit, moment)
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
                if inner.value is None:
                    return UNDECIDED
                return Verdict(value=not inner.value, evidence=inner.evidence, silent=inner.value is False)
            case All():
                return _every([self._verdict(p, moment, final=final, positive=positive) for p in node.parts])
            case Any():
                return _some([self._verdict(p, moment, final=final, positive=positive) for p in node.parts])
            case _:
                return self._leaf(node, moment, final=final, positive=positive)

    def _leaf(self, node: Node, moment: Moment, *, final: bool, positive: bool) -> Verdict:
        key = _key(node, positive=positive)
        if key in self._machines:
            return self._machines[key].verdict(moment, final=final)
        if key in self._parts:
            return self._parts[key].verdict(moment, final=final)
        if isinstance(node, Clock):
            return _clock(node, moment.facts, moment)
        assert isinstance(node, Known)
        return _known(node, moment.facts, moment)


@dataclass(slots=True, kw_only=True)
class _Machine:
    """An ordinary rule inside the tree; its first final finding makes the leaf true.

    Ordinary rules take an unknown voice for one that excuses. Under a "not" that is turned round: there it counts as known
    where it makes the leaf true, and is not heard where it would make it false.
    """

    rule: Rule = field(compare=False)
    leaf: Node
    positive: bool
    blamed: bool
    held: Verdict | None = field(default=None, compare=False)

    def hit(self, hit: Hit, moment: Moment) -> None:
        if hit.code not in self.rule.hears:
            return
        if hit.candidate and not self.positive:
            if hit.code in _helping(self.leaf):
                hit = replace(hit, candidate=False)
            elif self.blamed:
                return
        self.keep(self.rule.hit(hit, moment))

    def keep(self, findings: Iterable[Finding]) -> bool:
        new = [f for f in findings if f.status is Status.FINAL]
        if new and self.held is None:
            hits = (new[0].anchor,) if new[0].anchor is not None else ()
            silent = any(e.kind == "absent" for e in new[0].evidence)
            self.held = Verdict(value=True, hits=hits, evidence=new[0].evidence, silent=silent, candidate=new[0].candidate)
        return bool(new)

    def verdict(self, moment: Moment, *, final: bool) -> Verdict:
        return self.held or (denied(self.leaf, moment.now_ms) if final else UNDECIDED)


def signed(node: Node, *, positive: bool) -> Iterator[tuple[Node, bool]]:
    """Every leaf, and whether an even number of "not" stands over it."""
    match node:
        case All() | Any():
            for one in node.parts:
                yield from signed(one, positive=positive)
        case Not():
            yield from signed(node.part, positive=not positive)
        case _:
            yield node, positive


def _helping(leaf: Node) -> frozenset[str]:
    """Events that can make the leaf true."""
    match leaf:
        case Near():
            return frozenset(leaf.anchor if leaf.absent else [*leaf.anchor, *leaf.of])
        case Row():
            return frozenset([*leaf.of, *leaf.opportunity])
        case Count() | First():
            return frozenset(leaf.of)
        case _:
            return frozenset()


def _key(leaf: Node, *, positive: bool) -> bytes:
    """Leaves that say the same share one machine, unless one of them is denied."""
    return msgspec.json.encode((positive, leaf))


def _awaits_end(node: Node) -> bool:
    return isinstance(node, Absent) and node.until == "end"


def _every(parts: Sequence[Verdict]) -> Verdict:
    broken = [p for p in parts if p.value is False]
    if broken:
        return _broken(broken[:1])
    return UNDECIDED if any(p.value is None for p in parts) else _joined(parts)


def _some(parts: Sequence[Verdict]) -> Verdict:
    held = [p for p in parts if p.value is True]
    if held:
        return _joined(held[:1])
    return UNDECIDED if any(p.value is None for p in parts) else _broken(parts)


def _broken(parts: Sequence[Verdict]) -> Verdict:
    return Verdict(value=False, evidence=tuple(e for p in parts for e in p.evidence))


def _joined(parts: Sequence[Verdict]) -> Verdict:
    return Verdict(
        value=True,
        hits=tuple(h for p in parts for h in p.hits),
        evidence=tuple(e for p in parts for e in p.evidence),
        silent=any(p.silent for p in parts),
        candidate=any(p.candidate for p in parts),
    )


def _known(node: Known, facts: Mapping[str, Fact], moment: Moment) -> Verdict:
    right = str(node.value).lower() if isinstance(node.value, bool) else repr(node.value)
    value = Condition(left=node.name, sign=node.op, right=right).holds(facts)
    sign = CONTRARY[node.op] if value is False else node.op
    measured = Evidence(kind="measure", detail=f"{node.name} {sign} {right}", start_ms=0, end_ms=moment.now_ms)
    return Verdict(value=value, evidence=(measured,) if value is not None else ())


def _clock(node: Clock, facts: Mapping[str, Fact], moment: Moment) -> Verdict:
    day, minute = facts.get(WEEKDAY), facts.get(MINUTE)
    if day is None or minute is None:
        return UNDECIDED
    held = not node.days or day in node.days
    if node.from_minute is not None and node.to_minute is not None:
        start, end = node.from_minute, node.to_minute
        held = held and (start <= minute < end if start < end else minute >= start or minute < end)
    measured = Evidence(kind="measure", detail=f"{WEEKDAY} {day:g}, {MINUTE} {minute:g}", start_ms=0, end_ms=moment.now_ms)
    return Verdict(value=held, evidence=(measured,))


__all__ = ["MINUTE", "WEEKDAY", "Composite", "inert", "is_over_days", "signed"]
