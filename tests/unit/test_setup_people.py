"""The photo of a bay goes into evidence as it is, so people on it keep its plan out of force until somebody accepts that."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_agent import config, planning
from edge_agent.errors import MissingAsset, NotFound
from edge_agent.shelf.floor.people.detector import Box
from edge_agent.shelf.setup import packs

SOMEBODY = Box(left=0.1, top=0.1, right=0.4, bottom=0.9, score=0.9)


def wanted(folder: Path, *, accept: bool = False) -> planning.Wanted:
    """A bay of one slot whose corners are given, so that nothing is left in doubt."""
    (folder / "photos").mkdir()
    for name in ("photo.jpg", "photos/tea.jpg"):
        noise = np.random.default_rng(3).integers(0, 255, (600, 800, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    (folder / "plan.csv").write_text("row,slot,sku,facings\n1,r1s1,tea,2\n", encoding="utf-8")
    (folder / "prices.csv").write_text("sku,name,brand,price\ntea,tea,oak,5\n", encoding="utf-8")
    (folder / "slots.csv").write_text(
        "slot,x1,y1,x2,y2,x3,y3,x4,y4\nr1s1,0.04,0.06,0.33,0.06,0.33,0.28,0.04,0.28\n", encoding="utf-8"
    )
    return planning.Wanted(
        bay="bay-a", photo=folder / "photo.jpg", planogram=folder / "plan.csv", prices=folder / "prices.csv",
        photos=folder / "photos", slots=folder / "slots.csv", accept=accept,
    )  # fmt: skip


def missing(_: np.ndarray) -> Sequence[Box]:
    raise MissingAsset("the detector is not installed", remedy="install it")


@pytest.mark.parametrize(
    ("find", "accept", "people", "in_force"),
    [
        (lambda _: [], False, "none", True),
        (lambda _: [SOMEBODY], False, "people", False),
        (lambda _: [SOMEBODY], True, "people", True),
        (missing, False, "not-looked", True),
    ],
)
def test_people_on_the_photo_are_a_doubt(tmp_path: Path, find, accept: bool, people: str, in_force: bool) -> None:
    settings = config.load(None, state=tmp_path / "state")
    found, _ = planning.calibrate(settings, wanted(tmp_path, accept=accept), find)
    assert (found.doubtful, found.people, found.in_force) == (0, people, in_force)
    folder = settings.paths.bays / "bay-a"
    assert len(packs.packs(folder)) == 1
    if in_force:
        assert packs.in_force(folder).is_file()
    else:
        with pytest.raises(NotFound):
            packs.in_force(folder)
