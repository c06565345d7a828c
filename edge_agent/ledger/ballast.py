"""What is left on the disk, and the ballast: 8 MB kept in reserve so that a full disk cannot stop tags from leaving.

Order when space runs out: new media stops first (`media_floor_bytes`), then the ballast is freed (`tag_floor_bytes`), tags
stop last. Measured: on a full disk WAL's UPDATE, DELETE and checkpoint fail too, so without the ballast nothing could drain.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.config import Limits, Paths

BALLAST_BYTES: Final = 8 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskState:
    """Free space as an ordinary user sees it, and what it still allows."""

    free_bytes: int
    media: bool
    """Whether new media may be taken in."""
    tags: bool
    """Whether tags are written without touching the reserve."""
    ballast: bool
    """Whether the reserve is in place."""


def disk_state(paths: Paths, limits: Limits) -> DiskState:
    """The state of the disk that holds the state directory."""
    free = free_bytes(paths.ledger.parent)
    return DiskState(
        free_bytes=free,
        media=free >= limits.media_floor_bytes,
        tags=free >= limits.tag_floor_bytes,
        ballast=Ballast.beside(paths.ledger).held(),
    )


def free_bytes(folder: Path) -> int:
    at = folder
    while not at.exists():
        at = at.parent
    found = os.statvfs(at)
    return found.f_bavail * found.f_frsize


class Ballast:
    """A preallocated file. `free` gives its blocks back at once; `keep` lays it in again when there is room."""

    def __init__(self, path: Path, *, size_bytes: int = BALLAST_BYTES) -> None:
        self._path = path
        self._size = size_bytes

    @classmethod
    def beside(cls, ledger: Path) -> "Ballast":
        return cls(ledger.with_suffix(".ballast"))

    def held(self) -> bool:
        try:
            return self._path.stat().st_blocks * 512 >= self._size
        except OSError:
            return False

    def free(self) -> bool:
        """Give the space back; whether there was anything to give."""
        try:
            self._path.unlink()
            fsync_directory(self._path.parent)
        except OSError:
            return False
        return True

    def tend(self, *, floor_bytes: int) -> str:
        """Free it below the floor, lay it in again well above. Returns "freed", "kept" or "" (nothing changed)."""
        free, held = free_bytes(self._path.parent), self.held()
        if held and free < floor_bytes:
            return "freed" if self.free() else ""
        if not held and free >= floor_bytes + 4 * self._size:
            return "kept" if self._keep() else ""
        return ""

    def _keep(self) -> bool:
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
                os.fsync(handle)
            finally:
                os.close(handle)
            fsync_directory(self._path.parent)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True


def fsync_directory(folder: Path) -> None:
    """Make a directory's names durable; a rename or unlink before it may be lost in a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
