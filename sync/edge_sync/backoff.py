"""Waiting so that a region never returns at once: between tries, and with the backlog after a long outage.

Tries wait with full jitter, uniform in [0, min(cap, base * 2^attempt)].
Source: M. Brooker, "Exponential Backoff And Jitter" (2015), the "full jitter" form.
"""

import random


class Backoff:
    """`wait_s` gives the next pause and counts the try; `reset` after something worked."""

    def __init__(self, *, base_s: float = 0.5, cap_s: float = 60.0, source: random.Random | None = None) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._random = source or random.Random()
        self.attempt = 0

    def wait_s(self) -> float:
        ceiling = min(self._cap_s, self._base_s * 2.0 ** min(self.attempt, 32))
        self.attempt += 1
        return self._random.uniform(0.0, ceiling)

    def reset(self) -> None:
        self.attempt = 0


class StormGuard:
    """Says until when the backlog waits after an outage; times are monotonic seconds.

    Every gateway of a region is back within one cap of the backoff, each with all that it could not send. So whoever was away for
    `after_s` or longer waits once more, uniform in [0, min(cap, a quarter of the outage)].
    """

    def __init__(self, *, after_s: float = 60.0, cap_s: float = 300.0, source: random.Random | None = None) -> None:
        self._after_s = after_s
        self._cap_s = cap_s
        self._random = source or random.Random()
        self._away_since: float | None = None
        self._until = 0.0

    def lost(self, now: float) -> None:
        """The link is not there; what counts is since when."""
        self._away_since = now if self._away_since is None else self._away_since

    def back(self, now: float) -> float:
        """The link is there again; how long the backlog waits."""
        outage_s = 0.0 if self._away_since is None else now - self._away_since
        self._away_since = None
        wait_s = self._random.uniform(0.0, min(self._cap_s, outage_s / 4)) if outage_s >= self._after_s else 0.0
        self._until = now + wait_s
        return wait_s

    def holds(self, now: float) -> bool:
        return now < self._until
