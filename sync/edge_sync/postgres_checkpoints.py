"""Gateways' checkpoints in HQ's PostgreSQL tables: judged in order, inside the caller's transaction.

One whose day was dropped before every row ahead of it had come can no longer be judged, and is passed over.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from edge_sync import wire
from edge_sync.messages import AuditEnvelope
from edge_sync.postgres_link import Database
from edge_sync.witness import Heard, Kept, Verdict, examined

_FOLLOWED: Final = [str(one) for one in Verdict if one.followed]
_ALL: Final = (
    "SELECT g.tenant, c.gateway, c.epoch, c.seq, c.origin, c.size, c.root, c.signature, c.key, c.verdict,"
    " c.judged_at, c.acknowledged"
    " FROM checkpoints c JOIN gateways g ON g.name = c.gateway"
)

_HEARD: Final = """
    SELECT g.name,
        (SELECT received_at FROM envelopes e WHERE e.gateway = g.name AND e.epoch = g.epoch ORDER BY seq LIMIT 1),
        (SELECT received_at FROM envelopes e WHERE e.gateway = g.name AND e.epoch = g.epoch ORDER BY seq DESC LIMIT 1)
    FROM gateways g WHERE NOT g.revoked AND g.epoch <> '' ORDER BY g.name
"""


def judge(db: Database, stream: tuple[str, str], before: int, reached: int, at: datetime) -> Iterator[Kept]:
    """Judge and keep what the watermark of `stream` has just passed: the checkpoints after `before`, up to `reached`."""
    rows = db.execute(
        "SELECT p.payload FROM envelopes e JOIN payloads p USING (received_at, gateway, epoch, seq)"
        " WHERE e.gateway = %s AND e.epoch = %s AND e.seq > %s AND e.seq <= %s AND e.type = 'cn.sx.audit.v1' ORDER BY e.seq",
        (*stream, before, reached),
    ).fetchall()
    for (payload,) in rows:
        # Its signature held when it came in; only the checkpoint's own is asked for now.
        envelope = wire.open(payload, lambda _, __: True)
        if isinstance(envelope, AuditEnvelope):
            yield _keep(db, envelope, at)


def kept(db: Database, gateway: str = "") -> list[Kept]:
    rows = db.execute(_ALL + " WHERE %s IN ('', c.gateway) ORDER BY c.gateway, c.number", (gateway,))
    return [_kept(row) for row in rows]


def newest(db: Database) -> list[Kept]:
    """For each gateway the followed one that was judged last."""
    rows = db.execute(
        _ALL + " WHERE c.number IN (SELECT max(number) FROM checkpoints WHERE verdict = ANY(%s) GROUP BY gateway)",  # noqa: S608
        (_FOLLOWED,),
    ).fetchall()
    return [_kept(row) for row in rows]


def heard(db: Database) -> list[Heard]:
    return [
        Heard(gateway=gateway, first_at=first.astimezone(UTC), last_at=last.astimezone(UTC))
        for gateway, first, last in db.execute(_HEARD).fetchall()
        if last is not None
    ]


def acknowledge(db: Database, gateway: str, origin: str) -> bool:
    done = db.execute(
        "UPDATE checkpoints SET acknowledged = true WHERE gateway = %s AND origin = %s AND verdict = %s",
        (gateway, origin, str(Verdict.REPLACED)),
    )
    return done.rowcount > 0


def _keep(db: Database, envelope: AuditEnvelope, at: datetime) -> Kept:
    found = db.execute("SELECT key FROM gateways WHERE name = %s", (envelope.gateway,)).fetchone()
    assert found is not None
    last = db.execute(
        _ALL + " WHERE c.gateway = %s AND c.origin = %s AND verdict = ANY(%s) ORDER BY c.number DESC LIMIT 1",
        (envelope.gateway, envelope.data.origin, _FOLLOWED),
    ).fetchone()
    other = db.execute(
        "SELECT 1 FROM checkpoints WHERE gateway = %s AND origin <> %s AND verdict = ANY(%s) LIMIT 1",
        (envelope.gateway, envelope.data.origin, _FOLLOWED),
    ).fetchone()
    made = examined(envelope, None if last is None else _kept(last), key=found[0], other_log=other is not None, at=at)
    db.execute(
        "INSERT INTO checkpoints (gateway, epoch, seq, origin, size, root, signature, key, verdict, judged_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (made.gateway, made.epoch, made.seq, made.origin, made.size, made.root, made.signature, made.key, str(made.verdict), at),
    )
    return made


def _kept(row: tuple[Any, ...]) -> Kept:
    tenant, gateway, epoch, seq, origin, size, root, signature, key, verdict, judged_at, acknowledged = row
    return Kept(
        tenant=tenant, gateway=gateway, epoch=epoch, seq=seq, origin=origin, size=size, root=root, signature=signature, key=key,
        acknowledged=bool(acknowledged), verdict=Verdict(verdict), judged_at=judged_at.astimezone(UTC),
    )  # fmt: skip
