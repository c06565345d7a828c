"""The ledger as the process with network sees it: rows read-only, everything else asked of the worker over its socket.

Implements `edge_sync.outbox.Outbox`. A compromised uplink can read envelopes that are signed and on their way out anyhow; it
cannot change a row, move the watermark without HQ's signature, or see a transcript.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.domain.recording import DROPPED
from edge_agent.errors import EdgeError
from edge_agent.ledger import asking
from edge_agent.ledger.database import Database
from edge_sync.errors import OutboxAway
from edge_sync.outbox import Row

_REMEDY = "start the worker"


class OutboxReader:
    """Opens the file on first use and again after a failure, so the uplink may start before the worker. Raises OutboxAway."""

    def __init__(self, path: Path, socket: Path) -> None:
        self._path = path
        self._socket = socket
        self._lock = threading.Lock()
        self._database: Database | None = None

    def epoch(self) -> str:
        return self._meta("epoch")

    def highest(self) -> int:
        return int(self._meta("highest"))

    def committed(self) -> int:
        return int(self._meta("committed"))

    def after(self, seq: int, limit: int) -> Sequence[Row]:
        """Up to `limit` rows with a higher sequence, in order; shed and refused ones are left out."""
        rows = self._read(
            "SELECT seq, leaf, payload, created_at FROM outbox WHERE seq > ? AND state = 'live' ORDER BY seq LIMIT ?",
            (seq, limit),
        )
        return [
            Row(seq=number, leaf=leaf, payload=payload, created_at=datetime.fromisoformat(created))
            for number, leaf, payload, created in rows
        ]

    def dropped(self) -> int:
        """How many recordings of cameras were left unread, of those that are kept."""
        rows = self._read("SELECT COUNT(*) FROM recordings WHERE state = 'rejected' AND reason = ?", (DROPPED,))
        return int(rows[0][0])

    def birth(self) -> bytes:
        return self._ask(asking.Birth()).payload

    def confirm(self, message: bytes) -> int:
        """Hand HQ's raw watermark to the worker; returns the one in force, whether or not it believed this one."""
        return self._ask(asking.Confirm(message=message)).watermark

    def witness(self, message: bytes) -> None:
        """Hand HQ's raw cosignature of the audit log to the worker."""
        self._ask(asking.Witnessed(message=message))

    def refuse(self, seq: int, reason: str) -> None:
        self._ask(asking.Refuse(seq=seq, reason=reason))

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _meta(self, key: str) -> str:
        rows = self._read("SELECT value FROM meta WHERE key = ?", (key,))
        if not rows:
            raise OutboxAway("the ledger is not set up yet", remedy=_REMEDY)
        return str(rows[0][0])

    def _read(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        try:
            with self._lock:
                if self._database is None:
                    self._database = Database.open_reading(self._path)
                database = self._database
            return database.read(sql, values)
        except EdgeError as error:
            self.close()
            raise OutboxAway("the ledger cannot be read", remedy=_REMEDY) from error

    def _ask(self, question: asking.Question) -> asking.Answer:
        try:
            answer = asking.ask(self._socket, question)
        except (OSError, msgspec.DecodeError) as error:
            raise OutboxAway("the worker does not answer", remedy=_REMEDY) from error
        if answer.error:
            raise OutboxAway(f"the worker answered `{answer.error}`", remedy="see the worker's log")
        return answer
