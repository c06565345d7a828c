"""Whose turn it is: fresh recordings before the backlog, and the backlog never starved.

- Fresh is what began at most four hours ago, by its sidecar: a tip is of use on the same shift. Everything older is backlog, also
  an old recording that was delivered just now.
- Within each, first taken in, first analysed; calls and shelf videos stand in one line.
- While both wait, one of four turns is the backlog's. What was done last is read from the ledger, so a restart changes nothing.

Live listening goes before both: see `worker.aside`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from edge_agent.domain.recording import Recording

FRESH: Final = timedelta(hours=4)
IN_A_ROW: Final = 3
"""So many fresh ones may go before a waiting older one."""


def is_fresh(recording: Recording, *, now: datetime) -> bool:
    return now - recording.circumstances.started_at <= FRESH


def next_up(waiting: Sequence[Recording], lateness: Sequence[timedelta], *, now: datetime) -> Recording | None:
    """Of what waits, oldest first, the one to analyse now. `lateness`: how late the last analyses came, newest first."""
    fresh = next((one for one in waiting if is_fresh(one, now=now)), None)
    older = next((one for one in waiting if not is_fresh(one, now=now)), None)
    if fresh is None or older is None:
        return fresh or older
    enough = len(lateness) >= IN_A_ROW and all(late <= FRESH for late in lateness[:IN_A_ROW])
    return older if enough else fresh
