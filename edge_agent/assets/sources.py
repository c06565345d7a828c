"""Where a model's bytes come from: the packages that are installed, or a folder somebody brought.

A folder may hold the finished files (directly or under the model's name), the packages themselves (`*.whl`), or the
unpacked parts; all are only material until the digests match. Nothing here writes.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import IO

from edge_agent import privilege
from edge_agent.assets.manifest import Model
from edge_agent.errors import MissingAsset

Opener = Callable[[], AbstractContextManager[IO[bytes]]]
Pieces = Mapping[str, tuple[Opener, ...]]
"""For each file of the model, the openers whose bytes, one after the other, make it."""


def installed(model: Model) -> Pieces | None:
    """The pieces in the packages of this Python; None when a package is not there."""
    if model.wheels is None:
        return None
    found: dict[str, tuple[Opener, ...]] = {}
    for name, parts in model.wheels.parts.items():
        paths = [package_path(part) for part in parts]
        if not all(path is not None and path.is_file() for path in paths):
            return None
        found[name] = tuple(_file(path) for path in paths if path is not None)
    return found


def package_path(part: str) -> Path | None:
    """Where an installed package keeps `part`; None when the package is not installed."""
    distribution, _, member = part.partition(":")
    try:
        holder = metadata.distribution(distribution.partition("==")[0])
    except metadata.PackageNotFoundError:
        return None
    return Path(str(holder.locate_file(member)))


@privilege.raised()
def folder(model: Model, root: Path) -> tuple[Pieces, tuple[str, ...]]:
    """The pieces found under `root`, and the names of the files for which nothing was found."""
    if not root.is_dir():
        raise MissingAsset("the folder given with --from-dir is not there", remedy="check that the stick is mounted")
    found: dict[str, tuple[Opener, ...]] = {}
    missing: list[str] = []
    for file in model.file:
        parts = model.wheels.parts[file.name] if model.wheels is not None else ()
        pieces = _whole(model, root, file.name) or _from_parts(root, parts)
        if pieces:
            found[file.name] = pieces
        else:
            missing.append(file.name)
    return found, tuple(missing)


def _whole(model: Model, root: Path, name: str) -> tuple[Opener, ...]:
    for path in (root / model.name / name, root / name):
        if path.is_file():
            return (_file(path),)
    return ()


def _from_parts(root: Path, parts: tuple[str, ...]) -> tuple[Opener, ...]:
    pieces = [_from_wheel(root, part) or _loose(root, part) for part in parts]
    return tuple(piece for piece in pieces if piece) if all(pieces) else ()


def _loose(root: Path, part: str) -> Opener | None:
    path = root / Path(part.partition(":")[2]).name
    return _file(path) if path.is_file() else None


def _from_wheel(root: Path, part: str) -> Opener | None:
    distribution, _, member = part.partition(":")
    name, _, version = distribution.partition("==")
    begins = f"{name.replace('-', '_')}-{version}-"
    for path in sorted(one for one in root.glob("*.whl") if one.name.lower().startswith(begins)):
        with suppress(zipfile.BadZipFile, KeyError, OSError), zipfile.ZipFile(path) as wheel:
            wheel.getinfo(member)
            return _member(path, member)
    return None


def _file(path: Path) -> Opener:
    @privilege.raised()
    def opened() -> IO[bytes]:
        return path.open("rb")

    return opened


def _member(path: Path, member: str) -> Opener:
    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with privilege.raised():
            archive = zipfile.ZipFile(path)
        with archive as wheel, wheel.open(member) as stream:
            yield stream

    return opened
