"""Every score of a scan with what it rests on: coverage of the plan, n, and a 95 % interval."""

from edge_agent.documents.base import Document


class ScoreLine(Document, frozen=True, kw_only=True):
    """`value` is null when nothing could be assessed; `low` .. `high` is the 95 % Wilson interval, `high` null = without bound.

    `name`: osa, oos, facings, planogram, position, price, tags (shares of slots or facings), competitor_index (competitors'
    facings per own facing), eye_level (own share of the facings at eye level), perfect (weighted, its parts in `perfect_parts`).
    """

    name: str
    value: float | None
    coverage: float
    n: int
    low: float | None = None
    high: float | None = None


class BrandLine(Document, frozen=True, kw_only=True):
    """`side`: own, competitor, or unknown where the plan does not say. `linear_sos` is null where widths are not known."""

    brand: str
    side: str
    facings: int
    sos: float | None
    linear_sos: float | None
    coverage: float
    n: int
    low: float | None = None
    high: float | None = None


class RowLine(Document, frozen=True, kw_only=True):
    """`in_place` at their slot, `in_order` in the plan's order; `shifted` products stand `offset` slots too far to the right."""

    row: int
    planned: int
    assessed: int
    in_place: int
    in_order: int
    offset: int
    shifted: int


class PartLine(Document, frozen=True, kw_only=True):
    name: str
    weight: float
    value: float | None
    coverage: float
    n: int
