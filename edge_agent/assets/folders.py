"""Where the data folders `lexicons/` and `models/` lie: in the wheel, else in the checkout this code runs from."""

from pathlib import Path
from typing import Final

from edge_agent.errors import MissingAsset

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def bundled(name: str) -> Path:
    """The data folder `name` ("lexicons", "models").

    Raises:
        MissingAsset: neither the wheel nor a checkout holds it.
    """
    shipped, checkout = _PACKAGE / "_bundled" / name, _PACKAGE.parent
    if shipped.is_dir():
        return shipped
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise MissingAsset(f"data folder {name} is not in this installation", remedy="install edge-agent again")
