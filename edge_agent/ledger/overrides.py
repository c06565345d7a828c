"""A person's points for an item of a scorecard: rows that are never changed, the latest counts, the machine's own stay beside it.

They hang on recording, card and item, not on an analysis, so they hold for whatever a later analysis finds. Each has its leaf in
the audit log, which says all of it. Points are kept in hundredths: the log knows no fractions.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from edge_agent.domain.recording import State
from edge_agent.domain.scores import Override
from edge_agent.errors import NotAllowed
from edge_agent.ledger import lifecycle
from edge_agent.ledger.audit import Chain, broken, stamp
from edge_agent.ledger.database import Transaction

KIND: Final = "score.overridden"
_COLUMNS: Final = ("id", "recording", "card", "item", "hundredths", "reason", "role", "at")
_ALL: Final = f"SELECT {', '.join(_COLUMNS)} FROM overrides"  # noqa: S608 - constants


def add(tx: Transaction, chain: Chain, said: Override) -> None:
    """Enter one. NotFound: no such recording. NotAllowed: it is shredded."""
    if lifecycle.get(tx, said.recording).state is State.EXPIRED:
        raise NotAllowed(f"recording {said.recording} is shredded already", zh="该录音已销毁")
    row = dict(zip(_COLUMNS, _row(said), strict=True))
    tx.execute("INSERT INTO overrides VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tuple(row.values()))
    chain.append(tx, KIND, **row)


def of(connection: sqlite3.Connection, recording_id: str) -> Sequence[Override]:
    """All that was said about a recording's scores, oldest first."""
    rows = connection.execute(f"{_ALL} WHERE recording = ? ORDER BY rowid", (recording_id,))
    return [_override(row) for row in rows]


def check(connection: sqlite3.Connection) -> None:
    """LedgerBroken unless the table holds what the log says, and no row besides."""
    there = {row[0]: row for row in connection.execute(_ALL)}
    last = 0
    for seq, text in connection.execute("SELECT seq, body FROM audit WHERE kind = ? ORDER BY seq", (KIND,)):
        body = json.loads(text)
        last = seq
        if there.pop(body["id"], None) != tuple(body[name] for name in _COLUMNS):
            raise broken(seq, "no longer describes the score it speaks of")
    if there:
        raise broken(last + 1, "is missing: there is a score by a person that no row speaks of")


def _row(said: Override) -> tuple[Any, ...]:
    return (
        said.id, said.recording, said.card, said.item, round(said.points * 100), said.reason, said.role, stamp(said.at)
    )  # fmt: skip


def _override(row: Any) -> Override:
    identity, recording, card, item, hundredths, reason, role, at = row
    return Override(
        id=identity, recording=recording, card=card, item=item, points=hundredths / 100, reason=reason, role=role,
        at=datetime.fromisoformat(at),
    )  # fmt: skip
