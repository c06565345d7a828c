"""Scores of a bay, the price tags of one photo, and plans: as understood from a photo, kept in versions, followed over time."""

from typing import Literal

from edge_agent.documents.base import Document
from edge_agent.documents.shelf_scores import BrandLine, PartLine, RowLine, ScoreLine


class SlotLine(Document, frozen=True, kw_only=True):
    """`name`: of the planned product. `facings` of it that were counted, null = not known. `price_wrong`: a settled price that is
    no promotion's and not the listed one.
    """

    slot: str
    seen: str
    sku: str
    expected: str
    confidence: float
    price: str | None
    listed_price: str
    name: str = ""
    facings: int | None = None
    planned_facings: int = 0
    price_wrong: bool = False


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
    """Share of the planned slots' area that was seen clearly; null in scores of an older release."""


class PriceTagLine(Document, frozen=True, kw_only=True):
    """`box` = [x0, y0, x1, y1] as fractions of the image."""

    box: list[float]
    price: str | None
    text: list[str]
    confidence: float


class PriceTags(Document, frozen=True, kw_only=True):
    tags: list[PriceTagLine]


class UnderstoodSlot(Document, frozen=True, kw_only=True):
    """`area`, `tag`: four corners [x, y], clockwise from the top left, fractions of the photo. `doubt` "" = certain.

    `price`: read on the photo's tag, null = unread.
    """

    slot: str
    row: int
    sku: str
    facings: int
    area: list[list[float]]
    tag: list[list[float]] | None
    price: str | None
    doubt: Literal["", "no-board", "no-tag", "unclear-tag", "order-only"]
    remark: Literal["", "other-price"]


class Calibrated(Document, frozen=True, kw_only=True):
    """A plan made from a photo. Not `in_force` while any slot is doubtful or people are on the photo, unless accepted so.

    `people`: whether any are on it, which evidence pictures would show; not-looked = the person detector is not installed.
    `unplanned_tags`: tags with a price that no slot claimed; `unmatched_photos`: pictures whose name is no listed code.
    """

    bay: str
    version: str
    digest: str
    plan: str
    in_force: bool
    doubtful: int
    unplanned_tags: int
    unmatched_photos: int
    people: Literal["none", "people", "not-looked"]
    slots: list[UnderstoodSlot]


class PackLine(Document, frozen=True, kw_only=True):
    """One version of a bay's plan. `since` "" = not in force, or put there by hand. `changed` since it was put in force;
    `fault` says why it cannot be used.
    """

    bay: str
    version: str
    digest: str
    in_force: bool
    since: str
    changed: bool
    slots: int
    fault: str


class Packs(Document, frozen=True, kw_only=True):
    plans: list[PackLine]


class PlanUsed(Document, frozen=True, kw_only=True):
    """`before`: the digest of the plan that was in force until now, "" = none was, or it could not be read."""

    bay: str
    version: str
    digest: str
    before: str


class ShareLine(Document, frozen=True, kw_only=True):
    """`value` = good / assessed with its 95 % Wilson interval `low` .. `high`, null when nothing was assessed."""

    good: int
    assessed: int
    planned: int
    value: float | None
    low: float | None
    high: float | None
    coverage: float


class TrendPoint(Document, frozen=True, kw_only=True):
    recording: str
    at: str
    planogram_digest: str
    osa: ShareLine
    planogram: ShareLine
    price: ShareLine


class ShelfTrend(Document, frozen=True, kw_only=True):
    """The scans of one bay, oldest first."""

    bay: str
    points: list[TrendPoint]


class ChangeLine(Document, frozen=True, kw_only=True):
    """One slot that is not as it was: what was seen (and read) before and after."""

    slot: str
    sku: str
    seen_before: str
    seen_after: str
    sku_before: str
    sku_after: str
    price_before: str
    price_after: str


class ShelfCompared(Document, frozen=True, kw_only=True):
    before: ShelfLine
    after: ShelfLine
    changes: list[ChangeLine]
