"""The vault's disk: files that are whole and durable, or absent.

A file is written under a `.part` name, fsynced, renamed, and its directory fsynced; only then does `write` return. Files are
0600, directories 0700; root leaves both to the owner of the folder they are in. Every OSError of the vault is translated here: a
full disk and a failing disk are Unavailable, and the half-written file is removed. A file whose own fsync failed is never used;
when only its directory's failed, the file stands under its name and the caller discards or rewrites it.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from edge_agent.errors import EdgeError, NotFound, Unavailable

PART: Final = ".part"
_STALE_S: Final = 600.0
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writing(path: Path, *, keep: bool = False) -> Iterator[BinaryIO]:
    """A file that gets its name when the block ends well and everything is on the disk; an existing one is replaced.

    With `keep` it belongs to who writes it, whoever the folder belongs to.

    Raises:
        Unavailable: the disk is full or fails. Whatever else the block raises passes through.
    """
    part = path.with_name(path.name + PART)
    try:
        with _translated():
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                if not keep:
                    _leave_to_owner(descriptor, path.parent)
                yield file
                file.flush()
                os.fsync(descriptor)
            part.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_pieces(file: BinaryIO, pieces: Sequence[bytes]) -> None:
    """Pieces straight to the disk, without a copy in between; never mixed with `file.write`."""
    rest = sum(map(len, pieces)) - os.writev(file.fileno(), pieces)
    if rest:
        left = memoryview(b"".join(pieces))[-rest:]
        while left:
            left = left[os.write(file.fileno(), left) :]


def write(path: Path, content: bytes) -> None:
    with writing(path) as file:
        file.write(content)


def append(path: Path, content: bytes, *, at: int) -> None:
    """Put `content` at byte `at` of a file that is there, whatever a power cut left beyond; durable when this returns.

    A failed call may leave any part of `content` there: the reader must recognise it.
    """
    with _translated():
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(at)
            file.seek(at)
            file.write(content)
            file.flush()
            os.fsync(descriptor)


def read(path: Path, *, limit: int = 1 << 20, start: int = 0) -> bytes:
    """A small file, at most `limit` bytes of it from byte `start`; NotFound when it is not there."""
    with open_read(path) as file, _translated():
        file.seek(start)
        return file.read(limit)


def identify(path: Path) -> int:
    """The file's inode: another number is another file."""
    with _translated():
        return path.stat().st_ino


@contextmanager
def locked(path: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock file `path`, alone or beside other readers; waits for whoever holds it."""
    with _translated():
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with _translated():
            _leave_to_owner(descriptor, path.parent)
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def open_read(path: Path) -> BinaryIO:
    """NotFound when there is no such file; the caller closes it."""
    with _translated():
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def open_to_others(path: Path) -> bool:
    """Whether anybody but the owner may read or change it; NotFound when it is not there."""
    with _translated():
        return bool(path.stat().st_mode & 0o077)


def exists(path: Path) -> bool:
    with _translated():
        return path.is_file()


def destroy(path: Path) -> bool:
    """Unlink durably; False when it was not there. Proves nothing about old blocks on flash: see `device`."""
    with _translated():
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(path.parent)
        return True


def shred(path: Path) -> bool:
    """Overwrite a small file where it lies, fsync, then `destroy` it; False when it was not there."""
    with _translated():
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(os.fstat(descriptor).st_size))
            file.flush()
            os.fsync(descriptor)
    return destroy(path)


def move(source: Path, target: Path) -> bool:
    """Rename durably within one file system; False when `source` was not there."""
    with _translated():
        try:
            source.rename(target)
        except FileNotFoundError:
            return False
        _sync_folder(target.parent)
        _sync_folder(source.parent)
        return True


def folder(path: Path) -> Path:
    """`path` as a private directory, durably there."""
    with _translated():
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                _leave_to_owner(made, path.parent)
            finally:
                os.close(made)
            _sync_folder(path.parent)
    return path


def settle(path: Path) -> None:
    """Make the names in a directory durable, whoever wrote them."""
    with _translated():
        _sync_folder(path)


def names(path: Path) -> list[str]:
    """What lies in a directory, sorted; empty when it is not there."""
    with _translated():
        return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []


def settled_names(path: Path) -> list[str]:
    """`names` without the files that somebody may be writing now: a `.part` counts once it is ten minutes old."""
    with _translated():
        return [name for name in names(path) if not name.endswith(PART) or _age_s(path / name) > _STALE_S]


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _leave_to_owner(descriptor: int, folder: Path) -> None:
    """What root writes at the command line belongs to whom the folder belongs to: the worker must be able to read it."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid:
        with suppress(PermissionError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _ours(error) from error


def _ours(error: OSError) -> EdgeError:
    if isinstance(error, FileNotFoundError):
        return NotFound("no such file", remedy="check the id with `edge-agent status`", zh="没有这个文件")
    if error.errno in _FULL:
        return Unavailable(
            "the disk is full", remedy="free disk space; it goes on by itself", zh="磁盘空间不足，腾出空间后自动继续"
        )
    name = errno.errorcode.get(error.errno or 0, "unknown")
    return Unavailable(
        f"the disk refuses to work ({name})",
        remedy="check the disk and its rights, then restart",
        zh="磁盘读写失败，请检查磁盘与权限",
    )
