"""Feast days that people reckon by: 国庆前, 中秋, 双十一. The lunar ones are a table up to 2040; beyond it they have no date."""

from datetime import date
from typing import Final

FIXED: Final = {
    "国庆节": (10, 1), "国庆": (10, 1), "十一国庆": (10, 1), "十一假期": (10, 1), "十一长假": (10, 1), "元旦": (1, 1),
    "五一": (5, 1), "劳动节": (5, 1), "六一": (6, 1), "儿童节": (6, 1), "妇女节": (3, 8), "三八节": (3, 8), "圣诞节": (12, 25),
    "圣诞": (12, 25), "平安夜": (12, 24), "情人节": (2, 14), "教师节": (9, 10), "双十一": (11, 11), "双11": (11, 11),
    "双十二": (12, 12), "双12": (12, 12), "六一八": (6, 18), "618": (6, 18), "建军节": (8, 1), "清明节": (4, 5), "清明": (4, 5),
}  # fmt: skip
"""Name -> (month, day). 清明 falls on the 4th or 5th of April."""

_LUNAR: Final = {
    "春节": "0210 0129 0217 0206 0126 0213 0203 0123 0211 0131 0219 0208 0128 0215 0204 0124 0212",
    "元宵": "0224 0212 0303 0220 0209 0227 0217 0206 0225 0214 0305 0222 0211 0301 0218 0207 0226",
    "端午": "0610 0531 0619 0609 0528 0616 0605 0624 0612 0601 0620 0610 0530 0618 0607 0527 0614",
    "七夕": "0810 0829 0819 0808 0826 0816 0805 0824 0812 0801 0820 0810 0828 0817 0807 0826 0814",
    "中秋": "0917 1006 0925 0915 1003 0922 0912 1001 0919 0908 0927 0916 1004 0924 0913 1002 0920",
    "重阳": "1011 1029 1018 1008 1026 1016 1005 1024 1012 1001 1020 1009 1027 1017 1007 1026 1014",
}
"""Month and day for each year from 2024."""
_FIRST: Final = 2024
_ALSO: Final = {
    "过年": "春节",
    "大年初一": "春节",
    "正月十五": "元宵",
    "元宵节": "元宵",
    "端午节": "端午",
    "中秋节": "中秋",
    "重阳节": "重阳",
}

NAMES: Final = tuple(sorted({*FIXED, *_LUNAR, *_ALSO}, key=len, reverse=True))


def on(name: str, year: int) -> date | None:
    """The day of a feast in a year; None beyond the table."""
    if name in FIXED:
        return date(year, *FIXED[name])
    days = _LUNAR[_ALSO.get(name, name)].split()
    if not 0 <= year - _FIRST < len(days):
        return None
    told = days[year - _FIRST]
    return date(year, int(told[:2]), int(told[2:]))
