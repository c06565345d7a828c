"""The small words of the rule language: which word is which part of a sentence. Business words are data (`lexicons/names.toml`).

The longest word at a place wins. `SKIPPED` words carry no meaning here; `VAGUE` ones would make anybody guess, so they are asked
about; `REFUSED` ones ask for something that no rule may build on.
"""

from typing import Final

from edge_agent.lexicon.notation import fold

_GROUPS: Final[dict[str, str]] = {
    "_STOP": "。 .",
    "_WHEN": "当 如果 如若 若 若是 假如 假设 一旦 要是 凡是 凡 只要 每当 倘若 如 每次当",
    "_THEN": "则 就 的情况下 情况下 的前提下 那么 那就 便 即 就要 就应",
    "_C": ", :",
    "_UNLESS": "除非",
    "_EXCEPT": "除外 例外 的除外",
    "_AND": "and 且 并且 而且 同时 并 又同时 以及同时 但 但是 而 不过 并同时 && &",
    "_OR": "or 或 或者 或是 要么 ||",
    "_DUN": "、",
    "_DUNAND": "和 与 及 以及",
    "_LPAR": "(",
    "_RPAR": ")",
    "_DENY": "并非 不是 非",
    "NOT": "未 没有 没 一次也没有 一次都没有 一次也没 从来没有 从未 未曾 并未 尚未 仍未 仍没有 还没有 还没 从没 从没有 "
    "未能 没能 不曾 始终未 始终没有 一直没有 一直未 也未 也没有 都没有 都没 均未 均没有 无 不 未进行 未做 却未 却没有 "
    "迟迟未 迟迟没有",
    "CONV": "同一通对话里 同一通对话 同一通对话中 同一次对话 每通 每通对话 每通电话 一通对话 一通电话 同一通电话 "
    "本次对话 本通对话 同一对话 单次对话 每次对话 一次对话 单通 同一次通话 一次通话 一场对话 同一场对话",
    "_INSIDE": "内 以内 之内 里 中",
    "_RECENT": "近 最近 过去",
    "UP": "以上 及以上 或以上 以下 及以下 或以下 起",
    "DISTINCT": "每通对话只算一次 每次都算 每个话题只算一次 按通计 不同话题",
    "EACHTURN": "每轮最多算一次",
    "NOBREAK": "中间不会断开",
    "_MID": "期间 中间 其间 这期间 在此期间 期间内",
    "_OPP": "机会",
    "_ROW": "连续 接连 一连 连着",
    "_FIRST": "首次 第一次 初次 头一次 首度 头一回",
    "END": "直到结束 到结束 到最后 结束时 对话结束时 通话结束时 结束前 到对话结束 直到对话结束 全程 整通 自始至终 "
    "从头到尾 直至结束 到通话结束 挂断前 离店前 整个过程 从头至尾 整通对话 整通电话 直到挂断 到结束为止 直到结束时 "
    "对话结束前 通话结束前",
    "_START": "开场 开场后 开头 开始后 一开始 开始 通话开始后 对话开始后 接通后",
    "_BEFORE": "之前 前 以前 先前",
    "_AFTER": "之后 后 以后 过后 之后的 后的",
    "_AROUND": "前后",
    "_TO": "到 至 ~ - ——",
    "_BETWEEN": "之间 期间的",
    "YES": "是 否",
    "NOTIFY": "提醒 提示 告知 通知 预警 告警 报警 提醒给 推送给 推送 提示给 通报 发提醒 知会",
    "ESCALATE": "上报 升级 升级给 上报给 升级至 上报至 升级到 上报到 呈报 提交 升级处理 升级上报",
    "BLOCK": "拦截 阻止 拦下 阻断 叫停 暂停发送 拦住",
    "RECORD": "只记录 仅记录 记录 只记 记录即可 打标签 只打标签 记一笔 不提醒 只做记录 只留记录 记录下来",
    "NOW": "立即 立刻 马上 当场 即时 实时 第一时间",
    "_ANYOF": "中的任意一种 任意一种 任一 之一 中任一 中的任何一种 任何一种 中的一种 中的任一种 任何一个 中任意一个 任意一个",
}  # fmt: skip

_WHO: Final[dict[str, str]] = {
    "customer": "客户 顾客 买家 买方 客人 消费者 患者 投保人 经销商 对方 来访者 采购方",
    "rep": "销售 店员 导购 员工 业务员 销售员 销售人员 坐席 客服 顾问 理财经理 代表 我方 营业员 客户经理 本人 销售本人",
    "either": "双方 任何人 任何一方 任一方 有人",
    "manager": "店长 主管 经理 值班经理 销售主管 区域经理 负责人 上级 店长或主管 主管领导 管理者 领导 门店经理 班长",
    "compliance": "合规 法务 风控 合规部 合规官 合规专员 合规部门 合规人员 质检",
}
_PER: Final[dict[str, str]] = {
    "account": "同一客户 同一个客户 同一位客户 同客户 同一顾客 同一位顾客 同一名客户 单个客户 每个客户 同一家客户 "
    "同个客户 该客户",
    "rep": "同一销售 同一个销售 同一位销售 同一名销售 同销售 同一店员 同一导购 同一员工 每个销售 同一名店员 同一业务员 "
    "同一名员工 同一位店员 单个销售 同一名导购 同个销售",
}

