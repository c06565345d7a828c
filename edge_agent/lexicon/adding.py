"""Words added to the company's folder, durably, comments and order kept: hot words, and what reviewers confirmed of an event.

Hot words go into the industry's file or `terms.toml`, what was learned of events into `events/learned.toml`, with a comment that
says which role confirmed it, when and why. A new file is made where there is none. The file is written beside its place,
fsynced, renamed, and its folder fsynced, so that a power cut leaves the old one or the new one; who looks at the folder first and
writes then does both while `alone` with it. What words sound like is asked
elsewhere; here only the files are known.
"""

import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_agent.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_PART: Final = ".part"
_WIDE: Final = 4
"""More words than this are written one a line."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else adds to the folder meanwhile: what was tried on it is what is written. Waits; made if it is not there.

    Raises:
        Unavailable: the folder cannot be made or read.
    """
    try:
        _make(folder)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def place(folder: Path, industry: str) -> Path:
    """The company's file of an industry ("" = of all), whether it is there or not."""
    if not industry:
        return folder / "terms.toml"
    for path in sorted((folder / "industries").glob("*.toml")):
        try:
            if tomllib.loads(path.read_text("utf-8")).get("id") == industry:
                return path
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue  # the load has named it already, or will
    return folder / "industries" / f"{industry}.toml"


def add(path: Path, words: Sequence[str], *, industry: str, zh: str, note: str = "") -> None:
    """Put `words` at the end of the file's `hotwords`, each with `note` as its comment.

    Raises:
        BadInput: the file is no TOML or its `hotwords` are no list. Unavailable: it cannot be written.
    """
    import tomlkit  # noqa: PLC0415 - only where a file is changed

    document = _read(path) or _new(industry, zh)
    words_there = document.get("hotwords")
    if words_there is None:
        words_there = tomlkit.array().multiline(len(words) > _WIDE)
        document["hotwords"] = words_there
    elif not isinstance(words_there, tomlkit.items.Array):
        raise BadInput(
            "lexicon", "`hotwords` of the company's file is no list", remedy="write it as a list", zh="hotwords 应为列表"
        )
    for word in words:
        if note:
            words_there.add_line(word, comment=note)
        else:
            words_there.append(word)
    _write(path, tomlkit.dumps(document))


def learn(folder: Path, extend: Mapping[str, str | list[str]], *, note: str) -> Path:
    """One more `[[extend]]` (its keys as the file has them) in the folder's `events/learned.toml`; raises like `add`."""
    import tomlkit  # noqa: PLC0415

    path = learned(folder)
    document = _read(path)
    if document is None:
        document = tomlkit.document()
        document.add(tomlkit.comment("复核人员确认过的说法，由 edge-agent learn 写入；只在本机，可以手工改"))
        document["family"] = "learned"
    rows = document.get("extend")
    if rows is None:
        rows = tomlkit.aot()
        document["extend"] = rows
    elif not isinstance(rows, tomlkit.items.AoT):
        raise BadInput(
            "lexicon", "`extend` of the company's file is no list of tables", remedy="write [[extend]]", zh="extend 写法有误"
        )
    row = tomlkit.table()
    row.add(tomlkit.comment(note))
    for key, value in extend.items():
        row.add(key, value)
    rows.append(row)
    _write(path, tomlkit.dumps(document))
    return path


def learned(folder: Path) -> Path:
    """Where the folder keeps what was learned of events, whether it is there or not."""
    return folder / "events" / "learned.toml"


def _read(path: Path) -> "TOMLDocument | None":
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import ParseError  # noqa: PLC0415

    try:
        return tomlkit.parse(path.read_text("utf-8")) if path.is_file() else None
    except (ParseError, UnicodeDecodeError) as error:
        raise BadInput(
            "lexicon",
            "the company's file is not UTF-8 TOML",
            remedy="edge-agent lexicon check names the line",
            zh="词库文件格式有误",
        ) from error
    except OSError as error:
        raise _unwritable(error) from error


def _new(industry: str, zh: str) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415

    made = tomlkit.document()
    made.add(tomlkit.comment("公司自己的词；写法见内置词库的 README.md"))
    if industry:
        made["id"] = industry
        made["zh"] = zh
    return made


def _write(path: Path, text: str) -> None:
    path = path.resolve()  # a link stays one
    part = path.with_name(path.name + _PART)
    try:
        _make(path.parent)
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            old = path.stat()
            with suppress(PermissionError):
                os.chown(part, old.st_uid, old.st_gid)
            part.chmod(old.st_mode & 0o777)
        part.replace(path)
        _fsync(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(error) from error


def _make(folder: Path) -> None:
    """The folder and those above it, each durable in the one that holds it."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _fsync(folder.parent)


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError) -> Unavailable:
    return Unavailable(
        f"the company's lexicon folder cannot be written ({error.strerror})",
        remedy="check its rights and the disk", zh="公司词库目录无法写入",
    )  # fmt: skip
