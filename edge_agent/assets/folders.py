"""Where the data folders `lexicons/`, `models/`, `systemd/` lie: in the wheel, else in the checkout this code runs from."""

from pathlib import Path
from typing import Final

from edge_agent.errors import MissingAsset

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def bundled(name: str) -> Path:
    """The data folder `name` ("lexicons", "models", "systemd").

    Raises:
        MissingAsset: neither the wheel nor a checkout holds it.
    """
    shipped, root = _PACKAGE / "_bundled" / name, checkout()
    if shipped.is_dir():
        return shipped
    if root is not None and (root / name).is_dir():
        return root / name
    raise MissingAsset(f"data folder {name} is not in this installation", remedy="install edge-agent again")


def checkout() -> Path | None:
    """The checkout this code runs from; None when it was installed as a wheel."""
    return _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").is_file() else None
