"""The training of our own models runs from end to end on a CPU, in a child with Debian's PyTorch, and exports the network.

This shows that the code runs and learns something, not that a dozen steps make a useful model.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pylopdf_fonts_zh_cn as faces
import pytest

from edge_agent.infer import session, tag_boxes

pytestmark = pytest.mark.model

TRAINING = Path(__file__).parents[2] / "models" / "training"
PYTHON = "/usr/bin/python3"
DRAW = """
import hashlib, json, sys
sys.path.insert(0, {folder!r})
from shelves import shelf_photo
picture, tags = shelf_photo(7)
print(json.dumps([hashlib.sha256(picture.tobytes()).hexdigest(), len(tags)]))
"""


def trained(*arguments):
    if subprocess.run([PYTHON, "-c", "import torch, PIL"], capture_output=True, check=False).returncode:
        pytest.fail("needs PyTorch and Pillow in the system's Python: apt-get install python3-torch python3-pil")
    fonts = str(Path(faces.sans_path()).parent)
    done = subprocess.run(
        [PYTHON, *map(str, arguments)], capture_output=True, text=True, check=False,
        env={**os.environ, "TRAINING_FONTS": fonts, "OMP_NUM_THREADS": "2", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_product_embedding_is_trained_on_drawn_packs_and_exported(tmp_path):
    assert trained(TRAINING / "products.py", "--smoke", "--out", tmp_path / "products.onnx")["steps"] == 6
    told = session(tmp_path / "products.onnx", 1).run(None, {"picture": np.zeros((3, 3, 64, 64), np.float32)})[0]
    assert told.shape == (3, 97)
    assert np.linalg.norm(told[:, :96], axis=1) == pytest.approx(1.0, abs=1e-3)


def test_the_tag_finder_is_trained_on_drawn_shelves_and_exported(tmp_path):
    report = trained(TRAINING / "tags.py", "--smoke", "--work", tmp_path, "--out", tmp_path / "tags.onnx")
    first, last = report["loss"]
    assert last < 0.7 * first
    assert report["synthetic"]["tags"] > 20
    check = np.load(tmp_path / "check.npz")
    told = session(tmp_path / "tags.onnx", 1).run(None, {"picture": check["picture"]})[0]
    assert np.allclose(told, check["told"], rtol=1e-3, atol=1e-4)
    assert all(0 <= score <= 1 for score in tag_boxes(told[0], 640, 352)[1])
    other_size = session(tmp_path / "tags.onnx", 1).run(None, {"picture": np.zeros((1, 3, 96, 128), np.float32)})[0]
    assert other_size.shape == (1, 5, 12, 16)


def test_what_is_drawn_follows_from_the_seed(tmp_path):
    script = tmp_path / "draw.py"
    script.write_text(DRAW.format(folder=str(TRAINING)))
    assert trained(script) == trained(script)
