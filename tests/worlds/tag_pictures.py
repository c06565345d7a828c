"""Price tags of stores that nobody has seen: a random print style each, photographed from a shelf rail, with truth.

`Look` is a store's style and follows from its seed; `printed` draws a flat tag, `seen` photographs it: small, a little turned,
under other light, soft, noisy and compressed. The quad that comes with a photograph is off by about a pixel, as registration is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
WIDE: Final = 720
NAMES: Final = (
    "麦田原味薯片", "白渡生抽酱油", "金谷白桃汽水", "朝露黑米麦片", "禾屿海苔脆", "青禾纯牛奶", "山野蜂蜜柚子茶", "晨光燕麦饼干",
    "云岭普洱茶", "海棠洗衣液", "松间抽纸三层", "石榴洗洁精", "稻香挂面", "南湖莲子八宝粥", "北川辣椒酱", "小满绿豆糕",
)  # fmt: skip
NETS: Final = ("500g", "70g", "330mL", "1.5L", "250mL*12", "1kg", "120抽*3包", "5kg")
PAPERS: Final = ((248, 247, 242), (252, 252, 252), (250, 222, 98), (255, 240, 170), (238, 244, 250), (240, 232, 214))
INKS: Final = ((24, 24, 28), (196, 24, 30), (32, 30, 60), (180, 40, 20), (10, 60, 40))
HEADERS: Final = ((200, 36, 36), (24, 110, 70), (34, 74, 150), (240, 130, 20), (60, 60, 66))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands on a tag: `price` in large; the others are "" where they do not stand."""

    name: str
    price: str
    net: str = "500g"
    member: str = ""
    former: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A store's print: everything that its tags have in common."""

    paper: Colour
    ink: Colour
    header: Colour | None
    face: str
    bold: float
    squeeze: float
    aspect: float
    raised: float
    """Size of the decimals beside the integer's; 1 = set in a row with it."""
    mark: str
    right: bool
    bars: bool
    frame: bool


def faces() -> list[str]:
    """Typefaces that hold digits; all come with the test extra."""
    import pylopdf_fonts_zh_cn as fonts

    return [str(fonts.sans_path()), str(fonts.serif_path()), ""]


def look(seed: int, more_faces: Sequence[str] = ()) -> Look:
    rng = Random(f"look {seed}")
    return Look(
        paper=rng.choice(PAPERS), ink=rng.choice(INKS), header=rng.choice((None, None, *HEADERS)),
        face=rng.choice([*faces(), *more_faces]), bold=rng.choice((0.0, 0.02, 0.045)), squeeze=rng.uniform(0.72, 1.1),
        aspect=rng.uniform(1.5, 2.4), raised=rng.choice((0.42, 0.5, 0.58, 0.66, 1.0)),
        mark=rng.choice(("¥", "¥", "¥", "￥", "元", "")),
        right=rng.random() < 0.6, bars=rng.random() < 0.7, frame=rng.random() < 0.5,
    )  # fmt: skip


