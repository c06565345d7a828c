"""Whether something moves before a camera, and whether it still shows what it was set up on: on a rendered shelf."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent import samples
from edge_agent.shelf.frames.motion import MOVES, Motion
from edge_agent.shelf.frames.moved import Reference, is_frozen

Picture = np.ndarray
BAY = Path(samples.__file__).parent / "bay-a"
LOST = 0.5
"""`floor.camera_moved` holds below it."""


@pytest.fixture(scope="module")
def shelf() -> Picture:
    (photo,) = BAY.glob("reference.*")
    whole = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
    return cv2.resize(whole, (960, 540), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def reference(shelf: Picture) -> Reference:
    return Reference(shelf)


def noisy(picture: Picture, by: float = 5.0) -> Picture:
    noise = np.random.default_rng(int(picture.sum()) % 1000).normal(0, by, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def turned(picture: Picture, angle: float = 0.0, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> Picture:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix[:, 2] += (dx * width, dy * height)
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def with_person(picture: Picture, at: float = 0.3) -> Picture:
    height, width = picture.shape[:2]
    seen = picture.copy()
    cv2.rectangle(seen, (int(at * width), int(0.15 * height)), (int((at + 0.22) * width), height), (60, 70, 110), -1)
    cv2.circle(seen, (int((at + 0.11) * width), int(0.12 * height)), int(0.08 * height), (200, 170, 150), -1)
    return seen


def gradient(picture: Picture) -> Picture:
    return np.clip(picture * np.linspace(0.4, 1.1, picture.shape[1])[None, :, None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        noisy,
        lambda one: noisy(one * 0.3, 3),
        gradient,
        lambda one: noisy(with_person(gradient(one))),
        lambda one: turned(one, dx=0.01, dy=0.005),
    ],
    ids=["noise", "evening", "light from one side", "a person in it", "a hair's breadth"],
)
def test_light_people_and_a_little_play_leave_the_match_high(
    change: Callable[[Picture], Picture], shelf: Picture, reference: Reference
) -> None:
    assert reference.match(change(shelf)) > 0.7


@pytest.mark.parametrize(
    "change",
    [
        lambda one: turned(one, dx=0.05),
        lambda one: turned(one, dx=0.2, dy=0.1),
        lambda one: turned(one, angle=6),
        lambda one: turned(one, scale=1.25),
        lambda one: noisy(np.zeros_like(one), 3),
        lambda one: noisy(np.full_like(one, 110), 5),
        lambda one: noisy(cv2.GaussianBlur(one, (0, 0), 12), 3),
        lambda one: np.where(np.arange(one.shape[1])[None, :, None] < 0.65 * one.shape[1], 30, one).astype(np.uint8),
        lambda one: one[:, ::-1],
    ],
    ids=[
        "shifted",
        "shifted far",
        "turned",
        "nearer",
        "black",
        "covered",
        "out of focus",
        "covered for the most",
        "another place",
    ],
)
def test_moved_covered_dark_or_defocused_is_below_the_alarm(
    change: Callable[[Picture], Picture], shelf: Picture, reference: Reference
) -> None:
    assert reference.match(np.ascontiguousarray(change(shelf))) < LOST


def test_a_picture_of_another_shape_matches_nothing(shelf: Picture, reference: Reference) -> None:
    assert reference.match(np.ascontiguousarray(shelf[:, :300])) == 0.0
    assert reference.match(cv2.resize(shelf, (480, 270))) > 0.9, "another size of the same shape does"


def test_only_the_very_same_picture_is_frozen(shelf: Picture) -> None:
    other = shelf.copy()
    other[0, 0, 0] ^= 1
    assert is_frozen(shelf, shelf.copy())
    assert not is_frozen(shelf, other)


def test_a_still_shelf_does_not_move_whatever_its_light_and_somebody_who_walks_does(shelf: Picture) -> None:
    motion = Motion()
    assert motion.moves(shelf), "nothing is usual yet"
    assert [motion.moves(noisy(shelf * factor)) for factor in (1.0, 0.8, 0.6, 0.9)] == [False] * 4
    assert [motion.share(with_person(shelf, at)) > 10 * MOVES for at in (0.1, 0.4, 0.7)] == [True] * 3


def test_who_stands_still_becomes_usual(shelf: Picture) -> None:
    motion = Motion()
    motion.share(shelf)
    shares = [motion.share(with_person(shelf)) for _ in range(40)]
    assert shares[0] > 10 * MOVES
    assert shares[-1] < MOVES


def test_a_stream_that_changes_its_size_begins_anew(shelf: Picture) -> None:
    motion = Motion()
    motion.share(shelf)
    assert motion.share(np.ascontiguousarray(shelf[:270])) == 1.0
