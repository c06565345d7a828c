"""The licence texts that must travel with the wheels, taken from the wheels themselves, and an index of all of them.

A wheel that carries GPL libraries is recognised by what it holds (x264, x265); for it the GNU texts and the offer of source
are laid in. For a package that ships no text, what it declares about licence, author and home stands in its place.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from edge_agent.assets.manifest import Model
from edge_agent.bundle.wheels import Wheel

_TEXT: Final = re.compile(r"(licen[cs]e|copying|notice|authors|third.?party)[^/]*$", re.IGNORECASE)
_GPL: Final = re.compile(r"\.libs/libx26[45]")
_ABOUT: Final = (
    "Name", "Version", "License-Expression", "License", "Classifier", "Author", "Author-email", "Maintainer", "Maintainer-email",
    "Home-page", "Project-URL",
)  # fmt: skip
_LARGEST_BYTES: Final = 4 << 20
_TEXTS: Final = Path(__file__).with_name("texts")


def write(wheels: Sequence[Wheel], models: Sequence[Model], into: Path, *, contact: str = "") -> None:
    """Fill `into`: one folder for each wheel, `INDEX.txt`, and the GNU texts where a wheel needs them."""
    into.mkdir()
    lines, copyleft = [], False
    for wheel in wheels:
        with zipfile.ZipFile(wheel.path) as archive:
            names = archive.namelist()
            texts = [name for name in names if _is_text(name) and archive.getinfo(name).file_size < _LARGEST_BYTES]
            for name in texts:
                target = into / f"{wheel.name}-{wheel.version}" / _plain(name)
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(archive.read(name))
        if not texts:
            target = into / f"{wheel.name}-{wheel.version}" / "DECLARED.txt"
            target.parent.mkdir()
            target.write_text(_about(wheel), encoding="utf-8")
        copyleft |= any(_GPL.search(name) for name in names)
        lines.append(f"{wheel.name} {wheel.version}: {_declared(wheel)}; {len(texts)} text(s)")
    lines += [f"model {model.name}: {model.licence}" for model in models]
    (into / "INDEX.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if copyleft:
        for text in sorted(_TEXTS.glob("*.txt")):
            content = text.read_text(encoding="utf-8")
            (into / text.name).write_text(
                content.replace("{contact}", contact or "the party that gave you this bundle 安装包提供方"), encoding="utf-8"
            )


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    known = ".dist-info" in path.parts[0] and len(path.parts) > 1
    return (
        not name.endswith("/")
        and path.suffix not in {".py", ".pyi", ".so"}
        and ((known and "licenses" in path.parts[1:-1]) or (_TEXT.search(path.name) is not None and len(path.parts) <= 2 + known))
    )


def _plain(name: str) -> str:
    """A flat file name that SHA256SUMS can list; the folders a text lay in stay readable in it."""
    inside = [part for part in PurePosixPath(name).parts if not part.endswith(".dist-info") and part != "licenses"]
    return re.sub(r"[^A-Za-z0-9._+-]", "_", "__".join(inside)).lstrip(".-")


def _about(wheel: Wheel) -> str:
    said = [f"{field}: {value}" for field in _ABOUT for value in wheel.about.get_all(field, [])]
    return "This package ships no licence text. It says of itself:\n\n" + "\n".join(said) + "\n"


def _declared(wheel: Wheel) -> str:
    said = wheel.about["License-Expression"]
    if said:
        return str(said)
    classes = [str(value) for value in wheel.about.get_all("Classifier", []) if value.startswith("License ::")]
    short = str(wheel.about["License"] or "").strip().partition("\n")[0][:80]
    return "; ".join(value.rpartition(" :: ")[2] for value in classes) or short or "not declared"
