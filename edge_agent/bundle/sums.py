"""SHA256SUMS and its signature: written so that `sha256sum --check --strict` and openssl read them as well.

A line is 64 hex digits, two spaces, and a path below the bundle with only `[A-Za-z0-9._+-]` between its slashes. Everything
in the folder is listed, except these two files.
"""

import re
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

from edge_agent.errors import BadConfig, BadInput

FILE: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
_LINE: Final = re.compile(r"([0-9a-f]{64})  ((?:[A-Za-z0-9_+][A-Za-z0-9._+-]*/)*[A-Za-z0-9_+][A-Za-z0-9._+-]*)")

Sums = dict[str, str]
"""Path below the bundle -> sha256, sorted by path."""


def of_folder(root: Path) -> Sums:
    """Hash every file below `root`.

    Raises:
        BadInput: "name" = a path that cannot be listed; "link" = something that is neither a file nor a folder.
    """
    found: Sums = {}
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput("link", "a bundle holds plain files only", remedy="replace links by what they point to")
        if path.is_dir() or inside in {FILE, SIGNATURE}:
            continue
        if not _LINE.fullmatch(f"{'0' * 64}  {inside}"):
            raise BadInput("name", "a file name in the bundle cannot be listed in SHA256SUMS", remedy="use A-Z a-z 0-9 . _ + -")
        found[inside] = digest(path)
    return found


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def written(sums: Sums) -> bytes:
    return "".join(f"{digest}  {path}\n" for path, digest in sums.items()).encode()


def of_part(sums: Sums, folder: str) -> str:
    """One digest for everything below `folder`."""
    return sha256(written({path: value for path, value in sums.items() if path.startswith(f"{folder}/")})).hexdigest()


def read(raw: bytes) -> Sums:
    """Parse SHA256SUMS; BadConfig when a line is not one, or a path comes twice."""
    found: Sums = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise BadConfig(f"{FILE} is damaged", remedy="copy the bundle again", zh="校验和文件损坏，请重新拷贝安装包")
        found[match[2]] = match[1]
    return found
