"""How many windows may be recognised at once within so much memory, told from the model's own shape before it is loaded.

What is counted, and measured on whisper-base int8 (MB; all threads at their worst together, the decoding child included):

    Python, libraries, the sound of 60 s, decoding child                    200
    the weights, 4/5 of their half-precision file (while loading: 1.8 x)    110
    for each thread, the encoder's attention: heads x 1500^2, and a bit     100
    for each window, what the decoder looks at and its five hypotheses       65
    what a pool loses between pieces of different size, of the last two    + 60 %

The last is the worst seen when two threads meet at their largest; by itself the same call takes 200 MB more or less each time.

Whisper's heads are 64 wide. A larger model is counted by the same sums.

The encoder asks for the same large pieces again and again. Fetched from the system each time and cleared by it, they cost 15 % of
all the computing; so the C library is told to keep what is freed, in one pool for all threads, and after each recording all of
it goes back to the system.
"""

import ctypes
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from edge_agent.errors import BadConfig, MissingAsset

FIXED: Final = 200_000_000
FRAMES: Final = 1500
TOKENS: Final = 150
BEAMS: Final = 5
FLOAT: Final = 4
HEAD_WIDTH: Final = 64
SLACK: Final = 1.4
GAPS: Final = 1.6
KEPT: Final = 0.8
LOADING: Final = 1.8
KEEPING: Final = {-8: 1, -4: 0, -1: 1_000_000_000, -2: 64 * 2**20}
"""By the numbers of glibc's malloc.h: M_ARENA_MAX, M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD."""
_LAYER: Final = re.compile(r"decoder/layer_(\d+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Width of the network, layers of its decoder, bytes of its file."""

    width: int
    layers: int
    file_bytes: int

    def needs(self, *, workers: int, batch: int) -> int:
        """Bytes at the worst moment."""
        encoder = self.width // HEAD_WIDTH * FRAMES**2 * FLOAT * SLACK
        window = FLOAT * self.width * (2 * self.layers * (FRAMES + BEAMS * TOKENS) + 3 * FRAMES)
        working = KEPT * self.file_bytes + workers * (encoder + batch * window) * GAPS
        return FIXED + int(max(LOADING * self.file_bytes, working))


def shape_of(model_dir: Path) -> Shape:
    """Read from the head of each array in `model.bin`; MissingAsset."""
    file = model_dir / "model.bin"
    try:
        with file.open("rb") as stream:
            width, layers = _sizes(stream)
        return Shape(width=width, layers=layers, file_bytes=file.stat().st_size)
    except (OSError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise MissingAsset(
            "the speech model is not installed completely", remedy="install it again: edge-agent models install",
            zh="语音模型未完整安装：请重新安装模型",
        ) from error  # fmt: skip


def fitting(shape: Shape, *, workers: int, batch: int, memory_bytes: int) -> tuple[int, int]:
    """(threads, windows each) that stay within `memory_bytes`: first the batch is made smaller, then threads are given up.

    Raises:
        BadConfig: one window at a time is too much already; the message says how much is needed.
    """
    for fewer in range(workers, 0, -1):
        for smaller in range(batch, 0, -1):
            if shape.needs(workers=fewer, batch=smaller) <= memory_bytes:
                return fewer, smaller
    least = shape.needs(workers=1, batch=1)
    raise BadConfig(
        f"speech.memory_bytes is {memory_bytes}, and this model needs {least}",
        remedy="allow that much, or choose a smaller model", zh=f"speech.memory_bytes 太小：该模型至少需要 {least} 字节",
    )  # fmt: skip


def keep_freed() -> None:
    """Call before threads take memory. Does nothing with another C library than glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for what, how in KEEPING.items():
            mallopt(what, how)


def give_back() -> None:
    """Free memory goes back to the system."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _sizes(stream: BinaryIO) -> tuple[int, int]:
    """Width and decoder layers from CTranslate2's file: version, name, revision, then the arrays one after the other."""
    _number(stream, "<I")
    _text(stream)
    _number(stream, "<I")
    width, layers = None, set()
    for _ in range(_number(stream, "<I")):
        name = _text(stream)
        dims = [_number(stream, "<I") for _ in range(_number(stream, "<B"))]
        _number(stream, "<B")
        stream.seek(_number(stream, "<I"), 1)
        layer = _LAYER.match(name)
        if layer is not None:
            layers.add(layer[1])
        if name == "encoder/conv1/weight":
            width = dims[0]
    if width is None or not layers:
        raise KeyError
    return width, len(layers)


def _number(stream: BinaryIO, how: str) -> int:
    (found,) = struct.unpack(how, stream.read(struct.calcsize(how)))
    return int(found)


def _text(stream: BinaryIO) -> str:
    return stream.read(_number(stream, "<H")).decode("ascii").rstrip("\0")
