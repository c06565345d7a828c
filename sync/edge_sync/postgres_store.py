"""HQ's database on PostgreSQL: one transaction per commit, one writer at a time. Implements `store.Store`.

Writers of one store take turns by an advisory lock, as `BEGIN IMMEDIATE` makes them on SQLite, so that a watermark is never
computed beside rows that are still on their way in. A session that is lost stays lost (`postgres_link`). Taking envelopes
apart is in `postgres_rows`, watermarks and holes in `postgres_marks`, checkpoints in `postgres_checkpoints`, partitions in
`postgres_days`, what people ask in `postgres_report`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec

from edge_sync import postgres_checkpoints, postgres_days, postgres_marks, postgres_report, postgres_rows, postgres_schema
from edge_sync.postgres_link import connect, translated
from edge_sync.postgres_marks import Stream
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


class PostgresStore:
    """Open with `PostgresStore(dsn)`; `create=False` refuses a database without our tables, `patience_s` waits for the server."""

    def __init__(self, dsn: str, *, create: bool = True, patience_s: float = 0.0) -> None:
        self._days: set[date] = set()
        self._db = connect(dsn, patience_s=patience_s)
        try:
            with translated("opened"):
                postgres_schema.migrate(self._db, create=create)
                (self._generation, self._lock), = self._db.execute(
                    "SELECT value, 'meta'::regclass::oid::bigint FROM meta WHERE key = 'generation'"
                )  # fmt: skip
                postgres_rows.prepare(self._db)
        except BaseException:
            self._db.close()
            raise

    @property
    def generation(self) -> str:
        generation: str = self._generation
        return generation

    def enrol(self, gateway: Gateway) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT INTO gateways (name, tenant, key, revoked) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (name) DO UPDATE SET tenant = excluded.tenant, key = excluded.key, revoked = excluded.revoked",
                (gateway.name, gateway.tenant, gateway.key, gateway.revoked),
            )

    def revoke(self, name: str) -> bool:
        with self._transaction():
            return self._db.execute("UPDATE gateways SET revoked = true WHERE name = %s", (name,)).rowcount > 0

    def gateway(self, name: str) -> Gateway | None:
        with translated("read"):
            row = self._db.execute("SELECT name, tenant, key, revoked FROM gateways WHERE name = %s", (name,)).fetchone()
        return None if row is None else Gateway(name=row[0], tenant=row[1], key=row[2], revoked=row[3])

    def commit(self, arrivals: Sequence[Arrival], *, at: datetime) -> Result:
        accepted = [one for one in arrivals if isinstance(one, Accepted)]
        rejected = [one for one in arrivals if isinstance(one, Rejected)]
        self._begin_day(at)
        with self._transaction():
            touched = self._touch(arrivals)
            self._births([one for one in arrivals if isinstance(one, Born)], at)
            self._seen([one for one in arrivals if isinstance(one, Seen)], at)
            new, differing = postgres_rows.insert(self._db, accepted, at)
            self._dead_letters([*rejected, *map(conflict, differing)], at)
            moved = postgres_marks.advance(self._db, touched) if touched else []
            judged = [one for move in moved for one in postgres_checkpoints.judge(self._db, *move, at)]
            checkpoints = tuple(map(self._counted, judged))
            marks = postgres_marks.watermarks(self._db, touched) if touched else ()
        return Result(new=new, repeats=len(accepted) - new, rejected=len(rejected), watermarks=marks, checkpoints=checkpoints)

    def watermarks(self) -> Sequence[Watermark]:
        with self._transaction():
            current = self._db.execute(
                "SELECT name, epoch FROM gateways WHERE epoch <> '' AND NOT revoked ORDER BY name"
            ).fetchall()
            return list(postgres_marks.watermarks(self._db, [(name, epoch) for name, epoch in current]))

    def holes(self) -> Sequence[Hole]:
        with translated("read"):
            return postgres_marks.holes(self._db)

    def checkpoints(self, gateway: str = "") -> Sequence[Kept]:
        with translated("read"):
            return postgres_checkpoints.kept(self._db, gateway)

    def heard(self) -> Sequence[Heard]:
        with translated("read"):
            return postgres_checkpoints.heard(self._db)

    def acknowledge(self, gateway: str, origin: str) -> bool:
        with self._transaction():
            return postgres_checkpoints.acknowledge(self._db, gateway, origin)

    def witnessed(self) -> Sequence[Kept]:
        with self._transaction():
            return [self._counted(one) for one in postgres_checkpoints.newest(self._db)]

    def counter(self, gateway: str) -> int:
        with self._transaction():
            return postgres_marks.counter(self._db, gateway)

    def report(self, *, limit: int) -> RowsReport:
        with translated("read"):
            return postgres_report.report(self._db, limit=limit)

    def gateways(self) -> Sequence[GatewayLine]:
        with translated("read"):
            return postgres_report.gateways(self._db)

    def dead_letters(self, *, limit: int) -> Sequence[DeadLetter]:
        with translated("read"):
            return postgres_report.dead_letters(self._db, limit=limit)

    def close(self) -> None:
        with translated("closed"):
            self._db.close()

    def _counted(self, kept: Kept) -> Kept:
        return replace(kept, counter=postgres_marks.counter(self._db, kept.gateway)) if kept.verdict.followed else kept

    def _begin_day(self, at: datetime) -> None:
        day = at.astimezone(UTC).date()
        if day not in self._days:
            with translated("written"):
                postgres_days.prepare(self._db, day)
            self._days.add(day)

    def _touch(self, arrivals: Sequence[Arrival]) -> list[Stream]:
        """Every stream that this group speaks of, in order."""
        highest: dict[Stream, int] = {}
        announced: dict[Stream, int] = {}
        touched: dict[Stream, None] = {}
        for arrival in arrivals:
            match arrival:
                case Accepted():
                    gateway, epoch, seq = postgres_rows.key_of(arrival)
                case Born():
                    gateway, epoch, seq = arrival.birth.gateway, arrival.birth.epoch, 0
                    announced[gateway, epoch] = max(announced.get((gateway, epoch), 0), arrival.birth.last_seq)
                case Rejected() if arrival.seq:
                    gateway, epoch, seq = arrival.gateway, arrival.epoch, arrival.seq
                case _:
                    continue
            touched[gateway, epoch] = None
            highest[gateway, epoch] = max(highest.get((gateway, epoch), 0), seq)
        if touched:
            postgres_marks.touch(self._db, highest, announced)
        return list(touched)

    def _births(self, births: Sequence[Born], at: datetime) -> None:
        for one in births:
            birth = one.birth
            self._db.execute("UPDATE gateways SET epoch = %s WHERE name = %s", (birth.epoch, birth.gateway))
            self._db.execute(
                "INSERT INTO births VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (gateway, epoch, boot_id)"
                " DO UPDATE SET at = excluded.at, received_at = excluded.received_at, payload = excluded.payload",
                (birth.gateway, birth.epoch, birth.boot_id, birth.at, at, one.payload),
            )

    def _seen(self, seen: Sequence[Seen], at: datetime) -> None:
        if not seen:
            return
        with self._db.cursor() as cursor:
            cursor.executemany(
                "UPDATE gateways SET seen_at = %s, state = coalesce(nullif(%s, ''), state),"
                " health = coalesce(%s::jsonb, health) WHERE name = %s",
                [
                    (at, one.state, None if one.health is None else msgspec.json.encode(one.health).decode(), one.gateway)
                    for one in seen
                ],
            )

    def _dead_letters(self, letters: Sequence[Rejected], at: datetime) -> None:
        if not letters:
            return
        postgres_rows.explain(
            self._db, [(one.gateway, one.epoch, one.seq, one.seq, "refused-here", one.seq) for one in letters if one.seq]
        )
        kept: dict[str, int] = dict(self._db.execute(
            "SELECT gateway, count(*) FROM dead_letters WHERE gateway = ANY(%s) GROUP BY gateway",
            ([one.gateway for one in letters],),
        ).fetchall())  # fmt: skip
        distinct: set[tuple[str, str, str]] = set()
        rows: list[tuple[object, ...]] = []
        for one in letters:
            digest = one.sha256 if kept.get(one.gateway, 0) < DEAD_LETTERS or one.seq else ""
            if (one.gateway, one.reason, digest) not in distinct:
                distinct.add((one.gateway, one.reason, digest))
                kept[one.gateway] = kept.get(one.gateway, 0) + 1
            rows.append((one.gateway, one.reason, digest, one.leaf, one.size_bytes, one.epoch, one.seq, at, at, one.payload))
        with self._db.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO dead_letters VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s)"
                " ON CONFLICT (gateway, reason, sha256) DO UPDATE SET count = dead_letters.count + 1, last_at = excluded.last_at",
                rows,
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated("written"), self._db.transaction():
            self._db.execute("SELECT pg_advisory_xact_lock(%s)", (self._lock,))
            yield
