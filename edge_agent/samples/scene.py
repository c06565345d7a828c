"""A shelf scene nobody tuned for: plan, reference photo, SKU photos, a video with planted faults, and the truth about them.

The bay is planned right, photographed as the reference, then disturbed: at least one slot is empty, one holds another
known product, one tag shows a price that the list does not have. Everything follows from the seed.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from edge_agent.samples.scene_camera import RIM, Light, Pose, expose, grain, lamps
from edge_agent.samples.scene_files import Fault, Scene, write_scene
from edge_agent.samples.scene_packaging import pack
from edge_agent.samples.scene_products import BRANDS, Product, stock, stranger
from edge_agent.samples.scene_shelf import VIEW, Bay, Filling, Place, units
from edge_agent.samples.scene_tags import tag_style
from edge_agent.samples.scene_video import DEFAULT, Encoding, film
from edge_agent.samples.scene_walker import plan_walk

_WOODS: Final = ((168, 126, 84), (120, 86, 58), (196, 198, 202), (92, 96, 104), (214, 208, 196))
_PANELS: Final = ((176, 178, 180), (120, 124, 130), (196, 186, 168), (84, 88, 92))
_STRIPS: Final = ((206, 208, 210), (188, 40, 40), (60, 62, 66), (36, 84, 150))
_SIGNS: Final = ("休闲食品", "粮油调味", "饮料冲调", "日用百货", "精选好物")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may vary. `unknown` and `missing_tag`: True, False, or None = as the seed falls (about one scene in three)."""

    bay: str = "bay-a"
    encoding: Encoding = DEFAULT
    unknown: bool | None = None
    missing_tag: bool | None = None
    photo_px: int = 420
    video: str = "shelf.mp4"


def render_scene(seed: int, out: Path, options: Options | None = None) -> Scene:
    """Render the scene of `seed` into the folder `out` (made if absent) and return what was written there.

    Writes bay.toml, reference.jpg, sku/*.jpg, the video, its .meta.toml, and truth.toml. Same seed, same truth.
    """
    chosen, rng = options or Options(), Random(seed)
    bay, faults = compose(rng, chosen)
    side = rng.uniform(-0.8, 0.8)
    fixed = Pose(yaw=rng.uniform(-3.5, 3.5), pitch=rng.uniform(-3, 3), roll=rng.uniform(-0.7, 0.7))
    out.mkdir(parents=True, exist_ok=True)
    planned = {p.id: Filling(product=p.product, price=p.product.price) for p in bay.places}
    bright = Light(gain=1.05, slope=(0.0, -0.04), warmth=(0.01, 0.01), lamps=(), vignette=0.1)
    _photograph(expose(bay.draw(planned, rng, side), fixed, bright), rng, out / "reference.jpg")
    moved = Pose(
        yaw=fixed.yaw + rng.uniform(-0.12, 0.12), pitch=fixed.pitch + rng.uniform(-0.12, 0.12),
        roll=fixed.roll + rng.uniform(-0.15, 0.15), zoom=rng.uniform(0.994, 1.006),
        shift=(rng.uniform(-5, 5), rng.uniform(-4, 4)),
    )  # fmt: skip
    still = expose(bay.draw({**planned, **{f.slot: f.filling for f in faults}}, rng, side), moved, lamps(rng), rim=RIM)
    walk = plan_walk(rng, chosen.encoding.seconds)
    film(still, out / chosen.video, walk, rng, chosen.encoding)
    skus = _photos(bay, rng, out / "sku", chosen.photo_px)
    house, *others = (brand for _, brand in BRANDS)
    scene = Scene(
        bay=chosen.bay, seed=seed, video=chosen.video, own=(house,), competitors=tuple(others[:2]), skus=skus,
        slots=tuple((p, fixed.quad(p.opening), fixed.quad(p.tag)) for p in bay.places),
        faults=tuple(f.fault for f in faults), walker_ms=(round(walk.from_s * 1000), round(walk.to_s * 1000)),
    )  # fmt: skip
    write_scene(scene, out)
    return scene


