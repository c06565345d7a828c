"""Scores of a bay, and the price tags of one photo."""

from edge_agent.documents.base import Document
from edge_agent.documents.shelf_scores import BrandLine, PartLine, RowLine, ScoreLine


class SlotLine(Document, frozen=True, kw_only=True):
    slot: str
    seen: str
    sku: str
    expected: str
    confidence: float
    price: str | None
    listed_price: str


class ShelfFound(Document, frozen=True, kw_only=True):
    code: str
    slot: str
    status: str
    confidence: float
    closed: bool = False
    """A later scan no longer shows it."""


class ShelfLine(Document, frozen=True, kw_only=True):
    """Shares are null when nothing could be assessed; `coverage` = assessable slots / planned slots."""

    bay: str
    osa: float | None
    planogram_compliance: float | None
    price_compliance: float | None
    coverage: float
    osa_coverage: float
    price_coverage: float
    frames_used: int
    duration_ms: int
    slots: list[SlotLine]
    tags: list[ShelfFound]
    recording: str = ""
    scores: tuple[ScoreLine, ...] = ()
    brands: tuple[BrandLine, ...] = ()
    rows: tuple[RowLine, ...] = ()
    perfect_parts: tuple[PartLine, ...] = ()
    visible: float | None = None
    """Share of the bay that a walk-by video showed; null for a fixed camera."""


class PriceTagLine(Document, frozen=True, kw_only=True):
    """`box` = [x0, y0, x1, y1] as fractions of the image."""

    box: list[float]
    price: str | None
    text: list[str]
    confidence: float


class PriceTags(Document, frozen=True, kw_only=True):
    tags: list[PriceTagLine]
