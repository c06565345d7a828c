"""What a floor camera counted, as it is printed."""

from edge_agent.documents.base import Document


class FloorZoneLine(Document, frozen=True, kw_only=True):
    """null = not told (fewer than 3 people-equivalents behind it) or not known. `minutes` = person-seconds of each minute."""

    zone: str
    name: str
    role: str
    person_s: int | None
    visits: int | None
    stay_s: float | None
    unattended_s: int | None
    unstaffed_s: int | None
    minutes: list[int | None]


class FloorCellLine(Document, frozen=True, kw_only=True):
    column: int
    row: int
    person_s: int | None


class FloorLine(Document, frozen=True, kw_only=True):
    """`coverage` = assessed seconds / seconds; `suppressed` = zone minutes and cells that are not told."""

    floor: str
    duration_ms: int
    frames_seen: int
    frames_searched: int
    coverage: float
    dark_s: int
    blocked_s: int
    moved_s: int
    gap_s: int
    person_s: int | None
    arrivals: int | None
    suppressed: int
    cell_m: float
    columns: int
    rows: int
    zones: list[FloorZoneLine]
    cells: list[FloorCellLine]
    recording: str = ""


class FloorLines(Document, frozen=True, kw_only=True):
    floors: list[FloorLine]
