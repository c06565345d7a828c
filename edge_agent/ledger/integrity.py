"""Whether the ledger still says what it said: the audit log, and the rows that its leaves bind.

Checked: every leaf and the tree over them, the signed head, every column of each recording and of each sealed object, each
analysis with its tags, score and observations, scores by a person, each opening, each contest, each closed event, the bytes of
each outbox row that is still here, consent records, holds and pending shreddings: whatever decides what is kept, and for how
long. The first audit row that does not fit is named.
"""

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from sys import intern
from typing import Any, Final

from edge_agent.domain.recording import State
from edge_agent.ledger import audit, closings, consents, contests, findings, keeping, observed, openings, overrides
from edge_agent.ledger.audit import Sign, broken

_STEPS: Final = {f"recording.{state}": str(state) for state in State}
_RECORDINGS: Final = ("state", "kind", "captured_at", "digest", "size_bytes", "reason", "parked")
_OBJECTS: Final = ("recording", "kind", "sha256", "plain_bytes", "sealed_bytes")
Told = dict[str, list[Any]]
"""What the log says of rows: id -> values in the order of the columns. All that ever was is in it, so strings are shared."""


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
            row = recordings.setdefault(intern(body["recording"]), [None] * len(_RECORDINGS))
            for name, value in _says(kind, body).items():
                row[_RECORDINGS.index(name)] = _shared(value)
        for object_id, sealed in _seals(kind, body):
            objects[intern(object_id)] = [_shared(value) for value in sealed]
        analyses += "findings" in body
        if not all(_true(connection, kind, body, outbox=seq >= renewed)):
            raise broken(seq, "no longer describes the rows it speaks of")
    if analyses != connection.execute("SELECT COUNT(*) FROM analyses").fetchone()[0]:
        raise broken(length + 1, "is missing: there is an analysis that no row speaks of")
    _same(connection, "recordings", _RECORDINGS, recordings, length)
    _same(connection, "objects", _OBJECTS, objects, length)
    if openings.replayed(connection) != {row.request: row for row in openings.every(connection)}:
        raise broken(length + 1, "is missing: an opening is not what the log says of it")
    consents.check(connection)
    keeping.check(connection)
    contests.check(connection)
    closings.check(connection)
    observed.check(connection, length)
    overrides.check(connection)
    return length


def _true(connection: sqlite3.Connection, kind: str, body: dict[str, Any], *, outbox: bool) -> Iterator[bool]:
    """What one leaf binds, compared with the tables; `outbox` rows only where the leaf speaks of the present epoch."""
    if kind == "recording.captured":
        row = connection.execute("SELECT circumstances FROM recordings WHERE id = ?", (body["recording"],)).fetchone()
        yield row is not None and sha256(row[0].encode()).hexdigest() == body["circumstances"]
    if "findings" in body:
        yield findings.digest(connection, body["analysis"]) == body["findings"]
        yield observed.there(connection, body["analysis"])
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


def _same(connection: sqlite3.Connection, table: str, columns: tuple[str, ...], told: Told, length: int) -> None:
    """LedgerBroken unless the table holds what the log says, and no row besides."""
    for identity, *values in connection.execute(f"SELECT id, {', '.join(columns)} FROM {table} ORDER BY id"):  # noqa: S608 - constants
        said = told.pop(identity, None)
        if said is None:
            raise broken(length + 1, "is missing: there is a recording or a sealed object that no row speaks of")
        if said != values:
            wrong = {name for name, one, other in zip(columns, said, values, strict=True) if one != other}
            raise broken(_last_word(connection, identity, wrong), "no longer describes its recording or sealed object")
    for identity in told:
        raise broken(_last_word(connection, identity, set(columns)), "describes a recording or a sealed object that is gone")


def _last_word(connection: sqlite3.Connection, identity: str, columns: set[str]) -> int:
    """The first of the audit rows that said last what these columns of a recording or an object are."""
    found: dict[str, int] = {}
    for seq, kind, text in connection.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        body = json.loads(text)
        said = {*_says(kind, body)} if body.get("recording") == identity else set()
        said |= {*_OBJECTS} if identity in dict(_seals(kind, body)) else set()
        found |= dict.fromkeys(said & columns, seq)
    return min(found.values())


def _shared(value: Any) -> Any:
    """Most strings here stand in thousands of rows."""
    return intern(value) if isinstance(value, str) else value
