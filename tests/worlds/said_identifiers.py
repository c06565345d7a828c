"""Chinese identifiers as people say and write them, and numbers that only look like some: generated, with their truth.

Independent of the product: check digits are computed here. Two disjoint sets of sentences: `DEV` may be looked at while rules
are written, `JUDGE` is for the figure that is reported.
"""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

SAID = "零一二三四五六七八九"
DEV = "dev"
JUDGE = "judge"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
REGIONS = [
    "110101",
    "110105",
    "120103",
    "310104",
    "320106",
    "330102",
    "350203",
    "370202",
    "410105",
    "420106",
    "430104",
    "440305",
    "440106",
    "500103",
    "510104",
    "610113",
    "650102",
]
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Said:
    """A sentence and what is named in it: (kind, value) each. `spoken` when digits were said as words."""

    text: str
    truth: tuple[tuple[str, str], ...]
    spoken: bool = False


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def luhn_digit(body: str) -> str:
    total = 0
    for index, char in enumerate(body[::-1]):
        doubled = int(char) * 2 if index % 2 == 0 else int(char)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


def citizen_mark(body: str) -> str:
    total = sum(int(char) * (2 ** (17 - index) % 11) for index, char in enumerate(body))
    return "10X98765432"[total % 11]


def mobile(rng: random.Random) -> str:
    return rng.choice(
        [
            "134",
            "135",
            "138",
            "139",
            "147",
            "150",
            "152",
            "158",
            "166",
            "170",
            "176",
            "177",
            "180",
            "186",
            "188",
            "189",
            "191",
            "198",
            "199",
        ]
    ) + digits(rng, 8)


def landline(rng: random.Random) -> str:
    area, size = rng.choice([("010", 8), ("021", 8), ("0755", 8), ("0571", 8), ("0592", 7), ("0371", 8), ("028", 8), ("0898", 8)])
    return area + rng.choice("2345678") + digits(rng, size - 1)


def service(rng: random.Random) -> str:
    return "400" + digits(rng, 7)


def id_card(rng: random.Random) -> str:
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(22000))
    body = rng.choice(REGIONS) + f"{born:%Y%m%d}" + digits(rng, 3)
    return body + citizen_mark(body)


def old_id_card(rng: random.Random) -> str:
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(15000))
    return rng.choice(REGIONS) + f"{born:%y%m%d}" + digits(rng, 3)


def bank_card(rng: random.Random) -> str:
    head, size = rng.choice(
        [
            ("622202", 19), ("621700", 19), ("622848", 19), ("622588", 16), ("621226", 19), ("625965", 16), ("622155", 16),
            ("621483", 16), ("436742", 16), ("524091", 16), ("621799", 19),
        ]
    )  # fmt: skip
    body = head + digits(rng, size - 7)
    return body + luhn_digit(body)


def plate(rng: random.Random) -> str:
    head = rng.choice(PROVINCES) + rng.choice(PLATE_LETTERS)
    form = rng.randrange(6)
    if form == 0:
        return head + rng.choice("DF") + rng.choice(string.digits + "ABCDEFGH") + digits(rng, 4)
    if form == 1:
        return head + digits(rng, 5) + rng.choice("DF")
    if form == 2:
        return head + digits(rng, 4) + rng.choice("学警挂")
    places = list(digits(rng, 5))
    for place in rng.sample(range(5), rng.randrange(3)):
        places[place] = rng.choice(PLATE_LETTERS)
    return head + "".join(places)


def bare(sizes: tuple[int, ...], text: str) -> list[str]:
    groups, at = [], 0
    for size in sizes:
        groups.append(text[at : at + size])
        at += size
    return [group for group in [*groups, text[at:]] if group]


SHAPES = {
    10: [(3, 3, 4), (3, 4, 3), (4, 3, 3)],
    11: [(3, 4, 4), (3, 3, 5), (4, 3, 4), (3, 4, 2, 2), (3, 2, 2, 2, 2)],
    12: [(4, 4, 4), (4, 8)],
    13: [(3, 4, 6), (4, 4, 5)],
    15: [(6, 6, 3)],
    16: [(4, 4, 4, 4)],
    18: [(6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4)],
    19: [(4, 4, 4, 4, 3), (6, 6, 7), (3, 3, 4, 4, 5)],
}


