"""Packs as things with a body: a label becomes a box, bag, carton, can, jar or bottle, shaded as RGBA.

A sprite is `HEIGHT` pixels tall with a transparent ground. `yaw` (radians) turns round packs so that the label shifts;
`light` in -1..1 says from which side the light comes; creases come from `seed`. No scene, shelf or camera here.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from edge_agent.samples.scene_artwork import label, write
from edge_agent.samples.scene_products import Colour, Product, mix

HEIGHT: Final = 520
Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Held:
    """How one unit stands there: turned by `yaw`, lit from `light`, creased by `rng`."""

    yaw: float
    light: float
    rng: np.random.Generator


def pack(product: Product, *, yaw: float = 0.0, light: float = -0.4, seed: int = 0) -> Any:
    """Draw one unit of `product` as an RGBA picture `HEIGHT` pixels tall."""
    width = round(HEIGHT * product.aspect)
    return _FORMS[product.form](product, width, _Held(yaw, light, np.random.default_rng(product.look ^ seed)))


def _finish(pixels: Pixels, mask: Any) -> Any:
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    picture.putalpha(mask)
    return picture


def _array(picture: Any) -> Pixels:
    return np.asarray(picture.convert("RGB"), np.float32)


def _smooth_noise(rng: np.random.Generator, width: int, height: int, cells: int) -> Pixels:
    """Low-frequency noise of about -1..1, `cells` bumps across."""
    coarse = rng.normal(0, 1, (max(2, cells * height // width), cells)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32)


def _round(flat: Pixels, yaw: float) -> Pixels:
    """Wrap a flat label (drawn for the visible 150 degrees) round a cylinder seen from the front."""
    across = np.linspace(-0.999, 0.999, flat.shape[1])
    angle = np.arcsin(across) + yaw
    column = (angle / np.radians(150) + 0.5) * (flat.shape[1] - 1)
    wrapped: Pixels = flat[:, np.clip(np.abs(column), 0, flat.shape[1] - 1).astype(int)]
    return wrapped


def _cylinder_light(width: int, light: float, gloss: float) -> Pixels:
    across = np.linspace(-1, 1, width, dtype=np.float32)
    body = 0.45 + 0.6 * np.sqrt(np.clip(1 - (across - 0.25 * light) ** 2 * 0.92, 0, 1))
    shine = gloss * np.exp(-(((across - 0.55 * light) / 0.09) ** 2))
    return np.asarray(body + shine, np.float32)


def _box(product: Product, width: int, held: _Held) -> Any:
    pixels = _array(label(product, width, HEIGHT))
    slope = 1.0 + 0.1 * held.light * np.linspace(-1, 1, width, dtype=np.float32)
    pixels *= (slope[None, :] + 0.03 * _smooth_noise(held.rng, width, HEIGHT, 4))[..., None]
    for edge in (np.s_[:4], np.s_[:, :3]):
        pixels[edge] = pixels[edge] * 0.6 + 90
    pixels[-4:] *= 0.6
    pixels[:, -3:] *= 0.7
    return _finish(pixels, Image.new("L", (width, HEIGHT), 255))


def _bag(product: Product, width: int, held: _Held) -> Any:
    pixels = _array(label(product, width, HEIGHT))
    bumps = _smooth_noise(held.rng, width, HEIGHT, 5) + 0.5 * _smooth_noise(held.rng, width, HEIGHT, 11)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    belly = 1 - 0.32 * across**4 - 0.22 * down**6 + 0.12 * held.light * across
    relief = np.gradient(bumps, axis=1) * 9 + np.gradient(bumps, axis=0) * 6
    gloss = np.clip(relief, 0, 1) ** 2 * 120
    pixels = pixels * (belly + 0.24 * np.clip(relief, -1.2, 1.2))[..., None] + gloss[..., None]
    for seam in (slice(0, 26), slice(HEIGHT - 26, HEIGHT)):
        teeth = 0.8 + 0.22 * np.sin(np.arange(width) * 1.1)
        pixels[seam] = pixels[seam] * 0.35 + 0.65 * np.array(mix(product.base, (235, 235, 235), 0.5)) * teeth[:, None]
    mask = Image.new("L", (width, HEIGHT), 0)
    rows = np.arange(0, HEIGHT + 1, 10)
    waist = 5 + 9 * np.abs(np.sin(rows / HEIGHT * np.pi)) ** 0.5 + held.rng.normal(0, 1.2, rows.size)
    inset = 16 - waist
    outline = [(float(i), float(y)) for i, y in zip(inset, rows, strict=True)]
    outline += [(float(width - 1 - i), float(y)) for i, y in zip(inset[::-1], rows[::-1], strict=True)]
    ImageDraw.Draw(mask).polygon(outline, 255)
    return _finish(pixels, mask.filter(ImageFilter.GaussianBlur(1)))


def _carton(product: Product, width: int, held: _Held) -> Any:
    roof = HEIGHT // 6
    pixels = np.empty((HEIGHT, width, 3), np.float32)
    pixels[roof:] = _array(label(product, width, HEIGHT - roof))
    gable = Image.new("RGB", (width, roof), mix(product.base, (255, 255, 255), 0.45))
    write(ImageDraw.Draw(gable), (width * 0.2, roof * 0.45, width * 0.8, roof * 0.9), product.brand, product.base, bold=0.05)
    pixels[:roof] = _array(gable) * np.linspace(1.12, 0.8, roof, dtype=np.float32)[:, None, None]
    pixels[: roof // 4] = np.array(mix(product.second, (255, 255, 255), 0.3))
    pixels[roof - 3 : roof + 1] *= 0.65
    pixels *= (1.0 + 0.12 * held.light * np.linspace(-1, 1, width, dtype=np.float32))[None, :, None]
    mask = Image.new("L", (width, HEIGHT), 255)
    draw = ImageDraw.Draw(mask)
    lean = width * 0.06
    draw.polygon([(0, 0), (lean, 0), (0, roof)], 0)
    draw.polygon([(width, 0), (width - lean, 0), (width, roof)], 0)
    return _finish(pixels, mask)


def _can(product: Product, width: int, held: _Held) -> Any:
    pixels = _round(_array(label(product, width, HEIGHT)), held.yaw)
    rim = HEIGHT // 22
    brushed = 190 + 30 * np.sin(np.arange(width) / width * 17 + held.light * 3)
    pixels[:rim] = brushed[None, :, None]
    pixels[-rim:] = brushed[None, :, None] * 0.8
    pixels *= _cylinder_light(width, held.light, 0.35)[None, :, None]
    return _finish(pixels, _silhouette(width, [(0.0, 0.46), (0.045, 0.5), (0.95, 0.5), (1.0, 0.45)]))


def _jar(product: Product, width: int, held: _Held) -> Any:
    lid, shoulder = HEIGHT // 6, HEIGHT // 4
    glass = np.array(mix(product.base, (60, 20, 10), 0.55), np.float32)
    pixels = np.ones((HEIGHT, width, 3), np.float32) * glass
    pixels += 18 * _smooth_noise(held.rng, width, HEIGHT, 16)[..., None]
    foot = HEIGHT - HEIGHT // 14
    pixels[shoulder:foot] = _round(_array(label(product, width, foot - shoulder)), held.yaw)
    ribs = 1 + 0.12 * np.sin(np.arange(width) * 0.9)
    pixels[:lid] = np.array(product.second, np.float32) * ribs[:, None]
    pixels[lid - 5 : lid] *= 0.5
    pixels *= _cylinder_light(width, held.light, 0.45)[None, :, None]
    outline = [(0.0, 0.42), (0.16, 0.43), (0.2, 0.42), (0.26, 0.5), (0.95, 0.5), (1.0, 0.46)]
    return _finish(pixels, _silhouette(width, outline))


def _bottle(product: Product, width: int, held: _Held) -> Any:
    cap, neck, foot = HEIGHT // 12, HEIGHT // 4, HEIGHT - HEIGHT // 12
    liquid: Colour = mix(product.base, (255, 250, 235), 0.25)
    pixels = np.ones((HEIGHT, width, 3), np.float32) * np.array(liquid, np.float32)
    pixels *= (1 + 0.05 * _smooth_noise(held.rng, width, HEIGHT, 6))[..., None]
    top = neck + HEIGHT // 14
    pixels[top:foot] = _round(_array(label(product, width, foot - top)), held.yaw)
    pixels[top : top + 3] *= 0.6
    pixels[cap : cap + HEIGHT // 20] *= 1.15
    pixels[:cap] = np.array(product.second, np.float32) * (1 + 0.15 * np.sin(np.arange(width) * 1.4))[:, None]
    pixels *= _cylinder_light(width, held.light, 0.5)[None, :, None]
    outline = [
        (0.0, 0.2),
        (0.08, 0.21),
        (0.085, 0.17),
        (0.14, 0.18),
        (0.25, 0.42),
        (0.32, 0.5),
        (0.6, 0.48),
        (0.96, 0.5),
        (1.0, 0.44),
    ]
    return _finish(pixels, _silhouette(width, outline))


def _silhouette(width: int, outline: list[tuple[float, float]]) -> Any:
    """A mask from (height share, half width share) pairs, mirrored; edges smoothed."""
    heights, halves = zip(*outline, strict=True)
    half = np.interp(np.linspace(0, 1, HEIGHT), heights, halves)
    across = np.abs(np.arange(width) + 0.5 - width / 2) / width
    inside = np.clip((half[:, None] - across[None, :]) * width + 0.5, 0, 1)
    return Image.fromarray((inside * 255).astype(np.uint8))


_FORMS = {"box": _box, "bag": _bag, "carton": _carton, "can": _can, "jar": _jar, "bottle": _bottle}
