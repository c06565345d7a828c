"""When HQ asks a gateway again: a hole that stays where it is for `patience_s` is asked for, then ever more rarely. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_sync.store import Hole


@dataclass(slots=True)
class _Watch:
    first: int
    since: float
    wait_s: float


class GapTimer:
    """Feed it what is missing now and the time; it returns what to ask for. A hole that moves is a stream that flows."""

    def __init__(self, *, patience_s: float = 5.0, cap_s: float = 300.0) -> None:
        self._patience_s = patience_s
        self._cap_s = cap_s
        self._watched: dict[tuple[str, str, bool], _Watch] = {}

    def due(self, holes: Sequence[Hole], now: float) -> list[Hole]:
        """Holes to ask for now; `now` in monotonic seconds."""
        asked = []
        watched: dict[tuple[str, str, bool], _Watch] = {}
        for hole in holes:
            key = (hole.gateway, hole.epoch, hole.first == 0)
            watch = self._watched.get(key)
            if watch is None or watch.first != hole.first:
                watch = _Watch(first=hole.first, since=now, wait_s=self._patience_s)
            elif now - watch.since >= watch.wait_s:
                asked.append(hole)
                watch.since = now
                watch.wait_s = min(watch.wait_s * 2, self._cap_s)
            watched[key] = watch
        self._watched = watched
        return asked
