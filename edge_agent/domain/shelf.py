"""What one scan of a shelf bay saw in each slot, and the scores that follow."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

Z95: Final = 1.959964


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
    facings: int | None = None
    """Units of the planned SKU in the front row, None where they cannot be counted; what stands behind them is never guessed."""
    promotion: bool | None = None
    """Whether the tag shows a promotion, None when it was not read."""


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

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson score interval of `value` (Wilson 1927, doi:10.1080/01621459.1927.10502953); None without a value."""
        if not self.assessed:
            return None
        n, p = self.assessed, self.good / self.assessed
        middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
        half = Z95 * sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n)) / (1 + Z95**2 / n)
        return (max(0.0, middle - half), min(1.0, middle + half))


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
    visible: float | None = None
    """Share of the planned slots' area that was seen clearly, 0..1; None in scores of an older release."""
