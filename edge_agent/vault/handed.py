"""Files that a person hands over or asks for: read with a bound, written new and whole. Messages never repeat their names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from edge_agent import privilege
from edge_agent.errors import BadInput, NotAllowed
from edge_agent.vault import durable

LIMIT_BYTES: Final = 256 * 1024


def take(path: Path, what: str) -> bytes:
    """The content of a small file; `what` names it in messages ("request", "key file").

    Raises:
        BadInput: "unreadable", "empty" or "too-large".
    """
    try:
        with privilege.raised(), path.open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadInput(
            "unreadable",
            f"the {what} cannot be read",
            remedy="check the path and its rights",
            zh="文件无法读取，请检查路径与权限",
        ) from error
    if not content.strip():
        raise BadInput("empty", f"the {what} is empty", remedy="copy it again", zh="文件是空的，请重新拷贝")
    if len(content) > LIMIT_BYTES:
        raise BadInput("too-large", f"the {what} is too large to be one", remedy="check the path", zh="文件过大，不是所需的文件")
    return content


@contextmanager
def give(path: Path) -> Iterator[BinaryIO]:
    """A new private file (0600) that appears whole and durable, or not at all.

    Raises:
        NotAllowed, BadInput: see `check_free`. Unavailable: the disk is full or fails.
    """
    check_free(path)
    with privilege.raised_at_both_ends(durable.writing(path, keep=True)) as file:
        yield file


def own_folder(path: Path) -> None:
    """Make `path` a private folder when it is not there yet; BadInput "no-folder" when that cannot be."""
    try:
        with privilege.raised():
            path.mkdir(mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        raise BadInput(
            "no-folder", "the output folder cannot be made", remedy="create the folder above it first", zh="无法创建输出目录"
        ) from error


def check_free(path: Path) -> None:
    """That a new file can get this name.

    Raises:
        NotAllowed: something lies there already. BadInput: "no-folder".
    """
    try:
        with privilege.raised():
            taken, folder = path.is_symlink() or path.exists(), path.parent.is_dir() and path.name != ""
    except (OSError, ValueError):
        taken = folder = False
    if taken:
        raise NotAllowed("the output exists already", remedy="choose a new file name", zh="输出文件已存在，请换一个文件名")
    if not folder:
        raise BadInput("no-folder", "the output's folder does not exist", remedy="create it first", zh="输出目录不存在")
