"""What is printed in shops: typefaces that are installed, made-up words of several scripts, prices, bar codes.

Words are drawn letter by letter from common characters, so that no brand and no real product name is in them.
"""

import os
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Final

from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]

FOLDERS: Final = (Path("/usr/share/fonts"), *(Path(one) for one in os.environ.get("TRAINING_FONTS", "").split(":") if one))
EASTERN: Final = ("wqy", "VL-", "ipag", "uming", "NotoSansSC", "NotoSerifSC", "NotoSansCJK")
WESTERN: Final = ("DejaVuSans", "Liberation", "FreeSans", "FreeSerif", "OpenSans", "Lato", "Roboto")
HANZI: Final = (
    "的一是大中国小水油米面茶奶糖果酒牛肉鱼香红绿黄白黑甜咸辣鲜味美农家山海金玉花园天然原料特优质新装正品清心爽口豆浆麦片饼干薯汁"
)
KANA: Final = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
    "ガギグゴザジズダデドバビブボパピプペポーッのはがをにとしろくろん"
)
LATIN: Final = "abcdefghijklmnoprstuvwyz"
OFFERS: Final = ("特价", "促销", "会员价", "新品", "SALE", "お買得", "広告の品", "値下げ", "惊爆价", "-10", "2件8折", "NEW")


@lru_cache(maxsize=1)
def _faces() -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    files = sorted(path for folder in FOLDERS if folder.is_dir() for path in folder.rglob("*.[to]t[fc]"))
    eastern = tuple(path for path in files if path.name.startswith(EASTERN))
    western = tuple(path for path in files if path.name.startswith(WESTERN) and "Oblique" not in path.name)
    if not eastern:
        raise SystemExit("no Chinese typeface: install fonts-wqy-zenhei, or name a folder of typefaces in TRAINING_FONTS")
    return eastern, western or eastern


@lru_cache(maxsize=400)
def font(face: int, size: int, *, eastern: bool) -> Any:
    """One of the installed typefaces, chosen by number, at `size` pixels."""
    faces = _faces()[0 if eastern else 1]
    return ImageFont.truetype(str(faces[face % len(faces)]), max(5, size))


def word(rng: Random, longest: int) -> tuple[str, bool]:
    """A made-up word and whether it needs an eastern typeface."""
    script = rng.random()
    count = rng.randint(2, max(2, longest))
    if script < 0.4:
        return "".join(rng.choices(HANZI, k=count)), True
    if script < 0.75:
        return "".join(rng.choices(KANA, k=count)), True
    text = "".join(rng.choices(LATIN, k=count + 2))
    return (text.upper() if rng.random() < 0.5 else text.capitalize()), False


def price(rng: Random) -> tuple[str, str, str, str]:
    """Currency, whole part, decimals ("" for none), and what stands behind."""
    whole = str(
        rng.choice((rng.randint(1, 9), rng.randint(10, 99), rng.randint(10, 99), rng.randint(100, 999), rng.randint(1000, 3999)))
    )
    kind = rng.random()
    if kind < 0.35:
        return rng.choice(("", "", "¥")), whole, "", rng.choice(("", "", "円", "税込"))
    cents = rng.choice(("9", "5", "8", "90", "80", "99", "50", "00", f"{rng.randint(0, 99):02d}"))
    return rng.choice(("¥", "¥", "", "$", "€")), whole, cents, rng.choice(("", "", "元", "/500g"))


def write(draw: Any, at: tuple[float, float], text: str, size: float, ink: Any, style: tuple[int, bool, int]) -> float:  # noqa: PLR0917 - as a pen is used
    """Write `text` with its left top corner at `at`; `style` = (face, eastern, stroke). Returns its width."""
    face, eastern, stroke = style
    letters = font(face, int(size), eastern=eastern)
    draw.text(at, text, ink, letters, anchor="lt", stroke_width=stroke, stroke_fill=ink)
    return float(letters.getlength(text))


def bars(draw: Any, box: tuple[float, float, float, float], ink: Any, rng: Random) -> None:
    """A bar code that says nothing."""
    x, top, right, foot = box
    module = max(1.0, (right - x) / 60)
    while x < right:
        wide = module * rng.choice((1, 1, 2, 3))
        draw.rectangle((x, top, min(right, x + wide * 0.8), foot), ink)
        x += wide + module * rng.choice((1, 1, 2))


def pen(picture: Any) -> Any:
    """What draws on `picture`."""
    return ImageDraw.Draw(picture)


def tone(rng: Random, low: int = 0, high: int = 255) -> Colour:
    """Any colour between two levels."""
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def vivid(rng: Random) -> Colour:
    """A saturated colour, as packaging has them."""
    parts = [rng.randint(150, 255), rng.randint(0, 255), rng.randint(0, 90)]
    rng.shuffle(parts)
    return parts[0], parts[1], parts[2]
