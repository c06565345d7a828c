"""What the worker does besides recordings, and how often: checkpoints, closing windows, and what retention asks for.

Each duty is safe to repeat and to interrupt: what it has not done it finds again the next time.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from edge_agent import app, pipeline, retention
from edge_agent.ledger.ballast import disk_state
from edge_agent.ports import Clock
from edge_agent.vault import request, window
from edge_agent.worker import Duty

WINDOWS_S: Final = 5.0
FORGET_S: Final = 60.0
CONCLUDE_S: Final = 30.0


class Windows:
    """Destroys what keeps a recording open beyond its time, also amid an analysis, which can take an hour.

    It touches no ledger: what it destroyed it keeps in mind until the duty comes, which tells the ledger.
    """

    def __init__(self, run: Path, clock: Clock, *, uptime_s: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock, self._uptime_s = run, clock, uptime_s
        self._over: list[str] = []
        self._due_at = 0.0

    def tend(self) -> None:
        """Called after every step; looks when the last look is `WINDOWS_S` ago."""
        now = self._uptime_s()
        if now >= self._due_at:
            self._due_at = now + WINDOWS_S
            self._over += window.tend(self._run, now=self._clock.now())

    def take(self) -> list[str]:
        """Requests whose windows went since the last time."""
        found, self._over = self._over, []
        return found


def of(box: app.Box, windows: Windows) -> list[Duty]:
    """All of them, most urgent first."""
    return [
        Duty(every_s=WINDOWS_S, run=lambda: end_windows(box, windows.take())),
        Duty(every_s=box.settings.audit.checkpoint_s, run=box.ledger.checkpoint),
        Duty(every_s=CONCLUDE_S, run=lambda: pipeline.conclude(box.kit)),
        Duty(every_s=retention.SHRED_EVERY_S, run=lambda: shred(box)),
        Duty(every_s=FORGET_S, run=lambda: forget(box)),
        Duty(every_s=retention.EVERY_S, run=lambda: expire(box)),
        Duty(every_s=retention.SWEEP_EVERY_S, run=lambda: sweep(box)),
    ]


def end_windows(box: app.Box, gone: Sequence[str] = ()) -> None:
    """Destroy what opens a recording whose approved time is over, and requests that nobody opened in time."""
    now = box.kit.clock.now()
    request.forget_expired(box.keys, now=now)
    box.ledger.openings_due([*gone, *window.tend(box.settings.paths.run, now=now)])


def shred(box: app.Box) -> None:
    """Carry out what a withdrawal, an erasure or a killed worker left to do."""
    retention.shred(box.ledger.keeping, box.vault)


def forget(box: app.Box) -> None:
    """Cut off what a reader kept in the write-ahead log when a person was erased."""
    box.ledger.forget_deleted()


def expire(box: app.Box) -> None:
    """Shred what is due (see `retention`)."""
    free = disk_state(box.settings.paths, box.settings.limits).free_bytes
    retention.tick(
        box.ledger.keeping, box.vault, box.kit.clock, rules=box.settings.retention, policy=box.kit.policy,
        missing_bytes=max(0, box.settings.limits.media_floor_bytes - free),
    )  # fmt: skip


def sweep(box: app.Box) -> None:
    """Shred sealed objects that belong to nothing the ledger knows."""
    retention.sweep(box.vault.objects(), box.ledger.keeping.objects(), box.vault, now=box.kit.clock.now())
