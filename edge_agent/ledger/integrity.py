"""Whether the ledger still says what it said: the audit log, and the rows that its leaves bind.

Checked: every leaf and the tree over them, the signed head, every column of each recording and of each sealed object, each
analysis with its tags and score, each opening, the bytes of each outbox row that is still here, consent records, holds and
pending shreddings: whatever decides what is kept, and for how long. The first audit row that does not fit is named.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, Final

from edge_agent.domain.recording import State
from edge_agent.ledger import audit, consents, findings, keeping, openings
from edge_agent.ledger.audit import Sign, broken

_STEPS: Final = {f"recording.{state}": str(state) for state in State}
_RECORDINGS: Final = ("state", "kind", "captured_at", "digest", "size_bytes", "reason", "parked")
_OBJECTS: Final = ("recording", "kind", "sha256", "plain_bytes", "sealed_bytes")
Told = dict[str, dict[str, tuple[int, Any]]]
"""What the log says of rows: id -> column -> (audit row, value)."""


def verify_chain(connection: sqlite3.Connection, *, sign: Sign | None = None) -> int:
    """Length of the audit log. LedgerBroken names the first row that is changed, missing, or no longer true of its table."""
    length = audit.verify(connection, sign=sign)
    try:
        return _compared(connection, length)
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # only who holds the device key can write such rows
        raise broken(length, "or one before it does not say what such a row says") from error


def _compared(connection: sqlite3.Connection, length: int) -> int:
    renewed = connection.execute("SELECT MAX(seq) FROM audit WHERE kind = 'outbox.renewed'").fetchone()[0] or 0
    recordings: Told = {}
    objects: Told = {}
    analyses = 0
    for seq, kind, text in connection.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        body = json.loads(text)
        if kind.startswith("recording."):
            recordings.setdefault(body["recording"], {}).update((name, (seq, value)) for name, value in _says(kind, body).items())
        for object_id, row in _seals(kind, body):
            objects[object_id] = {name: (seq, value) for name, value in zip(_OBJECTS, row, strict=True)}
        analyses += "findings" in body
        if not all(_true(connection, kind, body, outbox=seq >= renewed)):
            raise broken(seq, "no longer describes the rows it speaks of")
    if analyses != connection.execute("SELECT COUNT(*) FROM analyses").fetchone()[0]:
        raise broken(length + 1, "is missing: there is an analysis that no row speaks of")
    _same(recordings, connection.execute(f"SELECT id, {', '.join(_RECORDINGS)} FROM recordings ORDER BY id"), _RECORDINGS, length)  # noqa: S608
    _same(objects, connection.execute(f"SELECT id, {', '.join(_OBJECTS)} FROM objects ORDER BY id"), _OBJECTS, length)  # noqa: S608
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
    if "findings" in body:
        yield findings.digest(connection, body["analysis"]) == body["findings"]
    rows = body.get("rows", [body] if kind in {"outbox.gap", "checkpoint.sent"} else [])
    for one in rows if outbox else ():
        row = connection.execute("SELECT payload FROM outbox WHERE seq = ?", (one["seq"],)).fetchone()
        yield row is None or row[0] is None or sha256(row[0]).hexdigest() == one["sha256"]


def _says(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """What one leaf makes of columns of its recording."""
    if kind == "recording.captured":
        fresh = {"digest": "", "size_bytes": 0, "reason": "", "parked": ""}
        return {"state": "captured", "kind": body["kind"], "captured_at": body["captured_at"], **fresh}
    if kind == "recording.sealed":
        return {"state": "sealed", "digest": body["digest"], "size_bytes": body["bytes"]}
    if kind in {"recording.parked", "recording.unparked"}:
        return {"parked": body["reason"]}
    if kind not in _STEPS:
        return {}
    return {"state": _STEPS[kind]} | ({"reason": body["reason"], "parked": ""} if "reason" in body else {})


def _seals(kind: str, body: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The sealed objects that one leaf brings, as rows of `_OBJECTS`."""
    if kind == "recording.sealed":
        yield body["object"], (body["recording"], "media", body["sha256"], body["bytes"], body["sealed_bytes"])
    for what, object_id in body.get("objects", {}).items():
        yield object_id, (body["recording"], what, "", 0, 0)


def _same(told: Told, rows: Iterable[tuple[Any, ...]], columns: tuple[str, ...], length: int) -> None:
    """LedgerBroken unless the table holds what the log says, and no row besides."""
    for identity, *values in rows:
        said = told.pop(identity, None)
        if said is None:
            raise broken(length + 1, "is missing: there is a recording or a sealed object that no row speaks of")
        wrong = [said[name][0] for name, value in zip(columns, values, strict=True) if said[name][1] != value]
        if wrong:
            raise broken(min(wrong), "no longer describes its recording or sealed object")
    for said in told.values():
        raise broken(min(seq for seq, _ in said.values()), "describes a recording or a sealed object that is gone")
