"""`bundle.toml`: what a bundle is for, in lines that a shell script can read too (one `key = "value"` each)."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.errors import BadConfig

FILE: Final = "bundle.toml"


class Label(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`python` is "3.11", `machine` as `uname -m` says it, `glibc` the oldest that every wheel runs on ("" = any).

    `compiled` names wheels that were built on the machine that made the bundle: they run where its libraries are.
    `digests`: for each folder, sha256 over its lines in SHA256SUMS.
    """

    format: int
    product: str
    version: str
    created: str
    python: str
    machine: str
    glibc: str
    compiled: tuple[str, ...]
    models: tuple[str, ...]
    digests: Mapping[str, str]


def write(label: Label) -> str:
    def text(value: object) -> str:
        if isinstance(value, tuple):
            return "[" + ", ".join(f'"{item}"' for item in value) + "]"
        return str(value) if isinstance(value, int) else f'"{value}"'

    head = [f"{name} = {text(getattr(label, name))}" for name in label.__struct_fields__ if name != "digests"]
    lines = [*head, "", "[digests]", *(f'{folder} = "{digest}"' for folder, digest in label.digests.items())]
    return "# What this folder is for. SHA256SUMS covers every file of it.\n" + "\n".join(lines) + "\n"


def read(root: Path) -> Label:
    """The label of the bundle at `root`; BadConfig when it is absent or not one."""
    try:
        return msgspec.convert(tomllib.loads((root / FILE).read_text(encoding="utf-8")), Label)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise BadConfig(
            f"{FILE} is absent or damaged", remedy="give the folder that `bundle build` wrote", zh="不是安装包"
        ) from error
