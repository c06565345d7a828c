"""What a floor camera counts: how many people were where and for how long, per zone and minute and per cell of a coarse grid.

Nobody is followed: there is no track, no box, no picture of a person and no identity in any type here, and no field where one
would fit. Counts of fewer than `FEWEST` people are left out before a score exists (None, and counted as suppressed); 0 is said,
but not in a minute in which so few were on the whole floor.
Whose customers and whose staff somebody is follows only from the zone's role or from the hours; otherwise it is unknown.

`visits` are how often a count rose, plus who was there at the beginning: people-equivalents, not persons, since nobody is known
again. The occupancy integral (person-seconds) weights each observation by the time to the next one, so it does not depend on how
many frames were looked at. Mean stay W = person-seconds / visits (Little 1961, doi:10.1287/opre.9.3.383: L = lambda W).
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

FEWEST: Final = 3
"""Fewer people-equivalents than these behind a number are not told."""
MINUTE_MS: Final = 60_000

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]


class Role(StrEnum):
    """What a zone is for. Behind a counter stands staff, before it and in a queue stand customers; elsewhere nobody knows."""

    ENTRANCE = "entrance"
    COUNTER_STAFF = "counter_staff"
    COUNTER_CUSTOMER = "counter_customer"
    QUEUE = "queue"
    AISLE = "aisle"
    FITTING = "fitting"


WAITING: Final = frozenset({Role.COUNTER_CUSTOMER, Role.QUEUE})
"""Roles in which people are customers who wait for somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the floor: a polygon in metres. `served_by` names the `counter_staff` zone whose staff serves who waits here."""

    id: str
    name: str
    role: Role
    outline: tuple[Point, ...]
    served_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From `from_minute` to before `until_minute` of the local day, on ISO weekdays (1 = Monday)."""

    days: frozenset[int]
    from_minute: int
    until_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """One camera's floor: `to_floor` maps fractions of the picture to metres (row by row), x to the right, y down the plan.

    `open_hours` empty = not known. `staff_only`: hours in which everybody on this floor is staff.
    """

    floor: str
    version: str
    reference: Path
    to_floor: Matrix
    width_m: float
    depth_m: float
    cell_m: float
    zones: tuple[Zone, ...]
    digest: str
    open_hours: tuple[Hours, ...] = ()
    staff_only: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Seconds of the recording, and why some of them could not be assessed; `assessed_s` + the reasons = `seconds`."""

    seconds: int
    assessed_s: int
    dark_s: int = 0
    blocked_s: int = 0
    moved_s: int = 0
    gap_s: int = 0
    """Between two frames that lie too far apart."""

    @property
    def value(self) -> float:
        return self.assessed_s / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMinute:
    """One zone in one minute from the recording's beginning: mean number present = `person_s` / `assessed_s`; None = too few."""

    minute: int
    assessed_s: int
    person_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneScore:
    """One zone over the whole recording. `unattended_s`: somebody waited here and nobody stood in the zone that serves it.

    `unstaffed_s`: a counter was empty; a state of the counter, told however few people stand behind it. Both in whole minutes.
    `stay_s` = person_s / visits. None = not told: too few people, or (`unattended_s`, `unstaffed_s`) not known here.
    """

    zone: str
    role: Role
    person_s: int | None
    visits: int | None
    stay_s: float | None
    unattended_s: int | None = None
    unstaffed_s: int | None = None
    minutes: tuple[ZoneMinute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One square of the grid over the whole recording, `column` from the left, `row` from the top; None = too few people."""

    column: int
    row: int
    person_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorScore:
    """One recording of one floor camera. Cells in which nobody was are not listed."""

    floor: str
    plan_digest: str
    model_digest: str
    duration_ms: int
    frames_seen: int
    frames_searched: int
    """In how many of them people were looked for; the others showed no change."""
    coverage: Coverage
    person_s: int | None
    arrivals: int | None
    """Through the entrance zones; None = too few, or no such zone."""
    columns: int
    rows: int
    cell_m: float
    zones: tuple[ZoneScore, ...]
    cells: tuple[Cell, ...]

    @property
    def suppressed(self) -> int:
        """How many cells and zone minutes are not told because of too few people."""
        minutes = sum(one.person_s is None for zone in self.zones for one in zone.minutes)
        return minutes + sum(one.person_s is None for one in self.cells)