def spoken(rng: random.Random, text: str, *, one: str = "") -> str:
    """Digit by digit, 1 as 幺 or 一 throughout, sometimes with pauses, hesitations or a run said as one (四个零)."""
    one = one or rng.choice(["幺", "一"])
    words = {**{str(i): SAID[i] for i in range(10)}, "1": one}
    groups = bare(rng.choice(SHAPES.get(len(text), [(len(text),)])), text) if rng.random() < 0.7 else [text]
    said = ["".join(words.get(char, char) for char in group) for group in groups]
    if rng.random() < 0.15:
        said = [said_run(group) for group in said]
    return rng.choice(["，", "、", " ", "，嗯，", "", "，那个，", "…"]).join(said)


def dictated(rng: random.Random, text: str) -> str:
    """The habits of other people, for the judging set alone: pauses anywhere, digit by digit, half written."""
    words = {**{str(i): SAID[i] for i in range(10)}, "1": rng.choice(["幺", "一"]), "2": rng.choice(["二", "二", "两"])}
    said = [words.get(char, char) for char in text]
    size, cut = rng.choice([2, 3]), rng.randrange(3, len(text) - 3)
    habits = [
        rng.choice([" ", "，"]).join(said),
        rng.choice(["，", "。", "……", "，对，", " "]).join("".join(said[i : i + size]) for i in range(0, len(said), size)),
        "".join(rng.choice([char, word]) for char, word in zip(text, said, strict=True)),
        "，然后".join("".join(said[i : i + 4]) for i in range(0, len(said), 4)),
        " ".join(text),
        "".join(said[:cut]) + rng.choice(["，呃，", "，后面是", "，嗯"]) + text[cut:],
        "".join(said),
    ]
    return rng.choice(habits)


def said_run(group: str) -> str:
    """四个八 for 八八八八, 三个零 for 零零零, where a group is nothing else."""
    if len(group) in {3, 4} and len(set(group)) == 1:
        return f"{SAID[len(group)]}个{group[0]}"
    return group


def mixed(rng: random.Random, text: str) -> str:
    """Some of it written, the rest said, as recognisers do."""
    cut = rng.choice([3, 4, 7]) if len(text) <= 12 else rng.choice([4, 6])
    one = rng.choice(["幺", "一"])
    return text[:cut] + "".join(one if c == "1" else SAID[int(c)] if c.isdigit() else c for c in text[cut:])


def written(rng: random.Random, text: str) -> str:
    groups = bare(rng.choice(SHAPES.get(len(text), [(len(text),)])), text)
    form = rng.randrange(6)
    if form == 0:
        return "-".join(groups)
    if form == 1:
        return " ".join(groups)
    if form == 2:
        return text.translate({ord(c): 0xFF10 + int(c) for c in string.digits})
    if form == 3 and len(text) == 11:
        return "，".join(groups)
    return text


def phone_written(rng: random.Random, number: str) -> str:
    if number.startswith("0"):
        cut = 3 if number[1] in "12" else 4
        area, local = number[:cut], number[cut:]
        return rng.choice([f"{area}-{local}", f"{area} {local}", f"({area}){local}", number, f"{area}-{local[:-4]}-{local[-4:]}"])
    if number.startswith("400"):
        return rng.choice([number, f"400-{number[3:6]}-{number[6:]}", f"400 {number[3:]}"])
    if rng.random() < 0.12:
        return rng.choice(["+86 ", "+86", "+86-", "86-", "0086 "]) + number
    return written(rng, number)


def plate_written(rng: random.Random, text: str) -> str:
    return rng.choice([text, f"{text[:2]}·{text[2:]}", f"{text[:2]} {text[2:]}", text.lower(), f"{text[:2]}-{text[2:]}"])


def plate_spoken(rng: random.Random, text: str) -> str:
    one = rng.choice(["幺", "一"])
    tail = "".join(one if c == "1" else SAID[int(c)] if c.isdigit() else c for c in text[2:])
    return text[:2] + rng.choice(["", "，", " "]) + tail


