"""`edge-agent shelf prices`: what rival products cost, scan after scan."""

import argparse

from edge_agent.cli.options import Commands, command, loaded


def add_verb(verbs: Commands) -> None:
    prices = command(verbs, "prices", _prices, "竞品价格走势", "What rival products cost, and when that changed")
    prices.add_argument("--bay", default="", metavar="BAY", help="only this bay")
    prices.add_argument("--sku", default="", metavar="SKU", help="only this product")


def _prices(arguments: argparse.Namespace) -> int:
    from edge_agent import app, documents, price_series, view  # noqa: PLC0415 - after parsing

    settings = loaded(arguments)
    found = price_series.prices(settings, bay=arguments.bay, sku=arguments.sku)
    if arguments.json:
        print(documents.encode(found))
        return 0
    zone = app.zone(settings)
    rows = [
        (
            one.bay, f"{one.name} {one.sku}", one.brand, span.price, span.member_price or "", span.offer_price or "",
            _unit(span.unit_price, span.per), view.moment(span.since, zone), view.moment(span.until, zone), str(span.scans),
        )
        for one in found.series
        for span in one.spans
    ]  # fmt: skip
    if not rows:
        print("没有读到竞品价格 no price of a rival product was read yet")
        return 0
    shown = [place for place in range(len(COLUMNS)) if any(row[place] for row in rows)]
    lines = view.table("竞品价格 Rival prices", *(COLUMNS[place] for place in shown))
    for row in rows:
        lines.add_row(*(row[place] or "—" for place in shown))
    view.console().print(lines)
    return 0


def _unit(price: str | None, per: str | None) -> str:
    return f"{price}/{per}" if price and per else price or ""


COLUMNS = (
    "货架 Bay", "商品 Product", "品牌 Brand", "价格 Price", "会员价 Member", "促销价 Offer", "单价 Per unit",
    "自 Since", "至 Until", "次 Scans",
)  # fmt: skip
"""Those that are empty in every line are left out."""
