"""How a photo is taken: tilt, lens, light, blur, noise, compression. Corners of tags travel along."""

import io
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Corners = tuple[tuple[float, float], ...]
Pixels = NDArray[np.float32]
COARSE: Final = (48, 64)


def taken(sheet: Any, tags: list[Corners], rng: Random, size: tuple[int, int]) -> tuple[Any, list[Corners]]:
    """Photograph the flat `sheet`: an RGB picture of `size`, and the corners in it of the tags that are seen."""
    width, height = size
    there = _view(rng, sheet.size, size)
    back = np.linalg.inv(there)
    back /= back[2, 2]
    seen = sheet.transform(size, Image.Transform.PERSPECTIVE, back.flatten()[:8].tolist(), Image.Resampling.BICUBIC)
    pixels = lit(np.asarray(seen, np.float32), rng)
    picture = worn(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), rng)
    return picture, [one for one in (moved(there, tag) for tag in tags) if visible(one, width, height) > 0.5]


def moved(matrix: NDArray[np.float64], corners: Corners) -> Corners:
    """Corners under a 3x3 projective matrix."""
    points = np.c_[np.asarray(corners), np.ones(len(corners))] @ matrix.T
    return tuple((float(x / w), float(y / w)) for x, y, w in points)


def visible(corners: Corners, width: int, height: int) -> float:
    """The share of the upright box around `corners` that lies in a picture of that size."""
    (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
    inside = max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(bottom, height) - max(top, 0))
    return float(inside / max((right - left) * (bottom - top), 1e-6))


def _view(rng: Random, have: tuple[int, int], want: tuple[int, int]) -> NDArray[np.float64]:
    """A projective matrix from sheet to photo: the middle stays, the corners wander."""
    margin_x, margin_y = (have[0] - want[0]) / 2, (have[1] - want[1]) / 2
    spread = rng.choice((0.15, 0.5, 0.95))
    source = np.array(((0, 0), (want[0], 0), (want[0], want[1]), (0, want[1])), float) + np.array((margin_x, margin_y))
    roll = np.deg2rad(rng.gauss(0, 1.5))
    middle = source.mean(axis=0)
    turn = np.array(((np.cos(roll), -np.sin(roll)), (np.sin(roll), np.cos(roll))))
    wander = np.array([(rng.uniform(-1, 1) * margin_x, rng.uniform(-1, 1) * margin_y) for _ in range(4)])
    source = (source - middle) @ turn.T + middle + spread * wander
    target = np.array(((0, 0), (want[0], 0), (want[0], want[1]), (0, want[1])), float)
    return homography(source, target)


def homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 3x3 matrix that takes four points to four points."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows), target.flatten())
    return np.append(solved, 1.0).reshape(3, 3)


def lit(pixels: Pixels, rng: Random) -> Pixels:
    """Uneven, coloured light, lamps mirrored on shiny fronts, contrast and gamma."""
    down, across = np.mgrid[-1 : 1 : COARSE[0] * 1j, -1 : 1 : COARSE[1] * 1j].astype(np.float32)
    level = 1 + rng.uniform(-0.25, 0.25) * across + rng.uniform(-0.25, 0.25) * down - rng.uniform(0, 0.3) * (across**2 + down**2)
    for _ in range(rng.randint(0, 3)):
        x, y, wide = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.05, 0.6)
        level = level + rng.uniform(-0.3, 0.4) * np.exp(-((across - x) ** 2 + (down - y) ** 2) / wide)
    field = np.asarray(Image.fromarray(level).resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.BICUBIC))
    colour = np.array([rng.gauss(1, 0.07) for _ in range(3)], np.float32)
    out = pixels / 255 * np.clip(field, 0.1, 3)[..., None] * colour * rng.uniform(0.65, 1.3)
    out = np.clip(out, 0, None) ** rng.uniform(0.75, 1.3)
    if rng.random() < 0.4:
        out = out + _glare(out.shape[1], out.shape[0], rng)
    contrast = rng.uniform(0.85, 1.25)
    return np.asarray(255 * ((out - 0.5) * contrast + 0.5 + rng.uniform(-0.06, 0.06)), np.float32)


def _glare(width: int, height: int, rng: Random) -> Pixels:
    """Soft white spots and bands, stretched along the rails."""
    down, across = np.mgrid[-1 : 1 : COARSE[0] * 1j, -1 : 1 : COARSE[1] * 1j].astype(np.float32)
    spots = np.zeros(COARSE, np.float32)
    for _ in range(rng.randint(1, 4)):
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        wide, tall = rng.uniform(0.05, 0.6), rng.uniform(0.02, 0.15)
        spots += rng.uniform(0.2, 0.9) * np.exp(-(((across - x) / wide) ** 2) - ((down - y) / tall) ** 2)
    grown = Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(grown, np.float32)[..., None]


def worn(picture: Any, rng: Random) -> Any:
    """Out of focus, shaken, sharpened, noisy, shrunk and compressed: each now and then."""
    if rng.random() < 0.45:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.8)))
    if rng.random() < 0.15:
        picture = shaken(picture, rng)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.UnsharpMask(rng.uniform(1, 3), rng.randint(60, 250), 2))
    if rng.random() < 0.7:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 9), (picture.height, picture.width, 1))
        picture = Image.fromarray(np.clip(np.asarray(picture, np.float32) + noise, 0, 255).astype(np.uint8))
    if rng.random() < 0.6:
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=rng.randint(25, 90))
        picture = Image.open(held).convert("RGB")
    return picture


def shaken(picture: Any, rng: Random) -> Any:
    """Motion blur along one direction, as the mean of shifted copies."""
    steps, reach = 5, rng.uniform(1.5, 5)
    angle = rng.uniform(0, np.pi)
    total = np.zeros((picture.height, picture.width, 3), np.float32)
    for step in range(steps):
        shift = reach * (step / (steps - 1) - 0.5)
        move = (1, 0, shift * float(np.cos(angle)), 0, 1, shift * float(np.sin(angle)))
        total += np.asarray(picture.transform(picture.size, Image.Transform.AFFINE, move, Image.Resampling.BILINEAR), np.float32)
    return Image.fromarray((total / steps).astype(np.uint8))
