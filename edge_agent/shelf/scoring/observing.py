"""What a scan tells the event models, in their names (see `tagging.sight.names`): one observation per slot, tag, SKU and the bay.

Unknown stays absent. A slot that holds something we cannot name tells only that it could be seen; one that could not be seen
tells only that. `facings` is what was counted; where that cannot be done but the planned product stands there it is 1, "at least
one", and `facing_ratio` is absent. A whole-bay scan in which nothing could be seen for want of light tells nothing at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from edge_agent.domain.observation import Observation
from edge_agent.domain.planogram import Planogram, Quad, Side, Slot
from edge_agent.domain.shelf import Seen, Share, ShelfScore
from edge_agent.domain.tags import SlotValue
from edge_agent.shelf.scoring.brands import Counted, counted, of_side
from edge_agent.shelf.scoring.shares import ASSESSED, Verdict

Values = dict[str, float | bool]
SCORABLE: float = 0.9
"""The bay counts as occluded below this share of its area: the event models' own bound for scoring it."""


def observed(
    plan: Planogram,
    verdicts: Sequence[Verdict],
    score: ShelfScore,
    *,
    visible_ratio: float | None = None,
    calibration_match: float | None = None,
) -> tuple[Observation, ...]:
    """Of one scan, in order of their subjects.

    `visible_ratio`: share of the slots' area that was seen clearly, None = by the slots that were assessed. `calibration_match`
    0..1: how well the camera still sees the bay where the reference photo has it, None = unknown, also for a camera that is
    meant to move.
    """
    slots = {one.id: one for one in plan.slots}
    seen = _visible(slots.values(), verdicts) if visible_ratio is None else visible_ratio
    found = [
        _bay(plan, verdicts, score, seen, calibration_match),
        *_categories(plan, counted(plan, verdicts), score.duration_ms),
        *_skus(plan, verdicts, score.duration_ms),
    ]
    for one in verdicts:
        found += [_slot(one, slots[one.reading.slot]), *_price(one)]
    return tuple(sorted((one for one in found if one.values), key=lambda one: (one.subject, one.from_ms)))


def _slot(verdict: Verdict, slot: Slot) -> Observation:
    reading, values = verdict.reading, Values(planned_facings=slot.facings)
    values["view_occluded"] = reading.seen is Seen.NOT_ASSESSABLE
    slots: list[tuple[str, SlotValue]] = [("slot", slot.id), ("sku", verdict.planned)]
    if reading.seen in ASSESSED:
        values |= {"in_planned_slot": reading.seen is not Seen.OTHER, "confidence": reading.confidence}
    if reading.seen is Seen.EMPTY:
        values |= {"facings": 0, "facing_ratio": 0.0}
    elif verdict.holds_planned and reading.seen in ASSESSED:
        values["facings"] = reading.facings or 1
        if reading.facings:
            values["facing_ratio"] = round(reading.facings / slot.facings, 4)
    if reading.seen is Seen.OTHER:
        slots.append(("seen_sku", reading.sku))
    if reading.tag_visible is not None:
        values["tag_detected"] = reading.tag_visible
    detail = (("slot", slot.id), ("views", f"{reading.frames} frames"), ("expected", verdict.planned), *_tag_of(verdict))
    return Observation(
        subject=f"slot:{slot.id}", values=tuple(sorted(values.items())), from_ms=verdict.seen_from_ms,
        until_ms=max(verdict.seen_to_ms, verdict.seen_from_ms), confidence=reading.confidence, slots=tuple(slots), detail=detail,
    )  # fmt: skip


def _price(verdict: Verdict) -> Iterator[Observation]:
    """What its tag says: only a settled price, and whether it is a promotion's."""
    reading = verdict.reading
    if not reading.price or not (verdict.price_settled or reading.promotion):
        return
    differs = abs(Decimal(reading.price) - Decimal(verdict.price_list))
    values = {
        "abs_price_diff": float(differs), "consistent_reads": reading.price_reads,
        "promo_active": not verdict.price_settled or reading.promotion is True,
    }  # fmt: skip
    slots = (("slot", reading.slot), ("sku", verdict.planned), ("price", reading.price), ("list_price", verdict.price_list))
    detail = (
        ("slot", reading.slot), ("views", f"{reading.price_reads} frames"), ("reading", f"{reading.price} CNY"),
        ("expected", f"{verdict.price_list} CNY"), *_tag_of(verdict),
    )  # fmt: skip
    yield Observation(
        subject=f"slot:{reading.slot}", values=tuple(sorted(values.items())), from_ms=verdict.price_at_ms,
        until_ms=verdict.price_at_ms, confidence=reading.price_confidence, slots=slots, detail=detail,
    )  # fmt: skip


