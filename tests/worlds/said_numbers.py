"""Sentences with a number in them as it is said, the same sentence with that number in digits, and words that only hold digits.

Independent of the product: numbers are said by `cn2an`, and by the habits that it does not have (九千八 for 9800, 两百 for 200).
The expected writing is what a person would put down: money keeps its words (8块8), a discount is a fraction of ten (8.5折),
a year is read one by one, idioms and weekdays stay. The sentences stand nowhere else.
"""

import random
from collections.abc import Callable, Iterator

import cn2an

SAID = "零一二三四五六七八九"
LEFT: tuple[str, ...] = (
    "他做事一心一意", "这事千万别忘了", "万一下雨就改期", "我们一起过去看看", "货架上弄得乱七八糟", "他三番五次来问",
    "星期三我不在", "咱们周五再定", "大家七嘴八舌的", "一点也不贵", "说一不二的人", "第一次来你们店", "十全十美的方案没有",
    "一般都是这样", "统一安排就好", "五花八门的牌子", "下礼拜四送到", "想一想再说吧",
)  # fmt: skip
Form = Callable[[random.Random], tuple[str, str]]


def said(number: int) -> str:
    """As cn2an says it, with 两 before 百, 千 and 万 and without the first 一 of 一十."""
    words = str(cn2an.an2cn(number, "low"))
    for unit in "百千万":
        words = words.replace(f"二{unit}", f"两{unit}").replace(f"十两{unit}", f"十二{unit}")
    return words.removeprefix("一") if words.startswith("一十") else words


def round_(rng: random.Random) -> int:
    return rng.randint(11, 99) * 10 ** rng.randint(0, 3)


def cut_short(rng: random.Random) -> tuple[str, str]:
    high, low, unit = rng.randint(1, 9), rng.randint(1, 9), rng.choice(((1000, "千"), (100, "百"), (10_000, "万")))
    return f"{'两' if high == 2 else SAID[high]}{unit[1]}{SAID[low]}", str(high * unit[0] + low * unit[0] // 10)


def amount(rng: random.Random) -> tuple[str, str]:
    number = round_(rng)
    return f"{said(number)}块钱", f"{number}块钱"


def yuan_and_jiao(rng: random.Random) -> tuple[str, str]:
    one, two = rng.randint(3, 9), rng.randint(1, 9)
    return f"{SAID[one]}块{SAID[two]}", f"{one}块{two}"


def share(rng: random.Random) -> tuple[str, str]:
    number = rng.randint(1, 99)
    return f"百分之{said(number)}", f"{number}%"


def discount(rng: random.Random) -> tuple[str, str]:
    one = rng.randint(6, 9)
    two = rng.choice([digit for digit in range(1, 10) if digit not in {one, one + 1}])  # 七八折 is seven to eight tenths
    return f"{SAID[one]}{SAID[two]}折", f"{one}.{two}折"


def count(rng: random.Random) -> tuple[str, str]:
    number, unit = rng.randint(11, 4999), rng.choice("箱件台包瓶")
    return f"{said(number)}{unit}", f"{number}{unit}"


def day(rng: random.Random) -> tuple[str, str]:
    month, date = rng.randint(1, 12), rng.randint(1, 28)
    return f"{said(month)}月{said(date)}号", f"{month}月{date}号"


def year(rng: random.Random) -> tuple[str, str]:
    number = str(rng.randint(2019, 2031))
    return "".join(SAID[int(digit)] for digit in number) + "年", f"{number}年"


def days(rng: random.Random) -> tuple[str, str]:
    number = rng.randint(11, 90)
    return f"{said(number)}天", f"{number}天"


def decimal(rng: random.Random) -> tuple[str, str]:
    one, two = rng.randint(1, 9), rng.randint(1, 9)
    return f"{SAID[one]}点{SAID[two]}升", f"{one}.{two}升"


FORMS: dict[str, tuple[Form, tuple[str, ...]]] = {
    "cut short": (cut_short, ("这一款现在{}", "去年拿货是{}", "您给{}就行")),
    "money": (amount, ("总共要{}", "押金收您{}", "他报了{}")),
    "jiao": (yuan_and_jiao, ("单价{}", "进价大概{}", "卖到{}")),
    "percent": (share, ("返利有{}", "毛利大约{}", "降了{}")),
    "discount": (discount, ("会员打{}", "满一件就是{}", "只能给{}")),
    "count": (count, ("仓库还有{}", "先发{}", "订了{}")),
    "date": (day, ("合同{}到期", "{}开业", "约在{}见面")),
    "year": (year, ("{}的合同", "我们{}开的店")),
    "days": (days, ("账期{}", "保质期还有{}")),
    "decimal": (decimal, ("大瓶是{}", "每袋装{}")),
}


def sentences(each: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """(form, said, written), `each` of every form and of what must stay as it is."""
    rng = random.Random(seed)
    for form, (make, frames) in FORMS.items():
        for _ in range(each):
            frame, (words, digits) = rng.choice(frames), make(rng)
            yield form, frame.format(words), frame.format(digits)
    for _ in range(each):
        same = rng.choice(LEFT)
        yield "no number", same, same
