"""Frames of a phone that walks by: placed exactly where they belong, or refused."""

import cv2
import numpy as np
import pytest

from edge_agent.shelf.frames.geometry import median_seen
from edge_agent.shelf.frames.walk import Walker, WalkMap

SIZE = (1280, 720)
GRID = np.asarray([[(x, y) for x in np.linspace(0.05, 0.95, 19) for y in np.linspace(0.05, 0.95, 19)]])


def shelf(seed):
    """A wall of little printed cards, each once, on boards."""
    numbers = np.random.default_rng(seed)
    wall = np.full((900, 1600, 3), 190, np.uint8)
    for top in range(20, 880, 110):
        for left in range(10, 1560, 82):
            card = cv2.resize(numbers.integers(0, 256, (9, 6, 3), dtype=np.uint8), (72, 88), interpolation=cv2.INTER_NEAREST)
            wall[top : top + 88, left : left + 72] = card[: 900 - top, : 1600 - left]
        wall[top + 92 : top + 104] = 90
    return wall


def seen(wall, x, y, *, zoom=1.8, turn=2.0, lean=2e-4):
    """(what a phone shows that looks at (x, y) of the wall, fractions of the wall to fractions of that)."""
    scale = zoom * SIZE[0] / wall.shape[1]
    a, b = np.cos(np.radians(turn)) * scale, np.sin(np.radians(turn)) * scale
    to_middle = np.array([[1, 0, -x * wall.shape[1]], [0, 1, -y * wall.shape[0]], [0, 0, 1.0]])
    view = np.array([[a, -b, SIZE[0] / 2], [b, a, SIZE[1] / 2], [0, 0, 1.0]]) @ np.array([[1, 0, 0], [0, 1, 0], [lean, 0, 1.0]])
    matrix = view @ to_middle
    fractions = np.diag([1 / SIZE[0], 1 / SIZE[1], 1.0]) @ matrix @ np.diag([wall.shape[1], wall.shape[0], 1.0])
    return cv2.warpPerspective(wall, matrix, SIZE, borderValue=(60, 60, 60)), fractions


@pytest.fixture(scope="module")
def wall():
    return shelf(1)


@pytest.fixture(scope="module")
def walk(wall):
    return WalkMap(wall)


def away(found, truth):
    """Largest error over what the frame shows, in fractions of it."""
    there, here = cv2.perspectiveTransform(GRID, truth)[0], cv2.perspectiveTransform(GRID, found)[0]
    inside = ((there > 0) & (there < 1)).all(axis=1)
    assert inside.sum() >= 3
    return float(np.abs(there - here)[inside].max())


def test_a_part_of_the_bay_is_placed_to_a_few_thousandths(wall, walk):
    walker = Walker(walk)
    for x, y, turn in ((0.3, 0.45, 2.0), (0.5, 0.55, -4.0), (0.72, 0.4, 6.0)):
        frame, truth = seen(wall, x, y, turn=turn)
        found = walker.register(frame)
        assert found is not None
        assert away(found, truth) < 0.005


def test_a_smeared_frame_is_refused(wall, walk):
    frame, _ = seen(wall, 0.5, 0.5)
    smeared = cv2.blur(frame, (21, 1))
    assert Walker(walk).register(smeared) is None


def test_another_bay_is_refused(walk):
    frame, _ = seen(shelf(2), 0.5, 0.5)
    assert Walker(walk).register(frame) is None


def test_a_frame_that_has_changed_too_much_is_placed_by_the_one_before_it_but_not_for_long(wall, walk):
    changed = shelf(3)
    changed[:, :900] = wall[:, :900]
    walker = Walker(walk)
    placed = []
    for x in (0.45, 0.62, 0.77, 0.79, 0.81, 0.83):
        frame, truth = seen(changed, x, 0.5, zoom=2.6)
        found = walker.register(frame)
        placed.append(found is not None)
        assert found is None or away(found, truth) < 0.02
    assert placed == [True, True, True, True, True, False]


def test_the_median_of_moving_frames_is_of_those_that_show_the_place():
    bright, dark = np.full((2, 4, 3), 200, np.uint8), np.zeros((2, 4, 3), np.uint8)
    left = np.zeros((2, 4), bool)
    left[:, :2] = True
    found = median_seen([bright, dark, dark], [left, ~left, ~left])
    assert (found[:, :2] == 200).all()
    assert (found[:, 2:] == 0).all()
