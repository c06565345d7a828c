"""What each measured name of the events over scans is called: Chinese first, English second. Names: `tagging.sight.names`."""

import re
from typing import Final

WORDS: Final = {
    "facings": ("排面", "facings"),
    "planned_facings": ("计划排面", "planned facings"),
    "facing_ratio": ("排面比（实际/计划）", "facings found / planned"),
    "view_occluded": ("被遮挡", "view blocked"),
    "in_planned_slot": ("在计划货位", "in its planned slot"),
    "confidence": ("把握", "confidence"),
    "tag_detected": ("看到价签", "tag seen"),
    "abs_price_diff": ("与价格表相差", "difference from the price list"),
    "consistent_reads": ("读数一致的次数", "agreeing reads"),
    "promo_active": ("促销中", "promotion"),
    "compliance": ("陈列合规率", "planogram compliance"),
    "visible_ratio": ("可见比例", "share seen"),
    "calibration_match": ("与参考照片吻合度", "match with the reference photo"),
    "competitor_share": ("竞品排面占比", "competitors' share of shelf"),
    "agreed_max_share": ("约定的竞品上限", "agreed limit for competitors"),
    "category_facings": ("品类排面数", "facings of the category"),
    "eye_level_facings": ("黄金层排面", "facings at eye level"),
    "eye_level_agreed": ("约定在黄金层", "agreed at eye level"),
    "total_facings": ("总排面", "facings in all"),
    "customers": ("顾客", "customers"),
    "staff": ("员工", "staff"),
    "counter_staff": ("柜台员工", "staff at the counter"),
    "queue_len": ("排队人数", "people in the queue"),
    "max_staff_in_zone": ("同区域员工最多", "most staff in one zone"),
    "unattended_waiting_zones": ("无人接待的等候区", "waiting zones without staff"),
    "dwell_vs_store_avg": ("停留与全店均值之比", "stay / the store's average"),
    "dwell_samples": ("停留样本数", "stays measured"),
    "zone_staff_time_share": ("区域员工时间占比", "zone's share of staff time"),
    "zone_customer_dwell_share": ("区域顾客停留占比", "zone's share of customers' stay"),
    "consecutive_audits": ("连续巡检次数", "scans in a row"),
    "own_share_drop": ("本品占比下降", "drop of the own share"),
    "was_out_of_stock": ("此前缺货", "was out of stock"),
    "was_unstaffed": ("此前无人值守", "was unstaffed"),
    "increasing_samples": ("连续上升的次数", "rises in a row"),
    "empty_ratio_gain": ("空位比例上升", "gain of empty area"),
    "open_hours": ("营业时间内", "open"),
}
_ZH: Final = {
    "reads": "次", "scans": "次", "persons": "人", "CNY": "元", "true": "是", "false": "否", "and": "且", "or": "或", "not": "非",
}  # fmt: skip
_SIGNS: Final = ((">=", "≥"), ("<=", "≤"), ("==", "="), ("!=", "≠"))


def said(condition: str) -> tuple[str, str]:
    """A condition with its value, `facings == 0 (0 facings)`, in Chinese and English."""
    zh = re.sub(r"[A-Za-z_]+", lambda name: WORDS.get(name[0], (_ZH.get(name[0], name[0]),))[0], condition)
    en = re.sub(r"[a-z]+(_[a-z]+)+", lambda name: WORDS.get(name[0], ("", name[0]))[1], condition)
    for sign, shown in _SIGNS:
        zh = zh.replace(sign, shown)
    return zh, en
