"""What a shop sells: product lines of invented brands, each with its form, print, colours and price."""

import colorsys
from dataclasses import dataclass

from shop_forms import FORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One SKU. `line` names its family of flavours, `line_seed` and `seed` fix what is common and what is its own."""

    id: str
    line: str
    brand: str
    flavour: str
    noun: str
    net: str
    piece: str
    price: str
    form: str
    aspect: float
    tall: float
    ground: str
    layout: str
    motif: str
    serif: bool
    base: tuple
    second: tuple
    accent: tuple
    line_seed: int
    seed: int

    @property
    def name(self):
        return f"{self.brand}{self.flavour}{self.noun}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One kind of goods: nouns, flavours, packs, prices in yuan, how tall on a board (share of the opening)."""

    nouns: tuple
    flavours: tuple
    forms: tuple
    nets: tuple
    piece: str
    prices: tuple
    tall: tuple
    motifs: tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What the packs of one set of shops look like; the other set uses other ones."""

    brands: tuple
    grounds: tuple
    layouts: tuple
    saturation: tuple
    value: tuple


ACCENTS = (
    (196, 38, 40),
    (226, 120, 36),
    (236, 190, 60),
    (64, 122, 62),
    (34, 84, 150),
    (108, 62, 128),
    (214, 96, 124),
    (52, 140, 150),
    (120, 78, 48),
    (40, 44, 60),
)
PAIRINGS = (
    lambda hue, s, v: hsv(hue + 0.45, s * 0.8, min(0.92, v * 1.1)),
    lambda hue, s, v: (240, 232, 214),
    lambda hue, s, v: (38, 46, 70),
    lambda hue, s, v: (206, 170, 98),
    lambda hue, s, v: hsv(hue + 0.04, s * 0.45, min(0.96, v * 1.4)),
    lambda hue, s, v: hsv(hue - 0.05, min(1, s * 1.1), v * 0.5),
    lambda hue, s, v: hsv(hue + 0.12, s * 0.9, min(0.95, v * 1.2)),
)
"""How a pack's second colour follows from its first: opposite, cream, navy, gold, paler, darker, neighbour."""


def price(rng, low, high):
    """A shelf price as shops set it."""
    whole = int(low * (high / low) ** rng.random())
    cents = rng.choice((90, 90, 80, 50, 0, 99, 60, 20) if whole < 60 else (0, 0, 90, 80, 50))
    return f"{max(1, whole)}.{cents:02d}"


def hsv(hue, saturation, value):
    return tuple(round(255 * one) for one in colorsys.hsv_to_rgb(hue % 1, min(1, saturation), min(1, value)))


def stock(rng, trades, prints, count):
    """`count` different products in lines of one to five flavours."""
    found, used = [], set()
    while len(found) < count:
        trade = rng.choice(trades)
        brand, noun = rng.choice(prints.brands), rng.choice(trade.nouns)
        if (brand, noun) in used:
            continue
        used.add((brand, noun))
        found += _line(
            rng,
            trade,
            prints,
            brand,
            noun,
            f"b{prints.brands.index(brand)}n{len(used)}",
            min(rng.choice((1, 2, 3, 3, 4, 5)), count - len(found)),
        )
    return found


def _line(rng, trade, prints, brand, noun, line, count):
    form = rng.choice(trade.forms)
    _, narrow, wide = FORMS[form]
    aspect, tall = rng.uniform(narrow, wide), rng.uniform(*trade.tall)
    ground, layout, serif, net = (
        rng.choice(prints.grounds),
        rng.choice(prints.layouts),
        rng.random() < 0.3,
        rng.choice(trade.nets),
    )
    hue, saturation, value = rng.random(), rng.uniform(*prints.saturation), rng.uniform(*prints.value)
    common, accent, cost = rng.getrandbits(30), rng.choice(ACCENTS), price(rng, *trade.prices)
    spread, pairing = rng.choice((0.12, 0.18, 0.25)), rng.randrange(len(PAIRINGS))
    for n, flavour in enumerate(rng.sample(trade.flavours, min(count, len(trade.flavours)))):
        own = hue + spread * n
        yield Product(
            id=f"{line}-{n + 1}",
            line=line,
            brand=brand,
            flavour=flavour,
            noun=noun,
            net=net,
            piece=trade.piece,
            price=cost if rng.random() < 0.6 else price(rng, *trade.prices),
            form=form,
            aspect=aspect,
            tall=tall,
            ground=ground,
            layout=layout,
            motif=rng.choice(trade.motifs),
            serif=serif,
            base=hsv(own, saturation, value),
            second=PAIRINGS[pairing](own, saturation, value),
            accent=accent,
            line_seed=common,
            seed=rng.getrandbits(30),
        )
