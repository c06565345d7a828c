"""Render scenes, let the engine and the plain comparison look at them, and sum what was right."""

import gc
import shutil
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from render import disturbance_of, looks_of
from shop_judge import counts, told
from shop_plain import plain
from shop_scene import render

from edge_agent.config import Limits
from edge_agent.domain.recording import View
from edge_agent.sandbox import decode_key_frames, decode_picture
from edge_agent.shelf.engine import ShelfEngine
from edge_agent.shelf.setup.bay import load

SEEDS = {"tuning": 1000, "report": 5000}


def engine():
    import rapidocr

    from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine

    models = Path(rapidocr.__file__).parent / "models"
    return ShelfEngine(ocr=ocr_engine(models / DETECTOR, models / RECOGNISER, 1), model_digest="0" * 64)


def judged(name, numbers, into, keep=False):
    """(look, disturbance, engine's counts, plain counts, CPU s) of each scene."""
    cv2.setNumThreads(1)
    scorer, looks, results = engine(), looks_of(name), []
    for n in numbers:
        folder = Path(into) / f"{n:02d}"
        scene = render(looks[n % len(looks)], SEEDS[name] + n, disturbance_of(n, len(looks)), folder)
        plan = load(folder / "bay.toml")
        start = time.process_time()
        with (folder / "shelf.mp4").open("rb") as video:
            readings = scorer.score(video, plan, view=View(scene["view"])).score.readings
        spent = time.process_time() - start
        ours = counts(scene, told(readings))
        theirs = counts(scene, _plain(folder, plan))
        results.append((scene["look"], scene["disturbance"], ours, theirs, spent))
        if not keep:
            shutil.rmtree(folder)
        gc.collect()
    return results


def _plain(folder, plan):
    limits = Limits()
    with plan.reference.open("rb") as file:
        reference = decode_picture(file, limits)
    with (folder / "shelf.mp4").open("rb") as file:
        frames = [np.ascontiguousarray(one.rgb) for n, one in enumerate(decode_key_frames(file, limits)) if n % 2 == 0]
    return plain(reference, frames, plan)


def summed(results, index):
    """Summed counts, whole and per disturbance."""
    whole, apart = Counter(), {}
    for result in results:
        whole.update(result[index])
        apart.setdefault(result[1], Counter()).update(result[index])
    return whole, apart
