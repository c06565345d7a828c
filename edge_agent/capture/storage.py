"""What kind of storage a folder lies on: memory, an encrypted disk, a plain one, or unknown.

Read from /proc/self/mountinfo and /sys. Memory is tmpfs or ramfs; a dm-crypt volume counts as encrypted also through LVM or RAID.
Whether memory may reach a swap disk is another question (`edge-agent doctor` asks it).
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Final

_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_DEPTH: Final = 8


class Storage(StrEnum):
    MEMORY = "memory"
    ENCRYPTED = "encrypted"
    PLAIN = "plain"
    UNKNOWN = "unknown"


def storage_of(folder: Path, *, mounts: str | None = None, sys: Path = Path("/sys")) -> Storage:
    """The storage under `folder`, which need not exist yet. `mounts` and `sys` stand in for the kernel's answers."""
    try:
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape") if mounts is None else mounts
        at = folder.resolve()
    except OSError:
        return Storage.UNKNOWN
    found = _mount_of(at, text)
    if found is None:
        return Storage.UNKNOWN
    kind, device = found
    if kind in _MEMORY:
        return Storage.MEMORY
    encrypted = _is_encrypted(sys / "dev" / "block" / device, _DEPTH)
    if encrypted is None:
        return Storage.UNKNOWN
    return Storage.ENCRYPTED if encrypted else Storage.PLAIN


def storage_of_device(device: Path, *, sys: Path = Path("/sys")) -> Storage:
    """The same for a block device by its path; zram is memory."""
    if device.name.startswith("zram"):
        return Storage.MEMORY
    try:
        number = device.stat().st_rdev
    except OSError:
        return Storage.UNKNOWN
    encrypted = _is_encrypted(sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}", _DEPTH)
    return {True: Storage.ENCRYPTED, False: Storage.PLAIN, None: Storage.UNKNOWN}[encrypted]


def _mount_of(folder: Path, mountinfo: str) -> tuple[str, str] | None:
    """File system type and `major:minor` of the mount that holds `folder`; of several on one point the last counts."""
    best: tuple[int, str, str] | None = None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) < 5 or not kinds:
            continue
        point = Path(fields[4].replace("\\040", " ").replace("\\134", "\\"))
        if folder.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = (len(point.parts), kinds[0], fields[2])
    return None if best is None else best[1:]


def _is_encrypted(device: Path, depth: int) -> bool | None:
    """Whether everything under a block device is dm-crypt; None when the kernel does not say (a network or overlay mount)."""
    if depth == 0 or not device.exists():
        return None
    try:
        if (device / "dm" / "uuid").read_text(encoding="ascii").startswith("CRYPT-"):
            return True
    except OSError:
        pass  # not a mapped device
    try:
        below = [_is_encrypted(device / "slaves" / name, depth - 1) for name in os.listdir(device / "slaves")]  # noqa: PTH208
    except OSError:
        return False
    return bool(below) and all(one is True for one in below)
