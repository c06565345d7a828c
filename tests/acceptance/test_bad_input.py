"""Whatever is delivered: a clear refusal with a remedy, kept sealed under a generated id, and the next recording goes on."""

import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bad_videos import CASES, DECODED
from conftest import SAMPLES, Box

pytestmark = [pytest.mark.acceptance, pytest.mark.model]

SECRET = "wang-zong"


def _wav(folder: Path, name: str, samples: np.ndarray, rate: int = 16_000, **kind: str) -> Path:
    path = folder / f"{SECRET}-{name}"
    soundfile.write(path, samples, rate, **kind)
    return path


def _write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / f"{SECRET}-{name}"
    path.write_bytes(content)
    return path


def _bomb(folder: Path) -> Path:
    """A PNG of 30000 x 30000 pixels in about 100 KB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = zlib.compress(b"\x00" * (30_000 * 30_001 // 8), 9)
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return _write(folder, "bomb.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", row) + chunk(b"IEND", b""))


def _two_gigabyte_header(folder: Path) -> Path:
    fmt = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    head = (
        b"RIFF"
        + struct.pack("<I", 0x7FFFFFFF)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + b"data"
        + struct.pack("<I", 0x7FFFFF00)
    )
    return _write(folder, "lies.wav", head + b"\x00" * 100)


def _nan(folder: Path) -> Path:
    samples = np.sin(np.arange(32_000) / 9).astype(np.float32)
    samples[5000:5010] = math.nan
    return _wav(folder, "nan.wav", samples, subtype="FLOAT")


MAKERS: dict[str, Callable[[Path], Path]] = {
    "empty": lambda folder: _write(folder, "empty.wav", b""),
    "truncated": lambda folder: _write(folder, "cut.ogg", (SAMPLES / "call-1.ogg").read_bytes()[:100_000]),
    "renamed text": lambda folder: _write(folder, "text.wav", "这是一段文字。".encode() * 500),
    "2 GB header": _two_gigabyte_header,
    "NaN samples": _nan,
    "decompression bomb": _bomb,
    "unknown container": lambda folder: _write(folder, "random.bin", os.urandom(50_000)),
}


def test_every_bad_file_is_refused_kept_and_survived(box_with_models: Box, tmp_path: Path) -> None:
    box, folder = box_with_models, tmp_path / "files"
    folder.mkdir()
    meta = folder / f"{SECRET}.meta.toml"
    meta.write_bytes((SAMPLES / "call-1.meta.toml").read_bytes())
    good = _wav(folder, "good\nname.wav", soundfile.read(SAMPLES / "call-1.ogg", frames=48_000 * 12)[0], 48_000)
    directory = folder / f"{SECRET}-folder"
    directory.mkdir()
    files = {name: maker(folder) for name, maker in MAKERS.items()}

    done = box.run("ingest", *files.values(), directory, good, good, "--meta", meta, "--json", code=1)
    assert SECRET not in done.stdout + done.stderr
    lines = __import__("json").loads(done.stdout)["files"]
    for name, line in zip([*files, "directory"], lines, strict=False):
        assert line["error"], name
        assert line["remedy"], name
        assert line["recording"] is None, name
    errors = dict(zip([*files, "directory"], (line["error"] for line in lines), strict=False))
    assert errors["empty"] == "empty"
    assert errors["truncated"] == "truncated"
    assert errors["directory"] == "not-a-file"
    assert errors["NaN samples"] == "non-finite"
    taken, again = lines[-2:]
    assert taken["state"] == "closed"
    assert again["error"] == "duplicate"

    rejected = sorted(path.stem for path in (box.state / "vault" / "rejected").glob("*.age"))
    known = sorted(one for (one,) in box.query("SELECT id FROM recordings WHERE state = 'rejected'"))
    assert rejected == known
    assert len(rejected) == len(MAKERS)  # all but the empty file, which has nothing to keep, and once the repeat
    assert all(path.exists() for path in files.values()), "the originals stay where they were"
    assert box.json("status")["recordings"] == {"closed": 1, "rejected": len(rejected)}


def test_every_bad_video_is_refused_or_scored_and_the_worker_goes_on(box_with_models: Box) -> None:
    box = box_with_models
    meta = (SAMPLES / "shelf-1.meta.toml").read_text(encoding="utf-8")
    box.start("worker")
    (box.state / "bays" / "bay-a").mkdir()
    for path in (SAMPLES / "bay-a").rglob("*"):
        if path.is_file():
            target = box.state / "bays" / "bay-a" / path.relative_to(SAMPLES / "bay-a")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    box.drop((SAMPLES / "shelf-1.mp4").read_bytes()[:200_000], "cut.mp4", meta)
    box.drop((SAMPLES / "call-1.ogg").read_bytes(), "sound.mp4", meta)
    for number, case in enumerate(CASES):
        box.drop(case.make(), f"{number}.bin", meta)
    box.until(lambda: box.finished(2 + len(CASES)))
    ends = box.query("SELECT state, reason, parked FROM recordings")
    assert {parked for _, _, parked in ends} == {""}
    refused = [reason for state, reason, _ in ends if state == "rejected"]
    assert len(refused) >= 2 + sum(DECODED not in case.outcomes for case in CASES)
    assert set(refused) <= {"truncated", "no-video"} | {one for case in CASES for one in case.outcomes}
    assert len(ends) - len(refused) >= sum(case.outcomes == {DECODED} for case in CASES)
    assert box.stop("worker") == 0
