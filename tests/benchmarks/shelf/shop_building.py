"""The bare bay on its canvas: back walls, boards, rails, posts and signs of many kinds."""

import cv2
import numpy as np
from shop_lettering import WHITE, legible, lettering, mix


def _noise(rng, height, width, sigma, step=1):
    return cv2.resize(
        np.random.default_rng(rng.getrandbits(31)).normal(0, sigma, (height // step + 1, width // step + 1)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_LINEAR,
    )


def _back(look, rng, width, height):
    """The back wall as H x W x 3 float32."""
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = look.back_tone
    kind, down, across = look.back, np.arange(height), np.arange(width)
    if kind == "perforated":
        step = rng.choice((22, 28, 34))
        holes = ((down % step < step * 0.28)[:, None] & (across % (step * 2) < step * 0.7)[None, :])[..., None]
        wall = np.where(holes, wall * 0.55, wall)
    elif kind == "peg":
        step = rng.choice((30, 38))
        dots = (((down % step - step / 2) ** 2)[:, None] + ((across % step - step / 2) ** 2)[None, :] < (step * 0.12) ** 2)[
            ..., None
        ]
        wall = np.where(dots, wall * 0.35, wall + _noise(rng, height, width, 3)[..., None])
    elif kind == "slat":
        step = rng.choice((70, 90, 120))
        groove = (down % step < step * 0.1)[:, None, None]
        wall = np.where(groove, wall * 0.5, wall * (1 + 0.04 * ((down % step) / step - 0.5))[:, None, None])
    elif kind == "planks":
        step = rng.choice((90, 130, 170))
        grain = _noise(rng, height // 14, width, 9)
        wall += cv2.resize(grain, (width, height))[..., None]
        wall *= (1 + 0.1 * np.sin((across // step) * 2.4))[None, :, None]
        wall[:, across % step < 3] *= 0.6
    elif kind == "wire":
        step = rng.choice((44, 60))
        wires = ((down % step < 4)[:, None] | (across % step < 4)[None, :])[..., None]
        wall = np.where(
            wires, np.asarray(look.board_tone, np.float32), wall * 0.5 + _noise(rng, height, width, 5, 60)[..., None] * 2
        )
    elif kind == "brick":
        tall, wide = 46, 110
        rows = down // tall
        seam = ((down % tall < 4)[:, None] | (((across[None, :] + (rows % 2)[:, None] * wide // 2) % wide) < 4))[..., None]
        wall = np.where(seam, wall * 1.25 + 10, wall + _noise(rng, height, width, 9, 30)[..., None])
    elif kind == "tile":
        step = rng.choice((64, 90))
        seam = ((down % step < 3)[:, None] | (across % step < 3)[None, :])[..., None]
        wall = np.where(seam, wall * 0.8, wall)
    elif kind == "cloth":
        wall += _noise(rng, height, width, 6)[..., None] + 4 * np.sin(across / 2.5)[None, :, None]
    elif kind == "louvre":
        step = rng.choice((26, 40))
        wall *= (0.86 + 0.2 * (across % step) / step)[None, :, None]
    elif kind == "marble":
        veins = _noise(rng, height, width, 1.0, 90) + 0.5 * _noise(rng, height, width, 1.0, 30)
        wall -= 34 * np.exp(-((veins / 0.08) ** 2))[..., None]
    elif kind == "grid":
        step = rng.choice((56, 74))
        off = ((down[:, None] + across[None, :]) % step < 5) | ((down[:, None] - across[None, :]) % step < 5)
        wall = np.where(off[..., None], wall * 1.15, wall * 0.78)
    elif kind == "mirror":
        wall *= (1 + 0.16 * np.sin(across / 190 + down[:, None] / 420))[..., None]
    else:
        wall += _noise(rng, height, width, 3, 40)[..., None]
    return wall


def build(look, rng, size, sides, rows, rail, pitch):
    width, height = size
    canvas = _back(look, rng, width, height)
    left, right = sides
    for _, y0, _, y1 in rows:
        a, b = max(0, round(y0 - pitch * 0.02)), round(y1)
        ramp = np.linspace(0, 1, b - a, dtype=np.float32)
        dark = 0.62 + 0.38 * np.clip(ramp * 2.2, 0, 1) if not look.hung else 0.92 + 0.08 * ramp
        if look.light == "lit":
            dark = 1.1 - 0.25 * ramp
        canvas[a:b] *= dark[:, None, None]
        if not look.hung:
            floor = round((y1 - y0) * 0.1)
            tone = np.asarray(mix(look.board_tone, (20, 20, 20), 0.35), np.float32)
            canvas[b - floor : b] = tone * np.linspace(0.55, 1.05, floor, dtype=np.float32)[:, None, None]
            if look.board == "wire":
                canvas[b - floor : b, np.arange(width) % 26 < 4] = np.asarray(look.board_tone) * 1.0
            _rail(canvas, look, rng, b, min(height, round(b + rail)), width)
        else:
            y = round(y0 - rail * 0.02)
            if look.back not in {"peg", "wire"}:
                canvas[y : y + 8] = np.asarray(look.board_tone)
    _bottom(canvas, look, rows, rail)
    post = round(width * 0.008)
    for x in (round(left - post * 1.6), round(right + post * 0.6)):
        canvas[:, x : x + post] = np.asarray(mix(look.board_tone, (0, 0, 0), 0.25)) * np.linspace(0.8, 1.15, post)[None, :, None]
    canvas = np.clip(canvas, 0, 255).astype(np.uint8)
    if look.sign:
        _sign(canvas, look, rows[0][1] - (rail if look.hung else 0), left, right)
    return canvas


def _bottom(canvas, look, rows, rail):
    """Kick plate and the shop's floor."""
    y = round(rows[-1][3] + (0 if look.hung else rail))
    if y < canvas.shape[0]:
        canvas[y : y + 26] = np.asarray(mix(look.board_tone, (0, 0, 0), 0.55))
        canvas[y + 26 :] = np.asarray((150, 146, 138))


def _rail(canvas, look, rng, top, foot, width):
    tall = foot - top
    tone = np.asarray(look.rail_tone, np.float32)
    if look.rail == "strip":
        canvas[top:foot] = tone * np.linspace(1.08, 0.86, tall, dtype=np.float32)[:, None, None]
        canvas[top : top + 3] = np.asarray(mix(look.board_tone, WHITE, 0.4))
        canvas[foot - 3 : foot] = tone * 0.6
    elif look.rail == "clear":
        canvas[top : top + round(tall * 0.22)] = np.asarray(look.board_tone) * 1.02
        canvas[top + round(tall * 0.22) : foot] = canvas[top + round(tall * 0.22) : foot] * 0.45 + tone * 0.4
    elif look.rail == "wood":
        canvas[top:foot] = tone + _noise(rng, max(2, tall // 10), width, 8).repeat(10, 0)[:1].repeat(tall, 0)[..., None]
        canvas[top:foot] *= np.linspace(1.1, 0.8, tall, dtype=np.float32)[:, None, None]
    elif look.rail == "glass":
        canvas[top : top + round(tall * 0.3)] = (150, 196, 186)
        canvas[top + round(tall * 0.3) : foot] = canvas[top + round(tall * 0.3) : foot] * 0.7 + 30
    elif look.rail == "lip":
        lip = max(6, round(tall * 0.2))
        canvas[top : top + lip] = tone * np.linspace(1.15, 0.85, lip, dtype=np.float32)[:, None, None]
        canvas[top + lip : foot] = canvas[top + lip : foot] * np.linspace(0.3, 0.7, tall - lip, dtype=np.float32)[:, None, None]
    else:
        canvas[top:foot] = canvas[top:foot] * 0.4
        for y in (top, top + tall // 2, foot - 4):
            canvas[y : y + 4] = np.asarray(look.board_tone)
    under = canvas[foot : foot + 14]
    under *= np.linspace(0.45, 1, 14, dtype=np.float32)[: len(under), None, None]


def _sign(canvas, look, foot, left, right):
    tall = round(foot * 0.42)
    y = round(foot - tall - 8)
    canvas[y : y + tall, round(left) : round(right)] = look.rail_tone
    text = lettering(look.sign, tall * 0.7, legible(look.rail_tone), bold=0.04)
    paste(canvas, np.asarray(text), round((left + right) / 2 - text.width / 2), round(y + tall / 2 - text.height / 2))


def paste(canvas, sprite, left, top, gain=1.0):
    """Lay an RGBA sprite on an RGB canvas, cut at its edges."""
    x0, y0, x1, y1 = (
        max(0, left),
        max(0, top),
        min(canvas.shape[1], left + sprite.shape[1]),
        min(canvas.shape[0], top + sprite.shape[0]),
    )
    if x0 >= x1 or y0 >= y1:
        return
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    alpha = part[..., 3:].astype(np.uint16)
    under = canvas[y0:y1, x0:x1]
    laid = np.minimum(part[..., :3] * np.float32(gain), 255) if gain != 1.0 else part[..., :3]
    canvas[y0:y1, x0:x1] = (laid.astype(np.uint16) * alpha + under * (255 - alpha)) // 255