COMPARED: Final[dict[str, str]] = {
    ">=": "不少于 至少 大于等于 大于或等于 不小于 不低于 达到 达 满 >= ≥ 起码 最少 不下 不短于 够 已达 超过或等于 不早于 为至少",
    ">": "超过 大于 高于 多于 > 长于 超出 突破 晚于 逾",
    "<=": "不超过 不大于 不高于 至多 最多 小于等于 小于或等于 <= ≤ 不多于 顶多 不长于",
    "<": "小于 低于 少于 < 不足 不到 短于 未满 不满 未达到 没到 早于 未达",
    "==": "等于 = == 为 恰好 正好 刚好",
}
_SKIPPED: Final = (
    "了 过 着 的 地 都 又 再 还 也 曾 曾经 已 已经 在 有 出现 发生 存在 提出 表示 做出 作出 给出 进行 时 的时候 的话 "
    "情况 情形 行为 累计 共 总共 总计 合计 次数 次数的 对 向 给 把 被 让 仍 仍然 继续 却 可 跟进 关注 一下 并给 的情况 "
    "于 其 这 该 会 事件 该行为 说 说出 对话 通话 过程 过程中 通话中 对话中 沟通中 沟通 谈话中 期间出现 听到 触发 "
    "命中 检测到 识别到 发现 只要有 者 均 能 去 由 当中 来 同样 相关 任何 既 得到 提到 谈到 谈及 提及 说到 "
    "说起 自动 该消息 该文件 消息 发送 注意 起来 请 须 必须 应 应当 应该 需 需要 同时又"
)
VAGUE: Final[dict[str, tuple[str, ...]]] = {
    "次数": ("不少于2次", "不少于3次", "不少于5次"),
    "时间": ("2小时内", "24小时内", "3天内"),
    "大小": ("大于5000元", "低于20%"),
    "数字": ("3次", "3天内", "5000元"),
    "说法": ("去掉这个词", "直到结束没有……"),
}
"""What to say instead, by what is left open."""
_VAGUE: Final[dict[str, str]] = {
    "次数": "多次 经常 常常 反复 频繁 屡次 屡屡 若干次 数次 老是 总是 偶尔 有时 时不时 好几次 几次 好多次 很多次 一再 "
    "再三 不断 一直在 连连 多轮 大量 太多次 几回 三番五次 时常",
    "时间": "尽快 很快 及时 近期 短期内 短时间内 长期 稍后 过一会 过几天 几天内 几小时内 最近几天 不久 长时间 一段时间内 "
    "过久 早点 过段时间 几轮内 数天内 近几天 最近一段时间 每天 每日",
    "大小": "很高 很低 太高 太低 较高 较低 过高 过低 偏高 偏低 很大 很小 较大 很多 较多 太少 比较高 比较低 很长 很短",
    "说法": "可能 也许 大概 大约 左右 差不多 将近 似乎 好像 疑似 或许 上下 应该会 等等 等情况",
}
WAITS: Final = "（到对话结束才判断）"
"""Said back behind an excuse that may still come; it adds nothing when it is read."""
REFUSED: Final[dict[str, str]] = {
    "silence": "沉默 不说话 不吭声 冷场 静默 长静默 没说话 没有说话 不出声 沉默不语 无人说话 沉默倾听 不回消息 没回消息 "
    "话少 未读 已读不回 停顿",
    "staff-emotion": "销售情绪 销售的情绪 员工情绪 店员情绪 销售生气 销售愤怒 店员生气 员工生气 销售不高兴 员工的情绪 "
    "导购情绪 员工心情 销售心情 员工愤怒 店员的情绪",
}  # fmt: skip
_REFUSED: Final = {word: kind for kind, words in REFUSED.items() for word in words.split()}


def _table() -> dict[str, list[tuple[str, object]]]:
    found: dict[str, list[tuple[str, object]]] = {}

    def put(words: str, kind: str, value: object = None) -> None:
        for word in words.split():
            found.setdefault(word, []).append((kind, word if value is None else value))

    for kind, words in _GROUPS.items():
        put(words, kind)
    for kind, table in (("WHO", _WHO), ("PER", _PER), ("CMP", COMPARED), ("VAGUE", _VAGUE)):
        for value, words in table.items():
            put(words, kind, value)
    put(_SKIPPED, "SKIP")
    put(fold(WAITS), "SKIP")
    put(";", "_SEMI")
    for word, kind in _REFUSED.items():
        put(word, "REFUSED", kind)
    return found


KEYWORDS: Final = _table()
"""Every word with what it may be: (part of speech, value). More than one = the grammar decides."""
