"""What the demo did."""

from edge_agent.documents.base import Document
from edge_agent.documents.box import SealedLine
from edge_agent.documents.shelf import ShelfLine


class HqCount(Document, frozen=True, kw_only=True):
    """What the HQ store holds, by query: rows counted once, holes below the highest sequence, rows counted twice."""

    rows: int
    missing: int
    duplicates: int


class WireCount(Document, frozen=True, kw_only=True):
    messages: int
    bytes: int


class DemoRecording(Document, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    sample: str


class DemoTag(Document, frozen=True, kw_only=True):
    code: str
    recording: str
    start_ms: int
    end_ms: int
    speaker: str
    confidence: float
    turn: int
    status: str


class Demo(Document, frozen=True, kw_only=True):
    recordings: list[DemoRecording]
    tags: list[DemoTag]
    shelf: list[ShelfLine]
    sealed: list[SealedLine]
    hq: HqCount
    wire: WireCount
    pictures: list[str]
