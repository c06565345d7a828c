"""Photos to learn from, on disk: made-up shelves drawn once, and real photos with YOLO labels.

A photo is an RGB picture with the upright boxes (left, top, right, bottom; pixels) of its tags.
"""

import json
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from shelves import SIZE, shelf_photo

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Photo:
    """One labelled photo; `picture` is loaded when asked for."""

    path: Path
    boxes: Boxes

    def picture(self) -> Any:
        return Image.open(self.path).convert("RGB")


def clipped(boxes: Boxes, width: int, height: int) -> Boxes:
    """The parts of the boxes that lie in a picture of that size."""
    return np.clip(boxes, 0, np.array((width, height, width, height), np.float32))


def draw_one(job: tuple[Path, int]) -> None:
    """Draw the made-up photo of one seed into a folder, unless it is there; the labels come last."""
    folder, seed = job
    labels = folder / f"{seed}.json"
    if labels.exists():
        return
    picture, tags = shelf_photo(seed)
    picture.save(folder / f"{seed}.jpg", quality=93)
    labels.write_text(json.dumps(tags))


def draw(folder: Path, first: int, count: int, processes: int) -> None:
    """Draw `count` made-up photos."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder, seed) for seed in range(first, first + count)]
    if processes == 1:
        for job in jobs:
            draw_one(job)
        return
    with Pool(processes) as pool:
        pool.map(draw_one, jobs, chunksize=8)


def made_up(folder: Path, first: int, count: int) -> list[Photo]:
    """Those of the made-up photos that are there."""
    found = []
    for seed in range(first, first + count):
        labels = folder / f"{seed}.json"
        if labels.exists():
            corners = np.array(json.loads(labels.read_text()), np.float32).reshape(-1, 4, 2)
            boxes = np.concatenate((corners.min(axis=1), corners.max(axis=1)), axis=1)
            found.append(Photo(folder / f"{seed}.jpg", clipped(boxes, *SIZE)))
    return found


def real(folder: Path) -> list[Photo]:
    """Photos under `folder`/images with YOLO labels under `folder`/labels, by name."""
    found = []
    for path in sorted((folder / "images").glob("*.jpg")):
        with Image.open(path) as picture:
            width, height = picture.size
        rows = [line.split()[1:5] for line in (folder / "labels" / f"{path.stem}.txt").read_text().splitlines() if line.strip()]
        middle = np.array(rows, np.float32).reshape(-1, 4) * np.array((width, height, width, height), np.float32)
        half = middle[:, 2:] / 2
        found.append(Photo(path, clipped(np.concatenate((middle[:, :2] - half, middle[:, :2] + half), axis=1), width, height)))
    return found