def _tag_of(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """A tag that names another product explains a strange price, and is a fault of its own."""
    if verdict.tag_of:
        yield "tag-of", verdict.tag_of


def _bay(
    plan: Planogram, verdicts: Sequence[Verdict], score: ShelfScore, visible: float, calibration: float | None
) -> Observation:
    values: Values = {"visible_ratio": round(visible, 4), "view_occluded": visible < SCORABLE}
    if calibration is not None:
        values["calibration_match"] = calibration
    if score.planogram.value is not None:
        values["compliance"] = round(score.planogram.value, 4)
    slots = {one.id: one for one in plan.slots}
    known = [one.reading for one in verdicts if one.reading.seen in ASSESSED or one.reading.seen is Seen.UNKNOWN]
    area = sum(_area(slots[one.slot].area) for one in known)
    if area:
        empty = sum(_area(slots[one.slot].area) for one in known if one.seen is Seen.EMPTY)
        values["empty_ratio"] = round(empty / area, 4)
    return _whole("", values, score.duration_ms, (("bay", plan.bay),), _counts(score.planogram))


def _categories(plan: Planogram, found: Sequence[Counted], until_ms: int) -> Iterator[Observation]:
    """Shares of facings within each category of the plan; a plan of one category is the whole bay's."""
    names = sorted({one.category for one in plan.skus})
    category = {one.id: one.category for one in plan.skus}
    for name in names:
        there = [one for one in found if (one.sku.category if one.sku is not None else category.get(one.slot.sku)) == name]
        whole = sum(one.facings for one in there)
        if not whole:
            continue
        values: Values = {
            "own_share": round(of_side(there, Side.OWN) / whole, 4), "category_facings": whole,
            "competitor_share": round(of_side(there, Side.COMPETITOR) / whole, 4),
        }  # fmt: skip
        if plan.max_competitor_share is not None:
            values["agreed_max_share"] = plan.max_competitor_share
        yield _whole(f"category:{name}" if len(names) > 1 else "", values, until_ms, (("bay", plan.bay),), ())


def _skus(plan: Planogram, verdicts: Sequence[Verdict], until_ms: int) -> Iterator[Observation]:
    """Products that were agreed to stand at eye level, where every slot planned for them could be assessed."""
    level = {one.number: one.eye_level for one in plan.rows}
    readings = {one.reading.slot: one for one in verdicts}
    for sku in plan.skus:
        slots = [one for one in plan.slots if one.sku == sku.id]
        if not sku.eye_level or any(level.get(one.row) is None for one in plan.slots):
            continue
        if any(readings[one.id].reading.seen not in ASSESSED for one in slots):
            continue
        there = [(slot, _units(readings[slot.id], sku.id)) for slot in plan.slots]
        values: Values = {
            "eye_level_agreed": True, "total_facings": sum(number for _, number in there),
            "eye_level_facings": sum(number for slot, number in there if level[slot.row]),
        }  # fmt: skip
        yield _whole(f"sku:{sku.id}", values, until_ms, (("sku", sku.id),), ())


def _units(verdict: Verdict, sku: str) -> int:
    """At least so many facings of a product."""
    reading = verdict.reading
    if reading.seen not in ASSESSED or (reading.sku != sku and not (verdict.holds_planned and verdict.planned == sku)):
        return 0
    return (reading.facings or 1) if verdict.planned == sku else 1


def _whole(
    subject: str, values: Values, until_ms: int, slots: tuple[tuple[str, SlotValue], ...], detail: tuple[tuple[str, str], ...]
) -> Observation:
    return Observation(
        subject=subject, values=tuple(sorted(values.items())), from_ms=0, until_ms=until_ms, slots=slots, detail=detail
    )


def _counts(share: Share) -> tuple[tuple[str, str], ...]:
    return (("slots", f"{share.good} of {share.assessed} of {share.planned}"),)


def _visible(slots: Iterable[Slot], verdicts: Iterable[Verdict]) -> float:
    blocked = {one.reading.slot for one in verdicts if one.reading.seen is Seen.NOT_ASSESSABLE}
    areas = {one.id: _area(one.area) for one in slots}
    whole = sum(areas.values())
    return 1 - sum(areas[one] for one in blocked) / whole if whole else 0.0


def _area(quad: Quad) -> float:
    """The shoelace formula."""
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(quad, (*quad[1:], quad[0]), strict=True))) / 2
