"""What HQ's PostgreSQL holds, counted by query: rows, holes, doubles, dead letters, and who is enrolled."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, LiteralString

import msgspec

from edge_sync import signing, wire
from edge_sync.postgres_link import Database
from edge_sync.postgres_marks import Stream
from edge_sync.store import DeadLetter, GatewayLine, RowsReport, StoredRow, StreamReport

_DUPLICATES = """
    SELECT (SELECT coalesce(sum(n - 1), 0) FROM (
                SELECT count(*) AS n FROM envelopes GROUP BY gateway, epoch, seq HAVING count(*) > 1) e)
         + (SELECT coalesce(sum(n - 1), 0) FROM (
                SELECT count(*) AS n FROM tags GROUP BY gateway, event_id HAVING count(*) > 1) t)
"""


class _Payload(msgspec.Struct):
    data: dict[str, Any]


def report(db: Database, *, limit: int) -> RowsReport:
    """The whole report from one snapshot; `rows` are the first `limit` by gateway, epoch and sequence.

    A row whose day was dropped still counts; its `data` is empty.
    """
    with db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        streams = _streams(db)
        rows = tuple(_row(row) for row in db.execute(
            "SELECT e.gateway, e.epoch, e.seq, e.type, e.time, e.received_at, e.recording, p.payload FROM ("
            " SELECT * FROM envelopes ORDER BY gateway, epoch, seq LIMIT %s) e"
            " LEFT JOIN payloads p USING (received_at, gateway, epoch, seq) ORDER BY e.gateway, e.epoch, e.seq", (limit,),
        ))  # fmt: skip
        return RowsReport(
            rows=rows,
            n=sum(stream.rows for stream in streams),
            tags=_number(db, "SELECT count(*) FROM tags"),
            missing=sum(stream.missing for stream in streams),
            duplicates=_number(db, _DUPLICATES),
            dead_letters=_number(db, "SELECT coalesce(sum(count), 0) FROM dead_letters"),
            gateways=streams,
        )


def gateways(db: Database) -> list[GatewayLine]:
    rows = db.execute(
        "SELECT g.name, g.tenant, g.key, g.revoked, g.state, g.seen_at, g.epoch, coalesce(s.highest, 0),"
        " coalesce(s.contiguous, 0) FROM gateways g LEFT JOIN streams s ON s.gateway = g.name AND s.epoch = g.epoch"
        " ORDER BY g.name"
    ).fetchall()
    return [
        GatewayLine(
            gateway=name, tenant=tenant, key=signing.text_of(key), revoked=revoked, state=state,
            seen_at=seen_at and seen_at.astimezone(UTC), epoch=epoch, highest=highest, committed=committed,
        )
        for name, tenant, key, revoked, state, seen_at, epoch, highest, committed in rows
    ]  # fmt: skip


def dead_letters(db: Database, *, limit: int) -> list[DeadLetter]:
    rows = db.execute(
        "SELECT gateway, leaf, reason, sha256, size_bytes, epoch, seq, count, first_at, last_at FROM dead_letters"
        " ORDER BY last_at DESC, sha256 LIMIT %s",
        (limit,),
    ).fetchall()
    return [
        DeadLetter(
            gateway=gateway, leaf=leaf, reason=reason, sha256=sha256, size_bytes=size, epoch=epoch, seq=seq, count=count,
            first_at=first_at.astimezone(UTC), last_at=last_at.astimezone(UTC),
        )
        for gateway, leaf, reason, sha256, size, epoch, seq, count, first_at, last_at in rows
    ]  # fmt: skip


def _streams(db: Database) -> tuple[StreamReport, ...]:
    counted = {(gateway, epoch): n for gateway, epoch, n in db.execute(
        "SELECT gateway, epoch, count(*) FROM envelopes GROUP BY gateway, epoch"
    )}  # fmt: skip
    explained = _explained(db)
    found = []
    for gateway, tenant, epoch, state, highest, contiguous, announced in db.execute(
        "SELECT s.gateway, g.tenant, s.epoch, g.state, s.highest, s.contiguous, s.announced"
        " FROM streams s JOIN gateways g ON g.name = s.gateway ORDER BY s.gateway, s.epoch"
    ).fetchall():
        rows, gaps = counted.get((gateway, epoch), 0), explained[gateway, epoch]
        found.append(
            StreamReport(
                gateway=gateway, tenant=tenant, epoch=epoch, state=state, rows=rows, highest=highest, committed=contiguous,
                missing=highest - rows - gaps, gaps=gaps, announced=announced,
            )
        )  # fmt: skip
    return tuple(found)


def _explained(db: Database) -> defaultdict[Stream, int]:
    """Per stream, how many sequences below its highest are not here but in a gap record, overlaps counted once."""
    gaps: defaultdict[Stream, int] = defaultdict(int)
    reached: defaultdict[Stream, int] = defaultdict(int)
    for gateway, epoch, first, last in db.execute(
        "SELECT g.gateway, g.epoch, g.first, least(g.last, s.highest) FROM gaps g JOIN streams s USING (gateway, epoch)"
        " WHERE g.first <= s.highest ORDER BY g.gateway, g.epoch, g.first"
    ).fetchall():
        stream = (gateway, epoch)
        begin = max(first, reached[stream] + 1)
        if begin <= last:
            row = db.execute(
                "SELECT count(*) FROM envelopes WHERE gateway = %s AND epoch = %s AND seq BETWEEN %s AND %s",
                (gateway, epoch, begin, last),
            ).fetchone()
            assert row is not None
            gaps[stream] += last - begin + 1 - row[0]
            reached[stream] = last
    return gaps


def _number(db: Database, question: LiteralString) -> int:
    row = db.execute(question).fetchone()
    assert row is not None
    return int(row[0])


def _row(row: tuple[str, str, int, str, datetime, datetime, str, bytes | None]) -> StoredRow:
    gateway, epoch, seq, kind, time, received_at, recording, payload = row
    data = {} if payload is None else msgspec.json.decode(wire.unpack(payload), type=_Payload).data
    return StoredRow(
        gateway=gateway, epoch=epoch, seq=seq, type=kind, time=time.astimezone(UTC), received_at=received_at.astimezone(UTC),
        recording=recording, data=data,
    )  # fmt: skip
