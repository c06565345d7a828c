"""Which of the voices of a talk is the salesperson's: told only from what each says, never from how it sounds.

- Each voice is weighed by phrases that nearly only one side says: 我是…公司的, 给您推荐, any 您 | 怎么卖, 太贵了, 我回去商量.
- The two who speak most are named together, when the difference between them is clear; where the sidecar says that these two
  speak here, less of it will do. Every other voice stays nobody's. Without evidence nobody is named.
- Phrases count as often as they are said, so one stray word decides nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from edge_agent.domain.transcript import Speaker

REP_SAYS: Final = (
    r"我(?:这边)?是.{1,12}?(?:公司|门店|客服|顾问|经理|销售|业务|小[\u4e00-\u9fff])",
    r"(?:这里|这边|我们|我)(?:这里|这边)?是.{2,10}的小?[\u4e00-\u9fff]{1,2}[，。啊呀]",
    r"(?:给|帮|为|跟|和|向)您",
    r"您(?:看|放心|稍等|需要|可以|贵姓|先|平时|这边|之前|大概|方便|考虑|觉得|说的|要是|家里|店里|那边)",
    r"请问您?|欢迎|感谢您|打扰您?",
    r"我们(?:公司|厂|店|家|品牌|产品|的产品|这款|这边|现在|新|刚|有|可以|会|支持|提供|推出|承诺)",
    r"我(?:给|帮)[您你](?:推荐|介绍|算|报|申请|安排|登记|发|留|备注|查|看一下|确认)",
    r"(?:通话|电话).{0,4}(?:会)?录音",
    r"(?:这款|这个产品|这套|这台).{0,12}(?:特点|优势|卖点|适合|采用|质保|保修|认证)",
    r"(?:搞|做|有)(?:个)?(?:活动|促销)|优惠价|满.{1,6}(?:送|减)|买.{1,4}送|返点|政策",
    r"下单|订货量|铺货|回访|跟进|后续.{0,4}联系|报价单|样机|试用",
    r"您",
)
CUSTOMER_SAYS: Final = (
    r"你们(?:家|公司|厂|店|的|这|那|卖|能|有|给|上次|上回|价|送|包|是|业务|东西|产品|质量|服务)",
    r"多少钱|怎么卖|什么价|几块|报个价",
    r"(?:太|有点|还是|好|挺|真|比较)贵|便宜点|能(?:不能)?便宜|再便宜|优惠点|打(?:个)?折吗",
    r"我(?:再|先|要|得|还要|还得|们再|们先|回去)?(?:考虑|想想|看看|问问|商量|琢磨)",
    r"我(?:想|要)(?:买|换|订|问|了解|咨询|看)",
    r"(?:别家|人家|隔壁|对面|其他家).{0,10}(?:便宜|才|只要|价|送|给)",
    r"(?:给|帮)我(?!们.{0,4}您)",
    r"压(?:给|在)我|堆在|卖不(?:动|掉|出)|没(?:有)?货|我(?:这|店里|家)(?:儿|边|里)?(?:还|已经|都|有)",
    r"不(?:需要|用了|感兴趣|考虑)|算了|没(?:空|时间)|你说吧|你讲|行吧|知道了",
    r"(?:靠谱|保证|骗|保本).{0,4}吗|万一|坏了|出(?:了)?问题|是不是.{0,12}啊",
    r"有没有(?:优惠|折扣|货|现货|便宜)|怎么收费|价格(?:呢|多少|怎么)|押金|能退吗|包(?:邮|安装)吗|我(?:不)?(?:买|租|订)",
)
REP: Final = re.compile("|".join(REP_SAYS))
CUSTOMER: Final = re.compile("|".join(CUSTOMER_SAYS))
SURE: Final = 6
"""How many more phrases must speak for one voice as the salesperson and the other as the customer than the other way round."""
SURE_OF_TWO: Final = 4
"""The same where the sidecar says that a salesperson and a customer speak on this channel."""
SHARE: Final = 0.6
"""So much of what both say must be on its side: in hours of talk a few phrases more are chance."""


def named(said: Mapping[int, str], seconds: Sequence[float], *, these_two: bool = False) -> dict[int, Speaker]:
    """A name for the two voices that speak most, or nothing; `said` by voice 1, 2, …, `seconds[voice - 1]` how long it spoke."""
    if len(seconds) < 2:
        return {}
    most = sorted(range(1, len(seconds) + 1), key=lambda voice: -seconds[voice - 1])[:2]
    leaning = {voice: _leaning(said.get(voice, "")) for voice in most}
    rep, customer = sorted(most, key=lambda voice: leaning[voice][1] - leaning[voice][0])
    (sells, against), (other_sells, buys) = leaning[rep], leaning[customer]
    clear = sells - against + buys - other_sells
    if clear >= max(SURE_OF_TWO if these_two else SURE, (sells + against + buys + other_sells) * SHARE):
        return {rep: Speaker.REP, customer: Speaker.CUSTOMER}
    return {}


def _leaning(text: str) -> tuple[int, int]:
    """How many phrases of a salesperson and of a customer a text holds."""
    return len(REP.findall(text)), len(CUSTOMER.findall(text))
