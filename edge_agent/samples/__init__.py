"""The demo's small recordings and their truth, and the renderer of shelf scenes nobody tuned for (`scene`).

`call-N.ogg` (synthetic voices), `shelf-1.mp4` and `bay-a/` (rendered), each with its sidecar and, in
`*.truth.toml`, what was planted. All names and brands are invented. The scripts that made them are under `tests/samples/`.
"""

from pathlib import Path


def folder() -> Path:
    """Where the bundled samples lie."""
    return Path(__file__).parent
