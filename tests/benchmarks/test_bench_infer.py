"""Reading price tags: our reader against RapidOCR as it comes out of the box, same weights, same pictures, same run."""

import json
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from edge_agent.assets import path_of, store
from edge_agent.infer import DETECTOR, RECOGNISER, ocr_engine
from edge_agent.samples.scene_products import stock
from edge_agent.samples.scene_tags import price_tag, tag_style

pytestmark = [pytest.mark.bench, pytest.mark.model]

TAGS = 12


def tags() -> list[tuple[str, np.ndarray]]:
    """Printed tags 200 px wide on a grey strip, softened as a camera would."""
    rng = Random(20)
    made: list[tuple[str, np.ndarray]] = []
    for product in stock(rng, [TAGS])[0]:
        paper = price_tag(product, product.price, tag_style(rng), (400, 180), rng).resize((200, 90), Image.Resampling.BILINEAR)
        strip = Image.new("RGB", (230, 120), (90, 92, 96))
        strip.paste(paper, (15, 15))
        noise = np.random.default_rng(1).normal(0, 4, (120, 230, 3))
        made.append((product.price, np.clip(np.asarray(strip) + noise, 0, 255).astype(np.uint8)))
    return made


def test_tag_reading_is_faster_than_out_of_the_box_and_reads_no_fewer(tmp_path: Path) -> None:
    from rapidocr import RapidOCR

    store.install("ppocr-v6-small", tmp_path)
    folder = path_of("ppocr-v6-small", tmp_path)
    ours = ocr_engine(folder / DETECTOR, folder / RECOGNISER, 2)
    theirs = RapidOCR(params={"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 2})
    samples = tags()
    readers = {
        "ours": lambda rgb: [line.text for line in ours.read(rgb)],
        "rapidocr_default": lambda rgb: list(theirs(rgb[..., ::-1]).txts or ()),
    }
    figures: dict[str, dict[str, float]] = {}
    for name, read in readers.items():
        read(samples[0][1])
        start = time.perf_counter()
        right = sum(price in "".join(read(rgb)) for price, rgb in samples)
        figures[name] = {"ms_per_tag": round((time.perf_counter() - start) / TAGS * 1000, 1), "prices_right": right}
    print(json.dumps({"bench": "tag_reading", "tags": TAGS, **figures}))
    assert figures["ours"]["prices_right"] >= figures["rapidocr_default"]["prices_right"] - 1
    assert figures["ours"]["ms_per_tag"] < figures["rapidocr_default"]["ms_per_tag"]
