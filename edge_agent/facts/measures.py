"""The words that say what a number counts, and those that say it is a price."""

import re
from typing import Final

_WORDS: Final = """
    平方米 立方米 平方 立方 平米 公斤 千克 毫克 毫升 毫米 厘米 公里 千米 公顷 英寸 千瓦时 千瓦 公分 号人 家店 人份 个人
    箱 盒 台 套 件 只 支 瓶 袋 辆 桶 吨 斤 克 米 亩 条 双 根 粒 颗 本 把 户 张 片 份 批 位 名 人 家 间 层 副 包 杯 碗 罐 排
    卷 贴 匹 栋 组 座 款 打 提 听 板 扎 捆 车 柜 托 垛 筐 篮 壶 枚 盘 串 升 度 瓦 平(?![时均台板安常]) 寸 岁 倍 次 遍 趟 单
    站 台次 项 种 页 针 线 个 株 头 口 面 场 节 期 步 回 顿 滴 块
"""
_SINGLE: Final = """
    箱 盒 台 套 件 瓶 袋 辆 桶 吨 斤 公斤 千克 提 打 捆 车 托 罐 杯 包 卷 板 平米 平方米 米 克 升 毫升 倍 亩 柜
"""
_PHYSICAL: Final = "斤 公斤 千克 克 吨 米 升 度 寸 瓦"
_PRICES: Final = """
    价格 价钱 价 预算 报 卖 花 付 收 给 掏 满 定金 订金 押金 首付 尾款 工资 月薪 成本 利润 提成 立减 减 优惠 便宜 贵
    费用? 钱 款 额 单价 总共 一共 合计 要 才 值 奖金
"""

MEASURES: Final = "|".join(_WORDS.split())
COUNTED: Final = re.compile(rf"(?P<more>多|来|几|余)?(?P<half>个半|半)?(?P<unit>{MEASURES})(?!套)(?P<behind>半)?")
ONE_OF: Final = frozenset(_SINGLE.split())
"""Behind 一 these count one; other measure words behind it are an article."""
WEIGHED: Final = frozenset(_PHYSICAL.split())
"""Behind 二 these count two; behind others it is the second (二手, 二套房)."""

LASTING: Final = re.compile(
    r"(?P<more>多|来|几)?(?P<of>个)?(?P<half>半)?(?P<unit>年|月|周|星期|礼拜|天|小时|钟头|分钟|秒|季度|工作日)"
    r"(?![级龄代薪供检租])(?P<behind>半)?"
)
LENGTHS: Final = {
    "年": ("P", 12, "M"), "月": ("P", 1, "M"), "周": ("P", 7, "D"), "星期": ("P", 7, "D"), "礼拜": ("P", 7, "D"),
    "天": ("P", 1, "D"), "小时": ("PT", 1, "H"), "钟头": ("PT", 1, "H"), "分钟": ("PT", 1, "M"), "秒": ("PT", 1, "S"),
    "季度": ("P", 3, "M"), "工作日": ("P", 1, "D"),
}  # fmt: skip
"""Word -> how it is written in ISO 8601: before the count, times, behind it."""

PRICED: Final = re.compile(rf"(?:{'|'.join(_PRICES.split())})[了到是为在大概差不多也就只至约的：:，,个，]{{0,6}}(?:¥\s?)?$")
"""In front of a number: it is a price."""
PER_ONE: Final = re.compile(rf"(?:每|[一两三四五六七八九十0-9])(?:{MEASURES}|年|个月|天)(?:是|就|才|要|卖|只要|只)?$")
AN_EACH: Final = re.compile(rf"(?:一|每|/)(?:{MEASURES}|年|月|天|个月|小时)")
PRICE_BEHIND: Final = re.compile(r"(?:多|左右)?(?:的)?(?:预算|价格|价钱|价位|货款|定金|押金|工资)")
