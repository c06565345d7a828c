"""What every rule over days is: told of a person's hits in order and of the time, it finds what follows.

The twin of `rules.base.Rule` for the second stage; what it is told lies at absolute times and in several recordings. A rule may
be started amid a history: then it is *told* for each hit whether it fired there, and only from `since_ms` on decides itself. So
a judgement needs no more of the past than `reach_ms`; where each decision hangs on the one before it, that is `EVER_MS`.
"""
# ruff: noqa: ARG002 - the defaults ignore what they are told

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.history import DAY_MS, Past, Whose
from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.model import Event
from edge_agent.tagging.hits import ADVERSE

EVER_MS: Final = 3653 * DAY_MS
"""How far back a word is looked for that holds until it is taken back, and what hangs on everything before it."""
Fired = Callable[[], bool]
NOTHING: tuple["Found", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event that came about over days, stamped `at_ms` in the recording of its anchor. `timed`: by time alone."""

    event: Event
    anchor: Past
    at_ms: int
    known_at_ms: int
    confidence: float
    evidence: tuple[Evidence, ...]
    slots: Mapping[str, SlotValue]
    timed: bool = False
    unwritten: bool = False
    """It rests on something not having been written: only a box that is told of writing can know that."""


class Over:
    """Base of all rules over days: hears nothing, finds nothing. `events` are the models of the lexicon, by id."""

    hears: Collection[str] = ()
    reach_ms: int = 0

    def __init__(self, event: Event, events: Mapping[str, Event], whose: Whose) -> None:
        self.event, self.events, self.whose = event, events, whose
        self.adverse = event.severity in ADVERSE

    def hit(self, hit: Past, told: Fired | None = None) -> Iterable[Found]:
        """A hit of one of `hears`, in order. `told` says whether it is on record that the rule fired here; None = decide."""
        return NOTHING

    def passed(self, now_ms: int) -> Iterable[Found]:
        """Time has reached `now_ms`; hits at that instant come later."""
        return NOTHING

    def whole(self, hits: Sequence[Past], since_ms: int) -> Iterable[Found]:
        """What follows from all hits of the history together, from `since_ms` on; asked last."""
        return NOTHING

    def due(self) -> Iterable[tuple[str, int]]:
        """(recording of the anchor, ms) of everything that time alone will decide."""
        return ()

    def reaches(self) -> Mapping[str, int]:
        """How far back it has to know of each event that it hears."""
        return dict.fromkeys(self.hears, self.reach_ms)

    def lasting(self) -> Mapping[str, str]:
        """The events of which it has to know the last one too, however long ago; whose word does not count ("" = nobody's)."""
        return {}

    def is_candidate(self, hit: Past) -> bool:
        """Whether an unknown voice did what only the rep or only the customer can be blamed or credited for."""
        event = self.events.get(hit.code)
        return hit.tag.speaker is Speaker.UNKNOWN and (event is None or event.speaker in ("rep", "customer"))


def refer(hit: Past, recording: str, kind: str = "reference") -> Evidence:
    """A hit as evidence for a conclusion in `recording`; one from another recording says which (`earlier`)."""
    tag, here = hit.tag, hit.recording == recording
    return Evidence(
        kind=kind if here else "earlier", detail=tag.code if here else f"{tag.code}@{hit.recording}", start_ms=tag.start_ms,
        end_ms=tag.end_ms, turn=tag.turn,
    )  # fmt: skip
