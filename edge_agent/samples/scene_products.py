"""The invented assortment of a rendered bay: brands, product lines, flavours, prices, and the look each brand gives its packs.

A brand keeps one layout, one typeface and one second colour for everything it sells in a scene, so that neighbouring
flavours of a line resemble each other as they do in a shop. Every brand, product and price is made up.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

Colour = tuple[int, int, int]

LAYOUTS: Final = ("medallion", "band", "column", "window", "stripes")
PATTERNS: Final = ("dots", "rays", "waves", "checks", "grain", "plain")


@dataclass(frozen=True, slots=True)
class Flavour:
    """A variant of a line: code, printed name, hue 0..1, and the motif drawn on the pack."""

    code: str
    zh: str
    hue: float
    motif: str


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of product. `aspect` = width / height; `stature` = share of the shelf's clear height; `yuan` = price range."""

    code: str
    zh: str
    form: str
    aspect: float
    stature: float
    yuan: tuple[int, int]
    unit: str
    nets: tuple[str, ...]
    flavours: tuple[Flavour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One SKU with everything that is printed on it. `look` seeds the details of the drawing."""

    id: str
    name: str
    brand: str
    noun: str
    flavour: str
    price: str
    unit: str
    net: str
    form: str
    aspect: float
    stature: float
    base: Colour
    second: Colour
    accent: Colour
    layout: str
    pattern: str
    motif: str
    serif: bool
    look: int


_FRUIT = (
    Flavour("orange", "甜橙", 0.085, "citrus"),
    Flavour("grape", "葡萄", 0.78, "berry"),
    Flavour("peach", "白桃", 0.97, "berry"),
    Flavour("lime", "青柠", 0.28, "citrus"),
    Flavour("plum", "乌梅", 0.92, "berry"),
)
_SNACK = (
    Flavour("plain", "原味", 0.13, "crisp"),
    Flavour("tomato", "番茄", 0.0, "berry"),
    Flavour("cucumber", "黄瓜", 0.33, "leaf"),
    Flavour("bbq", "烧烤", 0.05, "crisp"),
    Flavour("seaweed", "海苔", 0.45, "leaf"),
)
_GRAIN = (
    Flavour("oat", "燕麦", 0.11, "wheat"),
    Flavour("redbean", "红豆", 0.98, "bean"),
    Flavour("blackrice", "黑米", 0.75, "wheat"),
    Flavour("walnut", "核桃", 0.07, "nut"),
)
_TEA = (
    Flavour("jasmine", "茉莉", 0.3, "flower"),
    Flavour("oolong", "乌龙", 0.09, "leaf"),
    Flavour("black", "红茶", 0.02, "leaf"),
    Flavour("barley", "大麦", 0.12, "wheat"),
)
_MILK = (
    Flavour("plain", "纯牛奶", 0.58, "drop"),
    Flavour("low", "低脂", 0.5, "drop"),
    Flavour("cocoa", "可可", 0.06, "bean"),
    Flavour("straw", "草莓", 0.96, "berry"),
)
_SAUCE = (
    Flavour("light", "生抽", 0.03, "bean"),
    Flavour("dark", "老抽", 0.99, "bean"),
    Flavour("vinegar", "香醋", 0.11, "wheat"),
    Flavour("oyster", "蚝汁", 0.62, "drop"),
)
_CHILI = (
    Flavour("oil", "油辣子", 0.01, "leaf"),
    Flavour("garlic", "蒜蓉", 0.08, "nut"),
    Flavour("mushroom", "香菇", 0.1, "flower"),
    Flavour("blackbean", "豆豉", 0.7, "bean"),
)
_HONEY = (
    Flavour("acacia", "槐花", 0.13, "flower"),
    Flavour("linden", "椴树", 0.09, "leaf"),
    Flavour("lychee", "荔枝", 0.97, "berry"),
    Flavour("wild", "百花", 0.06, "flower"),
)
_CARE = (
    Flavour("mint", "薄荷", 0.42, "leaf"),
    Flavour("rose", "玫瑰", 0.94, "flower"),
    Flavour("ginger", "生姜", 0.1, "nut"),
    Flavour("sea", "海盐", 0.56, "drop"),
)

LINES: Final = (
    Line("crisps", "薯片", "bag", 0.72, 0.86, (5, 16), "袋", ("70g", "104g", "145g"), _SNACK),
    Line("nuts", "混合坚果", "bag", 0.66, 0.9, (19, 49), "袋", ("175g", "250g"), _GRAIN),
    Line("puffs", "米果", "bag", 0.8, 0.8, (6, 15), "袋", ("88g", "160g"), _SNACK),
    Line("biscuit", "饼干", "box", 0.74, 0.76, (8, 26), "盒", ("200g", "320g"), _GRAIN),
    Line("cereal", "麦片", "box", 0.68, 0.94, (18, 45), "盒", ("400g", "600g"), _GRAIN),
    Line("teabag", "茶包", "box", 1.02, 0.68, (15, 59), "盒", ("40g", "60g"), _TEA),
    Line("milk", "牛奶", "carton", 0.46, 0.9, (9, 24), "盒", ("950mL", "1L"), _MILK),
    Line("juice", "果汁", "bottle", 0.36, 0.94, (4, 13), "瓶", ("450mL", "500mL"), _FRUIT),
    Line("tea", "茶饮", "bottle", 0.34, 0.94, (3, 9), "瓶", ("500mL", "550mL"), _TEA),
    Line("soda", "汽水", "can", 0.52, 0.68, (3, 8), "罐", ("330mL",), _FRUIT),
    Line("congee", "八宝粥", "can", 0.58, 0.62, (4, 9), "罐", ("320g", "360g"), _GRAIN),
    Line("sauce", "酱油", "bottle", 0.37, 0.95, (8, 29), "瓶", ("500mL", "800mL"), _SAUCE),
    Line("chili", "辣酱", "jar", 0.74, 0.56, (9, 24), "瓶", ("210g", "280g"), _CHILI),
    Line("honey", "蜂蜜", "jar", 0.68, 0.64, (22, 68), "瓶", ("250g", "500g"), _HONEY),
    Line("shampoo", "洗发露", "bottle", 0.42, 0.92, (25, 69), "瓶", ("400mL", "750mL"), _CARE),
    Line("soap", "洗手液", "bottle", 0.46, 0.82, (9, 22), "瓶", ("300mL", "500mL"), _CARE),
)

BRANDS: Final = (
    ("maitian", "麦田"), ("lanxing", "澜星"), ("jingu", "金谷"), ("heyu", "禾屿"), ("chengan", "橙岸"), ("yunting", "云汀"),
    ("luxigu", "鹿溪谷"), ("baidu-ferry", "白渡"), ("xiaomancang", "小满仓"), ("zhaoluji", "朝露集"), ("songli", "松里"),
)  # fmt: skip
"""Code and printed name. The first is the store's own house brand in every scene."""

_CENTS: Final = (0, 50, 80, 90, 90, 90, 99)


def stock(rng: Random, slots_per_row: Sequence[int]) -> list[list[Product]]:
    """Choose a product for every slot: runs of 1-4 flavours of one brand's line, no SKU twice."""
    styles = {code: house_style(rng) for code, _ in BRANDS}
    lines = list(LINES)
    rng.shuffle(lines)
    taken: set[str] = set()
    rows: list[list[Product]] = []
    for count in slots_per_row:
        row: list[Product] = []
        while len(row) < count:
            line, brand = lines[0], rng.choice(BRANDS)
            lines.append(lines.pop(0))
            run = rng.sample(line.flavours, min(rng.choice((1, 2, 2, 3, 4)), len(line.flavours), count - len(row)))
            fresh = [p for p in (product(rng, line, brand, f, styles[brand[0]]) for f in run) if p.id not in taken]
            taken.update(p.id for p in fresh)
            row.extend(fresh)
        rows.append(row)
    return rows


def stranger(rng: Random) -> Product:
    """A product that is on nobody's list: a brand of its own with its own look."""
    line = rng.choice([line for line in LINES if line.form in {"box", "bag", "can"}])
    return product(rng, line, ("stranger", "岚坊"), rng.choice(line.flavours), house_style(rng))


@dataclass(frozen=True, slots=True)
class Style:
    """What a brand keeps across its packs; `depth` and `vivid` set lightness and saturation."""

    layout: str
    pattern: str
    serif: bool
    second_hue: float
    vivid: float
    depth: float


def house_style(rng: Random) -> Style:
    """Draw a brand's style."""
    return Style(
        rng.choice(LAYOUTS),
        rng.choice(PATTERNS),
        rng.random() < 0.35,
        rng.random(),
        rng.uniform(0.35, 0.8),
        rng.uniform(0.5, 0.95),
    )


def product(rng: Random, line: Line, brand: tuple[str, str], flavour: Flavour, style: Style) -> Product:
    """One SKU of `brand`'s `line` in this flavour."""
    yuan, cents = rng.randint(*line.yuan), rng.choice(_CENTS)
    hue = (flavour.hue + rng.uniform(-0.015, 0.015)) % 1.0
    return Product(
        id=f"{brand[0]}-{line.code}-{flavour.code}",
        name=f"{brand[1]}{flavour.zh}{'' if flavour.zh.endswith(line.zh) else line.zh}",
        brand=brand[1],
        noun=line.zh,
        flavour=flavour.zh,
        price=f"{yuan}.{cents:02d}",
        unit=line.unit,
        net=rng.choice(line.nets),
        form=line.form,
        aspect=line.aspect,
        stature=line.stature,
        base=hsv(hue, style.vivid, style.depth),
        second=hsv(style.second_hue, style.vivid * 0.8, min(1.0, style.depth + 0.15)),
        accent=hsv((hue + 0.5) % 1.0, 0.75, 0.85),
        layout=style.layout,
        pattern=style.pattern,
        motif=flavour.motif,
        serif=style.serif,
        look=rng.getrandbits(30),
    )


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """An 8-bit RGB colour from fractions."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with `share` of `other` blended in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
