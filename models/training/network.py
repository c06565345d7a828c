"""The tag network: a small fully convolutional net that tells at each 8x8 px cell whether a tag's middle is there, and its edges.

Only 3x3 and 1x1 convolutions, batch norm (folded on export) and ReLU, about half a million parameters. Input is
(n, 3, height, width), RGB in 0..1, both sides multiples of 32. Output is (n, 5, height / 8, width / 8): the score's
logit, then how far left, top, right and bottom edge are from the cell's middle, as logarithms of multiples of 8 px.
"""

from typing import Any, Final

import torch
from torch import nn

STRIDE: Final = 8


def block(wide_in: int, wide_out: int, stride: int = 1, side: int = 3) -> Any:
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(wide_in, wide_out, side, stride, side // 2, bias=False), nn.BatchNorm2d(wide_out), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.first = block(wide, wide)
        self.second = nn.Sequential(nn.Conv2d(wide, wide, 3, 1, 1, bias=False), nn.BatchNorm2d(wide))

    def forward(self, x: Any) -> Any:
        return torch.relu(x + self.second(self.first(x)))


class TagNet(nn.Module):
    """Stem to 1/8, two coarser levels for the surroundings, both brought back to 1/8, one head."""

    def __init__(self) -> None:
        super().__init__()
        self.eighth = nn.Sequential(block(3, 16, 2), block(16, 24, 2), block(24, 48, 2), Residual(48))
        self.sixteenth = nn.Sequential(block(48, 80, 2), Residual(80))
        self.coarse = nn.Sequential(block(80, 96, 2), Residual(96), block(96, 80, side=1))
        self.back = block(80, 48, side=1)
        self.join = block(96, 64)
        self.head = nn.Sequential(block(64, 64), nn.Conv2d(64, 5, 1))
        self.grow = nn.Upsample(scale_factor=2, mode="nearest")
        nn.init.constant_(self.head[1].bias[:1], -4.0)
        nn.init.constant_(self.head[1].bias[1:], 1.0)

    def forward(self, x: Any) -> Any:
        fine = self.eighth(x)
        middle = self.sixteenth(fine)
        middle = middle + self.grow(self.coarse(middle))
        return self.head(self.join(torch.cat((fine, self.grow(self.back(middle))), 1)))


def loss(told: Any, heat: Any, edges: Any, weight: Any) -> tuple[Any, Any]:
    """Penalty-reduced focal loss of the score (CornerNet, Law and Deng 2018), GIoU loss of the edges where `weight` > 0.

    `heat` (n, h, w) is 1 at a middle and falls off around it; below 0 it does not count. `edges` (n, 4, h, w).
    """
    score = told[:, 0]
    sure, unsure = nn.functional.logsigmoid(score), nn.functional.logsigmoid(-score)
    chance = torch.sigmoid(score)
    middle = (heat >= 0.999).float()
    other = (1 - middle) * (heat >= 0).float()
    hit = -(((1 - chance) ** 2) * sure * middle).sum()
    miss = -((chance**2) * unsure * other * (1 - heat.clamp(0, 1)) ** 4).sum()
    count = middle.sum().clamp(min=1)
    return (hit + miss) / count, (giou_loss(told[:, 1:].clamp(-4, 6).exp(), edges) * weight).sum() / weight.sum().clamp(min=1)


def giou_loss(one: Any, other: Any) -> Any:
    """1 - generalised IoU (Rezatofighi et al. 2019) of boxes given as distances from the same point, (n, 4, ...)."""
    inner = torch.min(one, other)
    outer = torch.max(one, other)
    shared = (inner[:, 0] + inner[:, 2]) * (inner[:, 1] + inner[:, 3])
    hull = (outer[:, 0] + outer[:, 2]) * (outer[:, 1] + outer[:, 3])
    both = (one[:, 0] + one[:, 2]) * (one[:, 1] + one[:, 3]) + (other[:, 0] + other[:, 2]) * (other[:, 1] + other[:, 3]) - shared
    return 1 - shared / both.clamp(min=1e-6) + (hull - both) / hull.clamp(min=1e-6)
