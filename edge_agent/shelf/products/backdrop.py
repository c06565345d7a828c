"""What a bay looks like where nothing stands: the patches of the reference photo beside and above its products.

An empty slot shows the back panel and the shelf floor, of which the reference photo shows parts. A slot is empty when nearly
all of its patches have a like among those, and no cluster of other patches is as large as part of a product. What stood there
hid its own shadow: a row of patches that differs in lightness alone, and evenly from end to end, counts as like. Patch
features: mean Lab, mean and peak gradient (logarithms), on 16 px patches of a slot picture 240 px tall; a smoother patch of
the same colour is like, a rougher one is not. A plain product in the colour of the panel can pass for nothing, and what lies
flat on the board is not seen.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import SLOT_MARGIN
from edge_agent.shelf.products.appearance import Unit
from edge_agent.shelf.setup.bay import Picture

PATCH_PX: Final = 16
TOLERANCE: Final = (25.0, 5.0, 5.0, 0.6, 0.8)
"""How far a like patch may be: L, a, b (8-bit Lab) either way; log mean and log peak gradient above the known one."""
FLOOR: Final = 2
"""Rows of patches at the foot of a slot (an eighth of it) that are not asked: the board, which goods hid before."""
EVEN: Final = 10.0
"""Largest departure (8-bit L) from a slope in a row of patches that no product interrupts."""
STEPS: Final = (0.0, -5.0, 5.0, -10.0, 10.0, -15.0, 15.0)
NEAR: Final = 12.5
ROW_SHARE: Final = 0.85
"""Changes of light (8-bit L) from one row of patches to the next, how far a patch may be from a known one under such a light,
and the share of a row that a light must explain."""
MAX_PATCHES: Final = 1500
BARE_SHARE: Final = 0.9
"""Least share of patches in an empty slot that have a like."""
EMPTY_SHARE: Final = 0.96
"""The same when lines one patch wide are left out: edges of boards and joints of panels, which show where goods stood."""
MAX_CLUSTER: Final = 0.1
"""Largest cluster of other patches in an empty slot, as a share of one facing."""

Patches = npt.NDArray[np.float32]


class Backdrop:
    """The patches of one reference photo that show no product. Slot pictures come from `appearance.scaled_for_match`."""

    def __init__(self) -> None:
        self._known: list[Patches] = []

    def learn(self, picture: Picture, units: Sequence[Unit]) -> None:
        """Take the patches of a reference slot outside its recognised units, above and below it too, but not beside it."""
        side = _margin(picture)[0]
        own = picture[:, side : picture.shape[1] - side]
        for shift in (0, PATCH_PX // 2):
            patches = _patches(own[shift:, shift:])
            free = np.ones(patches.shape[:2], dtype=bool)
            for unit in units:
                cut = (side, 0, side, 0)
                left, top, right, bottom = (int(edge - shift - off) // PATCH_PX for edge, off in zip(unit.hull, cut, strict=True))
                free[max(0, top - 1) : max(0, bottom + 2), max(0, left - 1) : max(0, right + 2)] = False
            self._known.append(patches[free])

    def emptiness(self, picture: Picture, facings: int) -> tuple[float, bool]:
        """(share of patches that look like the backdrop, whether the slot is empty)."""
        known = np.concatenate(self._known) if self._known else np.zeros((0, 5), dtype=np.float32)
        if len(known) < 20:
            return (0.0, False)
        known = np.concatenate([known[:: max(1, len(known) // MAX_PATCHES)], *self._known[-4:]])
        patches = _patches(_without_margin(picture))
        if patches.size == 0:
            return (0.0, False)
        off = patches[:, :, None, :] - known
        off[..., :3] = np.abs(off[..., :3])
        off /= np.asarray(TOLERANCE, dtype=np.float32)
        foreign = off.max(axis=3).min(axis=2) > 1
        alike = off[..., 1:].max(axis=3) <= 1
        shaded = alike.any(axis=2) & _even(patches[..., 0])[:, None]
        if (foreign & ~shaded).any():
            shaded |= _lit(patches[..., 0], known[:, 0], alike)
        foreign = (foreign & ~shaded)[:-FLOOR].astype(np.uint8)
        blobs = cv2.morphologyEx(foreign, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        share, solid = 1.0 - float(foreign.mean()), 1.0 - float(blobs.mean())
        count, _, stats, _ = cv2.connectedComponentsWithStats(blobs, connectivity=8)
        largest = int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0
        bare = share >= BARE_SHARE and solid >= EMPTY_SHARE and largest <= MAX_CLUSTER * foreign.size / facings
        return (share, bare)


def _even(light: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Rows of patches whose lightness changes by no more than a slope from end to end: boards, shadows, no row of products."""
    columns = np.linspace(-1, 1, light.shape[1])
    level = light - light.mean(axis=1, keepdims=True)
    slope = (level @ columns) / max(1e-6, float(columns @ columns))
    return np.asarray(np.abs(level - slope[:, None] * columns).max(axis=1) <= EVEN, dtype=np.bool_)


def _lit(light: npt.NDArray[np.float32], known: npt.NDArray[np.float32], alike: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Patches like known ones under the light of their row, which is followed down from the slot's top.

    The light may change by one of `STEPS` from row to row and must explain nearly all of the row: a panel with its holes grows
    lighter or darker as a whole and little by little, while goods begin with an edge.
    """
    found = np.zeros(light.shape, dtype=np.bool_)
    level = 0.0
    for row in range(len(light)):
        off = light[row][:, None] - known
        tried = [level + step for step in STEPS]
        like = [((np.abs(off - one) <= NEAR) & alike[row]).any(axis=1) for one in tried]
        best = int(np.argmax([one.mean() for one in like]))
        if like[best].mean() < ROW_SHARE:
            break
        found[row], level = like[best], tried[best]
    return found


def _without_margin(picture: Picture) -> Picture:
    """The slot without the margin of its picture, where its neighbours and boards show."""
    side, top = _margin(picture)
    return picture[top : picture.shape[0] - top, side : picture.shape[1] - side]


def _margin(picture: Picture) -> tuple[int, int]:
    """Width and height of the margin in pixels."""
    edge = SLOT_MARGIN / (1 + 2 * SLOT_MARGIN)
    return round(edge * picture.shape[1]), round(edge * picture.shape[0])


def _patches(picture: Picture) -> Patches:
    """(rows, columns, 5) features."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    grey = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 0.8), cv2.COLOR_RGB2GRAY).astype(np.float32)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    rows, columns = picture.shape[0] // PATCH_PX, picture.shape[1] // PATCH_PX

    def cut(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        whole = plane[: rows * PATCH_PX, : columns * PATCH_PX]
        return whole.reshape(rows, PATCH_PX, columns, PATCH_PX)

    features = [cut(lab[..., channel]).mean(axis=(1, 3)) for channel in range(3)]
    features += [np.log1p(cut(slope).mean(axis=(1, 3))), np.log1p(cut(slope).max(axis=(1, 3)))]
    return np.stack(features, axis=-1).astype(np.float32)
