"""What may be said of a plan's text that is wrong: where, by the schema's own words, and never what was written there.

A plan holds names of zones, brands and files that somebody chose; libraries quote them in their messages.
"""

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from edge_agent.errors import BadConfig


def tables(source: bytes, what: str) -> dict[str, Any]:
    """The TOML of a plan; BadConfig says line and column."""
    try:
        return tomllib.loads(source.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadConfig(f"{what} is not TOML: it is no UTF-8 text", remedy="save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"line \d+, column \d+", str(error))
        raise BadConfig(f"{what} is not TOML{f' ({place[0]})' if place else ''}", remedy="correct that line") from None


def fault(error: msgspec.ValidationError) -> str:
    """What the schema says of a value, with its place; a key or value that was written there is not repeated."""
    said, _, place = str(error).partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    if said.startswith("Object contains unknown field"):
        said = "a key that is not known here"
    elif not said.startswith(("Expected ", "Object missing required field")):
        said = "none of the values known here"
    return f"{said} - at {place}" if place else said


def inside(root: Path, name: str) -> Path | None:
    """The file `name` beside a plan; None when it does not lie in the plan's folder, links resolved."""
    relative = PurePosixPath(name)
    if not name or relative.is_absolute() or ".." in relative.parts or "\n" in name or "\0" in name:
        return None
    try:
        found = (root / relative).resolve()
        return root / relative if found.is_relative_to(root.resolve()) else None
    except (OSError, RuntimeError):
        return None
