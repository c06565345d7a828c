"""A tree of conditions of which some look over days: judged once for each of the person's recordings, from its tags.

The parts over days are told first: whether they hold at that recording's last hit. Then they stand in the tree as facts, and the
tree runs over the recording's tags as it does inside a talk (`replay`). So "three complaints in 30 days, and a refund asked for"
fires in the recording in which the refund is asked for, at most once in each. What must not come later cannot be told here.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

import msgspec

from edge_agent.domain.history import DAY_MS, DELIVERED, LONGEST_MS, Past, Whose
from edge_agent.domain.tags import Status
from edge_agent.lexicon.conditions import OPERATORS, Fact
from edge_agent.lexicon.model import Event, Temporal
from edge_agent.lexicon.when import All, Any, Count, Near, Node, Not, leaves, named
from edge_agent.lexicon.when import Fact as Known
from edge_agent.rulebook.events import over_days
from edge_agent.tagging.across.base import Found, Over, refer
from edge_agent.tagging.replay import findings
from edge_agent.tagging.rules.build import machine
from edge_agent.tagging.rules.composite import MINUTE, WEEKDAY, signed
from edge_agent.tagging.rules.parts import denied

_NAME: Final = "over_days_{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A leaf over days at one recording: whether it holds, and on which hits."""

    value: bool
    hits: tuple[Past, ...] = ()


class Together(Over):
    """`zone` is the store's, for conditions on the hour; None = the machine's own."""

    def __init__(self, event: Event, events: Mapping[str, Event], whose: Whose, *, node: Node, zone: tzinfo | None) -> None:
        super().__init__(event, events, whose)
        self._zone = zone
        self._parts = [leaf for leaf in leaves(node) if over_days(leaf)]
        self._positive = [positive for leaf, positive in signed(node, positive=True) if over_days(leaf)]
        tree = _with_facts(node, {msgspec.json.encode(leaf): n for n, leaf in enumerate(self._parts)})
        self._alone = msgspec.structs.replace(event, kind="composite", when=tree, temporal=Temporal())
        self.hears = frozenset({*named(node), DELIVERED})
        self.reach_ms = max(_window_ms(leaf) for leaf in self._parts) + LONGEST_MS

    def reaches(self) -> Mapping[str, int]:
        return {**super().reaches(), DELIVERED: 0}

    def whole(self, hits: Sequence[Past], since_ms: int) -> Sequence[Found]:
        mine = sorted(
            (hit for hit in hits if hit.code in self.hears), key=lambda hit: hit.order
        )  # as dealt, a conclusion is last
        last = {hit.recording: hit for hit in mine}
        found = (self._judged(end, mine) for end in last.values() if end.at_ms >= since_ms)
        return [one for one in found if one is not None]

    def _judged(self, end: Past, hits: Sequence[Past]) -> Found | None:
        """The tree at one recording, whose last hit is `end`."""
        since = bisect_left(hits, end.at_ms - self.reach_ms, key=lambda hit: hit.at_ms)
        until = hits[since : bisect_right(hits, end.order, key=lambda hit: hit.order)]
        parts = [self._part(leaf, until, end, positive=so) for leaf, so in zip(self._parts, self._positive, strict=True)]
        here = [hit for hit in until if hit.recording == end.recording]
        tags = [hit.tag for hit in here if hit.code != DELIVERED]
        told = findings(machine(self._alone, self.events), tags, self.events, self._facts(here, parts))
        first = next((one for one in told if one.status is Status.FINAL), None)
        if first is None:
            return None
        start_ms = end.tag.start_ms if first.anchor is None else first.anchor.start_ms
        anchor = next(hit for hit in reversed(here) if hit.tag.start_ms <= start_ms)
        rests = [hit for part in parts if part.value for hit in part.hits]
        own = [one for one in first.evidence if not one.detail.startswith(_NAME.format(""))]
        told_of = {one.detail.partition(" ")[0] for one in first.evidence}
        for n, part in enumerate(parts):
            if not part.value and _NAME.format(n) in told_of:  # under a "not": what was not reached is the evidence
                own += denied(self._parts[n], end.tag.known_at_ms).evidence
        return Found(
            event=self.event, anchor=anchor, at_ms=anchor.at_ms, known_at_ms=end.began_ms + end.tag.known_at_ms,
            confidence=min([first.confidence, *(hit.tag.confidence for hit in rests)]), slots=dict(anchor.tag.slots),
            evidence=tuple(dict.fromkeys([*(refer(hit, end.recording) for hit in rests), *own])),
        )  # fmt: skip

    def _facts(self, here: Sequence[Past], parts: Sequence[_Part]) -> dict[str, Fact]:
        at = datetime.fromtimestamp(here[0].began_ms / 1000, UTC).astimezone(self._zone)
        delivered = {name: value for hit in here for name, value in hit.facts.items()}
        held = {_NAME.format(n): part.value for n, part in enumerate(parts)}
        return {WEEKDAY: at.isoweekday(), MINUTE: at.hour * 60 + at.minute, **delivered, **held}

    def _part(self, leaf: Node, hits: Sequence[Past], end: Past, *, positive: bool) -> _Part:
        """An unknown voice counts where it takes the tag away."""
        if isinstance(leaf, Count):
            return self._count(leaf, hits, end, positive=positive)
        assert isinstance(leaf, Near)
        return self._near(leaf, hits, end, positive=positive)

    def _count(self, leaf: Count, hits: Sequence[Past], end: Past, *, positive: bool) -> _Part:
        kept: list[Past] = []
        excuses = (leaf.op in ("<", "<=")) == positive
        for hit in hits:
            if hit.code in leaf.without:
                kept.clear()
            if hit.code in leaf.of and (excuses or not self.is_candidate(hit)) and not _is_again(leaf, hit, kept):
                kept.append(hit)
        kept = [hit for hit in kept if end.at_ms - hit.at_ms <= _window_ms(leaf)]
        return _Part(value=OPERATORS[leaf.op](len(kept), leaf.n), hits=tuple(kept))

    def _near(self, leaf: Near, hits: Sequence[Past], end: Past, *, positive: bool) -> _Part:
        """Anchor and `of` within the days, the later of them in this recording; or an anchor here with none before it."""
        usable = [hit for hit in hits if not (self.adverse and self.is_candidate(hit))]
        for anchor in (hit for hit in (usable if positive else hits) if hit.code in leaf.anchor):
            near = [
                hit for hit in (hits if leaf.absent == positive else usable) if hit is not anchor and hit.code in leaf.of
                and _side(leaf, anchor, hit) and abs(hit.at_ms - anchor.at_ms) <= _window_ms(leaf)
            ]  # fmt: skip
            if leaf.absent and not near and anchor.recording == end.recording:
                return _Part(value=True, hits=(anchor,))
            both = next((hit for hit in near if max(anchor, hit, key=lambda h: h.order).recording == end.recording), None)
            if both is not None and not leaf.absent:
                return _Part(value=True, hits=(anchor, both))
        return _Part(value=False)


