"""What `edge-agent models list|install|verify` answers, as plain records; printing and arguments are the command line's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from edge_agent.assets.assembly import Progress
from edge_agent.assets.faults import FileState, remedy
from edge_agent.assets.manifest import Manifest, shipped
from edge_agent.assets.sources import installed
from edge_agent.assets.store import TestLoad, damage, install, place


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the manifest. `state` goes by names and sizes only; `verify` reads the bytes.

    `source`: "release" = comes with edge-agent; "packages" = can be installed now; "folder" = needs --from-dir or its
    packages first.
    """

    name: str
    task: str
    licence: str
    bytes: int
    state: Literal["installed", "absent", "damaged"]
    source: Literal["release", "packages", "folder"]
    digests: str
    summary: str
    card: str


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    models: tuple[ModelRow, ...]


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    state: FileState


class VerifyRow(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` = every file matches its sha256; `bad` lists those that do not; `remedy` is what to type then."""

    name: str
    ok: bool
    bad: tuple[FileRow, ...] = ()
    remedy: str = ""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` = at least one model is installed and all that are installed match."""

    ok: bool
    models: tuple[VerifyRow, ...]


class InstallRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    bytes: int
    already: bool


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    models: tuple[InstallRow, ...]


def list_models(models_dir: Path, *, manifest: Manifest | None = None) -> ModelList:
    """Every model of the manifest and whether it is here; reads no file's content."""
    rows: list[ModelRow] = []
    for model in (manifest or shipped()).model:
        at = place(model, models_dir)
        whole = all((at / f.name).is_file() and (at / f.name).stat().st_size == f.bytes for f in model.file)
        rows.append(ModelRow(
            name=model.name, task=model.task, licence=model.licence, bytes=model.bytes,
            state="installed" if whole else "damaged" if at.is_dir() else "absent",
            source="release" if model.released else "packages" if installed(model) is not None else "folder",
            digests=model.digests, summary=model.summary, card=model.card,
        ))  # fmt: skip
    return ModelList(models=tuple(rows))


def install_models(
    names: Sequence[str],
    models_dir: Path,
    *,
    from_dir: Path | None = None,
    progress: Progress | None = None,
    test_loads: Mapping[str, TestLoad] | None = None,
    manifest: Manifest | None = None,
) -> Installation:
    """Install `names` in order; `test_loads` maps a task to its trial load. Raises as `store.install` does."""
    known = manifest or shipped()
    rows: list[InstallRow] = []
    for name in names:
        trial = (test_loads or {}).get(known.get(name).task)
        done = install(name, models_dir, from_dir=from_dir, progress=progress, test_load=trial, manifest=known)
        rows.append(InstallRow(name=done.name, bytes=done.bytes, already=done.already))
    return Installation(models=tuple(rows))


def verify_models(models_dir: Path, names: Sequence[str] = (), *, manifest: Manifest | None = None) -> Verification:
    """Hash `names`, or every model that is here, against the manifest."""
    known = manifest or shipped()
    chosen = [known.get(name) for name in names] or [m for m in known.model if place(m, models_dir).is_dir()]
    rows: list[VerifyRow] = []
    for model in chosen:
        bad = damage(model, models_dir)
        rows.append(VerifyRow(
            name=model.name, ok=not bad, bad=tuple(FileRow(name=n, state=s) for n, s in bad.items()),
            remedy=remedy(model) if bad else "",
        ))  # fmt: skip
    return Verification(ok=bool(rows) and all(row.ok for row in rows), models=tuple(rows))
