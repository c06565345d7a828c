"""`edge-agent shelf prices`: what rival products cost, scan after scan."""

import argparse

from edge_agent.cli.options import Commands, command, loaded


def add_verb(verbs: Commands) -> None:
    prices = command(verbs, "prices", _prices, "竞品价格走势", "What rival products cost, and when that changed")
    prices.add_argument("--bay", default="", metavar="BAY", help="only this bay")
    prices.add_argument("--sku", default="", metavar="SKU", help="only this product")


def _prices(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, price_series, view  # noqa: PLC0415 - after parsing

    found = price_series.prices(loaded(arguments), bay=arguments.bay, sku=arguments.sku)
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table(
        "竞品价格 Rival prices", "货架 Bay", "商品 Product", "品牌 Brand", "价格 Price", "会员价 Member", "促销价 Offer",
        "单价 Per unit", "自 Since", "至 Until", "扫描 Scans",
    )  # fmt: skip
    for one in found.series:
        for span in one.spans:
            unit = f"{span.unit_price}/{span.per}" if span.unit_price and span.per else span.unit_price
            lines.add_row(
                one.bay, f"{one.name} {one.sku}", one.brand, span.price, span.member_price or "—", span.offer_price or "—",
                unit or "—", span.since[:16], span.until[:16], str(span.scans),
            )  # fmt: skip
    view.console().print(lines)
    return 0
