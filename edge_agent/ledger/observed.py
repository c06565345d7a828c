"""What scans observed, apart from their analyses, so that it goes with its recording while the audit log still verifies.

An analysis, and with it the log, holds only a commitment to its row (see `subjects`). A row that is changed, slipped in or taken
away shows; only when its recording is shredded may it be gone. What was concluded stays, as tags with their evidence do.
"""

import sqlite3
from collections.abc import Sequence
from secrets import token_hex
from typing import Final

import msgspec

from edge_agent.domain.observation import Observation
from edge_agent.domain.recording import State
from edge_agent.ledger.audit import broken
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.subjects import commitment

Row = tuple[str, str]
"""(nonce, what was observed)."""
_OF: Final = """SELECT analyses.recording, observed, state, nonce, said FROM analyses
    JOIN recordings ON recordings.id = analyses.recording LEFT JOIN observations ON analysis = analyses.id
    WHERE analyses.id = ?"""


def bound(recording_id: str, observations: Sequence[Observation]) -> tuple[str, Row | None]:
    """The commitment for an analysis, and the row for `put`; empty and None where nothing was observed."""
    if not observations:
        return "", None
    nonce, said = token_hex(16), msgspec.json.encode(observations).decode()
    return commitment(nonce, recording_id, said), (nonce, said)


def put(tx: Transaction, analysis: int, row: Row) -> None:
    """Write the row of an analysis."""
    tx.execute("INSERT INTO observations VALUES (?, ?, ?)", (analysis, *row))


def of(text: str) -> tuple[Observation, ...]:
    """What a row says."""
    return msgspec.json.decode(text, type=tuple[Observation, ...])


def forget(tx: Transaction, recording_id: str) -> bool:
    """Delete what was observed in a recording, and what was remembered after it unless that is the last of its place."""
    tx.execute(
        "DELETE FROM watched WHERE recording = ? AND EXISTS (SELECT 1 FROM watched AS later WHERE later.place = watched.place "
        "AND (later.scanned_ms, later.recording) > (watched.scanned_ms, watched.recording))",
        (recording_id,),
    )
    of_it = "SELECT id FROM analyses WHERE recording = ?"
    return bool(tx.execute(f"DELETE FROM observations WHERE analysis IN ({of_it})", (recording_id,)).rowcount)  # noqa: S608 - constant


def there(connection: sqlite3.Connection, analysis: int) -> bool:
    """Whether the row of an analysis is what its commitment says, or gone with its recording."""
    recording, observed, state, nonce, said = connection.execute(_OF, (analysis,)).fetchone()
    if nonce is None:
        return not observed or state == State.EXPIRED
    return bool(commitment(nonce, recording, said) == observed)


def check(connection: sqlite3.Connection, length: int) -> None:
    """LedgerBroken when there is a row that belongs to no analysis."""
    if connection.execute("SELECT 1 FROM observations WHERE analysis NOT IN (SELECT id FROM analyses) LIMIT 1").fetchone():
        raise broken(length + 1, "is missing: there is an observation that no row speaks of")