TEMPLATES = {
    DEV: {
        "phone": [
            "我的手机号是{}", "电话{}，您记一下", "{}，这是我号码", "打{}找我就行", "您留个电话吧。好，{}",
            "微信同号，{}", "喂您好，联系电话{}对吧", "{}", "那您记一下我的联系方式，{}", "有事拨{}",
            "我留一个号，{}，姓王", "到了给{}打个电话", "号码没变，还是{}", "他的座机和手机我都有，{}",
            "您回头加这个{}也行", "尾款的事情问{}", "老板电话多少？{}", "好的，{}，收到了",
        ],
        "id-card": [
            "身份证号是{}", "我身份证{}，您登记一下", "证件号码：{}", "实名用的是{}这个", "{}", "办会员要登记证件，{}",
            "我念一下身份证啊，{}", "开户人的身份证号码为{}，没错吧", "那个，{}，是这个身份证", "系统里查的是{}",
        ],
        "bank-card": [
            "卡号{}", "钱打到{}这张卡", "银行卡是{}，建行的", "退款退到{}", "我报一下卡号，{}", "收款账号麻烦记一下，{}",
            "转到{}就可以", "我工行的卡，{}", "尾号对的，整个卡号是{}", "绑定的是{}这张",
        ],
        "plate": [
            "车牌{}", "我车是{}，停门口了", "帮我登记一下{}", "那辆{}挡路了", "送货的车{}到了", "停车登记，{}",
            "司机开的{}", "车牌号码是{}，白色的", "{}这车是谁的", "麻烦给{}放行",
        ],
        "none": [
            "订单号{order}", "订单号是{order}，您查一下", "快递单号{tracking}", "ISBN是{isbn}", "条码{ean}扫不出来",
            "这个一共{price}元", "价格是{price}", "单价{price}，数量{qty}", "型号{sku}还有货吗", "QQ号{qq}", "税号{tax}",
            "今天是{date}", "房间号{room}", "流水号{order}", "会员编号{member}", "身份证写错了，{bad_id}",
            "验证码{code}", "批次{batch}", "一共{money_said}", "这款{money_said}一箱", "三心二意一下子就是一二三",
            "金额{big}元", "发票号码{invoice}", "您的订单{order}已经发货了", "查一下单号{tracking}", "这本书书号{isbn}",
            "商品条形码是{ean}", "总价{price}块", "去年卖了{big}块钱", "报价单上写的{price}", "货号{sku}断货了",
            "加QQ{qq}", "公司税号是{tax}", "生产日期{date}", "三号楼{room}", "交易流水{order}", "会员卡{member}积分",
            "这个证件号{bad_id}校验不过", "短信验证码{code}", "批号{batch}", "预算{money_said}", "{money_said}包邮",
            "周一三五送货，二四六休息", "合同编号{order}", "库存还有{big}件", "运单{tracking}签收了",
            "发票代码{invoice}", "卡号不对，{bad_card}",
        ],
    },
    JUDGE: {
        "phone": [
            "订房留的手机是{}", "您这边预留号{}，尾号不对", "药到了通知{}", "师傅上门前会打{}给您",
            "我把客户的联系方式报给你，{}", "发票抬头发我，短信到{}", "麻烦给{}回个电话，他姓赵",
            "车主电话{}，停在二号库", "我媳妇儿的，{}", "售后找{}，早九点到晚六点", "有两个，先打{}",
            "来访登记：李强，{}",
        ],
        "id-card": [
            "入住登记要身份证，您念我听。{}", "医保报销填的是{}", "购药实名登记{}", "贷款人证件号码{}，麻烦复核",
            "我报身份证了，{}，对不对", "过户用{}这个身份证", "保单上被保险人的身份证是{}",
        ],
        "bank-card": [
            "理赔款打这个卡，{}", "工资卡号我念一下，{}", "退押金，卡号{}，招商银行", "绑卡绑的{}", "刷的是{}",
            "开户行城南支行，账号{}",
        ],
        "plate": [
            "保养的车是{}吧", "拖车，牌照{}", "那台白色的{}洗好了", "{}，麻烦挪一下车", "地库进来一辆{}",
            "违章的是{}，不是我", "套牌了，真的是{}",
        ],
        "none": [
            "挂号单{order}", "处方编号{code}{batch}", "房卡号{code}", "酒店订单{order}，两晚", "药品追溯码{order}",
            "国药准字H{member}", "车架号LSV{order}", "保单号{order}", "维修工单{order}，明天取", "运单号码{tracking}",
            "书上写着{isbn}", "扫出来是{ean}", "会员编号{member}，积分{qty}", "收您{price}，找零{qty}",
            "里程{price}公里", "去年营业额{big}元", "押金{money_said}", "合同金额{big}", "批号{batch}，有效期到{date}",
            "退票单{order}", "身份证号{bad_id}，系统说不存在", "这张卡{bad_card}刷不了", "微信群里的QQ{qq}",
            "设备序列号{sku}", "税务登记{tax}", "{room}的客人退房", "验证码是{code}，别告诉别人", "{money_said}一晚含早",
        ],
    },
}  # fmt: skip


def ean_mark(body: str) -> str:
    return str(-sum(int(char) * (3 if index % 2 else 1) for index, char in enumerate(body)) % 10)


