"""What rival products cost, scan after scan."""

from edge_agent.documents.base import Document


class PriceSpan(Document, frozen=True, kw_only=True):
    """Consecutive scans that read the same prices: the first, the last, how many. Decimal strings, null = none shown."""

    since: str
    until: str
    scans: int
    price: str
    member_price: str | None
    offer_price: str | None
    unit_price: str | None
    per: str | None


class PriceSeries(Document, frozen=True, kw_only=True):
    """One product in one bay, oldest span first. `scans`: with a settled price; `unclear`: its tags contradicted each other."""

    bay: str
    sku: str
    name: str
    brand: str
    scans: int
    unclear: int
    spans: list[PriceSpan]


class ShelfPrices(Document, frozen=True, kw_only=True):
    series: list[PriceSeries]
