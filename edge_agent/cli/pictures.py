"""Pictures and sheets that a command writes where a person named: only kinds that work, refused before anything is computed."""

from pathlib import Path

from edge_agent import privilege
from edge_agent.errors import BadInput


def checked(path: Path | None, *suffixes: str) -> None:
    """BadInput "suffix" unless the name ends in one of `suffixes` (".png" …); None = nothing is wanted."""
    if path is not None and path.suffix.casefold() not in suffixes:
        known = " ".join(suffixes)
        raise BadInput(
            "suffix", f"such a file cannot be written; its name must end in {known}", remedy=f"give a name that ends in {known}",
            zh=f"不支持这种文件，文件名应以 {known} 结尾",
        )  # fmt: skip


def write(path: Path | None, content: bytes) -> None:
    """Into a file that a person named; None = nothing is wanted."""
    if path is not None:
        with privilege.raised():
            path.write_bytes(content)
