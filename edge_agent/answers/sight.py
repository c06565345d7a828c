"""What the ledger knows of scans: scores of shelves, counts of floors."""

import dataclasses
from collections.abc import Container, Mapping
from decimal import Decimal

from edge_agent import app
from edge_agent.answers.reading import reader
from edge_agent.config import Config
from edge_agent.documents import (
    BrandLine,
    FloorCellLine,
    FloorLine,
    FloorLines,
    FloorZoneLine,
    PartLine,
    RowLine,
    ScoreLine,
    ShelfFound,
    ShelfLine,
    SlotLine,
)
from edge_agent.domain.floor import FloorScore
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import Kind, State
from edge_agent.domain.shelf import Seen, ShelfScore, SlotReading
from edge_agent.domain.tags import BehaviorTag


def shelf_scores(settings: Config) -> list[ShelfLine]:
    """The newest score of every analysed shelf recording."""
    with reader(settings) as book:
        found = []
        for one in book.recordings():
            if one.circumstances.kind.value != "shelf" or one.state.value not in {"analysed", "closed"}:
                continue
            found.append(
                shelf_line(
                    book.score(one.id),
                    app.Bays(settings).load(one.circumstances.bay),
                    [kept.tag for kept in book.tags(one.id)],
                    one.id,
                    over=book.closings(one.id),
                )
            )
        return found


def floor_scores(settings: Config) -> FloorLines:
    """The newest score of every analysed floor recording."""
    with reader(settings) as book:
        done = [
            one for one in book.recordings()
            if one.circumstances.kind is Kind.FLOOR and one.state in {State.ANALYSED, State.CLOSED}
        ]  # fmt: skip
        return FloorLines(floors=[floor_line(book.floor(one.id), recording=one.id) for one in done])


def floor_line(score: FloorScore, names: Mapping[str, str] | None = None, *, recording: str = "") -> FloorLine:
    """One floor recording as the document that is printed; `names` of its zones, where the plan is at hand."""
    called, seen = names or {}, score.coverage
    return FloorLine(
        floor=score.floor, duration_ms=score.duration_ms, frames_seen=score.frames_seen, frames_searched=score.frames_searched,
        coverage=round(seen.value, 4), dark_s=seen.dark_s, blocked_s=seen.blocked_s, moved_s=seen.moved_s, gap_s=seen.gap_s,
        person_s=score.person_s, arrivals=score.arrivals, suppressed=score.suppressed, cell_m=score.cell_m,
        columns=score.columns, rows=score.rows, recording=recording,
        zones=[
            FloorZoneLine(
                zone=one.zone, name=called.get(one.zone, one.zone), role=one.role.value, person_s=one.person_s, visits=one.visits,
                stay_s=one.stay_s, unattended_s=one.unattended_s, unstaffed_s=one.unstaffed_s,
                minutes=[minute.person_s for minute in one.minutes],
            )
            for one in score.zones
        ],
        cells=[FloorCellLine(column=one.column, row=one.row, person_s=one.person_s) for one in score.cells],
    )  # fmt: skip


def shelf_line(
    score: ShelfScore, plan: Planogram, found: list[BehaviorTag], recording: str = "", over: Container[str] = ()
) -> ShelfLine:
    """One scan as the document that is printed; `over` are the tags that a later scan closed."""
    slots = {slot.id: slot for slot in plan.slots}
    planned = {slot.id: slot.sku for slot in plan.slots}
    products = {sku.id: sku for sku in plan.skus}
    listed = {sku.id: sku.price for sku in plan.skus}
    return ShelfLine(
        bay=score.bay,
        osa=score.osa.value,
        planogram_compliance=score.planogram.value,
        price_compliance=score.price.value,
        coverage=round(score.planogram.coverage, 4),
        osa_coverage=round(score.osa.coverage, 4),
        price_coverage=round(score.price.coverage, 4),
        frames_used=score.frames_used,
        duration_ms=score.duration_ms,
        recording=recording,
        slots=[
            SlotLine(
                slot=one.slot,
                seen=one.seen.value,
                sku=one.sku,
                expected=planned[one.slot],
                confidence=round(one.confidence, 4),
                price=one.price or None,
                listed_price=listed[planned[one.slot]],
                name=products[planned[one.slot]].name,
                facings=0 if one.seen is Seen.EMPTY else one.facings,
                planned_facings=slots[one.slot].facings,
                price_wrong=_price_wrong(one, listed[planned[one.slot]]),
            )
            for one in score.readings
        ],
        tags=[
            ShelfFound(
                code=tag.code,
                slot=str(dict(tag.slots).get("slot", "")),
                status=tag.status.value,
                confidence=round(tag.confidence, 4),
                closed=tag.id in over,
            )
            for tag in found
        ],
        scores=tuple(score_lines(score)),
        brands=tuple(
            BrandLine(
                brand=one.brand, side=one.side.value, facings=one.facings, sos=one.sos.value, linear_sos=one.linear_sos.value,
                coverage=round(one.sos.coverage, 4), n=one.sos.n, low=_bounds(one.sos.interval)[0],
                high=_bounds(one.sos.interval)[1],
            )
            for one in score.brands
        ),
        rows=tuple(RowLine(**dataclasses.asdict(one)) for one in score.rows),
        perfect_parts=tuple(
            PartLine(name=one.name, weight=one.weight, value=one.value, coverage=round(one.coverage, 4), n=one.n)
            for one in score.perfect.parts
        ),
        visible=score.visible,
    )  # fmt: skip


def _price_wrong(reading: SlotReading, listed: str) -> bool:
    """As price compliance judges it: a price that was settled, and no promotion's."""
    return bool(reading.price) and not reading.promotion and abs(Decimal(reading.price) - Decimal(listed)) >= Decimal("0.01")


def score_lines(score: ShelfScore) -> list[ScoreLine]:
    """Every score of a scan; those of an older release's scan are unknown."""
    shares = {
        "osa": score.osa, "oos": score.oos, "facings": score.facings, "planogram": score.planogram, "position": score.position,
        "price": score.price, "tags": score.tags,
    }  # fmt: skip
    index, level, perfect = score.competitor_index, score.eye_level, score.perfect
    counted: dict[str, tuple[float | None, float, int, tuple[float, float | None] | None]] = {
        **{name: (one.value, one.coverage, one.assessed, one.interval) for name, one in shares.items()},
        "competitor_index": (index.value, index.coverage, index.n, index.interval),
        "eye_level": (level.value, level.coverage, level.n, level.interval),
        "perfect": (perfect.value, perfect.coverage, perfect.n, perfect.interval),
    }
    return [
        ScoreLine(
            name=name, value=None if value is None else round(value, 4), coverage=round(coverage, 4), n=n, low=_bounds(bounds)[0],
            high=_bounds(bounds)[1],
        )
        for name, (value, coverage, n, bounds) in counted.items()
    ]  # fmt: skip


def _bounds(interval: tuple[float, float | None] | None) -> tuple[float | None, float | None]:
    if interval is None:
        return (None, None)
    low, high = interval
    return (round(low, 4), None if high is None else round(high, 4))
