"""The leaves of a composite that no ordinary kind can judge: each keeps what it still needs, and no more, as hits come.

An unknown voice counts for the accused, whichever way its leaf stands: `positive` is False under an odd number of "not", where
what makes the leaf true takes the tag away. So it never brings an adverse tag about, and always excuses, resets or fills up.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import msgspec

from edge_agent.domain.tags import Evidence
from edge_agent.lexicon.when import Absent, Count, First, Heard, Near, Node, Window
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import Moment

CONTRARY: Final = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`value` None = not decided. `hits` and `evidence` are what it rests on; `silent`: on something not having been said."""

    value: bool | None
    hits: tuple[Hit, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    silent: bool = False
    candidate: bool = False


UNDECIDED: Final = Verdict(value=None)


class Part:
    """One leaf. `blamed`: the tag is adverse, so that no unknown voice may help it.

    Parts of the same leaf are equal whatever they have heard: a saved state holds each apart, not with its tree.
    """

    def __init__(self, leaf: Node, *, positive: bool, blamed: bool) -> None:
        self.leaf = leaf
        self.positive, self.blamed = positive, blamed
        self.held: Verdict | None = None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._same() == other._same()

    def __hash__(self) -> int:
        return hash(self._same())

    def _same(self) -> tuple[bytes, bool, bool]:
        return msgspec.json.encode(self.leaf), self.positive, self.blamed

    def hit(self, hit: Hit) -> None:
        """The next hit, in order."""
        raise NotImplementedError

    def verdict(self, moment: Moment, *, final: bool) -> Verdict:
        """`held` stays; what never came is false at the end."""
        return self.held or (denied(self.leaf, moment.now_ms) if final else UNDECIDED)

    def helps(self, hit: Hit, *, true: bool) -> bool:
        """Whether a hit that makes the leaf true (or false) may count."""
        return not (hit.candidate and self.blamed and true == self.positive)


class HeardPart(Part):
    """One of these came about."""

    leaf: Heard

    def hit(self, hit: Hit) -> None:
        if self.held is None and hit.code in self.leaf.events and self.helps(hit, true=True):
            self.held = because(hit)


class AbsentPart(Part):
    """None of these by the real end."""

    leaf: Absent

    def hit(self, hit: Hit) -> None:
        if self.held is None and hit.code in self.leaf.of and self.helps(hit, true=False):
            self.held = Verdict(value=False, evidence=(hit.refer("closed"),))

    def verdict(self, moment: Moment, *, final: bool) -> Verdict:
        if self.held is None and final:
            return Verdict(value=True, evidence=_missing(self.leaf.of, moment.now_ms), silent=True)
        return self.held or UNDECIDED


class CountPart(Part):
    """The counts no ordinary kind has: the n-th, at most so many, so many in minutes.

    A known voice is needed for a count that accuses, with or without a window; one that excuses counts them all.
    """

    leaf: Count

    def __init__(self, leaf: Count, *, positive: bool, blamed: bool) -> None:
        super().__init__(leaf, positive=positive, blamed=blamed)
        self._below = leaf.op in ("<", "<=")
        self._all = self._below == positive
        self._need = leaf.n + (leaf.op in (">", "<="))
        self._kept: list[Hit] = []

    def hit(self, hit: Hit) -> None:
        if self.held is not None:
            return
        leaf = self.leaf
        if hit.code in leaf.without and self.helps(hit, true=self._below):
            self._kept.clear()
        if hit.code not in leaf.of or (hit.candidate and not self._all) or (leaf.distinct == "topic" and _again(hit, self._kept)):
            return
        self._kept.append(hit)
        if leaf.window is not None:
            self._kept = [one for one in self._kept if _inside(one, hit, leaf.window)]
        if len(self._kept) >= self._need:
            whole = because(*self._kept)
            self.held = Verdict(value=False, evidence=whole.evidence) if self._below else whole

    def verdict(self, moment: Moment, *, final: bool) -> Verdict:
        if self._below and self.held is None and final:
            return Verdict(value=True, evidence=(_measured(f"count {self.leaf.op} {self.leaf.n}", moment.now_ms),), silent=True)
        return super().verdict(moment, final=final)


class NearPart(Part):
    """One event beside another, by turns or minutes; or none beside it: before it at once, else at the end.

    An anchor is dropped when it is decided, and what has left the window when something new comes.
    """

    leaf: Near

    def __init__(self, leaf: Near, *, positive: bool, blamed: bool) -> None:
        super().__init__(leaf, positive=positive, blamed=blamed)
        self._anchors: deque[Hit] = deque()
        self._others: deque[Hit] = deque()
        self._anchored = False

    def hit(self, hit: Hit) -> None:
        leaf = self.leaf
        if self.held is not None:
            return
        anchor = hit.code in leaf.anchor and self.helps(hit, true=True) and not (leaf.first_only and self._anchored)
        other = hit.code in leaf.of and self.helps(hit, true=not leaf.absent)
        self._anchored = self._anchored or anchor
        if leaf.absent:
            self._without(hit, anchor=anchor, other=other)
        elif anchor or other:
            self._beside(hit, anchor=anchor, other=other)
        if other and leaf.side != "after":
            if leaf.absent:
                self._others.clear()  # the last one is the nearest
            self._others.append(hit)

    def _beside(self, hit: Hit, *, anchor: bool, other: bool) -> None:
        for kept in (self._anchors, self._others):
            while kept and not self._near(kept[0], hit):
                kept.popleft()
        if other and self._anchors:
            self._both(self._anchors[0], hit)
        elif anchor and self._others:
            self._both(hit, self._others[0])
        if anchor and self.leaf.side != "before":
            self._anchors.append(hit)

    def _both(self, anchor: Hit, other: Hit) -> None:
        both = sorted((anchor, other), key=lambda hit: hit.order)
        self.held = Verdict(value=True, hits=tuple(both), evidence=(anchor.refer("anchor"), other.refer()))

    def _without(self, hit: Hit, *, anchor: bool, other: bool) -> None:
        while other and self._anchors and self._near(self._anchors[-1], hit):
            self._anchors.pop()
        before = self._others and self._near(self._others[-1], hit)
        if not anchor or (before and self.leaf.side != "after"):
            return
        if self.leaf.side == "before":
            self.held = self._alone(hit)
        else:
            self._anchors.append(hit)

    def _alone(self, anchor: Hit) -> Verdict:
        evidence = (anchor.refer("anchor"), *_missing(self.leaf.of, anchor.start_ms))
        return Verdict(value=True, hits=(anchor,), evidence=evidence, silent=True)

    def _near(self, one: Hit, other: Hit) -> bool:
        return self.leaf.within is None or _inside(one, other, self.leaf.within)

    def verdict(self, moment: Moment, *, final: bool) -> Verdict:
        if self.held is None and final and self.leaf.absent and self._anchors:
            return self._alone(self._anchors[0])
        return super().verdict(moment, final=final)


def part(leaf: Node, *, positive: bool, blamed: bool) -> Part | None:
    """What judges such a leaf; None for what is known without hits."""
    match leaf:
        case Heard():
            return HeardPart(leaf, positive=positive, blamed=blamed)
        case Absent():
            return AbsentPart(leaf, positive=positive, blamed=blamed)
        case Count():
            return CountPart(leaf, positive=positive, blamed=blamed)
        case Near():
            return NearPart(leaf, positive=positive, blamed=blamed)
        case _:
            return None


def because(*hits: Hit) -> Verdict:
    """True, for these hits."""
    return Verdict(value=True, hits=hits, evidence=tuple(hit.refer() for hit in hits))


def denied(leaf: Node, now_ms: int) -> Verdict:
    """False at the end, and what shows it: which events did not come, or which figure was not reached."""
    events = leaf.events if isinstance(leaf, Heard) else leaf.of if isinstance(leaf, First) else []
    if events:
        return Verdict(value=False, evidence=_missing(events, now_ms), silent=True)
    name = type(leaf).__name__.lower()
    detail = f"count {CONTRARY[leaf.op]} {leaf.n}" if isinstance(leaf, Count) else f"{name} == 0"
    return Verdict(value=False, evidence=(_measured(detail, now_ms),), silent=True)


def _missing(codes: list[str], until_ms: int) -> tuple[Evidence, ...]:
    return tuple(Evidence(kind="absent", detail=code, start_ms=0, end_ms=until_ms) for code in codes)


def _measured(detail: str, now_ms: int) -> Evidence:
    return Evidence(kind="measure", detail=detail, start_ms=0, end_ms=now_ms)


def _again(hit: Hit, kept: list[Hit]) -> bool:
    topic = hit.slots.get("topic")
    return topic is not None and any(one.slots.get("topic") == topic for one in kept)


def _inside(one: Hit, other: Hit, window: Window) -> bool:
    if window.unit == "turns":
        return abs(other.turn - one.turn) <= window.n
    return abs(other.start_ms - one.start_ms) <= window.n * 60_000
