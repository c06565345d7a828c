"""Whose turn it is: fresh recordings before the backlog, calls before video, one camera as much as the other.

- Fresh is what began at most four hours ago, by its sidecar: a tip is of use on the same shift. Everything older is backlog, also
  an old recording that was delivered just now.
- Within each, calls before videos; of calls, the first taken in; of videos, the first of that camera for which least was
  spent in the last hour. What no camera of the configuration delivered counts as one more camera.
- A camera has no turn while its analysis took its budget (`Allowance`, processor seconds in an hour; forgotten by a restart). Of
  a camera that has more waiting than it may, the oldest are surplus: the worker drops them, each with its audit event.
- While both wait, one of four turns is the backlog's. A turn counts when it is taken, whatever comes of it: a backlog that fails
  one after the other has no more turns than one that succeeds. After a restart the ledger says which analyses were the last.

Live listening goes before both: see `worker.aside`.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from edge_agent.domain.recording import Kind, Recording

FRESH: Final = timedelta(hours=4)
IN_A_ROW: Final = 3
"""So many fresh ones may go before a waiting older one."""


HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one camera may cost: processor seconds of analysis in an hour, and recordings that may wait. 0 = no limit."""

    budget_s: float = 0.0
    waiting: int = 0


class Turns:
    """Gives out turns. `before`: how late the last so many analyses in the ledger came, newest first; asked once."""

    def __init__(
        self,
        before: Callable[[int], Sequence[timedelta]],
        allowances: Mapping[str, Allowance] | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._before = before
        self._allowances = allowances or {}
        self._monotonic = monotonic
        self._spent: dict[str, deque[tuple[float, float]]] = defaultdict(deque)
        self._lateness: deque[timedelta] | None = None

    def take(self, waiting: Sequence[Recording], *, now: datetime) -> Recording | None:
        """The one to analyse now; its turn is taken by this, whether or not anything is committed."""
        if self._lateness is None:
            self._lateness = deque(self._before(IN_A_ROW), maxlen=IN_A_ROW)
        spent = {camera: self._spent_lately(camera) for camera in {one.circumstances.camera for one in waiting}}
        within = [one for one in waiting if not self._is_over(one, spent)]
        chosen = next_up(within, self._lateness, now=now, spent=spent)
        if chosen is not None:
            self._lateness.appendleft(now - chosen.circumstances.started_at)
        return chosen

    def spent(self, recording: Recording, processor_s: float) -> None:
        """So much did its analysis take."""
        if recording.circumstances.kind is not Kind.CALL:
            self._spent[recording.circumstances.camera].append((self._monotonic(), processor_s))

    def surplus(self, waiting: Sequence[Recording]) -> list[Recording]:
        """Of what waits, oldest first, the recordings that are more than their cameras may have waiting; never a call."""
        found = []
        for camera, allowance in self._allowances.items():
            own = [one for one in waiting if one.circumstances.camera == camera and one.circumstances.kind is not Kind.CALL]
            if allowance.waiting and len(own) > allowance.waiting:
                found += own[: -allowance.waiting]
        return found

    def _is_over(self, recording: Recording, spent: Mapping[str, float]) -> bool:
        camera = recording.circumstances.camera
        budget_s = self._allowances[camera].budget_s if camera in self._allowances else 0.0
        return bool(budget_s) and recording.circumstances.kind is not Kind.CALL and spent[camera] >= budget_s

    def _spent_lately(self, camera: str) -> float:
        lately = self._spent[camera]
        while lately and lately[0][0] < self._monotonic() - HOUR_S:
            lately.popleft()
        return sum(processor_s for _, processor_s in lately)


def is_fresh(recording: Recording, *, now: datetime) -> bool:
    return now - recording.circumstances.started_at <= FRESH


def next_up(
    waiting: Sequence[Recording], lateness: Sequence[timedelta], *, now: datetime, spent: Mapping[str, float] | None = None
) -> Recording | None:
    """Of what waits, oldest first, the one to analyse now. `lateness`: how late the last turns came, newest first.

    `spent`: processor seconds that each camera's analyses took lately.
    """
    fresh = _first([one for one in waiting if is_fresh(one, now=now)], spent or {})
    older = _first([one for one in waiting if not is_fresh(one, now=now)], spent or {})
    if fresh is None or older is None:
        return fresh or older
    enough = len(lateness) >= IN_A_ROW and all(late <= FRESH for late in islice(lateness, IN_A_ROW))
    return older if enough else fresh


def _first(waiting: Sequence[Recording], spent: Mapping[str, float]) -> Recording | None:
    call = next((one for one in waiting if one.circumstances.kind is Kind.CALL), None)
    return call or min(waiting, key=lambda one: spent.get(one.circumstances.camera, 0.0), default=None)
