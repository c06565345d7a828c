"""A bay as it is built and stocked: backs, boards, rails, hooks, then products in depth and tags, painted on a flat canvas.

The canvas is a little sharper than the camera and reaches `MARGIN` beyond the view on every side, where the shop goes on.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from shop_building import build, paste
from shop_forms import pack
from shop_price_tags import Printed, tag

SHARP = 1.2
"""Canvas pixels per camera pixel."""
MARGIN = 0.13
"""Of the view's width, on every side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One shop: what it sells, how it is built, how its tags look and what its camera is."""

    name: str
    trades: tuple
    prints: object
    house: object
    back: str
    back_tone: tuple
    board: str
    board_tone: tuple
    rail: str
    rail_tone: tuple
    rows: tuple
    per_row: tuple
    tag_px: tuple
    camera: tuple = (1920, 1080)
    hung: bool = False
    glass: bool = False
    light: str = "even"
    sign: str = ""
    yaw: float = 4.0
    pitch: float = 4.0
    crf: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One slot of the plan on the canvas: boxes are left, top, right, bottom in canvas pixels."""

    id: str
    row: int
    product: object
    facings: int
    opening: tuple
    tag: tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What a slot really shows: `product` (None = nothing) in `count` columns, and the tag (None = no tag)."""

    product: object
    count: int
    printed: Printed | None


@dataclass(frozen=True, slots=True)
class Bay:
    """A furnished bay without goods, and where they go. `view` = the camera's part of the canvas."""

    look: Look
    canvas: np.ndarray
    view: tuple
    places: tuple
    rows: tuple
    filler: tuple
    sprites: dict = field(default_factory=dict)

    def sprite(self, product, height):
        """The pack at `height` canvas pixels, cached."""
        key = (product.id, height)
        if key not in self.sprites:
            if product.id not in self.sprites:
                self.sprites[product.id] = pack(product)
            whole = self.sprites[product.id]
            wide = max(4, round(height * product.aspect))
            self.sprites[key] = cv2.resize(whole, (wide, height), interpolation=cv2.INTER_AREA)
        return self.sprites[key]


def printed(product, rng):
    """The regular tag of a product."""
    member = f"{max(0.5, float(product.price) * 0.92):.2f}"
    unit = f"{float(product.price) * rng.uniform(0.4, 2):.2f}/500g"
    return Printed(
        name=product.name, price=product.price, net=product.net, piece=product.piece, code=product.seed, member=member, unit=unit
    )


def furnish(look, rng, products):
    """Build the bay and decide what stands where; takes as many of `products` as there are slots."""
    wide, tall = (round(edge * SHARP) for edge in look.camera)
    edge = round(wide * MARGIN)
    size = (wide + 2 * edge, tall + 2 * edge)
    left, right = edge + round(wide * rng.uniform(0.015, 0.05)), edge + wide - round(wide * rng.uniform(0.015, 0.05))
    count = rng.randint(*look.rows)
    tag_wide = min(rng.uniform(*look.tag_px) * SHARP, (right - left) / look.per_row[1] * 0.9)
    rail = max(tag_wide * look.house.tall * 1.1, tall * 0.03)
    top = edge + tall * (rng.uniform(0.07, 0.1) if look.sign else rng.uniform(0.02, 0.05))
    pitch = (edge + tall * rng.uniform(0.965, 0.985) - top) / count
    rows = []
    for number in range(count):
        y = top + number * pitch
        rows.append(
            (left, y + rail, right, y + pitch - pitch * 0.03) if look.hung else (left, y + pitch * 0.02, right, y + pitch - rail)
        )
    canvas = build(look, rng, size, (left, right), rows, rail, pitch)
    goods, places = list(products), []
    for number, row in enumerate(rows, 1):
        places += _plan_row(look, rng, row, number, goods, tag_wide, rail)
    return Bay(
        look=look,
        canvas=canvas,
        view=(edge, edge, edge + wide, edge + tall),
        places=tuple(places),
        rows=tuple(rows),
        filler=tuple(goods) or tuple(p.product for p in places),
    )


def height_of(look, product, row):
    """Pixels a pack is tall on this row."""
    return round((row[3] - row[1]) * product.tall * (0.98 if not look.hung else 0.96))


