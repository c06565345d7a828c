"""Putting one model together: a hidden folder beside its place, checked copies, fsync, one rename.

Size and sha256 are taken from the bytes as they are written. Whatever goes wrong leaves the earlier state; what a killed
install left behind is removed by the next one.
"""

import errno
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge_agent.assets.faults import broken
from edge_agent.assets.manifest import File, Model
from edge_agent.assets.sources import Opener, Pieces
from edge_agent.errors import MissingAsset, Unavailable

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""

CHUNK: Final = 1 << 20
_SPARE_BYTES: Final = 64 << 20


def assemble(model: Model, pieces: Pieces, staging: Path, progress: Progress) -> None:
    """Copy every file into `staging`, checked and fsynced; here foreign I/O errors become ours.

    Raises:
        MissingAsset: a file is too short, too long, not the one the manifest names, or cannot be read.
        Unavailable: the disk is full.
    """
    if shutil.disk_usage(staging).free < model.bytes + _SPARE_BYTES:
        raise Unavailable(f"no room on disk for model {model.name} ({model.bytes >> 20} MB)", remedy="free some space")
    done = 0
    try:
        for file in model.file:
            done = _copy(model, file, pieces[file.name], staging / file.name, (done, progress))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Unavailable(f"the disk filled up while installing {model.name}", remedy="free some space") from error
        raise MissingAsset(
            f"model {model.name} cannot be copied ({error.strerror})", remedy="check the disk and the stick"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise MissingAsset(f"model {model.name}: a package is damaged", remedy="copy the package again") from error
    sync(staging)


def _copy(model: Model, file: File, openers: tuple[Opener, ...], to: Path, report: tuple[int, Progress]) -> int:
    before, progress = report
    digest, written = sha256(), 0
    with to.open("xb") as out:
        for opener in openers:
            with opener() as source:
                while chunk := source.read(CHUNK):
                    written += len(chunk)
                    if written > file.bytes:
                        raise broken(model, {file.name: "wrong-size"})
                    digest.update(chunk)
                    out.write(chunk)
                    progress(before + written, model.bytes)
        out.flush()
        os.fsync(out.fileno())
    if written != file.bytes:
        raise broken(model, {file.name: "wrong-size"})
    if digest.hexdigest() != file.sha256:
        raise broken(model, {file.name: "wrong-digest"})
    to.chmod(0o444)
    return before + written


@contextmanager
def staged(name: str, into: Path) -> Iterator[Path]:
    """A fresh hidden folder for model `name`; gone afterwards unless it was put in place."""
    for leftover in into.glob(f".{name}.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=into))
    staging.chmod(0o755)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def put(staging: Path, final: Path) -> None:
    """Rename into place, durably; a damaged earlier folder steps aside first."""
    old = final.with_name(f".{final.name}.old")
    if final.exists():
        final.rename(old)
    staging.rename(final)
    sync(final.parent)
    shutil.rmtree(old, ignore_errors=True)


def sync(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
