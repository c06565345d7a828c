"""Files that are whole and durable, or absent: written beside, fsynced, renamed, and their directory fsynced."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_sync.errors import Refused


def write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put `content` under `path`, in place of what was there; Refused when the file system says no."""
    draft = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(content)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise Refused(f"{path.name} cannot be written ({error.strerror})", remedy="check its folder and the disk") from error


def read(path: Path, *, remedy: str, limit: int = 1 << 20) -> bytes:
    """A small file; Refused with `remedy` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise Refused(f"{path.name} cannot be read ({error.strerror})", remedy=remedy) from error


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """A path to this very directory, which nobody can exchange for a link meanwhile; OSError when it is a link already."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
