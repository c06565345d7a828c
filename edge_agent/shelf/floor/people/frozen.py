"""Reads a frozen TensorFlow graph without TensorFlow: its nodes, what they are fed from, and their constants.

The file is one GraphDef message in protobuf's wire format (protobuf.dev/programming-guides/encoding). Only the fields that
say what a network computes are looked at; nothing in the file is run. Field numbers: tensorflow/core/framework/graph.proto,
node_def.proto, attr_value.proto, tensor.proto.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Value = int | bytes
Tensor = npt.NDArray[np.float32] | npt.NDArray[np.int32]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FLOAT, INT32 = 1, 3
DTYPES: Final[Mapping[int, str]] = {FLOAT: "<f4", INT32: "<i4"}


class NotAGraphError(ValueError):
    """The bytes are no message of this kind; the message names the place, not the content."""


@dataclass(slots=True)
class Node:
    """One operation: `inputs` are the names of the nodes that feed it (control inputs left out); attributes by name."""

    name: str = ""
    op: str = ""
    inputs: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    ints: dict[str, tuple[int, ...]] = field(default_factory=dict)
    floats: dict[str, float] = field(default_factory=dict)
    tensor: Tensor | None = None


def nodes(content: bytes) -> dict[str, Node]:
    """Every node of a GraphDef by its name; NotAGraphError for what is none."""
    try:
        found = (_node(_bytes(value)) for number, value in fields(content) if number == 1)
        return {one.name: one for one in found}
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise NotAGraphError("not a frozen graph") from error


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of one message as (number, value), in the order of the file; fixed32 and fixed64 come as their bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == VARINT:
            value: Value
            value, at = _varint(message, at)
        else:
            size = {FIXED64: 8, FIXED32: 4}.get(kind)
            if size is None:
                if kind != LENGTH:
                    raise NotAGraphError("unknown wire type")
                size, at = _varint(message, at)
            if at + size > len(message):
                raise NotAGraphError("cut short")
            value, at = message[at : at + size], at + size
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _signed(value: Value) -> int:
    if isinstance(value, bytes):
        raise NotAGraphError("a number was expected")
    return value - (1 << 64) if value >= 1 << 63 else value


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise NotAGraphError("a message was expected")
    return value


def _node(message: bytes) -> Node:
    node = Node()
    for number, value in fields(message):
        if number == 1:
            node.name = _bytes(value).decode()
        elif number == 2:
            node.op = _bytes(value).decode()
        elif number == 3:
            source = _bytes(value).decode()
            if not source.startswith("^"):
                node.inputs.append(source)
        elif number == 5:
            _attribute(node, dict(fields(_bytes(value))))
    return node


def _attribute(node: Node, entry: Mapping[int, Value]) -> None:
    name = _bytes(entry[1]).decode()
    for number, value in fields(_bytes(entry.get(2, b""))):
        if number == 1:
            node.ints[name] = tuple(_numbers(_bytes(value)))
        elif number == 2:
            node.texts[name] = _bytes(value).decode("latin-1")
        elif number in {3, 5, 6}:
            node.ints[name] = (_signed(value),)
        elif number == 4:
            node.floats[name] = struct.unpack("<f", _bytes(value))[0]
        elif number == 8:
            node.tensor = _tensor(_bytes(value))


def _numbers(message: bytes) -> Iterator[int]:
    """The integers of a list attribute, packed or not."""
    for number, value in fields(message):
        if number != 3:
            continue
        if isinstance(value, int):
            yield _signed(value)
        else:
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                yield _signed(one)


def _tensor(message: bytes) -> Tensor | None:
    """A constant of floats or 32-bit integers; None for other types, which no layer here takes."""
    dtype, shape, content, single = 0, tuple[int, ...](), b"", b""
    for number, value in fields(message):
        if number == 1:
            dtype = _signed(value)
        elif number == 2:
            dims = (dict(fields(_bytes(part))) for key, part in fields(_bytes(value)) if key == 2)
            shape = tuple(_signed(dim.get(1, 0)) for dim in dims)
        elif number == 4:
            content = _bytes(value)
        elif number == 5:
            single = _bytes(value)
        elif number == 7:
            numbers = [value] if isinstance(value, int) else list(_packed(value))
            single = struct.pack(f"<{len(numbers)}i", *numbers)
    if dtype not in DTYPES:
        return None
    flat = np.frombuffer(content or single, DTYPES[dtype])
    return np.resize(flat, shape) if flat.size else np.zeros(shape, DTYPES[dtype])


def _packed(message: bytes) -> Iterator[int]:
    at = 0
    while at < len(message):
        one, at = _varint(message, at)
        yield _signed(one)
