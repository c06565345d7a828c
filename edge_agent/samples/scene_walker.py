"""A passer-by: an articulated figure in profile, dressed at random, closer to the camera than the shelf.

Joint angles follow a walking cycle; the figure is drawn for a dozen phases once and then moved. It has no face.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from edge_agent.samples.scene_products import Colour, hsv, mix

PHASES: Final = 12
_CANVAS: Final = (900, 1500)
_TALL: Final = 1560.0
"""Body height in picture pixels; the feet are below the picture's edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One crossing: enters at `from_s`, stands `pause_s` at `stop_x`, leaves at `to_s`; `ahead` = +1 rightwards."""

    from_s: float
    to_s: float
    stop_x: float
    pause_s: float
    ahead: int

    def at(self, second: float) -> tuple[float, float] | None:
        """Hip position (px) and speed (px/s) at `second`; None when out of sight."""
        if not self.from_s <= second < self.to_s:
            return None
        start, end = (-420.0, 2340.0) if self.ahead > 0 else (2340.0, -420.0)
        going = (self.to_s - self.from_s - self.pause_s) / 2
        since = second - self.from_s
        if since < going:
            return start + (self.stop_x - start) * since / going, abs(self.stop_x - start) / going
        if since < going + self.pause_s:
            return self.stop_x, 0.0
        share = (since - going - self.pause_s) / going
        return self.stop_x + (end - self.stop_x) * share, abs(end - self.stop_x) / going


def plan_walk(rng: Random, seconds: float) -> Walk:
    """Choose when and where somebody walks by: about a third of the clip, never at its very start."""
    span = min(rng.uniform(8.0, 11.0), seconds * 0.4)
    start = rng.uniform(seconds * 0.2, seconds * 0.85 - span)
    return Walk(
        from_s=round(start, 1), to_s=round(start + span, 1), stop_x=rng.uniform(500, 1420),
        pause_s=rng.uniform(0.2, 0.4) * span, ahead=rng.choice((-1, 1)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Clothes:
    """Colours of one person, and the weave of the jacket."""

    jacket: Colour
    trousers: Colour
    hair: Colour
    skin: Colour
    weave: str
    bag: bool


def dress(rng: Random) -> Clothes:
    """Choose clothes: rather dark, as a figure against a lit shelf is."""
    return Clothes(
        jacket=hsv(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.18, 0.5)),
        trousers=hsv(rng.uniform(0.55, 0.7), rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.3)),
        hair=hsv(0.07, 0.4, rng.uniform(0.06, 0.16)),
        skin=mix((150, 112, 90), (86, 62, 50), rng.random()),
        weave=rng.choice(("plain", "stripes", "plaid")),
        bag=rng.random() < 0.6,
    )


def figures(clothes: Clothes, ahead: int) -> tuple[list[Any], Any]:
    """Walking figures, one per phase, and one that stands; RGBA, hip in the middle of the canvas' width."""
    walking = [_soften(_figure(clothes, k / PHASES * math.tau, stride=1.0), ahead) for k in range(PHASES)]
    return walking, _soften(_figure(clothes, 0.6, stride=0.12), ahead)


def _soften(figure: Any, ahead: int) -> Any:
    """Out of focus, as it is nearer than the shelf; mirrored when it walks to the left."""
    turned = figure if ahead > 0 else figure.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return turned.filter(ImageFilter.GaussianBlur(2.6))


def _figure(clothes: Clothes, phase: float, *, stride: float) -> Any:
    """One pose. The far limbs come first and darker; the torso leans a little forward."""
    figure = Image.new("RGBA", _CANVAS, (*clothes.jacket, 0))
    unit = _TALL / 8
    hip = (_CANVAS[0] / 2, _TALL * 0.5 + 30 + 10 * math.sin(2 * phase))
    neck = (hip[0] + unit * 0.28, hip[1] - unit * 2.55)
    swing = math.sin(phase) * stride
    _leg(figure, hip, -swing, unit, mix(clothes.trousers, (0, 0, 0), 0.4))
    _arm(figure, neck, swing * 0.7 - 0.05, unit, (mix(clothes.jacket, (0, 0, 0), 0.45), clothes.skin))
    _leg(figure, hip, swing, unit, clothes.trousers)
    _torso(figure, hip, neck, unit, clothes)
    _head(figure, neck, unit, clothes)
    _arm(figure, neck, -swing * 0.7 + 0.1, unit, (mix(clothes.jacket, (0, 0, 0), 0.18), clothes.skin))
    if clothes.bag:
        draw = ImageDraw.Draw(figure)
        strap = mix(clothes.trousers, (90, 60, 30), 0.5)
        draw.line([(neck[0] - unit * 0.1, neck[1]), (hip[0] - unit * 0.5, hip[1] - unit * 0.4)], (*strap, 255), 16)
        box = (hip[0] - unit * 1.05, hip[1] - unit * 0.6, hip[0] - unit * 0.1, hip[1] + unit * 0.35)
        draw.rounded_rectangle(box, 26, (*strap, 255))
        draw.line([(box[0] + 10, box[1] + 60), (box[2] - 10, box[1] + 60)], (*mix(strap, (0, 0, 0), 0.5), 255), 5)
    return figure


