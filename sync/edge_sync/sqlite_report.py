"""What HQ holds, counted by query: rows, holes, doubles, dead letters, and who is enrolled."""

import sqlite3
from datetime import datetime
from typing import Any

import msgspec

from edge_sync import signing, wire
from edge_sync.store import DeadLetter, GatewayLine, RowsReport, StoredRow, StreamReport

_DUPLICATES = """
    SELECT (SELECT coalesce(sum(n - 1), 0) FROM (
                SELECT count(*) AS n FROM envelopes GROUP BY gateway, epoch, seq HAVING n > 1))
         + (SELECT coalesce(sum(n - 1), 0) FROM (
                SELECT count(*) AS n FROM tags GROUP BY gateway, event_id HAVING n > 1))
"""


class _Payload(msgspec.Struct):
    data: dict[str, Any]


def report(db: sqlite3.Connection, *, limit: int) -> RowsReport:
    """The whole report from one read transaction; `rows` are the first `limit` by gateway, epoch and sequence."""
    db.execute("BEGIN")
    try:
        streams = tuple(_stream(db, row) for row in db.execute(
            "SELECT s.gateway, g.tenant, s.epoch, g.state, s.highest, s.contiguous, s.announced"
            " FROM streams s JOIN gateways g ON g.name = s.gateway ORDER BY s.gateway, s.epoch"
        ).fetchall())  # fmt: skip
        (n,) = db.execute("SELECT count(*) FROM envelopes").fetchone()
        (tags,) = db.execute("SELECT count(*) FROM tags").fetchone()
        (duplicates,) = db.execute(_DUPLICATES).fetchone()
        (dead,) = db.execute("SELECT coalesce(sum(count), 0) FROM dead_letters").fetchone()
        rows = tuple(_row(row) for row in db.execute(
            "SELECT gateway, epoch, seq, type, time, received_at, recording, payload FROM envelopes"
            " ORDER BY gateway, epoch, seq LIMIT ?", (limit,),
        ))  # fmt: skip
    finally:
        db.execute("ROLLBACK")
    missing = sum(stream.missing for stream in streams)
    return RowsReport(rows=rows, n=n, tags=tags, missing=missing, duplicates=duplicates, dead_letters=dead, gateways=streams)


def gateways(db: sqlite3.Connection) -> list[GatewayLine]:
    rows = db.execute(
        "SELECT g.name, g.tenant, g.key, g.revoked, g.state, g.seen_at, g.epoch, coalesce(s.highest, 0),"
        " coalesce(s.contiguous, 0) FROM gateways g LEFT JOIN streams s ON s.gateway = g.name AND s.epoch = g.epoch"
        " ORDER BY g.name"
    ).fetchall()
    return [
        GatewayLine(
            gateway=name, tenant=tenant, key=signing.text_of(key), revoked=bool(revoked), state=state,
            seen_at=datetime.fromisoformat(seen_at) if seen_at else None, epoch=epoch, highest=highest, committed=committed,
        )
        for name, tenant, key, revoked, state, seen_at, epoch, highest, committed in rows
    ]  # fmt: skip


def dead_letters(db: sqlite3.Connection, *, limit: int) -> list[DeadLetter]:
    rows = db.execute(
        "SELECT gateway, leaf, reason, sha256, size_bytes, epoch, seq, count, first_at, last_at FROM dead_letters"
        " ORDER BY last_at DESC, sha256 LIMIT ?",
        (limit,),
    ).fetchall()
    return [
        DeadLetter(
            gateway=gateway, leaf=leaf, reason=reason, sha256=sha256, size_bytes=size, epoch=epoch, seq=seq, count=count,
            first_at=datetime.fromisoformat(first_at), last_at=datetime.fromisoformat(last_at),
        )
        for gateway, leaf, reason, sha256, size, epoch, seq, count, first_at, last_at in rows
    ]  # fmt: skip


def _stream(db: sqlite3.Connection, row: tuple[str, str, str, str, int, int, int]) -> StreamReport:
    gateway, tenant, epoch, state, highest, contiguous, announced = row
    key = (gateway, epoch)
    (rows,) = db.execute("SELECT count(*) FROM envelopes WHERE gateway = ? AND epoch = ?", key).fetchone()
    gaps = 0
    reached = 0
    for first, last in db.execute(
        "SELECT first, min(last, ?) FROM gaps WHERE gateway = ? AND epoch = ? AND first <= ? ORDER BY first",
        (highest, *key, highest),
    ):
        begin = max(first, reached + 1)
        if begin <= last:
            (here,) = db.execute(
                "SELECT count(*) FROM envelopes WHERE gateway = ? AND epoch = ? AND seq BETWEEN ? AND ?",
                (*key, begin, last),
            ).fetchone()
            gaps += last - begin + 1 - here
            reached = last
    return StreamReport(
        gateway=gateway, tenant=tenant, epoch=epoch, state=state, rows=rows, highest=highest, committed=contiguous,
        missing=highest - rows - gaps, gaps=gaps, announced=announced,
    )  # fmt: skip


def _row(row: tuple[str, str, int, str, str, str, str, bytes]) -> StoredRow:
    gateway, epoch, seq, kind, time, received_at, recording, payload = row
    return StoredRow(
        gateway=gateway,
        epoch=epoch,
        seq=seq,
        type=kind,
        time=datetime.fromisoformat(time),
        received_at=datetime.fromisoformat(received_at),
        recording=recording,
        data=msgspec.json.decode(wire.unpack(payload), type=_Payload).data,
    )
