"""The prices of rival products over the scans of their bays, from the readings in the ledger. Answers documents.

Rules: only products that the plan gives to a competitor. A price belongs to the product whose name the tag shows, else to the
one that the plan of that scan had there. Two tags of one product that differ are no price for that scan: it is counted as
unclear. A scan that read no price says nothing: a span ends where another price was read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from edge_agent import answers, app
from edge_agent.config import Config
from edge_agent.documents import PriceSeries, PriceSpan, ShelfPrices
from edge_agent.domain.planogram import Planogram, Side
from edge_agent.domain.recording import Kind
from edge_agent.domain.shelf import SlotReading
from edge_agent.errors import NotFound

if TYPE_CHECKING:
    from edge_agent.ledger.reading import LedgerReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReadings:
    """What one scan of a bay read, and when it began."""

    bay: str
    at: datetime
    readings: tuple[SlotReading, ...]


Prices = tuple[str, str, str, str, str]
"""(price, member price, offer price, unit price, per), "" where it does not stand there."""


def prices(settings: Config, *, bay: str = "", sku: str = "") -> ShelfPrices:
    """The price series of rival products, of one bay or product if named.

    Raises:
        Unavailable: there is no ledger yet. BadConfig: a plan cannot be used.
    """
    with answers.reader(settings) as book:
        scans = list(scans_in(book, bay))
    plans = _plans(settings, {one.bay for one in scans})
    return ShelfPrices(series=[one for one in series(scans, plans) if sku in {"", one.sku}])


def scans_in(book: "LedgerReader", bay: str = "") -> Iterator[ScanReadings]:
    """Every shelf scan that was scored, of one bay if named."""
    for one in book.recordings():
        place = one.circumstances.bay
        if one.circumstances.kind is not Kind.SHELF or bay not in {"", place}:
            continue
        try:
            score = book.score(one.id)
        except NotFound:
            continue  # not analysed yet
        yield ScanReadings(bay=place, at=one.circumstances.started_at, readings=score.readings)


def series(scans: Iterable[ScanReadings], plans: Mapping[str, Planogram]) -> list[PriceSeries]:
    """The series of all rival products in scans of bays whose plan is known, by bay and product."""
    points: dict[tuple[str, str], list[tuple[datetime, set[Prices]]]] = {}
    for scan in sorted(scans, key=lambda one: one.at):
        plan = plans.get(scan.bay)
        if plan is None:
            continue
        for sku, read in _of_rivals(scan, plan):
            points.setdefault((scan.bay, sku), []).append((scan.at, read))
    return [_series(plans[bay], bay, sku, seen) for (bay, sku), seen in sorted(points.items())]


def _of_rivals(scan: ScanReadings, plan: Planogram) -> Iterator[tuple[str, set[Prices]]]:
    rivals = {one.id for one in plan.skus if one.side is Side.COMPETITOR}
    read: dict[str, set[Prices]] = {}
    for one in scan.readings:
        product = one.tag_sku or one.planned
        if one.price and product in rivals:
            told = (one.price, one.member_price, one.offer_price, one.unit_price, one.priced_per)
            read.setdefault(product, set()).add(told)
    yield from read.items()


def _series(plan: Planogram, bay: str, sku: str, seen: list[tuple[datetime, set[Prices]]]) -> PriceSeries:
    clear = [(at, next(iter(read))) for at, read in seen if len({told[0] for told in read}) == 1]
    spans: list[PriceSpan] = []
    last: Prices | None = None
    for at, told in clear:
        time = at.isoformat()
        if told == last:
            before = spans.pop()
            spans.append(_span(told, before.since, time, before.scans + 1))
        else:
            spans.append(_span(told, time, time, 1))
        last = told
    product = plan.sku(sku)
    return PriceSeries(
        bay=bay, sku=sku, name=product.name, brand=product.brand, scans=len(clear), unclear=len(seen) - len(clear), spans=spans
    )


def _span(told: Prices, since: str, until: str, scans: int) -> PriceSpan:
    price, member, offer, unit, per = told
    return PriceSpan(
        since=since, until=until, scans=scans, price=price, member_price=member or None, offer_price=offer or None,
        unit_price=unit or None, per=per or None,
    )  # fmt: skip


def _plans(settings: Config, bays: Iterable[str]) -> dict[str, Planogram]:
    known, plans = app.Bays(settings), {}
    for bay in sorted(bays):
        try:
            plans[bay] = known.load(bay)
        except NotFound:
            continue  # the plan is gone: nobody can say any more whose products these were
    return plans