def _limb(figure: Any, joints: list[tuple[float, float]], widths: list[float], colour: Colour) -> None:
    draw = ImageDraw.Draw(figure)
    for (a, b), (wide, thin) in zip(pairwise(joints), pairwise(widths), strict=True):
        along = math.atan2(b[1] - a[1], b[0] - a[0])
        nx, ny = -math.sin(along), math.cos(along)
        ring = [
            (a[0] + nx * wide, a[1] + ny * wide), (b[0] + nx * thin, b[1] + ny * thin),
            (b[0] - nx * thin, b[1] - ny * thin), (a[0] - nx * wide, a[1] - ny * wide),
        ]  # fmt: skip
        draw.polygon(ring, (*colour, 255))
        lit = [
            ring[3],
            ring[2],
            (b[0] - nx * thin * 0.4, b[1] - ny * thin * 0.4),
            (a[0] - nx * wide * 0.4, a[1] - ny * wide * 0.4),
        ]
        draw.polygon(lit, (*mix(colour, (255, 255, 255), 0.07), 255))
        for (x, y), r in ((a, wide), (b, thin)):
            draw.ellipse((x - r, y - r, x + r, y + r), (*colour, 255))


def _leg(figure: Any, hip: tuple[float, float], swing: float, unit: float, colour: Colour) -> None:
    knee = (hip[0] + math.sin(swing * 0.5) * unit * 2, hip[1] + math.cos(swing * 0.5) * unit * 2)
    bend = swing * 0.5 - max(0.0, -swing) * 0.7
    foot = (knee[0] + math.sin(bend) * unit * 2, knee[1] + math.cos(bend) * unit * 2)
    _limb(figure, [hip, knee, foot], [unit * 0.5, unit * 0.36, unit * 0.22], colour)


def _arm(figure: Any, neck: tuple[float, float], swing: float, unit: float, colours: tuple[Colour, Colour]) -> None:
    sleeve, skin = colours
    shoulder = (neck[0] - unit * 0.14, neck[1] + unit * 0.4)
    elbow = (shoulder[0] + math.sin(swing) * unit * 1.35, shoulder[1] + math.cos(swing) * unit * 1.35)
    bend = swing + 0.45
    hand = (elbow[0] + math.sin(bend) * unit * 1.2, elbow[1] + math.cos(bend) * unit * 1.2)
    _limb(figure, [elbow, hand], [unit * 0.2, unit * 0.15], sleeve)
    _limb(figure, [shoulder, elbow], [unit * 0.28, unit * 0.21], sleeve)
    ImageDraw.Draw(figure).ellipse(
        (hand[0] - unit * 0.2, hand[1] - unit * 0.1, hand[0] + unit * 0.2, hand[1] + unit * 0.3), (*skin, 255)
    )


def _torso(figure: Any, hip: tuple[float, float], neck: tuple[float, float], unit: float, clothes: Clothes) -> None:
    mask = Image.new("L", _CANVAS, 0)
    x, y = neck[0], neck[1]
    outline = [
        (x - unit * 0.2, y - unit * 0.1), (x + unit * 0.2, y), (x + unit * 0.52, y + unit * 0.75),
        (x + unit * 0.45, y + unit * 1.6), (hip[0] + unit * 0.58, hip[1] + unit * 0.35),
        (hip[0] - unit * 0.62, hip[1] + unit * 0.4), (x - unit * 0.72, y + unit * 1.5), (x - unit * 0.68, y + unit * 0.6),
    ]  # fmt: skip
    ImageDraw.Draw(mask).polygon(outline, 255)
    mask = mask.filter(ImageFilter.GaussianBlur(9)).point(lambda value: 255 if value > 110 else 0)
    figure.paste(Image.fromarray(_cloth(clothes)), (0, 0), mask)


def _cloth(clothes: Clothes) -> Any:
    down, across = np.mgrid[: _CANVAS[1], : _CANVAS[0]].astype(np.float32)
    tone = 1 + 0.16 * np.sin(across / 46 + down / 90) * np.sin(down / 130 - across / 70)
    if clothes.weave != "plain":
        tone += 0.22 * (np.sin(down / 9) > 0.55)
    if clothes.weave == "plaid":
        tone += 0.18 * (np.sin(across / 11) > 0.6)
    tone += np.random.default_rng(7).normal(0, 0.05, tone.shape)
    return np.clip(np.array(clothes.jacket, np.float32) * tone[..., None], 0, 255).astype(np.uint8)


def _head(figure: Any, neck: tuple[float, float], unit: float, clothes: Clothes) -> None:
    draw = ImageDraw.Draw(figure)
    x, y = neck[0] + unit * 0.12, neck[1] - unit * 0.62
    draw.rectangle((x - unit * 0.22, y, x + unit * 0.16, neck[1] + unit * 0.25), (*mix(clothes.skin, (0, 0, 0), 0.3), 255))
    draw.ellipse((x - unit * 0.42, y - unit * 0.55, x + unit * 0.42, y + unit * 0.5), (*clothes.skin, 255))
    draw.polygon(
        [(x + unit * 0.38, y - unit * 0.05), (x + unit * 0.5, y + unit * 0.12), (x + unit * 0.36, y + unit * 0.16)],
        (*clothes.skin, 255),
    )
    draw.pieslice((x - unit * 0.5, y - unit * 0.64, x + unit * 0.44, y + unit * 0.52), 95, 335, (*clothes.hair, 255))


def passing(frame: Any, figure: Any, hip_x: float, speed_px: float) -> None:
    """Paste `figure` with its hip at `hip_x`, smeared by `speed_px` (travel during the exposure) and casting a soft shade."""
    left = round(hip_x - _CANVAS[0] / 2)
    shade = Image.new("L", (_CANVAS[0], frame.height), 0)
    ImageDraw.Draw(shade).ellipse((120, 40, _CANVAS[0] - 120, frame.height + 700), 66)
    frame.paste((0, 0, 0), (left, 0), shade.filter(ImageFilter.BoxBlur(60)))
    smear = round(speed_px / 2)
    moving = figure if smear < 1 else Image.blend(ImageChops.offset(figure, smear, 0), ImageChops.offset(figure, -smear, 0), 0.5)
    frame.paste(moving, (left, 60), moving)
