"""ONNX out of a trained network: batch norm folded, scores and pixels as output, checked against the framework's answer."""

import inspect
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from network import STRIDE
from torch import nn

OPSET = 13


class Told(nn.Module):
    """The network as it is used: scores in 0..1 and edges in pixels of the input, (n, 5, height / 8, width / 8)."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Any) -> Any:
        answer = self.net(x)
        edges = answer[:, 1:].clamp(-4.0, 6.0).exp() * float(STRIDE)
        return torch.cat((torch.sigmoid(answer[:, :1]), edges), 1)


def export(net: Any, example: Any, path: Path, axes: dict[str, dict[int, str]]) -> None:
    """Write `net` (in evaluation mode) to `path` with input "picture" and output "told"; `axes` names what may vary."""
    old = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (example,), str(path), input_names=["picture"], output_names=["told"], dynamic_axes=axes,
            opset_version=OPSET, do_constant_folding=True, **old,
        )  # fmt: skip


def difference(net: Any, example: Any, path: Path) -> float | None:
    """The largest relative difference between the framework's answer and the file's; None where onnxruntime is not installed."""
    try:
        import onnxruntime  # noqa: PLC0415 - a machine that only trains may do without
    except ImportError:
        return None
    with torch.no_grad():
        here = net(example).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    there = session.run(None, {"picture": example.numpy()})[0]
    return float(np.max(np.abs(here - there) / (1 + np.abs(here))))