def _plan_row(look, rng, row, number, goods, tag_wide, rail):
    left, top, right, foot = row
    count = rng.randint(*look.per_row)
    chosen, used = [], 0.0
    while goods and len(chosen) < count + 2:
        product = goods[0]
        wide = height_of(look, product, row) * product.aspect * 1.05
        if wide > (right - left) * 0.3:
            product = replace(product, tall=product.tall * (right - left) * 0.3 / wide)
            wide = (right - left) * 0.3
        aim = (right - left) / count * rng.uniform(0.75, 1.3)
        facings = max(1, min(6, round(aim / wide)))
        need = max(facings * wide, tag_wide * 1.06)
        if used + need > (right - left) * 0.985:
            if facings > 1 and used + max(wide, tag_wide * 1.06) <= (right - left) * 0.985:
                facings = max(1, int(((right - left) * 0.985 - used) / wide))
                need = max(facings * wide, tag_wide * 1.06)
                if used + need > (right - left) * 0.985:
                    break
            else:
                break
        goods.pop(0)
        chosen.append((product, facings, need))
        used += need
    spare = (right - left - used) / len(chosen)
    spare = min(spare, max(w for *_, w in chosen) * 0.3)
    x = left + max(0, (right - left - used - spare * len(chosen)) / 2)
    places = []
    for n, (product, facings, need) in enumerate(chosen, 1):
        x0, x1 = x + spare * 0.5 * rng.uniform(0.6, 1), x + spare * 0.5 + need
        x += need + spare
        places.append(
            Place(
                id=f"r{number}s{n}",
                row=number,
                product=product,
                facings=facings,
                opening=(x0, top, x1, foot),
                tag=_tag_box(look, rng, (x0, top, x1, foot), tag_wide, rail),
            )
        )
    return places


def _tag_box(look, rng, opening, wide, rail):
    x0, top, x1, foot = opening
    tall = wide * look.house.tall
    middle = (x0 + x1) / 2 + rng.uniform(-0.1, 0.1) * max(0, x1 - x0 - wide) if rng.random() < 0.6 or look.hung else x0 + wide / 2
    y = top - rail + (rail - tall) / 2 if look.hung else foot + (rail - tall) / 2
    return (middle - wide / 2, y, middle + wide / 2, y + tall)


def stocked(bay, stands, rng):
    """The canvas with goods and tags; `stands` = slot id -> Stand."""
    canvas = bay.canvas.copy()
    look = bay.look
    depth = rng.uniform(-1, 1)
    for place in bay.places:
        stand = stands[place.id]
        row = bay.rows[place.row - 1]
        if stand.product is not None and stand.count:
            _column_row(canvas, bay, place, stand, row, rng, depth)
        elif look.hung:
            _hooks(canvas, place, place.facings)
    _beyond(canvas, bay, rng, depth)
    for place in bay.places:
        stand = stands[place.id]
        if stand.printed is not None:
            x0, y0, x1, y1 = place.tag
            flat = tag(look.house, stand.printed, rng)
            flat = cv2.resize(flat, (round(x1 - x0), round(y1 - y0)), interpolation=cv2.INTER_AREA)
            turn = rng.gauss(0, 0.5)
            laid = np.dstack([flat, np.full(flat.shape[:2], 255, np.uint8)])
            laid = _turned(laid, turn) if abs(turn) > 0.3 else laid
            paste(canvas, laid, round((x0 + x1 - laid.shape[1]) / 2), round((y0 + y1 - laid.shape[0]) / 2))
    return canvas


