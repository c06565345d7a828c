"""Memory is bounded before the model is loaded: smaller batches first, then fewer threads, and a plain word when nothing fits."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.errors import BadConfig, MissingAsset
from edge_agent.speech.memory import Shape, fitting, shape_of

BASE = Shape(width=512, layers=6, file_bytes=145_217_532)
MB = 1_000_000


def text(word: str) -> bytes:
    return struct.pack("<H", len(word) + 1) + word.encode() + b"\0"


def array(name: str, *dims: int) -> bytes:
    head = text(name) + struct.pack("<B", len(dims)) + b"".join(struct.pack("<I", dim) for dim in dims)
    return head + struct.pack("<BI", 0, 8) + bytes(8)


def model(folder: Path, *arrays: bytes) -> Path:
    head = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    (folder / "model.bin").write_bytes(head + b"".join(arrays))
    return folder


def test_the_shape_is_read_from_the_model_file(tmp_path: Path) -> None:
    layers = [array(f"decoder/layer_{n}/ffn/linear_0/weight", 4, 4) for n in range(12)]
    found = shape_of(model(tmp_path, *layers, array("encoder/conv1/weight", 768, 80, 3)))
    assert (found.width, found.layers) == (768, 12)


@pytest.mark.parametrize("content", [b"", b"short", bytes(40), struct.pack("<I", 6) + text("x") + struct.pack("<II", 3, 9)])
def test_what_is_no_model_is_a_missing_asset(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(MissingAsset):
        shape_of(tmp_path)
    with pytest.raises(MissingAsset):
        shape_of(tmp_path / "nowhere")


def test_the_defaults_fit_the_default_bound() -> None:
    assert fitting(BASE, workers=2, batch=3, memory_bytes=1_400 * MB) == (2, 3)


def test_the_batch_is_made_smaller_before_a_thread_is_given_up() -> None:
    bounds = [bound * MB for bound in (2600, 2000, 1400, 900, 800, 590)]
    found = [fitting(BASE, workers=2, batch=8, memory_bytes=bound) for bound in bounds]
    assert found == [(2, 8), (2, 6), (2, 3), (2, 1), (1, 3), (1, 1)]
    for (workers, batch), bound in list(zip(found, bounds, strict=True))[1:]:
        assert BASE.needs(workers=workers, batch=batch) <= bound < BASE.needs(workers=workers, batch=batch + 1)


def test_too_little_for_one_window_is_said_with_what_it_needs() -> None:
    least = BASE.needs(workers=1, batch=1)
    with pytest.raises(BadConfig, match=str(least)):
        fitting(BASE, workers=2, batch=4, memory_bytes=least - 1)
    assert fitting(BASE, workers=2, batch=4, memory_bytes=least) == (1, 1)


def test_a_larger_model_takes_more_of_everything() -> None:
    turbo = Shape(width=1280, layers=4, file_bytes=1_617_884_929)
    assert turbo.needs(workers=1, batch=1) > BASE.needs(workers=2, batch=4)
    more = turbo.needs(workers=2, batch=16) - turbo.needs(workers=2, batch=15)
    assert more > BASE.needs(workers=2, batch=16) - BASE.needs(workers=2, batch=15)


GIVES_BACK = """
import os
from edge_agent.speech.memory import give_back, keep_freed

def resident():
    with open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

keep_freed()
before = resident()
pieces = [bytearray(10_000_000) for _ in range(20)]
del pieces
kept = resident()
give_back()
print(kept - before, resident() - before)
"""


def test_freed_memory_is_kept_for_the_next_window_and_goes_back_after_the_recording() -> None:
    done = subprocess.run([sys.executable, "-c", GIVES_BACK], capture_output=True, text=True, check=True)
    kept, left = map(int, done.stdout.split())
    assert kept > 150 * MB
    assert left < 50 * MB
