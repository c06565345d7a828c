"""Whether the ledger still says what it said: the audit log, and the rows that its leaves bind.

Checked: every leaf and the tree over them, the signed head, each recording's state and circumstances, each analysis with its
tags and score, each opening, the bytes of each outbox row that is still here, consent records, holds and pending shreddings.
The first audit row that does not fit is named.
"""

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from edge_agent.domain.recording import State
from edge_agent.ledger import audit, consents, findings, keeping, openings
from edge_agent.ledger.audit import Sign, broken

_STEPS: Final = {f"recording.{state}": str(state) for state in State}


def verify_chain(connection: sqlite3.Connection, *, sign: Sign | None = None) -> int:
    """Length of the audit log. LedgerBroken names the first row that is changed, missing, or no longer true of its table."""
    length = audit.verify(connection, sign=sign)
    try:
        return _compared(connection, length)
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # only who holds the device key can write such rows
        raise broken(length, "or one before it does not say what such a row says") from error


def _compared(connection: sqlite3.Connection, length: int) -> int:
    renewed = connection.execute("SELECT MAX(seq) FROM audit WHERE kind = 'outbox.renewed'").fetchone()[0] or 0
    last: dict[str, tuple[int, str]] = {}
    analyses = 0
    for seq, kind, text in connection.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        body = json.loads(text)
        if kind in _STEPS:
            last[body["recording"]] = (seq, _STEPS[kind])
        analyses += "findings" in body
        if not all(_true(connection, kind, body, outbox=seq >= renewed)):
            raise broken(seq, "no longer describes the rows it speaks of")
    if analyses != connection.execute("SELECT COUNT(*) FROM analyses").fetchone()[0]:
        raise broken(length + 1, "is missing: there is an analysis that no row speaks of")
    for identity, state in connection.execute("SELECT id, state FROM recordings ORDER BY id"):
        seq, said = last.pop(identity, (length + 1, ""))
        if said != state:
            raise broken(seq, "no longer describes its recording")
    for seq, _ in last.values():
        raise broken(seq, "describes a recording that is gone")
    if openings.replayed(connection) != {row.request: row for row in openings.every(connection)}:
        raise broken(length + 1, "is missing: an opening is not what the log says of it")
    consents.check(connection)
    keeping.check(connection)
    return length


def _true(connection: sqlite3.Connection, kind: str, body: dict[str, Any], *, outbox: bool) -> Iterator[bool]:
    """What one leaf binds, compared with the tables; `outbox` rows only where the leaf speaks of the present epoch."""
    if kind == "recording.captured":
        row = connection.execute("SELECT circumstances FROM recordings WHERE id = ?", (body["recording"],)).fetchone()
        yield row is not None and sha256(row[0].encode()).hexdigest() == body["circumstances"]
    if kind == "recording.sealed":
        row = connection.execute("SELECT sha256 FROM objects WHERE id = ?", (body["object"],)).fetchone()
        yield row is not None and row[0] == body["sha256"]
    if "findings" in body:
        yield findings.digest(connection, body["analysis"]) == body["findings"]
    rows = body.get("rows", [body] if kind in {"outbox.gap", "checkpoint.sent"} else [])
    for one in rows if outbox else ():
        row = connection.execute("SELECT payload FROM outbox WHERE seq = ?", (one["seq"],)).fetchone()
        yield row is None or row[0] is None or sha256(row[0]).hexdigest() == one["sha256"]
