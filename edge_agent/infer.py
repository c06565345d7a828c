"""ONNX sessions on the CPU, and the text reader built from them; the only importer of onnxruntime.

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

DETECTOR: Final = "PP-OCRv6_det_small.onnx"
RECOGNISER: Final = "PP-OCRv6_rec_small.onnx"
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
