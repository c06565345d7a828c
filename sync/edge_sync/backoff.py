"""Waiting between tries with full jitter: uniform in [0, min(cap, base * 2^attempt)], so that a region never returns at once.

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
