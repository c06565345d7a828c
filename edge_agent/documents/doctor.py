"""How this box is, and how a service's walls look from inside."""

from typing import Literal

from edge_agent.documents.base import Document


class DoctorLine(Document, frozen=True, kw_only=True):
    check: str
    state: Literal["ok", "warn", "fail", "unknown"]
    zh: str
    en: str
    remedy_zh: str
    remedy: str


class Diagnosis(Document, frozen=True, kw_only=True):
    """`ok`: nothing failed."""

    ok: bool
    checks: list[DoctorLine]


class Wall(Document, frozen=True, kw_only=True):
    """One thing that must not be possible or visible here: `holds` (null = unknown), and what was `seen` instead."""

    wall: str
    holds: bool | None
    seen: str = ""


class Walls(Document, frozen=True, kw_only=True):
    role: str
    ok: bool
    walls: list[Wall]
