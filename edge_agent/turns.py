"""Whose turn it is: fresh recordings before the backlog, and the backlog never starved.

- Fresh is what began at most four hours ago, by its sidecar: a tip is of use on the same shift. Everything older is backlog, also
  an old recording that was delivered just now.
- Within each, first taken in, first analysed; calls and shelf videos stand in one line.
- While both wait, one of four turns is the backlog's. A turn counts when it is taken, whatever comes of it: a backlog that fails
  one after the other has no more turns than one that succeeds. After a restart the ledger says which analyses were the last.

Live listening goes before both: see `worker.aside`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from edge_agent.domain.recording import Recording

FRESH: Final = timedelta(hours=4)
IN_A_ROW: Final = 3
"""So many fresh ones may go before a waiting older one."""


class Turns:
    """Gives out turns. `before`: how late the last so many analyses in the ledger came, newest first; asked once."""

    def __init__(self, before: Callable[[int], Sequence[timedelta]]) -> None:
        self._before = before
        self._lateness: deque[timedelta] | None = None

    def take(self, waiting: Sequence[Recording], *, now: datetime) -> Recording | None:
        """The one to analyse now; its turn is taken by this, whether or not anything is committed."""
        if self._lateness is None:
            self._lateness = deque(self._before(IN_A_ROW), maxlen=IN_A_ROW)
        chosen = next_up(waiting, self._lateness, now=now)
        if chosen is not None:
            self._lateness.appendleft(now - chosen.circumstances.started_at)
        return chosen


def is_fresh(recording: Recording, *, now: datetime) -> bool:
    return now - recording.circumstances.started_at <= FRESH


def next_up(waiting: Sequence[Recording], lateness: Sequence[timedelta], *, now: datetime) -> Recording | None:
    """Of what waits, oldest first, the one to analyse now. `lateness`: how late the last turns came, newest first."""
    fresh = next((one for one in waiting if is_fresh(one, now=now)), None)
    older = next((one for one in waiting if not is_fresh(one, now=now)), None)
    if fresh is None or older is None:
        return fresh or older
    enough = len(lateness) >= IN_A_ROW and all(late <= FRESH for late in islice(lateness, IN_A_ROW))
    return older if enough else fresh
