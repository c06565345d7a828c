"""What reading price tags costs and how right it is, against full OCR of every tag in every frame, in one run.

The generated bays follow from seeds that were not looked at while thresholds were chosen (development used seeds below 500; here
700 and up), with the same printer of tags. The real photos' boxes are approximate; they were never used to choose anything
but are the same photos that the text reader's settings were once tried on.
"""

import json
from decimal import Decimal
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import pytest
from tag_bays import scan_of, tag_bay, wrong_tags

from edge_agent.shelf.price_tags.grammar import price_of
from edge_agent.shelf.price_tags.reader import TagReader, TagView
from edge_agent.shelf.price_tags.reading import TagRead, lines_in, read_tag, tag_crop
from edge_agent.shelf.price_tags.settling import settle, style_of

pytestmark = [pytest.mark.bench, pytest.mark.model]

SHARED = Path(__file__).parents[3] / "shared" / "testdata" / "shelf" / "price_tags"
BAYS, TAGS, FRAMES = (701, 702, 703), 6, 3


@pytest.fixture(scope="module")
def ocr():
    rapidocr = pytest.importorskip("rapidocr")
    from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine

    models = Path(rapidocr.__file__).parent / "models"
    cv2.setNumThreads(1)
    return ocr_engine(models / DETECTOR, models / RECOGNISER, 1)


def usual(ocr, tag, at_ms):
    """Every line of the tag found and recognised, its price by the grammar: what a reader without memory does."""
    lines = lines_in(tag, ocr)
    return TagRead(at_ms=at_ms, price=price_of(lines), any_text=bool(lines), ink=40.0)


def told(reads, bay, wrong):
    """(right mismatches, false ones, missed ones, settled prices) of one scan."""
    style = style_of([one for some in reads.values() for one in some])
    right = false = missed = settled = 0
    for slot, shown in zip(bay.plan.slots, bay.shown, strict=True):
        tag = settle(reads[slot.id], shown.price, style)
        truth = wrong.get(slot.id, shown).price
        differs = bool(tag.price) and not tag.promotion and Decimal(tag.price) != Decimal(shown.price)
        hit = differs and Decimal(tag.price) == Decimal(truth)
        right, false, missed = right + hit, false + (differs and not hit), missed + (slot.id in wrong and not hit)
        settled += bool(tag.price)
    return np.array([right, false, missed, settled])


def test_tags_are_read_as_well_as_by_full_recognition_at_a_fraction_of_its_cost(ocr):
    cost, score = {"ours": 0.0, "usual": 0.0}, {"ours": np.zeros(4, int), "usual": np.zeros(4, int)}
    looks = 0
    for seed in BAYS:
        bay = tag_bay(seed, TAGS, 150)
        tags = TagReader(ocr, bay.reference, bay.plan)
        for scan in (0, 1):  # the first is read fully and teaches; the second is what a camera's every later scan costs
            wrong = wrong_tags(bay, seed + scan, 0.25) if scan else {}
            reads = {way: {slot.id: [] for slot in bay.plan.slots} for way in cost}
            for number, frame in enumerate(scan_of(bay, seed + scan, wrong, FRAMES)):
                views = [TagView(slot=slot, tag=tag, at_ms=number, reads=tuple(reads["ours"][slot.id])) for slot, tag in frame]
                began = process_time()
                ours = tags.read_all(views)
                cost["ours"] += (process_time() - began) * scan
                for (slot, _), one in zip(frame, ours, strict=True):
                    reads["ours"][slot.id].append(one)
                if not scan:
                    continue
                looks += len(frame)
                began = process_time()
                for slot, tag in frame:
                    reads["usual"][slot.id].append(usual(ocr, tag, number))
                cost["usual"] += process_time() - began
            if scan:
                for way in cost:
                    score[way] += told(reads[way], bay, wrong)
    figures = {
        "bench": "price tags",
        "tags": looks // FRAMES,
        "ours_ms_per_look": round(1000 * cost["ours"] / looks, 1),
        "full_ms_per_look": round(1000 * cost["usual"] / looks, 1),
        "cost_ratio": round(cost["ours"] / cost["usual"], 3),
        **{
            f"{way}_{name}": int(n)
            for way in score
            for name, n in zip(("right", "false", "missed", "settled"), score[way], strict=True)
        },
    }
    print(json.dumps(figures))
    assert cost["ours"] < 0.7 * cost["usual"]
    assert score["ours"][1] <= score["usual"][1]
    assert score["ours"][0] >= score["usual"][0]
    assert score["ours"][3] >= score["usual"][3]


@pytest.mark.shared
def test_real_tags_in_their_labelled_boxes_show_a_plausible_price(ocr):
    if not SHARED.is_dir():
        pytest.skip("no labelled photos of price tags here")
    boxes = plausible = 0
    for label in sorted((SHARED / "labels").glob("*.txt"))[:3]:
        photo = cv2.imread(str(SHARED / "images" / f"{label.stem}.jpg"))[..., ::-1]
        for line in label.read_text().splitlines()[::3]:
            _, x, y, w, h = map(float, line.split())
            left, top, right, bottom = x - w / 2, y - h / 2, x + w / 2, y + h / 2
            read = read_tag(tag_crop(photo, ((left, top), (right, top), (right, bottom), (left, bottom))), 0, ocr)
            boxes += 1
            plausible += read.price is not None and 10 <= Decimal(read.price.price) <= 9999
    print(json.dumps({"bench": "real price tags", "boxes": boxes, "plausible_price": round(plausible / boxes, 3)}))
    assert plausible / boxes >= 0.75
