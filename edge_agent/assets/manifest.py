"""The model manifest: which files make a model, their sha256, and where they may come from.

Closed schema, read from `models/manifest.toml`. A part is written "distribution==version:path/in/the/wheel"; the version
is what the remedy names, the digest alone decides. Every model may also come from a folder; a hub is named for people
who fetch files elsewhere, and is never contacted.
"""

import tomllib
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from edge_agent.assets.folders import bundled
from edge_agent.errors import BadConfig, MissingAsset

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$(?!\n)")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$(?!\n)")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Part = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+==[0-9][0-9a-z.]*:[A-Za-z0-9_][A-Za-z0-9_./-]*$(?!\n)")]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a model: its name in the model's folder, exact size, and sha256."""

    name: FileName
    bytes: Annotated[int, msgspec.Meta(gt=0)]
    sha256: Digest


class Wheels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="wheels"):
    """Installed packages that hold the files; `extra` is the extra of edge-agent that installs them.

    `alone`: the package is taken without what it says it needs, and no extra installs it; only the files in it are of use here.
    """

    extra: str = ""
    alone: bool = False
    parts: dict[FileName, tuple[Part, ...]]


class Hub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="hub"):
    """A public repository at an exact revision, for whoever fills the USB stick."""

    repo: str
    revision: str


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="release"):
    """The files lie beside the manifest: weights that this project trained come with the release and are used there."""


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model.

    `digests`: "computed" = from files this project has loaded and run; "published" = agreed upon by several public
    projects, not yet seen here. `stands_for` names the model this one may replace. `in_place` = used where its package
    lies, because the library that needs it loads it from there, or because it comes with the release. `converted` = sha256 of
    what the box makes of the file in memory, and then runs.
    """

    name: Name
    task: Literal["speech-to-text", "voice-activity", "voice-embedding", "text-reading", "tag-finding", "person-detection"]
    licence: str
    summary: str
    card: str
    digests: Literal["computed", "published"]
    stands_for: str = ""
    in_place: bool = False
    converted: Digest | None = None
    file: Annotated[tuple[File, ...], msgspec.Meta(min_length=1)]
    source: tuple[Wheels | Hub | Release, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.file)

    @property
    def wheels(self) -> Wheels | None:
        return next((source for source in self.source if isinstance(source, Wheels)), None)

    @property
    def released(self) -> bool:
        """Whether it comes with the release."""
        return any(isinstance(source, Release) for source in self.source)

    @property
    def hub(self) -> Hub | None:
        return next((source for source in self.source if isinstance(source, Hub)), None)


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All models this version knows, in the order of the file."""

    model: tuple[Model, ...]

    def __post_init__(self) -> None:
        """Names are unique and every wheel source covers exactly the model's files; else ValueError."""
        names = [model.name for model in self.model]
        if len(set(names)) != len(names):
            raise ValueError("two models share a name")
        for model in self.model:
            if model.stands_for and model.stands_for not in names:
                raise ValueError(f"{model.name} stands for an unknown model")
            if model.wheels is not None and model.wheels.alone == bool(model.wheels.extra):
                raise ValueError(f"{model.name}: an extra installs its packages, or they are taken alone")
            if model.released and not (model.in_place and len(model.source) == 1):
                raise ValueError(f"{model.name}: what comes with the release is used in place and has no other source")
            if model.wheels is not None and set(model.wheels.parts) != {file.name for file in model.file}:
                raise ValueError(f"{model.name}: parts and files differ")

    @property
    def digest(self) -> str:
        """sha256 of all of it: another one means that other weights may be loaded."""
        return sha256(msgspec.json.encode(self)).hexdigest()

    def get(self, name: str) -> Model:
        """The model called `name`; MissingAsset when the manifest has none."""
        for model in self.model:
            if model.name == name:
                return model
        raise MissingAsset("no model of that name is in models/manifest.toml", remedy="see `edge-agent models list`")

    def candidates(self, name: str) -> tuple[Model, ...]:
        """`name` itself, then the models that may stand in for it."""
        return (self.get(name), *(model for model in self.model if model.stands_for == name))


def read(path: Path) -> Manifest:
    """Read a manifest file.

    Raises:
        MissingAsset: the file cannot be read.
        BadConfig: it is not TOML or breaks the schema; the message names the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MissingAsset(
            f"models/manifest.toml cannot be read ({error.strerror})", remedy="install edge-agent again"
        ) from error
    try:
        return msgspec.convert(tomllib.loads(text), Manifest)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadConfig(f"models/manifest.toml: {error}", remedy="correct that key") from error


@lru_cache(maxsize=1)
def shipped() -> Manifest:
    """The manifest of this installation."""
    return read(bundled("models") / "manifest.toml")
