"""Options that several commands of HQ share, and the one place that opens a store by its name."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_sync.store import Store


def at_store(parser: argparse.ArgumentParser) -> None:
    """`--store`: where HQ's database is."""
    parser.add_argument("--store", required=True, metavar="DB", help="a file (SQLite)")


def opened(place: str, *, create: bool = True) -> "Store":
    """The store at `place`; Refused when there is none and `create` is off."""
    from edge_sync.sqlite_store import SqliteStore  # noqa: PLC0415 - `--help` needs none of what the commands need

    return SqliteStore(Path(place), create=create)
