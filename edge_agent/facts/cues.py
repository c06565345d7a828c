"""What the words around a row of digits say it is: the nearest word before it decides, else one right behind it."""

import re
from dataclasses import dataclass
from typing import Final

_OTHERS: Final = r"""
    一共 总共 合计 共计 回执 快递(?!员|小?哥|师) 包裹 会议 单号 编号 货号 款号 型号 批号 批次 序列号 流水 合同 发票 ISBN EAN
    SKU UPC 工号 学号 房号 门牌 税号 税务 设备号 IMEI SN MAC 版本 商品 货品 书号 刊号 准字 许可证 执照 备案 专利 商标 案号
    车架 发动机 金额 价格 总价 报价 单价 售价 库存 销量 数量 面积 产量 营业额 销售额 流量 粉丝 播放 时间戳 会员号
    (?:会员|积分|购物|礼品|充值|公交|校园|门禁|房|工|就诊|储值|优惠|饭|加油|油)卡号? 积分 桌号 车次 航班 票号 交易号
    交易流水 退款号 追踪 跟踪 箱号 柜号 托盘 库位 电表 水表 表号 户号 档案 凭证 申请号 受理号 口令 邮编 登录账号 游戏账号
    客户号 货架 配方 溯源 防伪 追溯 生产日期 日期 单据 参考号 项目号 学籍 准考证 社保 医保 公积金 资产 工程 楼盘 标号 序号
    尾号 身高 重量 净重 容量 容积 像素 里程 公里数 面额 余额 总额 成交额 限额 物流
    (?![下买签接抢菜名简孤传不])[一-龥]单(?![位价独身元人间打]) (?<!号)码(?!头)
"""
_QQ: Final = "QQ群? qq群? 扣扣 企鹅号"
_ID_CARDS: Final = "身份证 证件 身份号 公民身份 身份信息 实名"
_CARDS: Final = r"""
    银行卡 卡号 银行账号 账号 帐号 账户 帐户 储蓄卡 信用卡 借记卡 贷记卡 工行 建行 农行 中行 招行 交行 邮储 工商银行
    建设银行 农业银行 招商银行 银行 打款 转账 转到 汇到 打到 收款 绑定的卡 绑卡 刷的卡 还款卡 工资卡 开户
    卡(?![车片通路住顿券点座])
"""
_PHONES: Final = r"""
    手机 电话 座机 固话 联系 打给 拨打 拨 致电 短信 微信 热线 客服 传真 打我 加我 加您 加你 找我 回电 回拨 来电 紧急 tel Tel
    TEL phone Phone mobile Mobile call Call 呼叫 分机 总机 前台 办公室 家里的?号 我的?号 您的?号 他的?号 她的?号 你的?号
    新号 老号 小号 大号 号码 号是 留个号 记一下 记下 打这个 打
"""
_WORDS: Final = {"other": _OTHERS, "qq": _QQ, "id_card": _ID_CARDS, "card": _CARDS, "phone": _PHONES}
_CUE: Final = re.compile(
    "|".join(f"(?P<{kind}>(?:{'|'.join(words.split())})(?:号码|号是|号)?)" for kind, words in _WORDS.items())
)
_BEHIND: Final = re.compile(
    r"(?:[,，\s]{0,2}(?:是|就是|这是|这个|为)|的)?(?:我|您|他|她|你|客户|老板|店里)?(?:的|这个)?"
    r"(?:(?P<phone>手机|电话|座机|号码|微信|联系)|(?P<id_card>身份证)|(?P<card>银行卡|卡号)|(?P<qq>QQ|qq)"
    r"|(?P<other>订单|单号|运单|快递|编号|货号|条码|条形码|流水|批号|型号|商品|工单|序列号|验证码))"
)
_PUNCTUATION: Final = re.compile(r"[,，。；;！!？?]")
_REACH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """`kind`: phone, id_card, card, qq, other, or empty. `tight`: nothing but small words lies between."""

    kind: str
    tight: bool


_NONE: Final = Cue(kind="", tight=False)
_SMALL: Final = re.compile(
    r"(?:号码|号|码|编号|是|为|叫|呢|啊|嗯|呃|的|就|我|您|他|她|写|记|着|一下|给您?|报|这个|那个|[:：,，\s#+（(“\"])*"
)


def cue(line: str, start: int, end: int) -> Cue:
    """What the words around `line[start:end]` call it."""
    before = line[max(0, start - _REACH) : start]
    found = None
    for match in _CUE.finditer(before):
        found = match
    if found is not None and found.lastgroup is not None:
        between = before[found.end() :]
        tight = _SMALL.fullmatch(between) is not None
        numbered = found[0].endswith(("号", "码", "号是"))
        apart = _PUNCTUATION.search(between) is not None and not (tight and numbered)
        if not (found.lastgroup == "other" and apart):
            return Cue(kind=found.lastgroup, tight=tight)
    behind = _BEHIND.match(line, end)
    if behind is not None and behind.lastgroup is not None:
        return Cue(kind=behind.lastgroup, tight=True)
    return _NONE
