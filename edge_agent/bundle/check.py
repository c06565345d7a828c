"""Judging a bundle: the signature over SHA256SUMS first, then every file, none missing and none more than is listed.

Without a public key only damage is found, not forgery; the answer says so. A file that nobody listed is counted by folder,
never named: its name is somebody's own.
"""

from collections import Counter
from pathlib import Path
from typing import Literal

from edge_agent.bundle import label, signature, sums
from edge_agent.documents import BundleChecked, BundleFault
from edge_agent.errors import BadConfig, MissingAsset

Signature = Literal["valid", "wrong", "absent", "not-checked"]


def check(root: Path, public: str = "") -> BundleChecked:
    """Read every byte below `root` and compare; `public` (base64) is the key its signature must be by.

    Raises:
        MissingAsset: there is no bundle at `root`, or it cannot be read. BadInput: "key".
        BadConfig: `SHA256SUMS` or `bundle.toml` is not one.
    """
    try:
        raw = (root / sums.FILE).read_bytes()
        signed = _signed(root, raw, public)
        listed = sums.read(raw)
        faults = [*_damaged(root, listed), *_unlisted(root, listed)]
    except OSError as error:
        raise MissingAsset(f"the bundle cannot be read ({error.strerror})", remedy="check the folder and the stick") from error
    try:
        about = label.read(root)
        version, machine, python = about.version, about.machine, about.python
    except BadConfig:
        if not faults:
            raise
        version = machine = python = ""
    return BundleChecked(
        ok=not faults and signed in {"valid", "not-checked"},
        signature=signed,
        version=version,
        machine=machine,
        python=python,
        files=len(listed),
        faults=faults,
    )


def _signed(root: Path, content: bytes, public: str) -> Signature:
    path = root / sums.SIGNATURE
    if not path.is_file():
        return "absent"
    if not public:
        return "not-checked"
    return "valid" if signature.matches(content, path.read_bytes()[:128], public) else "wrong"


def _damaged(root: Path, listed: sums.Sums) -> list[BundleFault]:
    faults = []
    for path, digest in listed.items():
        at = root / path
        if at.is_symlink() or not at.is_file():
            faults.append(BundleFault(path=path, state="missing"))
        elif sums.digest(at) != digest:
            faults.append(BundleFault(path=path, state="wrong-digest"))
    return faults


def _unlisted(root: Path, listed: sums.Sums) -> list[BundleFault]:
    places: Counter[str] = Counter()
    for path in root.rglob("*"):
        inside = path.relative_to(root)
        if (path.is_symlink() or not path.is_dir()) and inside.as_posix() not in {*listed, sums.FILE, sums.SIGNATURE}:
            top = (
                inside.parts[0]
                if len(inside.parts) > 1 and any(name.startswith(f"{inside.parts[0]}/") for name in listed)
                else "."
            )
            places[top] += 1
    return [BundleFault(path=folder, state="unlisted", count=count) for folder, count in sorted(places.items())]
