"""What one scan of a shelf bay saw in each slot, and the scores that follow."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

from edge_agent.domain.planogram import Side

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
    """Whether the tag shows a promotion, in words or in a sale's colours and a lower price; None when it was not read."""
    tag_sku: str = ""
    """The SKU whose name the tag shows, "" where that is not clear."""
    member_price: str = ""
    offer_price: str = ""
    """The promotion's price where the tag shows one."""
    unit_price: str = ""
    priced_per: str = ""
    """What `unit_price` is for: "500g", "斤"."""
    planned: str = ""
    """The SKU that the plan in force has in this slot, so that a price is known by its product after the plan has changed."""


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
        return wilson(self.good / self.assessed, self.assessed) if self.assessed else None


def wilson(p: float, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share `p` of `n` (at least 1)."""
    middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 * sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n)) / (1 + Z95**2 / n)
    return (max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)))


NOTHING: Final = Share(good=0, assessed=0, planned=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A share of what was counted: `value` 0..1 (None = nothing to divide by), over `n` facings, of `coverage` of the plan."""

    value: float | None = None
    coverage: float = 0.0
    n: int = 0

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Wilson, over facings also where the share is of centimetres: a facing is what is drawn."""
        return None if self.value is None or not self.n else wilson(self.value, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandShare:
    """One brand's part of the shelf: of the counted facings, and of their width (None where widths are not known)."""

    brand: str
    side: Side
    facings: int
    sos: Measured
    linear_sos: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class FacingIndex:
    """Competitors' facings per own facing: 1 = as many. Brands that the plan does not name are in neither number.

    Nothing at all where the plan names no competitor.
    """

    own: int = 0
    competitor: int = 0
    coverage: float = 0.0

    @property
    def n(self) -> int:
        return self.own + self.competitor

    @property
    def value(self) -> float | None:
        return self.competitor / self.own if self.own else None

    @property
    def interval(self) -> tuple[float, float | None] | None:
        """From the 95 % Wilson interval of the competitors' share of both; None above = without bound."""
        if not self.own:
            return None
        low, high = wilson(self.competitor / self.n, self.n)
        return (low / (1 - low), None if high >= 1 else high / (1 - high))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOrder:
    """How one board's products stand against the plan, read from left to right.

    `in_place`: at their own slot. `in_order`: in the longest sequence that keeps the plan's order. `offset` slots (positive = to
    the right): by how much a whole run of them stands shifted; 0 = no shift, what is wrong was put there piece by piece.
    """

    row: int
    planned: int
    assessed: int
    in_place: int
    in_order: int
    offset: int = 0
    shifted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the Perfect Shelf score: its weight in it, and what it is itself."""

    name: str
    weight: float
    value: float | None
    coverage: float
    n: int
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Perfect:
    """The weighted sum of its parts, over those that are known; None where these are less than half of the weight.

    `coverage` = sum of weight * coverage. `interval` is the weighted sum of the parts' bounds, which is wider than 95 %.
    `n` = the fewest that any known part rests on.
    """

    parts: tuple[Part, ...] = ()

    @property
    def _known(self) -> tuple[Part, ...]:
        return tuple(one for one in self.parts if one.value is not None and one.weight)

    @property
    def value(self) -> float | None:
        weight = sum(one.weight for one in self._known)
        return sum(one.weight * (one.value or 0.0) for one in self._known) / weight if weight >= MIN_WEIGHT else None

    @property
    def interval(self) -> tuple[float, float] | None:
        weight = sum(one.weight for one in self._known)
        bounds = [(one.weight, one.interval or (0.0, 1.0)) for one in self._known]
        if weight < MIN_WEIGHT:
            return None
        return (sum(w * low for w, (low, _) in bounds) / weight, sum(w * high for w, (_, high) in bounds) / weight)

    @property
    def coverage(self) -> float:
        return min(1.0, sum(one.weight * one.coverage for one in self.parts))

    @property
    def n(self) -> int:
        return min((one.n for one in self._known), default=0)


MIN_WEIGHT: Final = 0.5
WEIGHTS: Final = (
    ("osa", 0.40), ("facings", 0.15), ("planogram", 0.15), ("position", 0.05), ("price", 0.15), ("tags", 0.10),
)  # fmt: skip
"""Parts of the Perfect Shelf score and their weights unless configured: they sum to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfScore:
    """One scan of one bay. Each share comes with its coverage (of the plan) and its n; unknown products and what could not be
    assessed lower coverage and are in no share. Formulae and sources: `edge_agent.shelf.scoring`.

    `osa` on-shelf availability: slots holding at least one unit of their planned SKU / assessable planned slots.
    `oos` out of stock: assessable slots without a unit of their planned SKU / assessable planned slots = 1 - OSA.
    `facings` facing compliance: sum of min(counted, planned) facings / planned facings, over slots whose facings were counted.
    `planogram` planogram compliance: slots holding exactly the planned SKU / assessable slots (empty and wrong both fail).
    `position` position compliance: longest common subsequence of planned and observed products per row / assessable slots.
    `price` price compliance: tags whose price equals the price list / tags read without a promotion.
    `tags` tag presence: tags seen / places of a tag that could be assessed.
    `brands` share of shelf by facings (`sos`) and by width (`linear_sos`) per brand; `competitor_index` competitors' facings per
    own facing; `eye_level` own share of the counted facings on rows at eye level.
    `perfect` the Perfect Shelf score with its parts. `visible`: share of the planned slots' area that was seen clearly, 0..1;
    None in scores of an older release.
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
    oos: Share = NOTHING
    facings: Share = NOTHING
    position: Share = NOTHING
    tags: Share = NOTHING
    brands: tuple[BrandShare, ...] = ()
    competitor_index: FacingIndex = FacingIndex()
    eye_level: Measured = Measured()
    rows: tuple[RowOrder, ...] = ()
    perfect: Perfect = Perfect()
    visible: float | None = None
