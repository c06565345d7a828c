"""A drawn floor with moving figures whose places are known: frames, and a stand-in for the person detector that knows them too.

The camera looks straight down on 8 x 6 m, so that a fraction of the picture is an eighth or a sixth of a metre; figures are flat
rectangles whose lower edge is where they stand.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge_agent.domain.floor import FloorPlan, Hours, Point, Role, Zone
from edge_agent.shelf.floor.people.detector import Box

WIDTH, HEIGHT = 320, 240
WIDE, DEEP = 8.0, 6.0
INK = (180, 30, 200)
"""The colour of every figure, which is nowhere else in the picture."""

COUNTER = Zone(id="behind", name="柜台内", role=Role.COUNTER_STAFF, outline=((0, 0), (2, 0), (2, 2), (0, 2)))
BEFORE = Zone(id="till", name="柜台前", role=Role.COUNTER_CUSTOMER, outline=((2, 0), (4, 0), (4, 2), (2, 2)), served_by="behind")
QUEUE = Zone(id="line", name="排队区", role=Role.QUEUE, outline=((4, 0), (8, 0), (8, 2), (4, 2)), served_by="behind")
DOOR = Zone(id="door", name="入口", role=Role.ENTRANCE, outline=((0, 4), (8, 4), (8, 6), (0, 6)))
ZONES = (COUNTER, BEFORE, QUEUE, DOOR)


def plan(reference: Path = Path("reference.png"), **changes: object) -> FloorPlan:
    whole = FloorPlan(
        floor="floor-a", version="1", reference=reference, to_floor=(WIDE, 0, 0, 0, DEEP, 0, 0, 0, 1), width_m=WIDE, depth_m=DEEP,
        cell_m=0.5, zones=ZONES, digest="8e" * 32,
        open_hours=(Hours(days=frozenset(range(1, 8)), from_minute=9 * 60, until_minute=21 * 60),),
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Somebody who is at `at` (metres) from `from_s` to before `until_s`, going to `to` at an even pace if that is given."""

    at: Point
    from_s: float
    until_s: float
    to: Point | None = None

    def where(self, second: float) -> Point | None:
        if not self.from_s <= second < self.until_s:
            return None
        if self.to is None:
            return self.at
        share = (second - self.from_s) / (self.until_s - self.from_s)
        return tuple(a + share * (b - a) for a, b in zip(self.at, self.to, strict=True))  # type: ignore[return-value]


@dataclass(frozen=True)
class Frame:
    at_ms: int
    rgb: np.ndarray


def background() -> np.ndarray:
    """A floor with structure everywhere, so that it can be told from a covered or moved picture; no pixel has `INK`'s colour."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(60, 160, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 8, 1), np.uint8))


def feet(figures: Sequence[Figure], second: float) -> list[Point]:
    return [place for one in figures if (place := one.where(second)) is not None]


def box(place: Point) -> Box:
    """The figure of somebody who stands there: 0.3 m wide, 1 m up the picture."""
    x, y = place[0] / WIDE, place[1] / DEEP
    half, tall = 0.15 / WIDE, 1.0 / DEEP
    return Box(left=max(0.0, x - half), top=max(0.0, y - tall), right=min(1.0, x + half), bottom=y, score=0.9)


def drawn(figures: Sequence[Figure], second: float, base: np.ndarray | None = None) -> np.ndarray:
    rgb = (background() if base is None else base).copy()
    for place in feet(figures, second):
        one = box(place)
        rows = slice(int(one.top * HEIGHT), max(int(one.top * HEIGHT) + 1, int(one.bottom * HEIGHT)))
        rgb[rows, int(one.left * WIDTH) : int(one.right * WIDTH) + 1] = INK
    return rgb


def film(
    figures: Sequence[Figure],
    seconds: float,
    every_s: float = 1.0,
    change: Callable[[np.ndarray, float], np.ndarray] | None = None,
) -> Iterator[Frame]:
    """Frames from 0 on, `every_s` apart; `change` may spoil each."""
    base = background()
    for number in range(int(seconds / every_s)):
        second = number * every_s
        rgb = drawn(figures, second, base)
        yield Frame(round(second * 1000), rgb if change is None else change(rgb, second))


class Knows:
    """Stands in for the detector: finds figures by their colour, as boxes, whatever frame it is given."""

    def __init__(self, lost: Mapping[int, int] | None = None) -> None:
        self.calls = 0
        self._lost = lost or {}

    def __call__(self, rgb: np.ndarray) -> list[Box]:
        """Of call n the first `lost[n]` people are overlooked."""
        import cv2

        mask = (rgb == np.asarray(INK)).all(axis=2).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        boxes = [
            Box(left=x / WIDTH, top=y / HEIGHT, right=(x + w) / WIDTH, bottom=(y + h) / HEIGHT, score=0.9)
            for x, y, w, h, _ in stats[1:count].tolist()
        ]
        self.calls += 1
        return boxes[self._lost.get(self.calls - 1, 0) :]
