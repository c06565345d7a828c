"""What every table is made of: columns that keep whole what must not be cut, times, shares."""

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


UNKNOWN = "未知 unknown"


def console(*, stderr: bool = False) -> "Console":
    """A terminal that never wraps a table in a pipe."""
    from rich.console import Console  # noqa: PLC0415 - tables only

    made = Console(stderr=stderr, highlight=False, markup=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, markup=False, width=150)


def clock(ms: int) -> str:
    """Milliseconds as m:ss."""
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


def moment(at: str, zone: tzinfo | None) -> str:
    """A document's time (ISO 8601) as the store's clocks show it, to the minute; "" stays so. `zone` None = this machine's."""
    return datetime.fromisoformat(at).astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else ""


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


_WHOLE = ("编号 Recording", "录音 Recording")
"""Columns of ids that people copy into the next command: never broken over two lines."""


def table(title: str, *columns: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    return made
