"""Versioned plans of a bay, and which of them is in force.

`<bays>/<bay>/versions/<version>/` holds a whole plan (bay.toml and its pictures), written once; `<bays>/<bay>/current.toml` says
which one counts, since when, and with which digest. A plan without versions, `<bays>/<bay>/bay.toml`, counts until the first
switch and can be gone back to. A version is written beside its place, fsynced and renamed; the pointer too: after a power cut
there is the old or the new, never half of one.
"""

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import Final

import msgspec

from edge_agent.domain.planogram import Planogram
from edge_agent.errors import BadConfig, EdgeError, NotFound, Unavailable
from edge_agent.shelf.setup.bay import Code, load

PLAN: Final = "bay.toml"
POINTER: Final = "current.toml"
VERSIONS: Final = "versions"
_STAGED: Final = ".new-"


class _Pointer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`folder`: "." = the plan without versions."""

    version: Code
    folder: str
    digest: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One version of a bay's plan. `since`: in force since then, None = not in force, or since nobody knows when.

    `changed`: its files are not what they were when it was put in force. `fault`: it cannot be used as it is.
    """

    bay: str
    version: str
    digest: str
    in_force: bool
    since: datetime | None = None
    changed: bool = False
    slots: int = 0
    fault: str = ""


def in_force(folder: Path) -> Path:
    """The plan (bay.toml) that counts for the bay of `folder`; NotFound when there is none, BadConfig for a bad pointer."""
    pointer = _pointer(folder)
    plan = folder / PLAN if pointer is None else folder / pointer.folder / PLAN
    if not plan.is_file():
        raise NotFound(
            f"no plan for bay {folder.name}", remedy="edge-agent shelf calibrate, or put its bay.toml under the bays folder",
            zh="没有这个货架的陈列图",
        )  # fmt: skip
    return plan


def bays(root: Path) -> list[Path]:
    """Folders of bays that have a plan in force."""
    return [one for one in sorted(root.glob("*")) if (one / POINTER).is_file() or (one / PLAN).is_file()]


def plans(folder: Path) -> Iterator[Path]:
    """Every plan of a bay, whether in force or not."""
    yield from (path for path in (folder / PLAN, *sorted(folder.glob(f"{VERSIONS}/*/{PLAN}"))) if path.is_file())


def packs(folder: Path) -> list[Pack]:
    """All versions of a bay, the one in force first."""
    pointer = _pointer(folder)
    current = folder / ("." if pointer is None else pointer.folder) / PLAN
    found = [_pack(folder, path, pointer if path == current else None, in_force=path == current) for path in plans(folder)]
    return sorted(found, key=lambda one: (not one.in_force, [(len(part), part) for part in one.version.split(".")]))


def free_version(folder: Path) -> str:
    """The next whole number that no version of the bay has."""
    taken = {one.version for one in packs(folder)} | {one.name for one in folder.glob(f"{VERSIONS}/*")}
    return str(next(number for number in range(1, 10**6) if str(number) not in taken))


def publish(folder: Path, version: str, files: Mapping[str, bytes]) -> Planogram:
    """Write one version whole, checked by reading it back; it is not in force yet.

    Raises:
        BadConfig: there is such a version already, or what was written is no plan. Unavailable: the disk refused.
    """
    target = folder / VERSIONS / version
    if target.exists() or any(one.version == version for one in packs(folder)):
        raise BadConfig(
            f"bay {folder.name} has a version {version} already", remedy="choose another --version; versions are never rewritten",
            zh=f"版本 {version} 已存在，请换一个版本号",
        )  # fmt: skip
    staged = folder / f"{_STAGED}{token_hex(6)}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        staged.mkdir()
        for name, content in files.items():
            _write(staged / PurePosixPath(name), content)
        load(staged / PLAN)
        for inner in {staged, *((staged / PurePosixPath(name)).parent for name in files)}:
            _settle(inner)
        staged.rename(target)
        for above in (target.parent, folder, folder.parent):
            _settle(above)
    except OSError as error:
        raise _refused(error) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return load(target / PLAN)


def find(folder: Path, version: str) -> Path:
    """The plan of a version; NotFound."""
    place = next((path for path in plans(folder) if _version(folder, path) == version), None)
    if place is None:
        raise NotFound(
            f"bay {folder.name} has no version {version}", remedy="edge-agent shelf plans lists them", zh=f"没有版本 {version}"
        )
    return place


def use(folder: Path, version: str, at: datetime) -> Planogram:
    """Put a version in force from now on, after reading all of it. NotFound, BadConfig, Unavailable."""
    place = find(folder, version)
    plan = load(place)
    where = place.parent.relative_to(folder).as_posix()
    text = f'version = "{version}"\nfolder = "{where}"\ndigest = "{plan.digest}"\nsince = {at.isoformat(timespec="seconds")}\n'
    part = folder / f".{POINTER}.part"
    try:
        _write(part, text.encode())
        part.replace(folder / POINTER)
        _settle(folder)
    except OSError as error:
        raise _refused(error) from error
    return plan


def _version(folder: Path, plan: Path) -> str:
    """By its folder; the plan without versions says it itself."""
    if plan.parent != folder:
        return plan.parent.name
    try:
        return str(tomllib.loads(plan.read_text("utf-8")).get("version", ""))
    except (OSError, ValueError):
        return ""


def _pack(folder: Path, path: Path, pointer: _Pointer | None, *, in_force: bool) -> Pack:
    version = _version(folder, path)
    since = None if pointer is None else pointer.since
    try:
        plan = load(path)
    except EdgeError as error:
        return Pack(
            bay=folder.name, version=version, digest="", in_force=in_force, since=since, fault=error.message.splitlines()[0]
        )
    changed = pointer is not None and pointer.digest != plan.digest
    return Pack(
        bay=folder.name, version=version, digest=plan.digest, in_force=in_force, since=since, changed=changed,
        slots=len(plan.slots),
    )  # fmt: skip


def _pointer(folder: Path) -> _Pointer | None:
    try:
        raw = (folder / POINTER).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(error) from error
    try:
        found = msgspec.toml.decode(raw, type=_Pointer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad_pointer(folder) from error
    if found.folder not in {".", f"{VERSIONS}/{found.version}"}:
        raise _bad_pointer(folder)
    return found


def _bad_pointer(folder: Path) -> BadConfig:
    return BadConfig(
        f"which plan of bay {folder.name} is in force cannot be read", remedy="edge-agent shelf use BAY VERSION sets it anew",
        zh="当前陈列图版本的记录已损坏，请用 shelf use 重新指定",
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """What a power cut left of a version that was being written."""
    for left in folder.glob(f"{_STAGED}*"):
        shutil.rmtree(left, ignore_errors=True)


def _refused(error: OSError) -> Unavailable:
    return Unavailable(
        f"the bays folder cannot be read or written ({error.strerror})", remedy="free some disk or mend its rights, then again",
        zh="陈列图目录无法读写",
    )  # fmt: skip
