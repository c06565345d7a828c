"""Whether a tag still looks as it did in the reference photo, for a fraction of what reading it costs.

Both tags are brought to one width and freed of uneven light; the reference is laid onto the view and softened as the view is.
The name is compared as a whole, the price patch by patch: normalised correlation does not depend on light, and one exchanged
digit spoils the patch it stands in. It is no reading: at the smallest sizes two digits can look alike, so what only
looks unchanged is believed where the same scan has also read it once.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.setup.bay import Picture

WIDE: Final = 200
SOFTENINGS: Final = (0.0, 0.8, 1.3, 1.9)
LIGHT_PX: Final = 9.0
"""What varies more slowly than this is light."""
FAR_PX: Final = 10
PATCH: Final = 19
SLACK: Final = 1
"""Pixels by which a patch may lie beside its place: paper curls in its sleeve."""
PRINT: Final = 0.35
"""A patch whose contrast is below this share of the tag's holds no print to compare."""

Box = tuple[float, float, float, float]
Grey = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Correlations, -1..1. `name`: of the name line (of the whole tag if none is known); `price`: of the price's worst patch."""

    name: float
    price: float


class Remembered:
    """A tag as the reference photo shows it. `price` and `name`: boxes of these lines as fractions of the picture."""

    def __init__(self, tag: Picture, price: Box, name: Box | None) -> None:
        self._tall = max(24, round(tag.shape[0] * WIDE / tag.shape[1]))
        grey = _grey(tag, self._tall)
        self._soft = [_even(grey if sigma == 0 else cv2.GaussianBlur(grey, (0, 0), sigma)) for sigma in SOFTENINGS]
        self._price = self._inner(price)
        self._name = self._inner(name or (0.1, 0.1, 0.9, 0.9))

    def likeness(self, tag: Picture) -> Likeness:
        """Compare a view of the same place, cut out with the same margin."""
        view = _even(cv2.GaussianBlur(_grey(tag, self._tall), (0, 0), 0.6))
        matrix = _onto(self._soft[1], view)
        size = (view.shape[1], view.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        laid = [cv2.warpAffine(one, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for one in self._soft]
        best = laid[int(np.argmax([_correlation(one, view) for one in laid]))]
        return Likeness(_correlation(best[self._name], view[self._name]), _worst_patch(best, view, self._price))

    def _inner(self, box: Box) -> tuple[slice, slice]:
        left, top, right, bottom = box
        x0, y0 = max(2, round(left * WIDE)), max(2, round(top * self._tall))
        x1, y1 = min(WIDE - 2, round(right * WIDE)), min(self._tall - 2, round(bottom * self._tall))
        return slice(y0, max(y1, y0 + 4)), slice(x0, max(x1, x0 + 4))


def _grey(tag: Picture, tall: int) -> Grey:
    grey = cv2.cvtColor(tag, cv2.COLOR_RGB2GRAY)
    return np.asarray(resized(grey, WIDE, tall), dtype=np.float32)


def _even(grey: Any) -> Grey:
    """Without slow changes of light, print at about equal strength everywhere."""
    slow = cv2.GaussianBlur(grey, (0, 0), LIGHT_PX)
    return np.asarray((grey - slow) / (slow + 12.0) * 100, dtype=np.float32)


def _onto(reference: Any, view: Any) -> Any:
    inner = view[FAR_PX:-FAR_PX, FAR_PX:-FAR_PX]
    _, _, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(reference, inner, cv2.TM_CCOEFF_NORMED))
    start = np.asarray([[1, 0, x - FAR_PX], [0, 1, y - FAR_PX]], dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-3)
    try:
        _, found = cv2.findTransformECC(view, reference, start.copy(), cv2.MOTION_AFFINE, stop, None, 3)
    except cv2.error:  # it did not converge: these are not two views of one tag
        return start
    return found if np.abs(found[:, :2] - np.eye(2)).max() < 0.12 and np.abs(found[:, 2]).max() < 2 * FAR_PX else start


def _correlation(one: Any, other: Any) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))


def _worst_patch(reference: Any, view: Any, where: tuple[slice, slice]) -> float:
    """The correlation of the patch around each pixel, at the best of a few small shifts, where it is least."""
    one, other = reference[where], view[where]
    box = (min(PATCH, one.shape[1]), min(PATCH, one.shape[0]))
    mean_r, var_r = _moments(one, box)
    mean_v, var_v = _moments(other, box)
    floor_r, floor_v = (PRINT**2 * float(np.percentile(var, 90)) for var in (var_r, var_v))
    printed = (var_r > floor_r) | (var_v > floor_v)
    best = np.full(one.shape, -1.0, dtype=np.float32)
    for dy, dx in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
        move = (dy * SLACK, dx * SLACK)
        moved = np.roll(other, move, axis=(0, 1))
        mean_m, var_m = np.roll(mean_v, move, axis=(0, 1)), np.roll(var_v, move, axis=(0, 1))
        both = cv2.blur(one * moved, box) - mean_r * mean_m
        np.maximum(best, both / np.sqrt((var_r + 1) * (var_m + 1)), out=best)
    values = best[printed]
    return float(np.percentile(values, 1)) if values.size else 1.0


def _moments(grey: Any, box: tuple[int, int]) -> tuple[Any, Any]:
    mean = cv2.blur(grey, box)
    return mean, np.maximum(cv2.blur(grey * grey, box) - mean * mean, 0)
