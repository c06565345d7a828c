"""A session with PostgreSQL on which a commit means the disk, or none at all; psycopg's errors become `StoreBroken` here alone.

A server that runs with `fsync = off` is refused, and a weaker `synchronous_commit` is raised for the session. At the start the
database is waited for, with full jitter, as long as `patience_s` says: after a power cut both come up together. Later nothing
is tried again: a lost session ends the process with nothing acknowledged, and the service starts it anew. No message repeats
what the server said, for that may quote a row, nor the place, for that may hold a password.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import errors

from edge_sync import log
from edge_sync.backoff import Backoff
from edge_sync.errors import StoreBroken

Database = psycopg.Connection[tuple[Any, ...]]
PUT_OFF: Final = (errors.LockNotAvailable, errors.InsufficientPrivilege, errors.CheckViolation)
"""Why a partition cannot be made just now; every other error ends the session."""
_DURABLE: Final = frozenset({"on", "remote_apply"})
_TCP: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def connect(dsn: str, *, patience_s: float) -> Database:
    """Open a session; StoreBroken when the server is not there in time, or would forget a commit."""
    with translated("reached"):
        db = _patiently(dsn, patience_s)
    try:
        with translated("opened"):
            _make_durable(db)
            # Waiting for a lock has an end: whatever holds it that long is a fault, and a restart is the answer to faults.
            db.execute("SET lock_timeout = '30s'")
            db.execute("SET TimeZone = 'UTC'")
            db.execute("SET client_min_messages = warning")
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Every error of psycopg as `StoreBroken`, with its class and SQLSTATE."""
    try:
        yield
    except psycopg.Error as error:
        code = f"{type(error).__name__} {error.sqlstate or ''}".strip()
        raise StoreBroken(
            f"HQ's database cannot be {what} ({code})", remedy="check that PostgreSQL runs, its disk, and this role's rights"
        ) from error


def _patiently(dsn: str, patience_s: float) -> Database:
    deadline = time.monotonic() + patience_s
    backoff = Backoff(base_s=0.2, cap_s=5.0)
    while True:
        try:
            return psycopg.connect(dsn, autocommit=True, application_name="edge-hq", **_not_given(dsn))
        except psycopg.OperationalError as error:
            wait_s = backoff.wait_s()
            if time.monotonic() + wait_s > deadline:
                raise
            log.get().warning("store.awaited", error=type(error).__name__, attempt=backoff.attempt, wait_s=wait_s)
            time.sleep(wait_s)


def _not_given(dsn: str) -> dict[str, Any]:
    """Our patience with a silent network, where the place itself does not say otherwise."""
    given = psycopg.conninfo.conninfo_to_dict(dsn)
    return {key: value for key, value in _TCP.items() if key not in given}


def _make_durable(db: Database) -> None:
    if _shown(db, "SHOW fsync") != "on":
        raise StoreBroken("this PostgreSQL runs with fsync off and may forget commits", remedy="set fsync = on and restart it")
    if _shown(db, "SHOW synchronous_commit") not in _DURABLE:
        db.execute("SET synchronous_commit = on")


def _shown(db: Database, question: Any) -> str:
    row = db.execute(question).fetchone()
    return "" if row is None else str(row[0])
