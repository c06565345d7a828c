"""HQ's database on SQLite: WAL, `synchronous=FULL`, one `BEGIN IMMEDIATE` per commit. Implements `store.Store`.

Every sqlite3 error becomes `StoreBroken` in `_translated`; the sink then stops without acknowledging, and nothing is lost.
Taking envelopes apart into tables is in `sqlite_rows`, checkpoints in `sqlite_checkpoints`, the report in `sqlite_report`.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from edge_sync import sqlite_checkpoints, sqlite_report, sqlite_rows
from edge_sync.errors import Refused, StoreBroken
from edge_sync.sqlite_schema import STEPS
from edge_sync.store import (
    DEAD_LETTERS,
    Accepted,
    Arrival,
    Born,
    DeadLetter,
    Gateway,
    GatewayLine,
    Hole,
    Rejected,
    Result,
    RowsReport,
    Seen,
    Watermark,
    conflict,
)
from edge_sync.witness import Heard, Kept

Stream = tuple[str, str]


class SqliteStore:
    """Open with `SqliteStore(path)`; `create=False` refuses a path where there is no database."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        if not create and not path.is_file():
            raise Refused("no database there", remedy="run `edge-hq enrol … --store DB` first")
        with _translated("opened"):
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._migrate()
            (self._generation,) = self._db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()

    @property
    def generation(self) -> str:
        generation: str = self._generation
        return generation

    def enrol(self, gateway: Gateway) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT INTO gateways (name, tenant, key, revoked) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET tenant = excluded.tenant, key = excluded.key, revoked = excluded.revoked",
                (gateway.name, gateway.tenant, gateway.key, gateway.revoked),
            )

    def revoke(self, name: str) -> bool:
        with self._transaction():
            return self._db.execute("UPDATE gateways SET revoked = 1 WHERE name = ?", (name,)).rowcount > 0

    def gateway(self, name: str) -> Gateway | None:
        with _translated("read"):
            row = self._db.execute("SELECT name, tenant, key, revoked FROM gateways WHERE name = ?", (name,)).fetchone()
        return None if row is None else Gateway(name=row[0], tenant=row[1], key=row[2], revoked=bool(row[3]))

    def commit(self, arrivals: Sequence[Arrival], *, at: datetime) -> Result:
        new = repeats = rejected = 0
        touched: dict[Stream, None] = {}
        checkpoints: list[Kept] = []
        with self._transaction():
            for arrival in arrivals:
                match arrival:
                    case Accepted():
                        stream = (arrival.envelope.gateway, arrival.envelope.epoch)
                        fresh = self._keep(stream, arrival, at)
                        new, repeats = new + fresh, repeats + (not fresh)
                        touched[stream] = None
                    case Born():
                        touched[self._born(arrival, at)] = None
                    case Seen():
                        self._seen(arrival, at)
                    case Rejected():
                        rejected += 1
                        self._dead_letter(arrival, at)
                        if arrival.seq:
                            touched[(arrival.gateway, arrival.epoch)] = None
            for stream in touched:
                checkpoints += self._advance(stream, at)
            marks = tuple(self._watermark(stream) for stream in touched)
        return Result(new=new, repeats=repeats, rejected=rejected, watermarks=marks, checkpoints=tuple(checkpoints))

    def watermarks(self) -> Sequence[Watermark]:
        with self._transaction():
            current = self._db.execute("SELECT name, epoch FROM gateways WHERE epoch != '' AND NOT revoked").fetchall()
            return [self._watermark(stream) for stream in current]

    def holes(self) -> Sequence[Hole]:
        with _translated("read"):
            rows = self._db.execute(
                """
                SELECT g.tenant, s.gateway, s.epoch, s.contiguous + 1, min(
                    max(s.highest, s.announced),
                    coalesce((SELECT min(seq) - 1 FROM envelopes e
                              WHERE e.gateway = s.gateway AND e.epoch = s.epoch AND seq > s.contiguous), 9e18),
                    coalesce((SELECT min(first) - 1 FROM gaps p
                              WHERE p.gateway = s.gateway AND p.epoch = s.epoch AND first > s.contiguous), 9e18))
                FROM streams s JOIN gateways g ON g.name = s.gateway AND g.epoch = s.epoch AND NOT g.revoked
                WHERE s.contiguous < max(s.highest, s.announced)
                UNION ALL
                SELECT g.tenant, s.gateway, s.epoch, 0, 0 FROM streams s JOIN gateways g ON g.name = s.gateway AND NOT g.revoked
                WHERE NOT EXISTS (SELECT 1 FROM births b WHERE b.gateway = s.gateway AND b.epoch = s.epoch)
                """
            ).fetchall()
        return [Hole(tenant=t, gateway=g, epoch=e, first=first, last=int(last)) for t, g, e, first, last in rows if first <= last]

    def checkpoints(self, gateway: str = "") -> Sequence[Kept]:
        with _translated("read"):
            return sqlite_checkpoints.kept(self._db, gateway)

    def heard(self) -> Sequence[Heard]:
        with _translated("read"):
            return sqlite_checkpoints.heard(self._db)

    def acknowledge(self, gateway: str, origin: str) -> bool:
        with self._transaction():
            return sqlite_checkpoints.acknowledge(self._db, gateway, origin)

    def witnessed(self) -> Sequence[Kept]:
        with self._transaction():
            return [self._counted(one) for one in sqlite_checkpoints.newest(self._db)]

    def counter(self, gateway: str) -> int:
        with self._transaction():
            return self._next_counter(gateway)

    def report(self, *, limit: int) -> RowsReport:
        with _translated("read"):
            return sqlite_report.report(self._db, limit=limit)

    def gateways(self) -> Sequence[GatewayLine]:
        with _translated("read"):
            return sqlite_report.gateways(self._db)

    def dead_letters(self, *, limit: int) -> Sequence[DeadLetter]:
        with _translated("read"):
            return sqlite_report.dead_letters(self._db, limit=limit)

    def close(self) -> None:
        with _translated("closed"):
            self._db.close()

    def _migrate(self) -> None:
        (done,) = self._db.execute("PRAGMA user_version").fetchone()
        if done > len(STEPS):
            raise StoreBroken("database is newer than this program", remedy="update it")
        for number, step in enumerate(STEPS[done:], start=done + 1):
            self._db.executescript(f"BEGIN IMMEDIATE;{step};PRAGMA user_version = {number};COMMIT;")

    def _keep(self, stream: Stream, arrival: Accepted, at: datetime) -> bool:
        envelope = arrival.envelope
        self._touch(stream, highest=envelope.seq)
        key = (*stream, envelope.seq)
        if sqlite_rows.insert(self._db, arrival, at):
            return True
        (held,) = self._db.execute("SELECT payload FROM envelopes WHERE gateway = ? AND epoch = ? AND seq = ?", key).fetchone()
        if held != arrival.payload:
            self._dead_letter(conflict(arrival), at)
        return False

    def _born(self, arrival: Born, at: datetime) -> Stream:
        birth = arrival.birth
        stream = (birth.gateway, birth.epoch)
        self._touch(stream, announced=birth.last_seq)
        self._db.execute("UPDATE gateways SET epoch = ? WHERE name = ?", (birth.epoch, birth.gateway))
        self._db.execute(
            "INSERT OR REPLACE INTO births VALUES (?, ?, ?, ?, ?, ?)",
            (*stream, birth.boot_id, birth.at.isoformat(), at.isoformat(), arrival.payload),
        )
        return stream

    def _seen(self, arrival: Seen, at: datetime) -> None:
        health = "" if arrival.health is None else msgspec.json.encode(arrival.health).decode()
        self._db.execute(
            "UPDATE gateways SET seen_at = ?, state = coalesce(nullif(?, ''), state),"
            " health = coalesce(nullif(?, ''), health) WHERE name = ?",
            (at.isoformat(), arrival.state, health, arrival.gateway),
        )

    def _dead_letter(self, arrival: Rejected, at: datetime) -> None:
        if arrival.seq:
            stream = (arrival.gateway, arrival.epoch)
            self._touch(stream, highest=arrival.seq)
            self._db.execute(
                "INSERT OR IGNORE INTO gaps VALUES (?, ?, ?, ?, 'refused-here', ?)",
                (*stream, arrival.seq, arrival.seq, arrival.seq),
            )
        (kept,) = self._db.execute("SELECT count(*) FROM dead_letters WHERE gateway = ?", (arrival.gateway,)).fetchone()
        digest = arrival.sha256 if kept < DEAD_LETTERS or arrival.seq else ""
        self._db.execute(
            "INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)"
            " ON CONFLICT (gateway, reason, sha256) DO UPDATE SET count = count + 1, last_at = excluded.last_at",
            (
                arrival.gateway, arrival.reason, digest, arrival.leaf, arrival.size_bytes, arrival.epoch, arrival.seq,
                at.isoformat(), at.isoformat(), arrival.payload,
            ),
        )  # fmt: skip

    def _touch(self, stream: Stream, *, highest: int = 0, announced: int = 0) -> None:
        self._db.execute(
            "INSERT INTO streams (gateway, epoch, highest, announced) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (gateway, epoch) DO UPDATE SET highest = max(highest, excluded.highest),"
            " announced = max(announced, excluded.announced)",
            (*stream, highest, announced),
        )
        self._db.execute("UPDATE gateways SET epoch = ? WHERE name = ? AND epoch = ''", (stream[1], stream[0]))

    def _advance(self, stream: Stream, at: datetime) -> Sequence[Kept]:
        """Move the stream's watermark as far as it goes; the checkpoints that it passed, judged."""
        before, highest = self._db.execute(
            "SELECT contiguous, highest FROM streams WHERE gateway = ? AND epoch = ?", stream
        ).fetchone()
        reached = before
        while True:
            for (seq,) in self._db.execute(
                "SELECT seq FROM envelopes WHERE gateway = ? AND epoch = ? AND seq > ? ORDER BY seq",
                (*stream, reached),
            ):
                if seq != reached + 1:
                    break
                reached = seq
            (through,) = self._db.execute(
                "SELECT max(last) FROM gaps WHERE gateway = ? AND epoch = ? AND first <= ? AND last > ?",
                (*stream, reached + 1, reached),
            ).fetchone()
            if through is None or min(through, highest) <= reached:
                break
            reached = min(through, highest)
        if reached == before:
            return ()
        self._db.execute("UPDATE streams SET contiguous = ? WHERE gateway = ? AND epoch = ?", (reached, *stream))
        return [self._counted(one) for one in sqlite_checkpoints.judge(self._db, stream, before, reached, at)]

    def _counted(self, kept: Kept) -> Kept:
        return replace(kept, counter=self._next_counter(kept.gateway)) if kept.verdict.followed else kept

    def _watermark(self, stream: Stream) -> Watermark:
        tenant, seq = self._db.execute(
            "SELECT g.tenant, s.contiguous FROM gateways g JOIN streams s ON s.gateway = g.name WHERE g.name = ? AND s.epoch = ?",
            stream,
        ).fetchone()
        counter = self._next_counter(stream[0])
        return Watermark(tenant=tenant, gateway=stream[0], epoch=stream[1], seq=seq, counter=counter)

    def _next_counter(self, gateway: str) -> int:
        # HQ has a clock worth trusting: an older copy of the database, once restored, still counts onwards.
        (counter,) = self._db.execute(
            "UPDATE gateways SET counter = max(counter + 1, ?) WHERE name = ? RETURNING counter",
            (time.time_ns() // 1000, gateway),
        ).fetchone()
        value: int = counter
        return value

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _translated("written"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreBroken(
            f"HQ's database cannot be {what} ({type(error).__name__})", remedy="check disk space and permissions"
        ) from error
