"""A shop's photo and tables become a plan, with the real text reader and the real sandbox, and it is the plan drawn by hand."""

import json
import shutil
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from edge_agent import app, config
from edge_agent.cli import main
from edge_agent.domain.planogram import Planogram, Quad
from edge_agent.shelf.setup.bay import load

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

BAY = Path(__file__).parents[2] / "edge_agent" / "samples" / "bay-a"


def given(plan: Planogram, folder: Path) -> list[str]:
    """What a shop has: a photo, two tables in no order, product photos named by code."""
    rng = Random(6)
    places = [(one.row, place, one) for place, one in enumerate(plan.slots)]
    rows = [f"{row},{place},{slot.sku.upper()},{slot.facings},无" for row, place, slot in places]
    listed = [f"¥{sku.price};{sku.id};{sku.brand};{sku.name}" for sku in plan.skus]
    rng.shuffle(rows)
    rng.shuffle(listed)
    (folder / "plan.csv").write_bytes("\r\n".join(["层,位置,商品编码,排面数,备注", *rows]).encode("gb18030"))
    (folder / "prices.csv").write_bytes("\r\n".join(["售价（元）;商品编码;品牌;品名", *listed]).encode("utf-8-sig"))
    (folder / "photos").mkdir()
    for sku in plan.skus:
        shutil.copy(sku.photos[0], folder / "photos" / f"{sku.id.upper()}-1.jpg")
    shutil.copy(plan.reference, folder / "photo.jpg")
    options = {"photo": "photo.jpg", "planogram": "plan.csv", "prices": "prices.csv", "photos": "photos", "sheet": "sheet.pdf"}
    return [word for name, file in options.items() for word in (f"--{name}", str(folder / file))]


def overlap(one: Quad, other: Quad) -> float:
    """Intersection over union."""
    a, b = (np.asarray(quad, np.float32) * (1920, 1080) for quad in (one, other))
    a, b = a.astype(np.float32), b.astype(np.float32)
    both, _ = cv2.intersectConvexConvex(a, b)
    return both / (cv2.contourArea(a) + cv2.contourArea(b) - both)


def test_the_bundled_bay_is_set_up_as_it_was_drawn_by_hand(tmp_path, capsys):
    drawn, state = load(BAY / "bay.toml"), tmp_path / "state"
    options = given(drawn, tmp_path)
    rc = main(
        ["shelf", "calibrate", "bay-x", "--state", str(state), "--own", "麦田", "--competitors", "澜星，金谷", *options, "--json"]
    )
    found = json.loads(capsys.readouterr().out)
    assert (rc, found["in_force"], found["doubtful"]) == (0, True, 0)
    made = app.Bays(config.load(None, state=state)).load("bay-x")
    assert [(one.id, one.sku, one.facings) for one in made.slots] == [(one.id, one.sku, one.facings) for one in drawn.slots]
    assert {one.id: (one.name, one.brand, one.price, one.side) for one in made.skus} == {
        one.id: (one.name, one.brand, one.price, one.side) for one in drawn.skus
    }
    areas = [overlap(one.area, other.area) for one, other in zip(made.slots, drawn.slots, strict=True)]
    assert min(areas) > 0.65
    for one, other in zip(made.slots, drawn.slots, strict=True):
        assert one.tag is not None
        assert other.tag is not None
        assert overlap(one.tag, other.tag) > 0.5
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")
