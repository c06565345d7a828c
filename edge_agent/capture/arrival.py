"""One delivered file with its sidecar: read once, exactly as it was found, and forgotten only when its seal is durable.

Only regular files are read, never through a symbolic link. A file that changes while it is read is refused and stays in place. No
error carries its name. Sizes in bytes.
"""

import errno
import os
import stat
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from edge_agent import privilege
from edge_agent.capture import sidecar
from edge_agent.domain.recording import Circumstances
from edge_agent.errors import BadInput, EdgeError, Unavailable

META: Final = ".meta.toml"
TOUCH: Final = ".touch.json"
"""Such a file is a touch document, which needs no sidecar: see `spool`."""
CHUNK_BYTES: Final = 1 << 20
_UNFINISHED: Final = (".part", ".tmp")
_NO_FILE: Final = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV})
# O_NONBLOCK: opening a FIFO must not wait for its writer.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Stamp:
    """What must not change between reading a file and forgetting it."""

    device: int
    inode: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _nothing() -> None:
    pass


class FileArrival:
    """Implements `ports.Arrival`. `keep` leaves the originals where they are, for a file that somebody names by hand."""

    def __init__(
        self,
        *,
        path: Path,
        sidecar: Path,
        max_bytes: int,
        keep: bool = False,
        on_refusal: Callable[[], None] = _nothing,
        pseudonym: sidecar.Pseudonym | None = None,
    ) -> None:
        self._path = path
        self._pseudonym = pseudonym
        self._sidecar = sidecar
        self._max_bytes = max_bytes
        self._keep = keep
        self._on_refusal = on_refusal
        self._read: Stamp | None = None

    @property
    def path(self) -> Path:
        return self._path

    def circumstances(self) -> Circumstances:
        """What the sidecar says. The media is looked at first: a directory is refused before anything is entered.

        Raises:
            BadInput: "no-sidecar", "sidecar" (all of its mistakes at once), or what `chunks` says of the media.
        """
        with self._said():
            _regular(_lstat(self._path, named=self._keep), self._max_bytes)
            with _media(self._path, named=self._keep):
                pass
            return sidecar.read(self._sidecar_bytes(), self._pseudonym)

    def _sidecar_bytes(self) -> bytes:
        try:
            with _opened(self._sidecar, named=self._keep) as handle:
                _regular(os.fstat(handle), sidecar.MAX_BYTES)
                return os.read(handle, sidecar.MAX_BYTES + 1)
        except FileNotFoundError:
            raise BadInput(
                "no-sidecar", "the recording has no sidecar", remedy="put NAME.meta.toml beside it", zh="缺少录音说明文件"
            ) from None
        except (BadInput, OSError) as error:
            raise BadInput(
                "sidecar", "the sidecar is not a small text file", remedy="write NAME.meta.toml again", zh="录音说明文件有误"
            ) from error

    def chunks(self) -> Iterator[bytes]:
        """The file in pieces of at most 1 MiB.

        Raises:
            BadInput: "not-a-file", "empty", "too-large", "gone", "unreadable", or "changed" (somebody still writes it; it stays).
            Unavailable: the folder cannot be read now.
        """
        with self._said(), _media(self._path, named=self._keep) as handle:
            before = os.fstat(handle)
            _regular(before, self._max_bytes)
            yield from _exactly(handle, before.st_size)
            if Stamp.of(os.fstat(handle)) != Stamp.of(before):
                raise _changed()
            self._read = Stamp.of(before)

    def discard(self) -> None:
        """Forget the originals, durably.

        Raises:
            BadInput: "changed": another file has taken the place of the one that was read; it stays for the next look.
        """
        if self._keep:
            return
        try:
            if self._read is None or Stamp.of(self._path.lstat()) != self._read:
                raise _changed()
            self._path.unlink()
            if not self._shared():
                self._sidecar.unlink(missing_ok=True)
            _fsync(self._path.parent)
        except OSError as error:
            raise translated(error) from error

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except BadInput:
            self._on_refusal()
            raise

    def _shared(self) -> bool:
        """Whether the sidecar also speaks for another file, as `a.meta.toml` does for `a.wav` and `a.ogg`."""
        with os.scandir(self._path.parent) as entries:
            names = {one.name for one in entries}
        return any(sidecar_of(name, names) == self._sidecar.name for name in names if finished(name))


@contextmanager
def _opened(path: Path, *, named: bool) -> Iterator[int]:
    with privilege.raised() if named else nullcontext():
        handle = os.open(path, _READ)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _media(path: Path, *, named: bool) -> Iterator[int]:
    """`_opened`, for a file that could be looked at: when it cannot be opened, the fault is its own and not the folder's."""
    try:
        with _opened(path, named=named) as handle:
            yield handle
    except PermissionError as error:
        raise BadInput(
            "unreadable", "the file may not be read", remedy="let the account edge-agent read it", zh="无权读取该文件"
        ) from error
    except OSError as error:
        raise translated(error) from error


def _lstat(path: Path, *, named: bool) -> os.stat_result:
    try:
        with privilege.raised() if named else nullcontext():
            return path.lstat()
    except OSError as error:
        raise translated(error) from error


def _regular(found: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise BadInput("not-a-file", "not a regular file", remedy="deliver a plain file", zh="不是普通文件")
    if found.st_size == 0:
        raise BadInput("empty", "the file is empty", remedy="record it again", zh="文件是空的")
    if found.st_size > max_bytes:
        raise BadInput(
            "too-large", f"more than {max_bytes} bytes", remedy="split it, or raise limits.max_file_bytes", zh="文件太大"
        )


def _exactly(handle: int, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = os.read(handle, min(CHUNK_BYTES, left))
        if not piece:
            raise _changed()
        left -= len(piece)
        yield piece


def _changed() -> BadInput:
    return BadInput(
        "changed", "the file changed while it was read", remedy="rename it into the inbox when it is complete", zh="文件还在写入"
    )


def translated(error: OSError) -> EdgeError:
    """What a failure of the file system means for one arrival."""
    if isinstance(error, FileNotFoundError):
        return BadInput("gone", "the file is no longer there", remedy="deliver it again", zh="文件已不在")
    if isinstance(error, IsADirectoryError | NotADirectoryError) or error.errno in _NO_FILE:
        return BadInput("not-a-file", "not a regular file", remedy="deliver a plain file", zh="不是普通文件")
    return Unavailable(f"the inbox cannot be used ({error.strerror})", remedy="check its rights and its disk")


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def finished(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_UNFINISHED)


def sidecar_of(name: str, names: Container[str]) -> str | None:
    """The name of its sidecar among `names`; None for a sidecar itself, and while there is none."""
    if name.endswith(META):
        return None
    candidates = (name + META, Path(name).stem + META)
    return next((one for one in candidates if one in names), None)
