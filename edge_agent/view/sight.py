"""What was scored at a shelf and counted on a floor."""

from typing import TYPE_CHECKING

from edge_agent.documents import (
    FloorLine,
    ShelfLine,
)
from edge_agent.view.base import percent, table

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

SEEN = {
    "expected": "正确 expected",
    "empty": "空位 empty",
    "other": "错放 wrong product",
    "unknown": "未知商品 unknown",
    "not_assessable": "看不清 not assessable",
}


SCORES = {
    "osa": "有货率 OSA",
    "oos": "缺货率（含错放） out of stock, wrong product included",
    "facings": "排面合规 facings",
    "planogram": "陈列合规 planogram",
    "position": "顺序合规 position",
    "price": "价格合规 price",
    "tags": "价签在位 tags present",
    "competitor_index": "竞品/本品排面比 competitor index",
    "eye_level": "视线层本品占比 eye level",
    "perfect": "完美货架 Perfect Shelf",
}


SIDES = {"own": "本品 own", "competitor": "竞品 competitor", "unknown": "未定 unknown"}


def floor(found: FloorLine) -> "Table":
    """One floor recording by zones; the caption says what — means."""
    total = "—" if found.person_s is None else f"{found.person_s / 60:.1f}"
    lines = table(
        f"卖场 Floor {found.floor}: {total} 人·分钟 person-min · 可评估 assessed {100 * found.coverage:.0f}%",
        "区域 Zone", "人·秒 Person-s", "人次 Visits", "平均停留 Stay s", "无人接待/值守 Alone s",
    )  # fmt: skip
    lines.caption = (
        "— 人次过少、或可由其他数推算出，或未知 too few people, or another number could be worked out from it, or not known"
    )
    for one in found.zones:
        alone = one.unstaffed_s if one.unattended_s is None else one.unattended_s
        lines.add_row(one.name, *("—" if said is None else f"{said:g}" for said in (one.person_s, one.visits, one.stay_s, alone)))
    return lines


def shelf(score: ShelfLine) -> "Group":
    from rich.console import Group  # noqa: PLC0415

    return Group(_slots(score), _scores(score), *([_brands(score)] if score.brands else []))


def _slots(score: ShelfLine) -> "Table":
    made = table(
        f"货架 Shelf {score.bay}: 有货率 OSA {percent(score.osa)} · 陈列合规 planogram {percent(score.planogram_compliance)} · "
        f"价签合规 price {percent(score.price_compliance)} · 可评估 coverage {percent(score.coverage)}",
        "货位 Slot",
        "看到 Seen",
        "应有 Planned",
        "实际 Found",
        "排面 Facings",
        "价签 Tag",
        "标价 Listed",
        "把握 Sure",
    )
    for slot in score.slots:
        made.add_row(
            slot.slot,
            SEEN.get(slot.seen, slot.seen),
            f"{slot.name} {slot.expected}".strip(),
            slot.sku or "—",
            f"{'—' if slot.facings is None else slot.facings}/{slot.planned_facings}",
            f"✗ {slot.price}" if slot.price_wrong else slot.price or "—",
            slot.listed_price,
            f"{slot.confidence:.2f}",
        )
    return made


def _scores(score: ShelfLine) -> "Table":
    made = table("评分 Scores", "指标 Score", "值 Value", "95% 区间 Interval", "覆盖 Coverage", "n", "权重 Weight")
    weights = {one.name: one.weight for one in score.perfect_parts}
    for line in score.scores:
        number = f"{line.value:.2f}" if line.value is not None and line.name == "competitor_index" else percent(line.value)
        weight = f"{weights[line.name]:.0%}" if line.name in weights else ""
        made.add_row(
            SCORES.get(line.name, line.name), number, _interval(line.low, line.high, line.name), percent(line.coverage),
            str(line.n), weight,
        )  # fmt: skip
    for row in score.rows:
        if row.offset:
            word = "右 right" if row.offset > 0 else "左 left"
            made.add_row(
                f"第 {row.row} 层整体错位 row {row.row} shifted",
                f"{row.shifted} 个 items",
                f"{abs(row.offset)} 格{word}",
                "",
                "",
                "",
            )
    return made


def _interval(low: float | None, high: float | None, name: str) -> str:
    if low is None:
        return "—"
    if name == "competitor_index":
        return f"{low:.2f}–{'∞' if high is None else f'{high:.2f}'}"
    return f"{percent(low)}–{percent(high)}"


def _brands(score: ShelfLine) -> "Table":
    made = table(
        "品牌排面占比 Share of shelf", "品牌 Brand", "归属 Side", "排面 Facings", "占比 SOS", "95% 区间 Interval",
        "长度占比 Linear", "覆盖 Coverage",
    )  # fmt: skip
    for line in score.brands:
        made.add_row(
            line.brand, SIDES[line.side], str(line.facings), percent(line.sos), _interval(line.low, line.high, ""),
            percent(line.linear_sos), percent(line.coverage),
        )  # fmt: skip
    return made
