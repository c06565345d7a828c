"""Per-slot verdicts of the shelf engine against plain comparison with the reference photo, on the same scenes."""

import json
import time
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.config import Limits
from edge_agent.domain.shelf import Seen
from edge_agent.sandbox import decode_key_frames, decode_picture
from edge_agent.shelf.engine import ShelfEngine
from edge_agent.shelf.setup.bay import load

pytestmark = [pytest.mark.bench, pytest.mark.model, pytest.mark.timeout(1800)]

SAMPLES = Path(__file__).parents[2] / "edge_agent" / "samples"
SEEDS = (901, 902)
SEEN = {"out_of_stock": Seen.EMPTY, "misplaced": Seen.OTHER, "unknown_product": Seen.UNKNOWN}


def truth_of(path, plan):
    faults = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    changed = {one["slot"]: (SEEN[one["kind"]], one.get("seen_sku", "")) for one in faults if one["kind"] in SEEN}
    return {slot.id: changed.get(slot.id, (Seen.EXPECTED, slot.sku)) for slot in plan.slots}


def plain_verdicts(video, plan):
    """The obvious way: median frame, template matching against each slot's reference crop, colour histogram for the rest."""
    with plan.reference.open("rb") as file:
        reference = decode_picture(file, Limits())
    with video.open("rb") as file:
        frames = [one.rgb for n, one in enumerate(decode_key_frames(file, Limits())) if n % 3 == 0]
    view = np.median(np.stack(frames), axis=0).astype(np.uint8)
    tall, wide = reference.shape[:2]

    def cut(picture, slot, margin=0):
        (left, top), (right, bottom) = np.min(slot.area, axis=0), np.max(slot.area, axis=0)
        rows = slice(max(0, int(top * tall) - margin), int(bottom * tall) + margin)
        return picture[rows, max(0, int(left * wide) - margin) : int(right * wide) + margin]

    def colours(picture):
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        return cv2.normalize(cv2.calcHist([hsv], [0, 1], None, [30, 16], [0, 180, 0, 256]), None).ravel()

    known = {slot.sku: colours(cut(reference, slot)) for slot in plan.slots}
    found = {}
    for slot in plan.slots:
        seen = cut(view, slot, 12)
        likeness = cv2.matchTemplate(seen, cut(reference, slot), cv2.TM_CCOEFF_NORMED).max()
        best = max(known, key=lambda sku: float(known[sku] @ colours(seen)))
        if likeness >= 0.6:
            found[slot.id] = (Seen.EXPECTED, slot.sku)
        elif float(known[best] @ colours(seen)) >= 0.8:
            found[slot.id] = (Seen.EXPECTED if best == slot.sku else Seen.OTHER, best)
        else:
            found[slot.id] = (Seen.EMPTY, "")
    return found


def test_slot_verdicts_beat_comparison_with_the_reference(tmp_path, capsys):
    rapidocr = pytest.importorskip("rapidocr")
    from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine
    from edge_agent.samples.scene import Options, render_scene
    from edge_agent.samples.scene_video import Encoding

    models = Path(rapidocr.__file__).parent / "models"
    engine = ShelfEngine(ocr=ocr_engine(models / DETECTOR, models / RECOGNISER, 1), model_digest="0" * 64)
    scenes = [(SAMPLES / "bay-a" / "bay.toml", SAMPLES / "shelf-1.mp4", SAMPLES / "shelf-1.truth.toml")]
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        render_scene(seed, folder, Options(encoding=Encoding(fps=2)))
        scenes.append((folder / "bay.toml", folder / "shelf.mp4", folder / "truth.toml"))
    slots = ours = plain = made_up = made_up_plain = 0
    spent = 0.0
    for bay, video, truth_file in scenes:
        plan = load(bay)
        truth = truth_of(truth_file, plan)
        start = time.process_time()
        with video.open("rb") as file:
            readings = engine.score(file, plan).score.readings
        spent += time.process_time() - start
        told = {one.slot: (one.seen, one.sku) for one in readings}
        other = plain_verdicts(video, plan)
        fault = (Seen.EMPTY, Seen.OTHER)
        slots += len(truth)
        ours += sum(told[slot] == truth[slot] for slot in truth)
        plain += sum(other[slot] == truth[slot] for slot in truth)
        made_up += sum(told[slot] != truth[slot] and told[slot][0] in fault for slot in truth)
        made_up_plain += sum(other[slot] != truth[slot] and other[slot][0] in fault for slot in truth)
    with capsys.disabled():
        print(
            json.dumps({
                "bench": "shelf.slots", "slots": slots, "right": round(ours / slots, 3), "plain_right": round(plain / slots, 3),
                "false_faults": made_up, "plain_false_faults": made_up_plain, "cpu_s_per_video": round(spent / len(scenes), 1),
            })
        )  # fmt: skip
    assert made_up == 0
    assert ours > plain
