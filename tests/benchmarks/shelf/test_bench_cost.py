"""What one video costs: our scan against the same models on every frame of one a second, and on every frame; scores alike.

Two minutes of one bay: the bundled clip four times over, each time under other light. The dear way registers each frame by
itself, judges all slots and reads all tags in it, and votes at the end; it runs on `SAMPLED` frames and is
scaled up (stated in the printed line). Learning a plan's pictures happens once and is printed apart. CPU seconds are this
process's; decoding is the limited child's, of key frames alone here, and left out on both sides.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from render import looks_of
from shop_scene import render

from edge_agent.config import Limits
from edge_agent.sandbox import decode_key_frames, decode_picture
from edge_agent.shelf.engine import ShelfEngine, verdicts_of
from edge_agent.shelf.frames.clear import Gate
from edge_agent.shelf.frames.geometry import through
from edge_agent.shelf.frames.register import Registrar
from edge_agent.shelf.price_tags.reader import TagReader, TagView
from edge_agent.shelf.price_tags.reading import read_tag, tag_crop
from edge_agent.shelf.products.facings import slot_picture
from edge_agent.shelf.products.verify import Verifier
from edge_agent.shelf.scan import Scan, SlotEvidence, scan
from edge_agent.shelf.scoring.shares import shares
from edge_agent.shelf.setup.bay import load

pytestmark = [pytest.mark.bench, pytest.mark.model, pytest.mark.timeout(1800)]

SAMPLES = Path(__file__).parents[3] / "edge_agent" / "samples"
LIGHTS = (1.0, 0.86, 1.06, 0.94)
FPS, SAMPLED, BAY, VOTES = 10, 4, 40, 3


@dataclass
class Frame:
    at_ms: int
    rgb: np.ndarray


def minutes_of_video():
    """Its key frames."""
    last = 0
    for gain in LIGHTS:
        with (SAMPLES / "shelf-1.mp4").open("rb") as file:
            for one in decode_key_frames(file, Limits()):
                yield Frame(last + one.at_ms, cv2.convertScaleAbs(one.rgb, alpha=gain))
        last += 32_000


def judged_alone(frame, plan, kit, slots):
    """One frame as its own look: registered by itself, every slot judged, every tag read."""
    registrar, gate, verifier, tags = kit
    homography = registrar.register(frame.rgb)
    look = None if homography is None else gate.look(frame.rgb, frame.at_ms, homography)
    if look is None:
        return None
    centres = {slot.id: tuple(np.mean(np.asarray(slot.area), axis=0)) for slot in plan.slots}
    for one in slots:
        slot = one.clear.slot
        picture = look.light.applied_at(slot_picture(frame.rgb, slot, homography), centres[slot.id])
        one.opinions.append(verifier.opinion(slot, picture))
        one.at_ms.append(frame.at_ms)
        if slot.tag is not None:
            view = TagView(slot=slot, tag=tag_crop(frame.rgb, through(homography, slot.tag)), at_ms=frame.at_ms)
            one.reads += tags.read_all([view])
    return look


def spent(do):
    start, wall = time.process_time(), time.monotonic()
    result = do()
    return result, time.process_time() - start, time.monotonic() - wall


def test_a_scan_costs_a_fraction_of_every_frame_and_says_the_same(capsys):
    rapidocr = pytest.importorskip("rapidocr")
    from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine

    models = Path(rapidocr.__file__).parent / "models"
    ocr = ocr_engine(models / DETECTOR, models / RECOGNISER, 1)
    plan = load(SAMPLES / "bay-a" / "bay.toml")

    def picture(path):
        with path.open("rb") as file:
            return decode_picture(file, Limits())

    reference, photos = picture(plan.reference), {sku.id: [picture(one) for one in sku.photos] for sku in plan.skus}

    def learn():
        return (
            Registrar(reference),
            Gate(reference, plan.slots),
            Verifier(plan, reference, photos),
            TagReader(ocr, reference, plan),
        )

    kit, learning, _ = spent(learn)
    first, first_s, _ = spent(lambda: scan(minutes_of_video(), *kit))
    ours, ours_s, wall_s = spent(lambda: scan(minutes_of_video(), *kit))
    frames = list(minutes_of_video())
    again = learn()
    slots = [SlotEvidence(clear=one.clear) for one in ours.slots]
    sampled = frames[:: len(frames) // SAMPLED][:SAMPLED]
    kept, sampled_s, _ = spent(lambda: [judged_alone(one, plan, again, slots) for one in sampled])
    looks = tuple(one for one in kept if one is not None)
    plain = Scan(slots=tuple(slots), looks=ours.looks, last_ms=ours.last_ms, calibration_match=None, visible_ratio=1.0)
    minutes = ours.last_ms / 60_000
    one_a_second = sampled_s / len(sampled) * 60 * minutes
    told, other = (shares(verdicts_of(one, plan)) for one in (ours, plain))
    apart = [abs((a.value or 0) - (b.value or 0)) for a, b in zip(told, other, strict=True)]
    with capsys.disabled():
        print(
            json.dumps({
                "bench": "shelf.cost", "video_min": round(minutes, 2), "slots": len(plan.slots), "sampled_frames": len(sampled),
                "cpu_s_per_min": round(ours_s / minutes, 2), "first_scan_cpu_s_per_min": round(first_s / minutes, 2),
                "one_a_second_cpu_s_per_min": round(one_a_second / minutes, 1),
                "every_frame_cpu_s_per_min": round(FPS * one_a_second / minutes, 1),
                "ratio": round(ours_s / one_a_second, 4), "score_differences": [round(one, 4) for one in apart],
                "learning_cpu_s": round(learning, 2), "scan_wall_s": round(wall_s, 2),
                "calibration_match": ours.calibration_match,
            })
        )  # fmt: skip
    assert len(looks) == len(sampled)
    assert [one.opinions[0].seen for one in first.slots] == [one.opinions[0].seen for one in ours.slots]
    assert max(first_s, ours_s) <= one_a_second / 4
    assert max(apart) <= 0.01
    assert len(ours.looks) <= 12


def test_a_bay_of_forty_slots_is_scanned_for_less_than_full_recognition_of_its_tags(tmp_path, capsys):
    """The plain way: text recognition of every tag in the three frames that a vote needs, and not one product yet."""
    rapidocr = pytest.importorskip("rapidocr")
    from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine

    models = Path(rapidocr.__file__).parent / "models"
    ocr = ocr_engine(models / DETECTOR, models / RECOGNISER, 2)
    render(replace(looks_of("tuning")[0], rows=(6, 6)), 1102, "calm", tmp_path)
    plan = load(tmp_path / "bay.toml")
    engine = ShelfEngine(ocr=ocr, model_digest="0" * 64, threads=2)

    def score():
        with (tmp_path / "shelf.mp4").open("rb") as video:
            return engine.score(video, plan).score

    first, first_s, first_wall_s = spent(score)
    again, again_s, wall_s = spent(score)
    with plan.reference.open("rb") as file:
        reference = decode_picture(file, Limits())
    tags = [tag_crop(reference, slot.tag) for slot in plan.slots if slot.tag is not None]
    _, tags_s, _ = spent(lambda: [read_tag(one, 0, ocr) for one in tags])
    with capsys.disabled():
        print(
            json.dumps({
                "bench": "shelf.forty_slots", "slots": len(plan.slots), "scan_wall_s": round(wall_s, 2),
                "scan_cpu_s": round(again_s, 2),
                "first_scan_wall_s": round(first_wall_s, 2), "first_scan_cpu_s": round(first_s, 2),
                "tags_in_three_frames_cpu_s": round(VOTES * tags_s, 2),
            })
        )  # fmt: skip
    assert len(plan.slots) >= BAY
    assert [one.seen for one in first.readings] == [one.seen for one in again.readings]
    assert again_s < VOTES * tags_s
