"""What the worker does besides recordings, and how often: checkpoints, closing windows, and what retention asks for.

Each duty is safe to repeat and to interrupt: what it has not done it finds again the next time.
"""

from typing import Final

from edge_agent import app, retention
from edge_agent.ledger.ballast import disk_state
from edge_agent.vault import request, window
from edge_agent.worker import Duty

WINDOWS_S: Final = 5.0
FORGET_S: Final = 60.0


def of(box: app.Box) -> list[Duty]:
    """All of them, most urgent first."""
    return [
        Duty(every_s=WINDOWS_S, run=lambda: end_windows(box)),
        Duty(every_s=box.settings.audit.checkpoint_s, run=box.ledger.checkpoint),
        Duty(every_s=retention.SHRED_EVERY_S, run=lambda: shred(box)),
        Duty(every_s=FORGET_S, run=lambda: forget(box)),
        Duty(every_s=retention.EVERY_S, run=lambda: expire(box)),
        Duty(every_s=retention.SWEEP_EVERY_S, run=lambda: sweep(box)),
    ]


def end_windows(box: app.Box) -> None:
    """Destroy what opens a recording whose approved time is over, and requests that nobody opened in time."""
    now = box.kit.clock.now()
    request.forget_expired(box.keys, now=now)
    box.ledger.openings_due(window.tend(box.settings.paths.run, now=now))


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
