"""From slot verdicts to the three shares of a scan.

Rules: a slot that could not be assessed, or that holds something we cannot name, is in no numerator and no denominator:
it lowers coverage instead. Two slots with the same SKU count twice: shares are over slots, as the plan draws them.

- On-shelf availability (OSA) = planned slots with at least one unit of their SKU / assessed slots. After Gruen and
  Corsten, "A Comprehensive Guide to Retail Out-of-Stock Reduction" (2008), whose OSA is 100 % minus the shelf
  out-of-stock rate, measured here per slot instead of per SKU.
- Planogram compliance = slots that hold the planned SKU and nothing else / assessed slots: the position-by-position
  share of Liu et al., "Product recognition for planogram compliance" (doi:10.1109/WACV.2016.7477696).
- Price compliance = tags whose price equals the price list / tags with a settled reading that carry no promotion.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edge_agent.domain.shelf import Seen, Share, SlotReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One slot's reading with what the domain record leaves out.

    `holds_planned`: at least one facing shows the planned SKU (also when another facing shows an intruder).
    `price_list`: the plan's price. `price_settled`: enough agreeing reads and no promotion on the tag.
    `seen_from_ms` .. `seen_to_ms`: first and last clear view; `price_at_ms`: the read that settled the price.
    """

    reading: SlotReading
    planned: str
    holds_planned: bool
    has_tag: bool
    price_list: str
    price_settled: bool
    seen_from_ms: int
    seen_to_ms: int
    price_at_ms: int = 0

    @property
    def price_differs(self) -> bool:
        return self.price_settled and abs(Decimal(self.reading.price) - Decimal(self.price_list)) >= Decimal("0.01")

    @property
    def tag_of(self) -> str:
        """The SKU whose name the slot's tag shows, where that is neither the planned one nor what stands there; else ""."""
        known = {self.planned, self.reading.sku}
        return "" if self.reading.tag_sku in known else self.reading.tag_sku


ASSESSED = frozenset({Seen.EXPECTED, Seen.EMPTY, Seen.OTHER})


def shares(verdicts: Sequence[Verdict]) -> tuple[Share, Share, Share]:
    """(OSA, planogram compliance, price compliance) of one scan."""
    assessed = [one for one in verdicts if one.reading.seen in ASSESSED]
    priced = [one for one in verdicts if one.price_settled]
    return (
        _share(assessed, (one.holds_planned for one in assessed), len(verdicts)),
        _share(assessed, (one.reading.seen is Seen.EXPECTED for one in assessed), len(verdicts)),
        _share(priced, (not one.price_differs for one in priced), sum(one.has_tag for one in verdicts)),
    )


def _share(assessed: Sequence[Verdict], good: Iterable[bool], planned: int) -> Share:
    return Share(good=sum(good), assessed=len(assessed), planned=planned)


def counts_facings(verdicts: Sequence[Verdict]) -> bool:
    """Whether facings were counted at no less than half of the stocked slots.

    Else the empty ones alone would be known, and every figure over facings would speak of gaps only.
    """
    stocked = [one.reading.facings for one in verdicts if one.reading.seen is Seen.EXPECTED]
    return 2 * stocked.count(None) <= len(stocked)
