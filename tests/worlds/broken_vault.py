"""Deliberately broken builds of the vault: a copy of the package with the lines of a check replaced, imported under its own name.

Only a copy shows that an attack would work: the real build refuses it, and nobody could tell whether for the right reason.
"""

import importlib
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import edge_agent.vault

NAME = "edge_agent.vault"
Edit = tuple[str, str, str]
"""Module, the lines of the check (they stand there exactly once), what stands there instead."""
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Build:
    """One build of the vault; `build.release` is its module of that name."""

    package: str

    def __getattr__(self, name: str) -> Any:
        return importlib.import_module(f"{self.package}.{name}")


REAL = Build(NAME)


def without(folder: Path, edits: list[Edit]) -> Build:
    """A build in `folder` with these edits. AssertionError when the code no longer has such lines."""
    package = f"broken_vault_{next(_NUMBERS)}"
    (folder / package).mkdir()
    left = list(edits)
    for path in Path(str(edge_agent.vault.__file__)).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for edit in [one for one in left if one[0] == path.stem]:
            assert text.count(edit[1]) == 1, edit
            text = text.replace(edit[1], edit[2])
            left.remove(edit)
        (folder / package / path.name).write_text(text.replace(NAME, package), encoding="utf-8")
    assert not left, left
    sys.path.insert(0, str(folder))
    try:
        made: ModuleType = importlib.import_module(package)
        for path in (folder / package).glob("*.py"):
            importlib.import_module(f"{package}.{path.stem}" if path.stem != "__init__" else package)
    finally:
        sys.path.remove(str(folder))
    return Build(made.__name__)
