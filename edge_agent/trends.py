"""A bay's scores over time, from the ledger: as a document and as a chart."""

from edge_agent import answers, app
from edge_agent.config import Config
from edge_agent.documents import ShareLine, ShelfTrend, TrendPoint
from edge_agent.domain.recording import Kind, Recording
from edge_agent.domain.shelf import Share, ShelfScore
from edge_agent.errors import NotFound
from edge_agent.shelf.pictures import share_bars, trend
from edge_agent.shelf.pictures.chart import Format


def series(settings: Config, bay: str) -> list[tuple[Recording, ShelfScore]]:
    """The newest score of every scan of the bay, oldest scan first; NotFound when there is none."""
    with answers.reader(settings) as book:
        scans = [one for one in book.recordings() if one.circumstances.kind is Kind.SHELF and one.circumstances.bay == bay]
        found = [(one, score) for one in scans if (score := book.scored(one.id)) is not None]
    if not found:
        raise NotFound(
            f"no scan of bay {bay} was scored yet", remedy="edge-agent status lists recordings", zh="这个货架还没有评分"
        )
    return sorted(found, key=lambda one: (one[0].circumstances.started_at, one[0].id))


def document(bay: str, found: list[tuple[Recording, ShelfScore]]) -> ShelfTrend:
    return ShelfTrend(bay=bay, points=[_point(one, score) for one, score in found])


def chart(settings: Config, bay: str, found: list[tuple[Recording, ShelfScore]], kind: Format) -> bytes:
    """Availability, planogram and price compliance over the store's local time."""
    zone = app.zone(settings)
    points = [
        trend.Point(at=one.circumstances.started_at.astimezone(zone), shares=(score.osa, score.planogram, score.price))
        for one, score in found
    ]
    return trend.draw(bay, points, kind)


def brands(settings: Config, bay: str, score: ShelfScore, kind: Format) -> bytes:
    """Share of shelf per brand in one scan, held against what the plan in force agrees."""
    if not score.brands:
        raise NotFound(
            f"no facings were counted in the newest scan of bay {bay}", remedy="scan it again", zh="最近一次扫描没有数到排面"
        )
    return share_bars.draw(bay, score.brands, agreed=app.Bays(settings).load(bay).max_competitor_share, kind=kind)


def _point(one: Recording, score: ShelfScore) -> TrendPoint:
    return TrendPoint(
        recording=one.id, at=one.circumstances.started_at.isoformat(), planogram_digest=score.planogram_digest,
        osa=share_line(score.osa), planogram=share_line(score.planogram), price=share_line(score.price),
    )  # fmt: skip


def share_line(share: Share) -> ShareLine:
    low, high = share.interval or (None, None)
    return ShareLine(
        good=share.good, assessed=share.assessed, planned=share.planned, value=share.value, low=low, high=high,
        coverage=share.coverage,
    )  # fmt: skip
