"""The box opened for one act: its keys, its ledger, its pseudonyms, and the shredding that an act decided.

Whoever runs as the account that owns the vault shreds here and at once, also beside a worker that is busy with a long call:
shredding can be repeated and done twice. Another account (root, say) would leave files there that the worker could not read; it
leaves the shredding to the worker, which does it between two recordings, and waits a little for it.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_agent import app, locks, retention
from edge_agent.config import Config
from edge_agent.domain.consent import Party, Statement, Verb
from edge_agent.domain.recording import State
from edge_agent.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from edge_agent.ledger.book import SqliteLedger
    from edge_agent.vault.keys import DeviceKeys

WAIT_S: Final = 10.0
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of recordings that are to be shredded: done, kept by a legal hold, or still with the worker."""

    shredded: int
    held: int
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    settings: Config
    keys: "DeviceKeys"
    ledger: "SqliteLedger"

    def pseudonym(self, party: Party, code: str) -> str:
        return app.pseudonyms(self.keys)(party.value, code)

    def statement(
        self,
        party: Party,
        subject: str,
        verb: Verb,
        basis: str,
        *,
        since: "datetime | None" = None,
        until: "datetime | None" = None,
    ) -> Statement:
        """A statement made now; in force from now unless `since` says otherwise."""
        now = app.SystemClock().now()
        return Statement(
            id=new_id(), party=party, subject=subject, verb=verb, basis=basis, at=now, since=since or now, until=until
        )  # fmt: skip

    def carry_out(self, recordings: Sequence[str], *, wait_s: float = WAIT_S) -> Outcome:
        """Shred what was decided, here or in the worker; says what became of `recordings`."""
        until = time.monotonic()
        if self._ours():
            retention.shred(self.ledger.keeping, app.vault(self.settings, self.keys))
        elif self._worker_runs():
            until += wait_s
        left = set(recordings)
        while True:
            left -= {one for one in left if self.ledger.recording(one).state is State.EXPIRED}
            pending = left & set(self.ledger.keeping.to_shred())
            if not pending or time.monotonic() >= until:
                return Outcome(shredded=len(set(recordings)) - len(left), held=len(left - pending), pending=len(pending))
            time.sleep(_LOOK_S)

    def _ours(self) -> bool:
        found = self.settings.paths.vault
        return not found.exists() or found.stat().st_uid == os.geteuid()

    def _worker_runs(self) -> bool:
        with locks.only_one(self.settings.paths.worker_lock) as alone:
            return not alone


@contextmanager
def acting(settings: Config) -> Iterator[Act]:
    """NotFound: this box has no keys yet. Unavailable: the ledger is busy."""
    keys = app.keys(settings)
    ledger = app.ledger(settings, keys)
    try:
        yield Act(settings=settings, keys=keys, ledger=ledger)
    finally:
        ledger.close()
