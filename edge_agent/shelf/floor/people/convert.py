"""Writes the person detector's frozen graph as an ONNX model: the layers between its picture and its raw boxes and scores.

Scaling of the picture, anchors, decoding and suppression stay outside (see `detector`). Batch normalisation is folded into the
convolution before it; weights are written in the order the layers are met, so the same graph always gives the same bytes.
Input `picture` (1, 3, 300, 300) float32 in -1..1; outputs `boxes` (1, n, 4) and `logits` (1, n, classes).

Sources: Sandler et al. 2018 (SSDLite on MobileNetV2); Ioffe and Szegedy 2015 (folding: w' = w g / sqrt(v + e),
b' = b - m g / sqrt(v + e)); onnx/onnx.proto for the field numbers.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.errors import MissingAsset
from edge_agent.shelf.floor.people.frozen import Node, NotAGraphError, nodes

WEIGHTS: Final = "frozen_inference_graph.pb"
SIDE_PX: Final = 300
PICTURE: Final = "Preprocessor/sub"
OUTPUTS: Final[Mapping[str, str]] = {"boxes": "concat", "logits": "concat_1"}
OPSET: Final = 13
IR: Final = 8
FLOAT, INT64 = 1, 7

Weights = npt.NDArray[np.float32]


def to_onnx(frozen: bytes) -> bytes:
    """The ONNX model of one frozen graph; NotAGraphError when it is no graph of this family."""
    writer = _Writer(nodes(frozen))
    try:
        for name, source in OUTPUTS.items():
            writer.node("Identity", [writer.value(source)], name)
        return writer.model()
    except (KeyError, IndexError, ValueError, AttributeError, RecursionError) as error:
        raise NotAGraphError("this graph is not the person detector") from error


def model(folder: Path, digest: str) -> bytes:
    """The ONNX model of a verified model folder, made anew (a fifth of a second); `digest` is the sha256 it must have.

    Raises:
        MissingAsset: the file is no such graph, or what is made of it is not what the manifest names.
    """
    try:
        made = to_onnx((folder / WEIGHTS).read_bytes())
    except (OSError, NotAGraphError) as error:
        raise MissingAsset(f"model file {WEIGHTS} cannot be read", remedy="run `edge-agent models verify`") from error
    if digest and sha256(made).hexdigest() != digest:
        raise MissingAsset(f"what is made of {WEIGHTS} does not match its sha256", remedy="install edge-agent again")
    return made


class _Writer:
    """Walks from the outputs back to the picture and writes what it meets, inputs first."""

    def __init__(self, graph: Mapping[str, Node]) -> None:
        self._graph = graph
        self._written: dict[str, str] = {PICTURE: "picture"}
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []
        self._last: dict[str, int] = {}
        self._named = 0

    def value(self, name: str) -> str:
        """The ONNX value that holds what node `name` computes."""
        if name not in self._written:
            self._written[name] = self._compute(self._graph[name])
        return self._written[name]

    def node(self, op: str, inputs: Iterable[str], output: str, attributes: Iterable[bytes] = ()) -> str:
        parts = [_text(1, one) for one in inputs] + [_text(2, output), _text(4, op)] + [_field(5, one) for one in attributes]
        self._nodes.append(_field(1, b"".join(parts)))
        return output

    def model(self) -> bytes:
        """The whole model, as protobuf."""
        classes = self._last["logits"]
        values = [_field(11, _value("picture", (1, 3, SIDE_PX, SIDE_PX)))]
        values += [_field(12, _value("boxes", (1, -1, 4))), _field(12, _value("logits", (1, -1, classes)))]
        graph = b"".join([*self._nodes, _text(2, "people"), *self._weights, *values])
        return _number(1, IR) + _field(7, graph) + _field(8, _number(2, OPSET))

    def _compute(self, node: Node) -> str:
        match node.op:
            case "Identity":
                return self.value(node.inputs[0])
            case "FusedBatchNorm" | "BiasAdd":
                return self._convolved(node)
            case "Relu6":
                low, high = self._number("zero", 0.0), self._number("six", 6.0)
                return self.node("Clip", [self.value(node.inputs[0]), low, high], self._name())
            case "Add":
                return self.node("Add", [self.value(one) for one in node.inputs], self._name())
            case "Reshape":
                return self._rows(node)
            case "ConcatV2":
                parts = [self.value(one) for one in node.inputs[:-1]]
                self._last[{source: name for name, source in OUTPUTS.items()}[node.name]] = self._last[parts[0]]
                return self.node("Concat", parts, self._name(), [_int("axis", 1)])
        raise NotAGraphError("a layer that is not known")

    def _convolved(self, after: Node) -> str:
        """A convolution with the normalisation or bias that follows it."""
        layer = self._graph[after.inputs[0]]
        kernel = self._constant(layer.inputs[1]).astype(np.float64)
        if layer.op == "DepthwiseConv2dNative":
            groups = kernel.shape[2]
            kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
        elif layer.op == "Conv2D":
            groups = 1
            kernel = kernel.transpose(3, 2, 0, 1)
        else:
            raise NotAGraphError("a layer that is not known")
        if layer.texts["padding"] != "SAME" or layer.texts["data_format"] != "NHWC":
            raise NotAGraphError("a layout that is not known")
        if after.op == "FusedBatchNorm":
            scale, shift, mean, variance = (self._constant(one).astype(np.float64) for one in after.inputs[1:5])
            gain = scale / np.sqrt(variance + after.floats["epsilon"])
            kernel, bias = kernel * gain[:, None, None, None], shift - mean * gain
        else:
            bias = self._constant(after.inputs[1]).astype(np.float64)
        name = self._name()
        weights = [self._tensor(f"{name}.w", kernel), self._tensor(f"{name}.b", bias)]
        attributes = [
            _word("auto_pad", "SAME_UPPER"), _int("group", groups), _ints("kernel_shape", kernel.shape[2:]),
            _ints("strides", layer.ints["strides"][1:3]), _ints("dilations", layer.ints["dilations"][1:3]),
        ]  # fmt: skip
        return self.node("Conv", [self.value(layer.inputs[0]), *weights], name, attributes)

    def _rows(self, node: Node) -> str:
        """A head's map as one row per anchor: (1, anchors x width, h, w) -> (1, n, width)."""
        width = int(self._constant(self._graph[node.inputs[1]].inputs[-1]))
        name = self._name()
        turned = self.node("Transpose", [self.value(node.inputs[0])], f"{name}.t", [_ints("perm", (0, 2, 3, 1))])
        shape = np.asarray([1, -1, width], np.int64)
        self._weights.append(_field(5, _initializer(f"{name}.shape", shape, INT64)))
        self._last[name] = width
        return self.node("Reshape", [turned, f"{name}.shape"], name)

    def _constant(self, name: str) -> npt.NDArray[np.float32] | npt.NDArray[np.int32]:
        node = self._graph[name]
        while node.op == "Identity":
            node = self._graph[node.inputs[0]]
        if node.tensor is None:
            raise NotAGraphError("a weight is missing")
        return node.tensor

    def _name(self) -> str:
        self._named += 1
        return f"v{self._named}"

    def _number(self, name: str, value: float) -> str:
        if name not in self._written:
            self._written[name] = self._tensor(name, np.asarray(value))
        return name

    def _tensor(self, name: str, values: npt.NDArray[np.float64]) -> str:
        self._weights.append(_field(5, _initializer(name, values.astype("<f4"), FLOAT)))
        return name


def _initializer(name: str, values: npt.NDArray[np.float32] | npt.NDArray[np.int64], kind: int) -> bytes:
    dims = b"".join(_number(1, one) for one in values.shape)
    return dims + _number(2, kind) + _text(8, name) + _field(9, np.ascontiguousarray(values).tobytes())


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_field(1, _number(1, one) if one > 0 else _text(2, "n")) for one in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, FLOAT) + _field(2, dims)))


def _int(name: str, value: int) -> bytes:
    return _text(1, name) + _number(3, value) + _number(20, 2)


def _ints(name: str, values: Iterable[int]) -> bytes:
    return _text(1, name) + b"".join(_number(8, one) for one in values) + _number(20, 7)


def _word(name: str, value: str) -> bytes:
    return _text(1, name) + _text(4, value) + _number(20, 3)


def _text(number: int, value: str) -> bytes:
    return _field(number, value.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value % (1 << 64))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
