"""Reads the tensors of a PyTorch checkpoint without PyTorch and without running anything that is in it.

The file is a row of pickles: a magic number, a version, the machine's sizes, the objects, the names of the storages; then each
storage as a count and plain little-endian floats. Of pickle only containers, numbers and float tensors are understood: any other
name in it is refused. Format: `torch.save` with `_use_new_zipfile_serialization=False` (torch/serialization.py, `_legacy_save`).
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge_agent.errors import MissingAsset

MAGIC: Final = 0x1950A86A20F9469CFC6C
HEADER: Final = 3

Tensors = Mapping[str, npt.NDArray[np.float32]]


def tensors(path: Path, key: str) -> Tensors:
    """The float tensors under `key` of a checkpoint, by name.

    Raises:
        MissingAsset: the file is no such checkpoint, or holds anything but tensors.
    """
    remedy = "run `edge-agent models verify`"
    try:
        stream = io.BytesIO(path.read_bytes())
        reader = _Tensors(stream)
        if reader.load() != MAGIC:
            raise MissingAsset(f"model file {path.name} is not a checkpoint", remedy=remedy)
        for _ in range(HEADER - 1):
            _Tensors(stream).load()
        reader = _Tensors(stream)
        found = reader.load()[key]
        storages = {name: _storage(stream) for name in _Tensors(stream).load()}
        return {name: make(storages) for name, make in found.items() if callable(make)}
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise MissingAsset(f"model file {path.name} cannot be read", remedy=remedy) from error


def _storage(stream: io.BytesIO) -> npt.NDArray[np.float32]:
    count = int.from_bytes(stream.read(8), "little")
    return np.frombuffer(stream.read(count * 4), "<f4", count)


def _tensor(storage: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Callable[[Any], Any]:
    """A tensor as what makes it of the storages, which come later in the file."""

    def made(storages: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        plain = tuple(int(np.prod(size[axis + 1 :])) for axis in range(len(size)))
        if stride != plain:
            raise ValueError("a tensor that is not contiguous")
        return storages[storage][offset : offset + int(np.prod(size))].reshape(size).copy()

    return made


class _Tensors(pickle.Unpickler):
    """A pickle of containers, numbers and float tensors; every other class or function is refused by name."""

    KNOWN: Final[dict[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch", "FloatStorage"): "float",
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError("a name that is no tensor")
        return self.KNOWN[(module, name)]

    def persistent_load(self, pid: Any) -> str:
        kind, of, key, *_ = pid
        if (kind, of) != ("storage", "float"):
            raise pickle.UnpicklingError("a storage that is not of floats")
        return str(key)
