"""Train and export the product embedding with its gap score:  python models/training/products.py --help

One small network looks at one facing, 64 x 64 px: 96 numbers of length 1 that lie close for the same design, and a
score that something stands there at all. It learns from made-up packs alone: two views of each of many designs (light,
crop, blur, hidden parts, neighbours), with flavours of one line (same print, other colours) as the hardest others, and
from made-up gaps (panel, floor, dark holes, neighbours' sides).
"""

import argparse
import json
import math
import time
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import torch
from camera import homography
from export import export
from goods import front
from network import Residual, block
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from typeset import tone

SIDE: Final = 64
WIDE: Final = 96
Pixels = NDArray[np.uint8]


class ProductNet(nn.Module):
    """(n, 3, 64, 64) RGB in 0..1 to (n, 97): the embedding, of length 1, then the logit that a product stands there."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            block(3, 24, 2), block(24, 48, 2), Residual(48), block(48, 80, 2), Residual(80), block(80, 112, 2)
        )  # fmt: skip
        self.embed = nn.Linear(112 * 16, WIDE)
        self.gap = nn.Linear(224, 1)

    def forward(self, x: Any) -> Any:
        deep = self.trunk(x)
        told = self.embed(deep.flatten(1))
        told = told / told.pow(2).sum(1, keepdim=True).clamp(min=1e-8).sqrt()
        pooled = torch.cat((deep.mean((2, 3)), deep.amax((2, 3))), 1)
        return torch.cat((told, self.gap(pooled)), 1)


def design(rng: Random) -> list[Any]:
    """One line of products: the same print in one to three colours."""
    wide = rng.randint(60, 150)
    first = front(rng, wide, rng.randint(90, 160))
    line = [first]
    for _ in range(rng.choice((0, 0, 1, 2))):
        hue, saturation, value = first.convert("HSV").split()
        turn = rng.randint(40, 216)
        moved = hue.point([(level + turn) % 256 for level in range(256)])
        line.append(Image.merge("HSV", (moved, saturation, value)).convert("RGB"))
    return line


def void(rng: Random) -> Any:
    """Where nothing stands: panel, floor, shade, holes, and the sides of what stands beside."""
    base = np.array(rng.choice((tone(rng, 5, 60), tone(rng, 60, 230), (rng.randint(60, 230),) * 3)), np.float32)
    down, across = np.mgrid[-1:1:160j, -1:1:120j].astype(np.float32)
    level = 1 + rng.uniform(-0.4, 0.4) * down + rng.uniform(-0.3, 0.3) * across
    pixels = level[..., None] * base
    if rng.random() < 0.7:
        edge = rng.randint(90, 155)
        pixels[edge:] = np.array(tone(rng, 30, 230), np.float32) * np.linspace(rng.uniform(0.4, 1), 1, 160 - edge)[:, None, None]
    if rng.random() < 0.5:
        pixels[: rng.randint(3, 50)] *= rng.uniform(0.2, 0.8)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0.5, 6), (160, 120, 1))
    picture = Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
    for _ in range(rng.choice((0, 0, 1, 2))):
        picture.paste(front(rng, 60, 140), (rng.choice((rng.randint(-58, -38), rng.randint(98, 118))), rng.randint(0, 40)))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 2)))


def view(flat: Any, others: list[Any], rng: Random) -> Pixels:
    """One facing as a camera sees it: beside neighbours, a little off, under some light, now and then half hidden."""
    wide, tall = flat.size
    room = Image.new("RGB", (wide * 2, round(tall * 1.5)), tone(rng, 10, 200))
    left, top = wide // 2, tall // 4
    room.paste(rng.choice(others).resize((wide, tall)), (left - wide + rng.randint(-6, 2), top + rng.randint(-8, 8)))
    room.paste(rng.choice(others).resize((wide, tall)), (left + wide + rng.randint(-2, 6), top + rng.randint(-8, 8)))
    room.paste(flat, (left, top))
    grow = rng.uniform(-0.12, 0.12)
    source = (
        np.array(((0, 0), (wide, 0), (wide, tall), (0, tall)), float) * (1 + grow)
        + np.array((left, top))
        - np.array((wide, tall)) * grow / 2
    )
    source += np.array([(rng.uniform(-1, 1) * wide, rng.uniform(-1, 1) * tall) for _ in range(4)]) * 0.06
    source += np.array((rng.uniform(-0.12, 0.12) * wide, rng.uniform(-0.1, 0.1) * tall))
    back = np.linalg.inv(homography(source, np.array(((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)), float)))
    back /= back[2, 2]
    seen = room.filter(ImageFilter.GaussianBlur(max(0.3, min(wide, tall) / SIDE / 2)))
    seen = seen.transform((SIDE, SIDE), Image.Transform.PERSPECTIVE, back.flatten()[:8].tolist(), Image.Resampling.BILINEAR)
    return lit(seen, rng)


def lit(seen: Any, rng: Random) -> Pixels:
    """Light, blur, noise, something in front."""
    if rng.random() < 0.4:
        seen = seen.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.4)))
    pixels = np.asarray(seen, np.float32) / 255
    gain = np.array([rng.gauss(1, 0.05) for _ in range(3)], np.float32) * rng.uniform(0.65, 1.3)
    slope = np.linspace(rng.uniform(0.75, 1.15), rng.uniform(0.75, 1.15), SIDE, dtype=np.float32)
    pixels = np.clip(pixels * gain * (slope[:, None, None] if rng.random() < 0.5 else slope[None, :, None]), 0, 1) ** rng.uniform(
        0.8, 1.25
    )
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0, 0.03), pixels.shape)
    pixels = np.clip((pixels + noise) * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        cut = rng.randint(6, 24)
        if rng.random() < 0.5:
            pixels[:, :cut] = tone(rng)
        else:
            pixels[:cut] = tone(rng)
    return np.asarray(pixels, np.uint8)


class Batches(IterableDataset[Any]):
    """Endless batches: pictures (2 views of each of `count` designs, then gaps), which line each is of."""

    def __init__(self, designs: int, count: int, seed: int) -> None:
        self._designs, self._count, self._seed = designs, count, seed

    def __iter__(self) -> Any:
        worker = get_worker_info()
        rng = Random(self._seed * 100 + (worker.id if worker else 0))
        lines = [design(rng) for _ in range(self._designs)]
        flat = [one for line in lines for one in line]
        while True:
            chosen = [one for line in rng.sample(lines, self._count) for one in line][: self._count]
            first = [view(one, flat, rng) for one in chosen]
            second = [view(one, flat, rng) for one in chosen]
            gaps = [lit(void(rng).resize((SIDE, SIDE), Image.Resampling.BILINEAR), rng) for _ in range(self._count // 2)]
            yield np.stack([*first, *second, *gaps]).transpose(0, 3, 1, 2).copy()


def batch_loss(told: Any, count: int) -> tuple[Any, Any]:
    """NT-Xent (Chen et al. 2020) over the two views of each design, cross-entropy of the gap score."""
    vectors, score = told[: 2 * count, :WIDE], told[:, WIDE]
    like = vectors @ vectors.T / 0.1
    like = like - 1e4 * torch.eye(2 * count)
    other = torch.arange(2 * count).roll(count)
    stands = torch.zeros(len(score))
    stands[: 2 * count] = 1
    return nn.functional.cross_entropy(like, other), nn.functional.binary_cross_entropy_with_logits(score, stands)


def learn(steps: int, count: int, designs: int, seed: int) -> Any:
    torch.manual_seed(seed)
    net = ProductNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    batches = DataLoader(Batches(designs, count, seed), batch_size=None, num_workers=1)
    told_at, seen = time.monotonic(), [0.0, 0.0]
    for step, pictures in enumerate(batches):
        if step == steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)
        same, gap = batch_loss(net(torch.as_tensor(pictures).float() / 255), count)
        optimiser.zero_grad()
        (same + gap).backward()
        optimiser.step()
        seen = [0.95 * seen[0] + 0.05 * float(same), 0.95 * seen[1] + 0.05 * float(gap)]
        if time.monotonic() - told_at > 20:
            told_at = time.monotonic()
            print(json.dumps({"step": step, "same_loss": round(seen[0], 3), "gap_loss": round(seen[1], 3)}), flush=True)
    return net.eval()


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--designs", type=int, default=4000)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    if chosen.smoke:
        chosen.steps, chosen.designs, chosen.count = 6, 30, 8
    torch.set_num_threads(1)
    net = learn(chosen.steps, chosen.count, chosen.designs, chosen.seed)
    example = torch.rand(2, 3, SIDE, SIDE)
    export(net, example, chosen.out, {"picture": {0: "n"}, "told": {0: "n"}})
    print(json.dumps({"steps": chosen.steps, "designs": chosen.designs}), flush=True)


if __name__ == "__main__":
    main()
