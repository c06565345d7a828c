"""ONNX sessions and the text reader: errors, order and colour; real weights are in the integration tests."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edge_agent.errors import MissingAsset
from edge_agent.infer import TextReader, session
from edge_agent.infer import test_load as try_load


class Detector:
    """Finds the boxes it was told."""

    def __init__(self, boxes: list[list[list[float]]] | None) -> None:
        self._boxes = boxes
        self.saw: np.ndarray | None = None

    def __call__(self, bgr: np.ndarray) -> SimpleNamespace:
        self.saw = bgr
        return SimpleNamespace(boxes=None if self._boxes is None else np.array(self._boxes, np.float32))


class Recogniser:
    """Reads a line as its size, or as nothing when it is 7 px high."""

    def __call__(self, given: object) -> SimpleNamespace:
        texts = ["" if p.shape[0] == 7 else f"{p.shape[1]}x{p.shape[0]}" for p in given.img]  # type: ignore[attr-defined]
        return SimpleNamespace(txts=texts, scores=[0.5] * len(texts))


def box(x: float, y: float, w: float, h: float) -> list[list[float]]:
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def picture() -> np.ndarray:
    rgb = np.zeros((60, 100, 3), np.uint8)
    rgb[..., 0] = 200
    return rgb


def test_lines_come_with_their_corners_and_empty_ones_are_left_out():
    reader = TextReader(Detector([box(5, 5, 40, 10), box(5, 30, 20, 7)]), Recogniser())
    (line,) = reader.read(picture())
    assert line.quad == ((5, 5), (45, 5), (45, 15), (5, 15))
    assert line.text == "40x10"
    assert line.confidence == 0.5


def test_nothing_found_is_no_line():
    assert TextReader(Detector(None), Recogniser()).read(picture()) == []
    assert TextReader(Detector([]), Recogniser()).read(picture()) == []


def test_the_engines_get_blue_first():
    detector = Detector(None)
    TextReader(detector, Recogniser()).read(picture())
    assert detector.saw is not None
    assert detector.saw[0, 0].tolist() == [0, 0, 200]


def test_ready_cut_lines_are_read_in_order():
    reader = TextReader(Detector(None), Recogniser())
    lines = [np.zeros((10, width, 3), np.uint8) for width in (30, 20)]
    assert reader.read_lines(lines) == [("30x10", 0.5), ("20x10", 0.5)]
    assert reader.read_lines([]) == []


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(5000)], ids=["empty", "text", "zeros"])
def test_a_file_that_is_no_model_is_a_missing_asset(tmp_path, content):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(MissingAsset, match=r"m\.onnx does not load"):
        session(tmp_path / "m.onnx", 1)
    with pytest.raises(MissingAsset):
        try_load(tmp_path)


def test_a_model_that_is_not_there_is_a_missing_asset(tmp_path):
    with pytest.raises(MissingAsset, match=r"gone\.onnx does not load"):
        session(tmp_path / "gone.onnx", 1)


def test_a_refused_model_prints_nothing(tmp_path, capfd):
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    with pytest.raises(MissingAsset):
        session(tmp_path / "m.onnx", 1)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("onnxruntime").handlers == []


def test_the_runtime_leaves_no_device_id_and_no_events_behind(tmp_path: Path) -> None:
    surroundings = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / "cache")}
    program = "{}import onnxruntime; onnxruntime.get_available_providers()"
    subprocess.run([sys.executable, "-c", program.format("")], check=True, env=surroundings)
    before = list(tmp_path.rglob("*"))
    for path in sorted(before, reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    subprocess.run([sys.executable, "-c", program.format("import edge_agent; ")], check=True, env=surroundings)
    assert list(tmp_path.rglob("*")) == []