def a_price(rng: Random) -> str:
    cents = rng.choice((rng.randint(90, 999), rng.randint(100, 9_999), rng.randint(1_000, 29_999)))
    return money(rng.choice((cents, cents // 10 * 10, cents // 100 * 100 + rng.choice((80, 90, 99, 50)))))


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def misprice(price: str, rng: Random) -> str:
    """Another price, mostly one digit away: the hardest to see and the commonest in shops."""
    cents = round(float(price) * 100)
    if rng.random() < 0.7:
        digits = list(f"{cents:03d}")
        place = rng.randrange(len(digits))
        digits[place] = rng.choice([d for d in "0123456789" if d != digits[place] and not (place == 0 and d == "0")])
        return money(int("".join(digits)))
    return money(max(10, cents + rng.choice((-100, 100, 200, -200, 50, 1000))) if cents > 300 else cents + 100)


def a_tag(rng: Random) -> Shown:
    price = a_price(rng)
    cents = round(float(price) * 100)
    each = f"{money(max(1, cents // rng.randint(2, 9)))}元/{rng.choice(('500g', '100g', '100mL', '斤', '瓶'))}"
    return Shown(
        name=rng.choice(NAMES), price=price, net=rng.choice(NETS),
        member=money(max(10, cents - rng.randint(1, 9) * max(10, cents // 300 * 10))) if rng.random() < 0.2 else "",
        unit=each if rng.random() < 0.3 else "",
    )  # fmt: skip


def printed(shown: Shown, style: Look) -> Any:
    """The flat tag, `WIDE` pixels wide, RGB."""
    width, height = WIDE, round(WIDE / style.aspect)
    picture = Image.new("RGB", (width, height), style.paper)
    draw = ImageDraw.Draw(picture)
    ink = (28, 28, 30)
    if style.header is not None:
        draw.rectangle((0, 0, width, height * 0.28), style.header)
    name_ink = (250, 250, 246) if style.header is not None else ink
    cjk = faces()[0]
    _text(picture, (0.04, 0.05, 0.94, 0.27), shown.name, cjk, name_ink, style.bold / 2)
    price_left, words_left = (0.4, 0.04) if style.right else (0.04, 0.62)
    _text(picture, (words_left, 0.34, words_left + 0.33, 0.46), f"规格:{shown.net}", cjk, ink)
    _text(picture, (words_left, 0.48, words_left + 0.33, 0.6), shown.unit or "产地:见包装", cjk, ink)
    if shown.member:
        _text(picture, (words_left, 0.63, words_left + 0.34, 0.78), f"会员价 {shown.member}", cjk, (190, 30, 40), 0.02)
    elif style.bars:
        _bars(draw, shown.name, (width * words_left, height * 0.68, width * (words_left + 0.3), height * 0.92))
    top = 0.34
    if shown.former:
        _text(picture, (price_left, 0.31, price_left + 0.3, 0.42), f"原价 {shown.former}", cjk, ink)
        _text(picture, (price_left + 0.32, 0.31, price_left + 0.54, 0.43), "特价", cjk, (196, 24, 30), 0.03)
        top = 0.45
    _price(picture, (price_left, top, price_left + 0.56, 0.94), shown.price, style)
    if style.frame:
        draw.rectangle((0, 0, width - 1, height - 1), None, (120, 118, 116), 5)
    return np.asarray(picture)


def _font(face: str, size: int) -> Any:
    return ImageFont.truetype(face, size) if face else ImageFont.load_default(size)


def _text(picture: Any, box: tuple[float, ...], text: str, face: str, ink: Colour, bold: float = 0.0) -> None:  # noqa: PLR0917
    x0, y0, x1, y1 = (edge * size for edge, size in zip(box, (*picture.size, *picture.size), strict=True))
    size = int(min((y1 - y0) * 0.86, (x1 - x0) / max(0.1, _font(face, 100).getlength(text) / 100)))
    stroke = round(size * bold)
    ImageDraw.Draw(picture).text(
        (x0, (y0 + y1) / 2), text, ink, _font(face, size), anchor="lm", stroke_width=stroke, stroke_fill=ink
    )


def _price(picture: Any, box: tuple[float, ...], price: str, style: Look) -> None:
    width, height = picture.size
    whole, _, cents = price.partition(".")
    big, small = _font(style.face, 200), _font(style.face, round(200 * style.raised))
    mark = _font(faces()[0], 100)
    before, after = (style.mark, "") if style.mark != "元" else ("", "元")
    stroke = round(200 * style.bold)
    x, canvas = 20.0, Image.new("RGBA", (1600, 260), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    for text, font, y in (
        (before, mark, 200),
        (whole, big, 200),
        ("." + cents, small, 200 if style.raised == 1 else 56 + 140 * style.raised),
        (after, mark, 200),
    ):
        pen.text(
            (x, y), text, style.ink, font, anchor="ls", stroke_width=stroke if font is not mark else 0, stroke_fill=style.ink
        )
        x += font.getlength(text) + (6 if text else 0) + (stroke if font is not mark else 0)
    left, top, right, bottom = canvas.getbbox()
    canvas = canvas.crop((left, top, right, bottom))
    room = ((box[2] - box[0]) * width, (box[3] - box[1]) * height)
    scale = min(room[1] / canvas.height, room[0] / (canvas.width * style.squeeze))
    canvas = canvas.resize(
        (max(1, round(canvas.width * style.squeeze * scale)), max(1, round(canvas.height * scale))), Image.Resampling.LANCZOS
    )
    picture.paste(canvas, (round(box[0] * width), round(box[3] * height - canvas.height)), canvas)


def _bars(draw: Any, code: str, box: tuple[float, ...]) -> None:
    rng = Random(code)
    x = box[0]
    while x < box[2]:
        wide = rng.choice((1, 1, 2, 3)) * 2.3
        draw.rectangle((x, box[1], x + wide * 0.8, box[3]), (24, 24, 26))
        x += wide + rng.choice((1, 2, 2, 3)) * 2.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """How a photograph is taken: light, softness (px), noise (sigma), JPEG quality."""

    gain: tuple[float, float, float]
    slope: float
    soft: float
    noise: float
    quality: int
    glare: float


def reference_take(rng: Random) -> Take:
    return Take(gain=(1.0, 1.0, 1.0), slope=rng.uniform(-0.1, 0.1), soft=rng.uniform(0.2, 0.5), noise=1.5, quality=88, glare=0.0)


def scan_take(rng: Random) -> Take:
    level = rng.uniform(0.55, 1.12)
    return Take(
        gain=(level * rng.uniform(0.95, 1.05), level, level * rng.uniform(0.9, 1.05)), slope=rng.uniform(-0.35, 0.35),
        soft=rng.uniform(0.2, 0.95), noise=rng.uniform(1.0, 5.0), quality=rng.randint(55, 88),
        glare=rng.choice((0.0, 0.0, 0.0, rng.uniform(10, 70))),
    )  # fmt: skip


def seen(tag: Any, wide_px: int, take: Take, rng: Random, pose: Any = None) -> tuple[Any, tuple[tuple[float, float], ...]]:
    """A photograph (RGB) with the tag on a rail, and the quad (fractions) where a plan would expect it."""
    noise = np.random.default_rng(rng.getrandbits(32))
    height, width = tag.shape[:2]
    tall_px = wide_px * height / width
    frame_w, frame_h = wide_px * 2, round(tall_px * 2)
    pose = pose if pose is not None else a_pose(rng)
    corners = np.asarray([(0, 0), (1, 0), (1, 1), (0, 1)]) - 0.5
    turned = (corners * (wide_px, tall_px)) @ pose + (frame_w / 2 + rng.uniform(-1, 1), frame_h / 2 + rng.uniform(-1, 1))
    over = 3
    matrix = cv2.getPerspectiveTransform(
        np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32), np.asarray(turned * over, np.float32)
    )
    rail = np.full((frame_h * over, frame_w * over, 3), rng.choice((60, 120, 190, 205)), np.uint8)
    small = cv2.resize(tag, (round(wide_px * over), round(tall_px * over)), interpolation=cv2.INTER_AREA)
    matrix = matrix @ np.diag([width / small.shape[1], height / small.shape[0], 1.0])
    cv2.warpPerspective(small, matrix, rail.shape[1::-1], dst=rail, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)
    frame = cv2.resize(rail, (frame_w, frame_h), interpolation=cv2.INTER_AREA).astype(np.float32)
    frame = cv2.GaussianBlur(frame, (0, 0), take.soft * wide_px / 150 + 0.05)
    across = np.linspace(-0.5, 0.5, frame_w, dtype=np.float32)[None, :, None]
    frame = frame * np.asarray(take.gain, np.float32) * (1 + take.slope * across)
    down = np.linspace(0, 1, frame_h, dtype=np.float32)[:, None, None]
    frame = frame + take.glare * np.exp(-(((down - 0.3 - 0.2 * across) / 0.09) ** 2))
    frame = np.clip(frame + noise.normal(0, take.noise, frame.shape), 0, 255).astype(np.uint8)
    data = BytesIO()
    Image.fromarray(frame).save(data, "JPEG", quality=take.quality)
    pixels = np.asarray(Image.open(data).convert("RGB"))
    off = np.asarray([[rng.gauss(0, 0.008) * wide_px, rng.gauss(0, 0.008) * wide_px]]) + noise.normal(0, 0.003 * wide_px, (4, 2))
    quad = (turned + off) / (frame_w, frame_h)
    return pixels, tuple((float(x), float(y)) for x, y in quad)


def a_pose(rng: Random) -> Any:
    angle, stretch = rng.gauss(0, 0.012), rng.uniform(0.95, 1.04)
    return np.asarray([[np.cos(angle), np.sin(angle) * 0.6], [-np.sin(angle), np.cos(angle) * stretch]])
