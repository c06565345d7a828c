"""A shelf bay: its plan (planogram), what was seen in each slot, and the scores. Points are fractions of the reference photo."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Four corners, clockwise from the top left, as fractions 0..1 of the picture's width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """One product: its code, brand, shelf price in yuan as a decimal string, and its reference photos."""

    id: str
    name: str
    brand: str
    price: str
    photos: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place of the planogram: `area` is where the product stands, `tag` where its price tag hangs."""

    id: str
    row: int
    sku: str
    facings: int
    area: Quad
    tag: Quad | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planogram:
    """The plan of one bay for one fixed camera. `digest` = sha256 over the plan and every picture it names."""

    bay: str
    version: str
    reference: Path
    slots: tuple[Slot, ...]
    skus: tuple[Sku, ...]
    digest: str


class Seen(StrEnum):
    """What a slot shows. `UNKNOWN` = some product we cannot name; `NOT_ASSESSABLE` = the view does not allow a verdict."""

    EXPECTED = "expected"
    EMPTY = "empty"
    OTHER = "other"
    UNKNOWN = "unknown"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotReading:
    """The verdict on one slot. `sku` is filled only for EXPECTED and OTHER; `price` only when a tag was read."""

    slot: str
    seen: Seen
    sku: str
    confidence: float
    frames: int
    at_ms: int
    price: str = ""
    price_confidence: float = 0.0
    price_reads: int = 0
    tag_visible: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A compliance share: `value` = good / assessed (None when nothing could be assessed), out of `planned`."""

    good: int
    assessed: int
    planned: int

    @property
    def value(self) -> float | None:
        return self.good / self.assessed if self.assessed else None

    @property
    def coverage(self) -> float:
        return self.assessed / self.planned if self.planned else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfScore:
    """One scan of one bay.

    `osa` on-shelf availability: slots holding their planned SKU or at least one unit of it / assessable planned slots.
    `planogram` planogram compliance: slots holding exactly the planned SKU / assessable slots (empty and wrong both fail).
    `price` price compliance: tags whose price equals the price list / tags read.
    """

    bay: str
    planogram_digest: str
    model_digest: str
    duration_ms: int
    frames_used: int
    osa: Share
    planogram: Share
    price: Share
    readings: tuple[SlotReading, ...]
