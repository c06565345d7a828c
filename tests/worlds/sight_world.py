"""Scans of one place made by hand: minutes for times, keyword arguments for what was measured of one subject."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from edge_agent.domain.history import ms_of
from edge_agent.domain.hours import OpenHours
from edge_agent.domain.observation import Observation, Scanned
from edge_agent.domain.tags import SlotValue
from edge_agent.domain.watching import Closed, Placed, Series, Watched
from edge_agent.tagging.sight.watch import Watch

START = datetime(2026, 11, 20, 2, tzinfo=UTC)
"""Ten in the morning of a Friday in the shop."""
ALWAYS = OpenHours.of(["1-7 00:00-24:00"], UTC)
BAY = "shelf:bay-a"


def saw(
    subject: str = "slot:r1s1", *, since_s: float = 0, until_s: float = 20, sure: float = 1.0,
    slots: tuple[tuple[str, SlotValue], ...] = (), **values: float | bool,
) -> Observation:  # fmt: skip
    return Observation(
        subject=subject, values=tuple(values.items()), from_ms=round(since_s * 1000), until_ms=round(until_s * 1000),
        confidence=sure, slots=slots,
    )  # fmt: skip


def scan(minute: float, *observations: Observation, name: str = "", place: str = BAY) -> Scanned:
    """A scan that began so many minutes after `START`; its recording is named after that."""
    return Scanned(
        recording=name or f"scan-{minute:09.2f}", place=place, began_at=START + timedelta(minutes=minute),
        observations=observations,
    )  # fmt: skip


def slot(state: str, subject: str = "slot:r1s1") -> tuple[Observation, ...]:
    """A letter for a slot: E empty, F full, ? blocked, . nothing measured."""
    if state == "E":
        return (saw(subject, facings=0, planned_facings=2, view_occluded=False),)
    if state == "F":
        return (saw(subject, facings=2, planned_facings=2, facing_ratio=1.0, view_occluded=False),)
    return (saw(subject, planned_facings=2, view_occluded=True),) if state == "?" else ()


def row(states: str, *, every: float = 10, place: str = BAY) -> list[Scanned]:
    """One scan each `every` minutes, as the letters say."""
    return [scan(number * every, *slot(state), place=place) for number, state in enumerate(states)]


def judged(scans: Iterable[Scanned], watch: Watch, *, place: str = BAY) -> Watched:
    return watch.judge(Series(place=place, scans=list(scans)))


def told(found: Watched) -> list[tuple[str, str, str]]:
    """(code, status or `closed`, recording it belongs to) of everything that stands."""
    over = {one.tag for one in found.closed}
    return sorted((one.tag.code, "closed" if one.tag.id in over else one.tag.status.value, one.recording) for one in found.new)


class Record:
    """What a ledger would hold of one place: tags in force, closings, and the states after scans."""

    def __init__(self, watch: Watch, place: str = BAY) -> None:
        self.watch, self.place = watch, place
        self.scans: dict[str, Scanned] = {}
        self.stood: dict[str, Placed] = {}
        self.closed: dict[str, Closed] = {}
        self.states: list[tuple[tuple[int, str], str]] = []

    def add(self, *scans: Scanned) -> None:
        """Analyse these, in this order, each judged when it comes."""
        for one in scans:
            self.scans[one.recording] = one
            self.judge(one)

    def judge(self, one: Scanned) -> None:
        """Judge the place anew from this scan on, as a ledger does."""
        at = (ms_of(one.began_at), one.recording)
        self.states = [kept for kept in self.states if kept[0] < at]
        before = max(self.states, default=((-1, ""), ""))
        ordered = sorted(self.scans.values(), key=lambda s: (ms_of(s.began_at), s.recording))
        later = iter([s for s in ordered if (ms_of(s.began_at), s.recording) > before[0]])
        found = self.watch.judge(
            Series(
                since=at,
                changed=(one.recording,),
                place=self.place, scans=later, state=before[1], stood=tuple(self.stood.values()),
                closed=tuple(self.closed.values()),
            )
        )  # fmt: skip
        for placed in found.gone:
            del self.stood[placed.tag.supersedes]
        for placed in found.new:
            self.stood.pop(placed.tag.supersedes, None)
            self.stood[placed.tag.id] = placed
        for again in found.reopened:
            del self.closed[again.tag]
        for over in found.closed:
            self.closed[over.tag] = over
        self.states += [((kept.began_ms, kept.recording), kept.state) for kept in found.after]

    def stands(self) -> list[tuple[str, str, str, int]]:
        """(code, status or what closed it, recording, known at) of everything in force."""
        found = []
        for placed in self.stood.values():
            over = self.closed.get(placed.tag.id)
            word = placed.tag.status.value if over is None else f"closed by {over.by}"
            found.append((placed.tag.code, word, placed.recording, placed.tag.known_at_ms))
        return sorted(found)
