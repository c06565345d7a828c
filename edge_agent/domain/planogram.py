"""A shelf bay's plan (planogram): what stands where, whose it is, what is agreed. Points: fractions of the reference photo."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Four corners, clockwise from the top left, as fractions 0..1 of the picture's width and height."""

EYE_LEVEL_CM: Final = (120.0, 160.0)
"""Heights above the floor that count as eye level."""


class Side(StrEnum):
    """Whose brand it is. A brand that the plan does not name is `UNKNOWN`, never a competitor."""

    OWN = "own"
    COMPETITOR = "competitor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """One product: its code, brand, shelf price in yuan as a decimal string, and its reference photos.

    `width_cm` of one facing, None = unknown (then nothing linear is said of it). `eye_level`: it was agreed that it stands there.
    """

    id: str
    name: str
    brand: str
    price: str
    photos: tuple[Path, ...]
    side: Side = Side.UNKNOWN
    category: str = ""
    width_cm: float | None = None
    eye_level: bool = False


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
class Row:
    """One board, numbered from the top. `height_cm`: of its products' middle above the floor, None = unknown."""

    number: int
    height_cm: float | None = None

    @property
    def eye_level(self) -> bool | None:
        """Whether it lies at eye level; None where its height is unknown."""
        return None if self.height_cm is None else EYE_LEVEL_CM[0] <= self.height_cm <= EYE_LEVEL_CM[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planogram:
    """The plan of one bay. `digest` = sha256 over the plan and every picture it names.

    `max_competitor_share`: the share of facings that competitors may have by agreement, None = nothing is agreed.
    """

    bay: str
    version: str
    reference: Path
    slots: tuple[Slot, ...]
    skus: tuple[Sku, ...]
    digest: str
    rows: tuple[Row, ...] = ()
    max_competitor_share: float | None = None

    def sku(self, code: str) -> Sku:
        """KeyError for a code that the plan does not know."""
        return {one.id: one for one in self.skus}[code]
