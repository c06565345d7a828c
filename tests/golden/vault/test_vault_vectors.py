"""Our own age files with one failure each (see make_vectors.py): each is refused, in its words, by both ways of reading."""

import hashlib
import importlib.util
import io
import sys
import zlib
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from edge_agent.errors import SealBroken
from edge_agent.vault import age
from edge_agent.vault.x25519 import Identity

HERE = Path(__file__).parent
FILES = sorted((HERE / "vectors").glob("*.age-vector"))


class Vector(NamedTuple):
    expect: str
    released: str
    identity: Identity
    age_file: bytes


def read(path: Path) -> Vector:
    head, _, body = path.read_bytes().partition(b"\n\n")
    said = dict(line.split(": ", 1) for line in head.decode().splitlines() if not line.startswith("#"))
    return Vector(said["expect"], said["released"], Identity.parse(said["identity"]), zlib.decompress(body))


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_vectors", HERE / "make_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def described(released: bytes) -> str:
    return f"{len(released)} {hashlib.sha256(released).hexdigest()}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_read_in_order_it_releases_just_what_is_authentic_and_says_what_is_wrong(path: Path) -> None:
    vector = read(path)
    released, refusal = b"", "success"
    try:
        for plain in age.decrypt([vector.identity], io.BytesIO(vector.age_file)):
            released += plain
    except SealBroken as error:
        refusal = error.message
    assert refusal.startswith(vector.expect)
    assert described(released) == vector.released


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_seekable_reader_refuses_the_same_files(path: Path) -> None:
    vector = read(path)
    if vector.expect == "success":
        with age.open_sealed([vector.identity], io.BytesIO(vector.age_file)) as reader:
            assert described(reader.read()) == vector.released
    else:
        part = vector.expect.split(":")[0]
        with pytest.raises(SealBroken, match=f"^{part}"):
            age.open_sealed([vector.identity], io.BytesIO(vector.age_file)).read()


def test_the_files_are_what_the_generator_makes() -> None:
    made = generator()
    assert {path.stem for path in FILES} == set(made.VECTORS)
    for path in FILES:
        head, _, body = path.read_bytes().partition(b"\n\n")
        made_head, _, made_body = made.written(made.VECTORS[path.stem]).partition(b"\n\n")
        assert (head, zlib.decompress(body)) == (made_head, zlib.decompress(made_body)), path.stem


def test_every_vector_is_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 64 * 1024