def compose(rng: Random, options: Options) -> tuple[Bay, list["Planted"]]:
    """The bay and what is wrong with it, before anything is drawn."""
    bay = _furnish(rng)
    return bay, _disturb(bay, rng, options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What the slot really holds because of `fault`."""

    slot: str
    filling: Filling
    fault: Fault


def _furnish(rng: Random) -> Bay:
    """Build a bay of 3-4 boards with 5-7 slots each and plan what stands where."""
    count = rng.choice((3, 3, 4))
    columns = [rng.choice((5, 6, 6, 7)) for _ in range(count)]
    left, right, top = rng.uniform(6, 10), VIEW[0] - rng.uniform(6, 10), rng.uniform(6.5, 9)
    pitch = (VIEW[1] - top - rng.uniform(2, 4)) / count
    strip = 8.4 if count == 4 else 9.6
    rows = tuple((left, top + i * pitch, right, top + (i + 1) * pitch - strip) for i in range(count))
    places: list[Place] = []
    for number, (row, products) in enumerate(zip(rows, stock(rng, columns), strict=True), 1):
        weights = [rng.uniform(0.88, 1.12) for _ in products]
        edges = np.cumsum([0.0, *weights]) / sum(weights) * (right - left - 2) + left + 1
        for index, product in enumerate(products):
            x0, x1 = float(edges[index]) + 0.9, float(edges[index + 1]) - 0.9
            middle = (x0 + x1) / 2 + rng.uniform(-1, 1)
            half, tall = (8.9, strip * 0.86) if count == 4 else (10.2, strip * 0.88)
            lower = row[3] + strip * 0.07
            places.append(Place(
                id=f"r{number}s{index + 1}", row=number, product=product,
                facings=units(x1 - x0, row[3] - row[1], product),
                opening=(x0, row[1] + 0.6, x1, row[3]), tag=(middle - half, lower, middle + half, lower + tall),
            ))  # fmt: skip
    return Bay(
        places=tuple(places), rows=rows, strip_cm=strip, wood=rng.choice(_WOODS), panel=rng.choice(_PANELS),
        strip=rng.choice(_STRIPS), style=tag_style(rng), sign=rng.choice(_SIGNS),
    )  # fmt: skip


def _disturb(bay: Bay, rng: Random, options: Options) -> list[Planted]:
    """Choose distinct slots and plant one fault in each."""
    unknown = rng.random() < 0.33 if options.unknown is None else options.unknown
    missing = rng.random() < 0.33 if options.missing_tag is None else options.missing_tag
    kinds = ["out_of_stock", "misplaced", "price_tag_mismatch"]
    kinds += [kind for kind, odds in zip(kinds, (0.5, 0.3, 0.4), strict=True) if rng.random() < odds]
    kinds += ["unknown_product"] * unknown + ["price_tag_missing"] * missing
    return [_plant(kind, place, bay, rng) for kind, place in zip(kinds, rng.sample(bay.places, len(kinds)), strict=True)]


def _plant(kind: str, place: Place, bay: Bay, rng: Random) -> Planted:
    product, price, seen = place.product, place.product.price, ""
    held: Product | None = product
    shown = price
    if kind == "out_of_stock":
        held = None
    elif kind == "misplaced":
        near = [p.product for p in bay.places if p.row == place.row and p.id != place.id]
        held = rng.choice(near)
        seen = held.id
    elif kind == "unknown_product":
        held = stranger(rng)
    elif kind == "price_tag_missing":
        shown = ""
    else:
        shown = other_price(price, rng)
    fault = Fault(kind=kind, slot=place.id, sku=product.id, seen_sku=seen, price=shown if kind == "price_tag_mismatch" else "")
    return Planted(slot=place.id, filling=Filling(product=held, price=shown), fault=fault)


def other_price(price: str, rng: Random) -> str:
    """A wrong price of the kind that shops show: an old price, a forgotten offer, other decimals."""
    cents = round(float(price) * 100)
    choices = {cents + 100, cents + 200, cents - 100, cents + 300, cents // 100 * 100 + 50, cents // 100 * 100 + 90}
    wrong = rng.choice(sorted(c for c in choices if c != cents and c > 0))
    return f"{wrong // 100}.{wrong % 100:02d}"


def _photograph(picture: Any, rng: Random, path: Path) -> None:
    noise = grain(np.random.default_rng(rng.getrandbits(32)), 1.2)
    pixels = np.asarray(picture, np.int16) + noise[: picture.height, : picture.width]
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=88)


def _photos(bay: Bay, rng: Random, folder: Path, height: int) -> tuple[Product, ...]:
    """Each SKU once, on a pale table: other light, a little turned, another scale than in the bay."""
    folder.mkdir(exist_ok=True)
    products = tuple(place.product for place in bay.places)
    for product in products:
        _portrait(product, rng, height).save(folder / f"{product.id}.jpg", quality=84)
    return products


def _portrait(product: Product, rng: Random, height: int) -> Any:
    sprite = pack(product, yaw=rng.uniform(-0.15, 0.15), light=rng.uniform(-0.3, 0.7), seed=rng.getrandbits(16))
    size = round(height * product.aspect * 0.86), round(height * 0.86)
    sprite = sprite.resize(size, Image.Resampling.LANCZOS)
    width = size[0] + height // 5
    table = rng.randint(196, 236)
    picture = Image.new("RGB", (width, height), (table, table, table - 6))
    left, top = (width - size[0]) // 2, height - size[1] - height // 14
    shadow = Image.new("L", (width, height), 0)
    ImageDraw.Draw(shadow).ellipse((left - 8, height - height // 9, left + size[0] + 30, height - height // 30), 120)
    picture.paste((70, 66, 64), (0, 0), shadow.filter(ImageFilter.GaussianBlur(9)))
    picture.paste(sprite.convert("RGB"), (left, top), sprite.getchannel("A"))
    lean, squeeze = rng.uniform(-0.03, 0.03), rng.uniform(-1e-4, 1e-4)
    coefficients = (1.0, lean, -lean * height / 2, 0.0, 1.0 + lean / 2, -lean * height / 4, squeeze, 0.0)
    turned = picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=(table, table, table - 6)
    )
    gain = rng.uniform(0.95, 1.1)
    return turned.point(lambda value: min(255, value * gain))
