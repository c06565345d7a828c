"""All scores of one scan out of its slot verdicts.

- Facing compliance = sum of min(counted, planned) / sum of planned facings, over slots whose facings of the planned SKU are known
  (an empty slot has none). More than planned counts as planned.
- Position compliance = sum over rows of the longest common subsequence of planned and observed products / assessable slots. What
  is not assessable or cannot be named is left out of both sequences; an empty slot is in the plan's only.
- Tag presence = tags seen / slots with a place for a tag that could be assessed.
- Perfect Shelf = weighted sum of its parts (`[shelf.weights]`); see `domain.shelf.Perfect`. A composite index as the trade uses
  it ("Perfect Store" programmes); its weights are the company's choice, not a standard.
"""

from collections.abc import Iterable, Mapping, Sequence

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.domain.shelf import Part, Perfect, RowOrder, Seen, Share, ShelfScore
from edge_agent.shelf.scoring.align import Item, in_order, shift
from edge_agent.shelf.scoring.brands import brand_shares, counted, eye_level, facing_index
from edge_agent.shelf.scoring.shares import ASSESSED, Verdict, counts_facings, shares


def scored(
    plan: Planogram,
    verdicts: Sequence[Verdict],
    *,
    model_digest: str,
    duration_ms: int,
    frames_used: int,
    weights: Mapping[str, float],
    visible: float | None = None,
) -> ShelfScore:
    """`verdicts` in the order of the plan's slots; `weights` of `domain.shelf.WEIGHTS`' parts, which sum to 1."""
    osa, planogram, price = shares(verdicts)
    found = counted(plan, verdicts)
    rows = row_orders(plan, verdicts)
    parts = {
        "osa": osa, "facings": facing_compliance(plan, verdicts), "planogram": planogram,
        "position": Share(
            good=sum(one.in_order for one in rows), assessed=sum(one.assessed for one in rows), planned=len(plan.slots)
        ),
        "price": price, "tags": tag_presence(verdicts),
    }  # fmt: skip
    return ShelfScore(
        bay=plan.bay, planogram_digest=plan.digest, model_digest=model_digest, duration_ms=duration_ms, frames_used=frames_used,
        osa=osa, planogram=planogram, price=price, readings=tuple(one.reading for one in verdicts),
        oos=Share(good=osa.assessed - osa.good, assessed=osa.assessed, planned=osa.planned), facings=parts["facings"],
        position=parts["position"], tags=parts["tags"], brands=brand_shares(plan, found),
        competitor_index=facing_index(plan, found), eye_level=eye_level(plan, found), rows=rows,
        perfect=perfect(parts, weights), visible=visible,
    )  # fmt: skip


def facing_compliance(plan: Planogram, verdicts: Sequence[Verdict]) -> Share:
    """Counted in facings, not in slots; nothing is assessed where stocked slots could mostly not be counted."""
    slots = {one.id: one for one in plan.slots}
    good = assessed = 0
    for one in verdicts if counts_facings(verdicts) else ():
        number = 0 if one.reading.seen is Seen.EMPTY else one.reading.facings
        if number is not None and one.reading.seen in ASSESSED:
            planned = slots[one.reading.slot].facings
            good, assessed = good + min(number, planned), assessed + planned
    return Share(good=good, assessed=assessed, planned=sum(one.facings for one in plan.slots))


def tag_presence(verdicts: Iterable[Verdict]) -> Share:
    seen = [one.reading.tag_visible for one in verdicts if one.has_tag]
    return Share(good=seen.count(True), assessed=len(seen) - seen.count(None), planned=len(seen))


def row_orders(plan: Planogram, verdicts: Sequence[Verdict]) -> tuple[RowOrder, ...]:
    """Every row from the top, its slots from left to right."""
    readings = {one.reading.slot: one.reading for one in verdicts}
    found = []
    for row in sorted({one.row for one in plan.slots}):
        slots = sorted((one for one in plan.slots if one.row == row), key=_left)
        known = [(one, readings[one.id]) for one in slots if readings[one.id].seen in ASSESSED]
        planned: list[Item] = [slot.sku for slot, _ in known]
        observed: list[Item] = [None if reading.seen is Seen.EMPTY else reading.sku or None for _, reading in known]
        offset, shifted = shift(observed, planned)
        found.append(
            RowOrder(
                row=row, planned=len(slots), assessed=len(known), in_order=in_order(observed, planned),
                in_place=sum(one is not None and one == other for one, other in zip(observed, planned, strict=True)),
                offset=offset, shifted=shifted,
            )
        )  # fmt: skip
    return tuple(found)


def perfect(parts: Mapping[str, Share], weights: Mapping[str, float]) -> Perfect:
    """Every part of the weights is shown, also one that is not known."""
    return Perfect(
        parts=tuple(
            Part(
                name=name, weight=weight, value=parts[name].value, coverage=parts[name].coverage, n=parts[name].assessed,
                interval=parts[name].interval,
            )
            for name, weight in weights.items()
        )
    )  # fmt: skip


def _left(slot: Slot) -> float:
    return sum(x for x, _ in slot.area)