def order(rng: random.Random) -> str:
    """Numbers of orders: by day, any length, or eleven digits like a telephone's; some dictated."""
    day = f"20{rng.randrange(20, 27)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
    made = rng.choice(
        [
            day + digits(rng, rng.choice([4, 6, 8])),
            digits(rng, rng.choice([8, 10, 12, 16, 19])),
            "1" + rng.choice("3578") + digits(rng, 9),
        ]
    )
    return rng.choice([spoken, dictated])(rng, made) if rng.random() < 0.3 else made


def tracking(rng: random.Random) -> str:
    head = rng.choice(["SF", "YT", "7", "JD", "ZTO"])
    return rng.choice([head + digits(rng, 13), digits(rng, 12)])


def isbn(rng: random.Random) -> str:
    body = "9787" + digits(rng, 8)
    made = body + ean_mark(body)
    return rng.choice([made, f"978-7-{made[4:7]}-{made[7:12]}-{made[12]}", spoken(rng, made)])


def look_alikes(rng: random.Random) -> dict[str, str]:
    good_id, good_card, product = id_card(rng), bank_card(rng), "69" + digits(rng, 10)
    return {
        "order": order(rng),
        "tracking": tracking(rng),
        "isbn": isbn(rng),
        "ean": product + ean_mark(product),
        "price": rng.choice([str(rng.randrange(10, 30000)), f"{rng.randrange(10, 3000)}.{rng.randrange(10, 99)}"]),
        "qty": str(rng.randrange(1, 500)),
        "sku": rng.choice(["SKU-" + digits(rng, 8), "A" + digits(rng, 6), "XK" + digits(rng, 11), digits(rng, 8)]),
        "qq": rng.choice("123456789") + digits(rng, rng.choice([6, 7, 8, 9])),
        "tax": "9144030" + digits(rng, 1) + "MA5" + digits(rng, 6) + "X",
        "date": rng.choice(["20261125", "2026-11-25", "20260308", "2025年12月1日"]),
        "room": rng.choice(["3072", "三零七二", "1201", "幺二零幺"]),
        "member": digits(rng, 8),
        "code": digits(rng, 6),
        "batch": "B" + digits(rng, 8),
        "big": str(rng.randrange(10**8, 10**11)),
        "invoice": digits(rng, rng.choice([8, 12])),
        "money_said": rng.choice(["三万八千五", "一万三千八百块", "九千八", "十二万五", "一千三百八十块五毛"]),
        "bad_id": good_id[:17] + next(c for c in "0123456789" if c != good_id[17]),
        "bad_card": good_card[:-1] + str((int(good_card[-1]) + rng.randrange(1, 10)) % 10),
    }


MAKERS: dict[str, list[tuple[Callable[[random.Random], str], float]]] = {
    "phone": [(mobile, 0.75), (landline, 0.17), (service, 0.08)],
    "id-card": [(id_card, 1.0)],
    "bank-card": [(bank_card, 1.0)],
    "plate": [(plate, 1.0)],
}


def named(rng: random.Random, kind: str, which: str) -> Said:
    makers = MAKERS[kind]
    value = rng.choices([maker for maker, _ in makers], [weight for _, weight in makers])[0](rng)
    form = rng.random()
    if kind == "plate":
        spoken_form = form < 0.4
        shown = plate_spoken(rng, value) if spoken_form else plate_written(rng, value)
    elif form < 0.45:
        shown, spoken_form = (dictated if which == JUDGE and rng.random() < 0.5 else spoken)(rng, value), True
    elif form < 0.55:
        shown, spoken_form = mixed(rng, value), True
    else:
        shown, spoken_form = (phone_written if kind == "phone" else written)(rng, value), False
    template = rng.choice(TEMPLATES[which][kind])
    return Said(template.format(shown), ((kind, value),), spoken_form)


def negative(rng: random.Random, which: str) -> Said:
    return Said(rng.choice(TEMPLATES[which]["none"]).format(**look_alikes(rng)), ())


def two(rng: random.Random, which: str) -> Said:
    first, second = (named(rng, rng.choice(list(MAKERS)), which) for _ in range(2))
    return Said(f"{first.text}，{second.text}", first.truth + second.truth, first.spoken or second.spoken)


def sentences(which: str, count: int, *, seed: int) -> list[Said]:
    """`count` sentences of each kind and twice as many without any; to judge, also as many with two."""
    rng = random.Random(f"{which}-{seed}")
    made = [named(rng, kind, which) for kind in MAKERS for _ in range(count)]
    made += [negative(rng, which) for _ in range(2 * count)]
    made += [two(rng, which) for _ in range(count if which == JUDGE else 0)]
    rng.shuffle(made)
    return made
