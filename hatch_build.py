"""Put the data folders `lexicons/`, `models/` and `systemd/` into a built wheel, and only there.

An editable install reads them from the checkout (`edge_agent.assets.bundled`), so that no stale copy can shadow an edit.
How the project's own models were trained (`models/training/`) stays with the source.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleData(BuildHookInterface):
    """Adds the data folders as `edge_agent/_bundled/…` to standard wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard":
            return
        for folder in ("lexicons", "models", "systemd"):
            for path in sorted((Path(self.root) / folder).rglob("*")):
                inside = path.relative_to(self.root)
                if path.is_file() and not {"__pycache__", "training"} & set(inside.parts):
                    build_data["force_include"][str(path)] = f"edge_agent/_bundled/{inside.as_posix()}"
