"""Whose the shelf is: shares by facings and by width, the competitors' index, eye level.

A slot is *counted* where it is known what stands in it and how many facings show: planned products whose front row was counted,
and empty slots (none). Everything else is in no share, another product too: nobody counted how many of it stand there.
`coverage` = planned facings of the counted slots / planned facings. Units behind the front row are never guessed.

- SOS (share of shelf) of a brand = its facings / all counted facings. Linear SOS = sum of facings * width_cm of the brand / of
  all whose width is known. Both as in Farris et al., "Marketing Metrics" (2010), share of shelf.
- Competitor facing index = facings of competitors / own facings; unknown where the plan names no competitor. A brand that the
  plan does not name is on neither side: its `coverage` is that of the plan, times the facings on either side / counted facings.
- Eye-level share = own facings / counted facings, on rows whose height is known to be `EYE_LEVEL_CM`. Dreze, Hoch and Purk,
  "Shelf management and space elasticity" (doi:10.1016/0022-4359(94)90002-7), on what that height is worth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_agent.domain.planogram import Planogram, Side, Sku, Slot
from edge_agent.domain.shelf import BrandShare, FacingIndex, Measured, Seen
from edge_agent.shelf.scoring.shares import Verdict, counts_facings


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A slot whose facings are known. `sku` None = none stands there."""

    slot: Slot
    sku: Sku | None
    facings: int


def counted(plan: Planogram, verdicts: Sequence[Verdict]) -> tuple[Counted, ...]:
    """The slots that can be counted, in the plan's order; none where stocked slots could mostly not be counted."""
    if not counts_facings(verdicts):
        return ()
    slots, skus = {one.id: one for one in plan.slots}, {one.id: one for one in plan.skus}
    found = []
    for verdict in verdicts:
        reading, slot = verdict.reading, slots[verdict.reading.slot]
        number = _facings(verdict)
        if number is not None:
            sku = skus.get(reading.sku) if number else None
            if sku is not None or not number:
                found.append(Counted(slot=slot, sku=sku, facings=number))
    return tuple(found)


def _facings(verdict: Verdict) -> int | None:
    """How many facings of `reading.sku` stand there, None where that is not known."""
    seen = verdict.reading.seen
    if seen is Seen.EMPTY:
        return 0
    return verdict.reading.facings if seen is Seen.EXPECTED else None


def brand_shares(plan: Planogram, found: Sequence[Counted]) -> tuple[BrandShare, ...]:
    """Every brand of the plan, own ones first, then by name."""
    order = {Side.OWN: 0, Side.COMPETITOR: 1, Side.UNKNOWN: 2}
    brands = sorted({(order[one.side], one.brand, one.side) for one in plan.skus})
    whole = sum(one.facings for one in found)
    wide = [one for one in found if not one.facings or (one.sku is not None and one.sku.width_cm is not None)]
    width = sum(_width(one) for one in wide)
    return tuple(
        BrandShare(
            brand=brand, side=side, facings=(facings := _of(found, brand)),
            sos=Measured(value=facings / whole if whole else None, coverage=coverage(plan, found), n=whole),
            linear_sos=Measured(
                value=sum(map(_width, (one for one in wide if one.sku is not None and one.sku.brand == brand))) / width,
                coverage=coverage(plan, wide), n=sum(one.facings for one in wide),
            ) if width else Measured(),
        )
        for _, brand, side in brands
    )  # fmt: skip


def facing_index(plan: Planogram, found: Sequence[Counted]) -> FacingIndex:
    if all(one.side is not Side.COMPETITOR for one in plan.skus):
        return FacingIndex()
    own, competitor, whole = of_side(found, Side.OWN), of_side(found, Side.COMPETITOR), sum(one.facings for one in found)
    sided = (own + competitor) / whole if whole else 0.0
    return FacingIndex(own=own, competitor=competitor, coverage=coverage(plan, found) * sided)


def eye_level(plan: Planogram, found: Sequence[Counted]) -> Measured:
    """Own share of what stands at eye level; nothing where no row is known to be there."""
    rows = {one.number for one in plan.rows if one.eye_level}
    there = [one for one in found if one.slot.row in rows]
    whole, planned = sum(one.facings for one in there), sum(one.facings for one in plan.slots if one.row in rows)
    known = sum(one.slot.facings for one in there)
    return Measured(
        value=of_side(there, Side.OWN) / whole if whole else None, coverage=known / planned if planned else 0.0, n=whole
    )  # fmt: skip


def of_side(found: Iterable[Counted], side: Side) -> int:
    return sum(one.facings for one in found if one.sku is not None and one.sku.side is side)


def coverage(plan: Planogram, found: Iterable[Counted]) -> float:
    planned = sum(one.facings for one in plan.slots)
    return sum(one.slot.facings for one in found) / planned if planned else 0.0


def _of(found: Iterable[Counted], brand: str) -> int:
    return sum(one.facings for one in found if one.sku is not None and one.sku.brand == brand)


def _width(one: Counted) -> float:
    return one.facings * (one.sku.width_cm or 0.0) if one.sku is not None else 0.0
