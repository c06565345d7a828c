"""ONNX sessions on the CPU, the text reader and the tag finder built from them; the only importer of onnxruntime.

Model paths come from `assets.store.path_of`, so their bytes were verified; nothing here looks for, fetches or writes a
file. RapidOCR gives the reader's pre- and post-processing only: its engines are handed our sessions, so that its own
model resolution, which downloads, is never entered. What a price looks like is the shelf's affair.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from edge_agent.errors import MissingAsset

Corner = tuple[float, float]
Quad = tuple[Corner, Corner, Corner, Corner]
Box = tuple[float, float, float, float]

DETECTOR: Final = "PP-OCRv6_det_small.onnx"
RECOGNISER: Final = "PP-OCRv6_rec_small.onnx"
TAG_NETWORK: Final = "price-tags.onnx"
TAG_CELL_PX: Final = 8
TAG_SIDE_PX: Final = 32
"""Both sides of what the tag network sees are multiples of this."""
TAG_LEAST: Final = 0.05
TAG_OVERLAP: Final = 0.4
_ERRORS_ONLY: Final = 3


class Line(NamedTuple):
    """One printed line: corners in picture pixels, clockwise from top left; its text; confidence in 0..1."""

    quad: Quad
    text: str
    confidence: float


def session(model: Path | bytes, threads: int) -> Any:
    """An onnxruntime InferenceSession of a verified model file or its bytes, on the CPU, silent, with `threads` threads.

    Raises:
        MissingAsset: the file is absent or is no model that this runtime can load.
    """
    import onnxruntime  # noqa: PLC0415 - tens of megabytes that only an analysis needs

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    failures = onnxruntime.capi.onnxruntime_pybind11_state
    try:
        return onnxruntime.InferenceSession(
            str(model) if isinstance(model, Path) else model, options, providers=["CPUExecutionProvider"]
        )
    except (
        failures.Fail, failures.InvalidArgument, failures.InvalidGraph, failures.InvalidProtobuf, failures.NoSuchFile,
        failures.NotImplemented, failures.RuntimeException,
    ) as error:  # fmt: skip
        name = model.name if isinstance(model, Path) else "made on this box"
        raise MissingAsset(f"model file {name} does not load", remedy="run `edge-agent models verify`") from error


def person_network(content: bytes, threads: int) -> Callable[[Any], tuple[Any, Any]]:
    """The person detector's network out of its ONNX bytes: (1, 3, 300, 300) -> raw boxes (n, 4) and scores (n, 2).

    Raises:
        MissingAsset: the bytes are no model that this runtime can load.
    """
    running = session(content, threads)

    def asked(picture: Any) -> tuple[Any, Any]:
        boxes, scores = running.run(["boxes", "logits"], {"picture": picture})
        return boxes[0], scores[0]

    return asked


def test_load(folder: Path) -> None:
    """Load every ONNX file in `folder` once; the trial load of `assets.store.install`."""
    for path in sorted(folder.glob("*.onnx")):
        session(path, 1)


@dataclass(frozen=True, slots=True)
class TextReader:
    """Finds and reads printed lines in a small picture (a price tag, not a whole frame)."""

    detector: Any
    recogniser: Any

    def read(self, rgb: Any) -> list[Line]:
        """Read an (h, w, 3) uint8 RGB array; lines from top to bottom, left to right; empty when there is no text."""
        import numpy as np  # noqa: PLC0415

        bgr = np.ascontiguousarray(rgb[..., ::-1])
        found = self.detector(bgr).boxes
        if found is None or not len(found):
            return []
        quads = [np.asarray(quad, np.float32) for quad in found]
        texts = self._recognise([_cut(bgr, quad) for quad in quads])
        return [
            Line(_corners(quad), text, confidence) for quad, (text, confidence) in zip(quads, texts, strict=True) if text.strip()
        ]

    def read_lines(self, pictures: Sequence[Any]) -> list[tuple[str, float]]:
        """Read (h, w, 3) uint8 RGB arrays that each hold exactly one line; (text, confidence) of each, text may be ""."""
        import numpy as np  # noqa: PLC0415

        return self._recognise([np.ascontiguousarray(picture[..., ::-1]) for picture in pictures]) if pictures else []

    def _recognise(self, pictures: list[Any]) -> list[tuple[str, float]]:
        from rapidocr.ch_ppocr_rec import TextRecInput  # noqa: PLC0415

        result = self.recogniser(TextRecInput(img=pictures, return_word_box=False))
        return [(str(text), float(score)) for text, score in zip(result.txts, result.scores, strict=True)]


def ocr_engine(det_path: Path, rec_path: Path, threads: int, det_limit_side: int = 320) -> TextReader:
    """Build the reader from verified model files.

    A picture whose longer side exceeds `det_limit_side` pixels is shrunk to it for finding lines, never enlarged;
    reading uses the original pixels.

    Raises:
        MissingAsset: a model file does not load.
    """
    from rapidocr import main as rapidocr  # noqa: PLC0415 - brings OpenCV along; only the shelf needs it

    library = logging.getLogger("RapidOCR")  # it prints every model it loads
    library.handlers.clear()
    library.setLevel(logging.ERROR)
    library.propagate = True
    settings = rapidocr.ParseParams.load(rapidocr.DEFAULT_CFG_PATH)
    settings.Det.limit_type, settings.Det.limit_side_len = "max", det_limit_side
    for part, path in ((settings.Det, det_path), (settings.Rec, rec_path)):
        part._set_flag("allow_objects", True)  # noqa: FBT003, SLF001 - a session may stand in a config only so
        part.session, part.font_path = session(path, threads), None
    return TextReader(rapidocr.TextDetector(settings.Det), rapidocr.TextRecognizer(settings.Rec))


def _cut(bgr: Any, quad: Any) -> Any:
    from rapidocr.utils.process_img import get_rotate_crop_image  # noqa: PLC0415

    return get_rotate_crop_image(bgr, quad.copy())


def _corners(quad: Any) -> Quad:
    first, second, third, fourth = ((float(x), float(y)) for x, y in quad)
    return first, second, third, fourth


@dataclass(frozen=True, slots=True)
class TagFinder:
    """Finds price tags in a picture in which they are about 15 to 150 px wide."""

    network: Any

    def find(self, rgb: Any) -> list[tuple[Box, float]]:
        """Boxes (left, top, right, bottom; pixels) and scores 0..1, best first, in an (h, w, 3) uint8 RGB array."""
        import numpy as np  # noqa: PLC0415

        height, width = rgb.shape[:2]
        seen = np.zeros((1, 3, -(-height // TAG_SIDE_PX) * TAG_SIDE_PX, -(-width // TAG_SIDE_PX) * TAG_SIDE_PX), np.float32)
        seen[0, :, :height, :width] = rgb.transpose(2, 0, 1) / np.float32(255)
        boxes, scores = tag_boxes(self.network.run(None, {"picture": seen})[0][0], width, height)
        return [((left, top, right, bottom), score) for (left, top, right, bottom), score in zip(boxes, scores, strict=True)]


def tag_finder(path: Path, threads: int) -> TagFinder:
    """Build the tag finder from its verified model file; MissingAsset when that does not load."""
    return TagFinder(session(path, threads))


def tag_boxes(answer: Any, width: int, height: int) -> tuple[list[list[float]], list[float]]:
    """The boxes in the tag network's answer about a picture, best first, and their scores.

    `answer` is (5, rows, columns), one column a cell of 8 x 8 px: score, then the distance in pixels from the cell's middle
    to the left, top, right and bottom edge. A tag is a cell whose score no neighbour exceeds; of boxes that share more than
    0.4 of their union the best is kept.
    """
    import numpy as np  # noqa: PLC0415

    score = answer[0]
    edged = np.pad(score, 1, constant_values=-1)
    near = np.max([edged[y : y + score.shape[0], x : x + score.shape[1]] for y in range(3) for x in range(3)], axis=0)
    rows, columns = np.nonzero((score >= near) & (score >= TAG_LEAST))
    order = np.argsort(-score[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    middle = np.stack((columns, rows, columns, rows), axis=1) * float(TAG_CELL_PX) + TAG_CELL_PX / 2
    boxes = np.clip(middle + answer[1:, rows, columns].T * (-1, -1, 1, 1), 0, (width, height, width, height))
    kept: list[int] = []
    for one in range(len(boxes)):
        if all(_shared(boxes[one], boxes[other]) < TAG_OVERLAP for other in kept):
            kept.append(one)
    return boxes[kept].tolist(), score[rows, columns][kept].tolist()


def _shared(one: Any, other: Any) -> float:
    """Intersection over union of two boxes."""
    wide, tall = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, wide) * max(0.0, tall)
    area = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return float(both / max(area - both, 1e-6))
