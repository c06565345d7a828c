"""Gateways' checkpoints in HQ's SQLite tables: judged in order, inside the caller's transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from edge_sync import wire
from edge_sync.messages import AuditEnvelope
from edge_sync.witness import Heard, Kept, Verdict, examined

_FOLLOWED: Final = tuple(str(one) for one in Verdict if one.followed)
_IS_FOLLOWED: Final = f"verdict IN ({', '.join('?' * len(_FOLLOWED))})"
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


def judge(db: sqlite3.Connection, stream: tuple[str, str], before: int, reached: int, at: datetime) -> Iterator[Kept]:
    """Judge and keep what the watermark of `stream` has just passed: the checkpoints after `before`, up to `reached`."""
    rows = db.execute(
        "SELECT payload FROM envelopes WHERE gateway = ? AND epoch = ? AND seq > ? AND seq <= ? AND type = 'cn.sx.audit.v1'"
        " ORDER BY seq",
        (*stream, before, reached),
    ).fetchall()
    for (payload,) in rows:
        # Its signature held when it came in; only the checkpoint's own is asked for now.
        envelope = wire.open(payload, lambda _, __: True)
        if isinstance(envelope, AuditEnvelope):
            yield _keep(db, envelope, at)


def kept(db: sqlite3.Connection, gateway: str = "") -> Sequence[Kept]:
    rows = db.execute(f"{_ALL} WHERE ? IN ('', c.gateway) ORDER BY c.gateway, c.number", (gateway,))
    return [_kept(row) for row in rows]


def newest(db: sqlite3.Connection) -> Sequence[Kept]:
    """For each gateway the followed one that was judged last."""
    rows = db.execute(
        f"{_ALL} WHERE c.number IN (SELECT max(number) FROM checkpoints WHERE {_IS_FOLLOWED} GROUP BY gateway)",  # noqa: S608 - constants
        _FOLLOWED,
    )
    return [_kept(row) for row in rows]


def heard(db: sqlite3.Connection) -> list[Heard]:
    return [
        Heard(gateway=gateway, first_at=datetime.fromisoformat(first), last_at=datetime.fromisoformat(last))
        for gateway, first, last in db.execute(_HEARD).fetchall()
        if last is not None
    ]


def acknowledge(db: sqlite3.Connection, gateway: str, origin: str) -> bool:
    done = db.execute(
        "UPDATE checkpoints SET acknowledged = 1 WHERE gateway = ? AND origin = ? AND verdict = ?",
        (gateway, origin, str(Verdict.REPLACED)),
    )
    return done.rowcount > 0


def _keep(db: sqlite3.Connection, envelope: AuditEnvelope, at: datetime) -> Kept:
    (key,) = db.execute("SELECT key FROM gateways WHERE name = ?", (envelope.gateway,)).fetchone()
    last = db.execute(
        f"{_ALL} WHERE c.gateway = ? AND c.origin = ? AND {_IS_FOLLOWED} ORDER BY c.number DESC LIMIT 1",
        (envelope.gateway, envelope.data.origin, *_FOLLOWED),
    ).fetchone()
    other = db.execute(
        f"SELECT 1 FROM checkpoints WHERE gateway = ? AND origin <> ? AND {_IS_FOLLOWED} LIMIT 1",  # noqa: S608 - constants
        (envelope.gateway, envelope.data.origin, *_FOLLOWED),
    ).fetchone()
    made = examined(envelope, None if last is None else _kept(last), key=key, other_log=other is not None, at=at)
    db.execute(
        "INSERT OR IGNORE INTO checkpoints (gateway, epoch, seq, origin, size, root, signature, key, verdict, judged_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.gateway, made.epoch, made.seq, made.origin, made.size, made.root, made.signature, made.key, str(made.verdict),
            at.isoformat(),
        ),
    )  # fmt: skip
    return made


def _kept(row: tuple[Any, ...]) -> Kept:
    tenant, gateway, epoch, seq, origin, size, root, signature, key, verdict, judged_at, acknowledged = row
    return Kept(
        tenant=tenant, gateway=gateway, epoch=epoch, seq=seq, origin=origin, size=size, root=root, signature=signature, key=key,
        acknowledged=bool(acknowledged), verdict=Verdict(verdict), judged_at=datetime.fromisoformat(judged_at),
    )  # fmt: skip
