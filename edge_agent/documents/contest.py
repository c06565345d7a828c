"""Contests of findings, and how often an event was right where people looked."""

from edge_agent.documents.base import Document


class ContestLine(Document, frozen=True, kw_only=True):
    """`stage` is contested, upheld, overturned or void (the finding went by itself). Roles, never names.

    `tag` is the one that was contested; `stands` the one in force in its place now, after further analyses, "" = none.
    """

    case: str
    tag: str
    recording: str
    code: str
    stage: str
    reason: str
    opened_by: str
    opened_at: str
    decided_by: str = ""
    decided_at: str = ""
    stands: str = ""
    may_decide: list[str]
    """The roles that may decide it now; empty once it is decided or void."""


class Contests(Document, frozen=True, kw_only=True):
    contests: list[ContestLine]


class PrecisionLine(Document, frozen=True, kw_only=True):
    """`precision`, `low` and `high` (95 %, Wilson) are null below five decisions: unknown is a value."""

    code: str
    reviewed: int
    upheld: int
    overturned: int
    precision: float | None
    low: float | None
    high: float | None


class PrecisionList(Document, frozen=True, kw_only=True):
    """Of contested findings, which are no random sample: a lower bound for the event as a whole. `days` 0 = all time."""

    days: int
    events: list[PrecisionLine]