def whose(node: Node) -> Whose:
    """Whose recordings such a tree looks over."""
    return Whose.REP if any(isinstance(leaf, Count) and leaf.per == "rep" for leaf in leaves(node)) else Whose.CUSTOMER


def _with_facts(node: Node, places: Mapping[bytes, int]) -> Node:
    """The tree with its parts over days as facts."""
    match node:
        case All():
            return All(parts=[_with_facts(part, places) for part in node.parts])
        case Any():
            return Any(parts=[_with_facts(part, places) for part in node.parts])
        case Not():
            return Not(part=_with_facts(node.part, places))
        case _:
            place = places.get(msgspec.json.encode(node))
            return node if place is None else Known(name=_NAME.format(place), op="==", value=True)


def _window_ms(leaf: Node) -> int:
    window = leaf.window if isinstance(leaf, Count) else leaf.within if isinstance(leaf, Near) else None
    assert window is not None
    return int(window.n * DAY_MS)


def _is_again(leaf: Count, hit: Past, kept: Sequence[Past]) -> bool:
    if leaf.distinct == "conversation":
        return any(one.recording == hit.recording for one in kept)
    topic = hit.value("topic") if leaf.distinct == "topic" else None
    return topic is not None and any(one.value("topic") == topic for one in kept)


def _side(leaf: Near, anchor: Past, other: Past) -> bool:
    return leaf.side == "around" or (other.order > anchor.order) == (leaf.side == "after")