def _turned(sprite, degrees):
    height, width = sprite.shape[:2]
    room = 4 + int(abs(np.sin(np.radians(degrees))) * max(width, height))
    big = cv2.copyMakeBorder(sprite, room, room, room, room, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    matrix = cv2.getRotationMatrix2D((big.shape[1] / 2, big.shape[0] / 2), degrees, 1)
    return cv2.warpAffine(big, matrix, (big.shape[1], big.shape[0]), flags=cv2.INTER_LINEAR)


def columns_for(bay, place, product):
    """How many columns of `product` fit into a slot."""
    wide = height_of(bay.look, product, bay.rows[place.row - 1]) * product.aspect
    return max(1, min(6, int((place.opening[2] - place.opening[0]) * 1.02 / wide)))


def _column_row(canvas, bay, place, stand, row, rng, depth):
    look, product = bay.look, stand.product
    x0, top, x1, foot = place.opening
    tall = min(height_of(look, product, row), round((foot - top) * 0.97))
    if product.id != place.product.id and tall * product.aspect > (x1 - x0) * 1.05:
        tall = round((x1 - x0) * 1.05 / product.aspect)
    whole = max(stand.count, place.facings if product.id == place.product.id else columns_for(bay, place, product))
    step = (x1 - x0) / whole
    start = rng.choice((0, whole - stand.count)) if stand.count < whole else 0
    back = rng.choice((1, 1, 2))
    for n in range(start, start + stand.count):
        sprite = bay.sprite(product, tall)
        free = max(0.0, step - sprite.shape[1])
        x = x0 + n * step + free / 2 + rng.uniform(-0.3, 0.3) * free
        if look.hung:
            y = top + rng.uniform(0, 0.01) * tall
            for k in range(back, 0, -1):
                paste(canvas, sprite, round(x + 5 * k * depth + 2), round(y - 3 * k), 0.72)
            _shadow(canvas, x, y, sprite, 0.8)
            paste(canvas, _turned(sprite, rng.gauss(0, 0.8)) if rng.random() < 0.5 else sprite, round(x), round(y))
            _hook(canvas, x + sprite.shape[1] / 2, y + tall * 0.045)
            continue
        rise = (foot - top) * 0.028
        for k in range(back, 0, -1):
            small = bay.sprite(product, round(tall * (1 - 0.045 * k)))
            paste(
                canvas,
                small,
                round(x + (sprite.shape[1] - small.shape[1]) / 2 + depth * 7 * k),
                round(foot - rise * (k + 1) - small.shape[0]),
                0.68 - 0.1 * k,
            )
        y = foot - rise * rng.uniform(0.35, 0.8) - tall
        _shadow(canvas, x, y, sprite, 0.6)
        shade = rng.uniform(0.95, 1.03)
        lean = rng.gauss(0, 0.6)
        turned = _turned(sprite, lean) if abs(lean) > 0.5 else sprite
        paste(canvas, turned, round(x + (sprite.shape[1] - turned.shape[1]) / 2), round(y + (tall - turned.shape[0]) / 2), shade)


def _shadow(canvas, x, y, sprite, strength):
    """A soft contact shadow right of and under the pack."""
    tall, wide = sprite.shape[:2]
    x0, x1 = max(0, round(x + wide)), min(canvas.shape[1], round(x + wide * 1.07) + 3)
    y0, y1 = max(0, round(y + tall * 0.08)), min(canvas.shape[0], round(y + tall))
    if x0 < x1 and y0 < y1:
        ramp = np.linspace(1 - 0.5 * strength, 1, x1 - x0, dtype=np.float32)[None, :, None]
        canvas[y0:y1, x0:x1] = (canvas[y0:y1, x0:x1] * ramp).astype(np.uint8)
    foot = canvas[
        min(canvas.shape[0] - 1, max(0, round(y + tall))) : max(0, round(y + tall)) + 4,
        max(0, round(x)) : max(0, round(x + wide)),
    ]
    foot[:] = (foot * 0.5).astype(np.uint8)


def _hook(canvas, x, y):
    cv2.line(canvas, (round(x), round(y)), (round(x), round(y - 9)), (196, 198, 202), 4, cv2.LINE_AA)
    cv2.circle(canvas, (round(x), round(y)), 4, (226, 228, 230), -1, cv2.LINE_AA)


def _hooks(canvas, place, count):
    x0, top, x1, _ = place.opening
    for n in range(count):
        x = x0 + (n + 0.5) * (x1 - x0) / count
        cv2.line(canvas, (round(x), round(top + 12)), (round(x + 5), round(top + 42)), (150, 152, 156), 4, cv2.LINE_AA)
        _hook(canvas, x, top + 14)


def _beyond(canvas, bay, rng, depth):
    """Goods of the neighbour bays, left and right of this one."""
    look = bay.look
    for number, row in enumerate(bay.rows, 1):
        for end in (0, 1):
            x = row[2] + canvas.shape[1] * 0.02 if end else row[0] - canvas.shape[1] * 0.02
            for _ in range(2):
                product = rng.choice(bay.filler)
                wide = height_of(look, product, row) * product.aspect * 1.05
                place = Place(
                    id="",
                    row=number,
                    product=product,
                    facings=1,
                    opening=(x if end else x - wide, row[1], x + wide if end else x, row[3]),
                    tag=(0, 0, 0, 0),
                )
                x += wide * 1.1 if end else -wide * 1.1
                if place.opening[0] < canvas.shape[1] and place.opening[2] > 0:
                    _column_row(canvas, bay, place, Stand(product=product, count=1, printed=None), row, rng, depth)
