"""How far each stream is complete, what it lacks, and the numbers under which HQ says so. All streams of a group at once."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge_sync.postgres_link import Database
from edge_sync.store import Hole, Watermark

Stream = tuple[str, str]


def touch(db: Database, highest: Mapping[Stream, int], announced: Mapping[Stream, int]) -> None:
    """Streams that were heard of, in the order in which they were; a gateway's first one becomes its current one."""
    streams = list(dict.fromkeys([*highest, *announced]))
    db.execute(
        "INSERT INTO streams (gateway, epoch, highest, announced)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])"
        " ON CONFLICT (gateway, epoch) DO UPDATE SET highest = greatest(streams.highest, excluded.highest),"
        " announced = greatest(streams.announced, excluded.announced)",
        (*_columns(streams), [highest.get(one, 0) for one in streams], [announced.get(one, 0) for one in streams]),
    )
    first: dict[str, str] = {}
    for gateway, epoch in streams:
        first.setdefault(gateway, epoch)
    db.execute(
        "UPDATE gateways SET epoch = t.epoch FROM unnest(%s::text[], %s::text[]) AS t (name, epoch)"
        " WHERE gateways.name = t.name AND gateways.epoch = ''",
        _columns(first.items()),
    )


def advance(db: Database, streams: Sequence[Stream]) -> list[tuple[Stream, int, int]]:
    """Move `contiguous` over what is here and over what gap records explain, as far as anything was seen.

    Returns the streams whose watermark moved, from where and to where, in the order given.
    """
    reached = {(gateway, epoch): seq for gateway, epoch, seq in db.execute(
        "SELECT gateway, epoch, contiguous FROM streams JOIN unnest(%s::text[], %s::text[]) AS t (gateway, epoch)"
        " USING (gateway, epoch)",
        _columns(streams),
    )}  # fmt: skip
    before, open_ones = dict(reached), list(reached)
    while open_ones:
        found = _further(db, {one: reached[one] for one in open_ones})
        open_ones = []
        for gateway, epoch, run, through in found:
            reached[gateway, epoch] = max(run, through)
            if through > run:
                open_ones.append((gateway, epoch))
    moved = [one for one in streams if reached[one] != before[one]]
    if moved:
        db.execute(
            "UPDATE streams SET contiguous = t.seq FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t (gateway, epoch, seq)"
            " WHERE streams.gateway = t.gateway AND streams.epoch = t.epoch",
            (*_columns(moved), [reached[one] for one in moved]),
        )
    return [(one, before[one], reached[one]) for one in moved]


def _further(db: Database, reached: Mapping[Stream, int]) -> list[tuple[str, str, int, int]]:
    """(gateway, epoch, end of the unbroken run of envelopes from there, end of the gap records that join it or 0).

    The window function is read in the order of the primary key, and only up to the first break.
    """
    return db.execute(
        """
        SELECT a.gateway, a.epoch, r.run, coalesce((
            SELECT max(least(g.last, s.highest)) FROM gaps g JOIN streams s USING (gateway, epoch)
            WHERE g.gateway = a.gateway AND g.epoch = a.epoch AND g.first <= r.run + 1 AND g.last > r.run), 0)
        FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS a (gateway, epoch, reached)
        CROSS JOIN LATERAL (SELECT coalesce(
            (SELECT a.reached + w.n - 1 FROM (
                SELECT e.seq, row_number() OVER (ORDER BY e.seq) AS n FROM envelopes e
                WHERE e.gateway = a.gateway AND e.epoch = a.epoch AND e.seq > a.reached) w
             WHERE w.seq <> a.reached + w.n ORDER BY w.seq LIMIT 1),
            (SELECT max(e.seq) FROM envelopes e WHERE e.gateway = a.gateway AND e.epoch = a.epoch AND e.seq > a.reached),
            a.reached) AS run) r
        """,
        (*_columns(reached), list(reached.values())),
    ).fetchall()


def watermarks(db: Database, streams: Sequence[Stream]) -> tuple[Watermark, ...]:
    """Where each of these streams stands, each with a number of its own."""
    counters: dict[str, int] = {}
    tenants: dict[str, str] = {}
    # HQ has a clock worth trusting: an older copy of the database, once restored, still counts onwards.
    for name, tenant, last, n in db.execute(
        "UPDATE gateways SET counter = greatest(counter + 1, %s) + t.n - 1"
        " FROM (SELECT name, count(*) AS n FROM unnest(%s::text[]) AS u (name) GROUP BY name) t"
        " WHERE gateways.name = t.name RETURNING gateways.name, tenant, counter, t.n",
        (time.time_ns() // 1000, [gateway for gateway, _ in streams]),
    ):
        tenants[name], counters[name] = tenant, last - n
    reached = {(gateway, epoch): seq for gateway, epoch, seq in db.execute(
        "SELECT gateway, epoch, contiguous FROM streams JOIN unnest(%s::text[], %s::text[]) AS t (gateway, epoch)"
        " USING (gateway, epoch)",
        _columns(streams),
    )}  # fmt: skip
    marks = []
    for gateway, epoch in streams:
        counters[gateway] += 1
        marks.append(
            Watermark(
                tenant=tenants[gateway], gateway=gateway, epoch=epoch, seq=reached[gateway, epoch], counter=counters[gateway]
            )
        )
    return tuple(marks)


def counter(db: Database, gateway: str) -> int:
    """The next number for this gateway."""
    row = db.execute(
        "UPDATE gateways SET counter = greatest(counter + 1, %s) WHERE name = %s RETURNING counter",
        (time.time_ns() // 1000, gateway),
    ).fetchone()
    assert row is not None
    value: int = row[0]
    return value


def holes(db: Database) -> list[Hole]:
    """The first hole of every current stream that has one, and every stream without a birth."""
    rows = db.execute(
        """
        SELECT g.tenant, s.gateway, s.epoch, s.contiguous + 1, least(
            greatest(s.highest, s.announced),
            (SELECT min(e.seq) - 1 FROM envelopes e
             WHERE e.gateway = s.gateway AND e.epoch = s.epoch AND e.seq > s.contiguous),
            (SELECT min(p.first) - 1 FROM gaps p
             WHERE p.gateway = s.gateway AND p.epoch = s.epoch AND p.first > s.contiguous))
        FROM streams s JOIN gateways g ON g.name = s.gateway AND g.epoch = s.epoch AND NOT g.revoked
        WHERE s.contiguous < greatest(s.highest, s.announced)
        UNION ALL
        SELECT g.tenant, s.gateway, s.epoch, 0, 0 FROM streams s JOIN gateways g ON g.name = s.gateway AND NOT g.revoked
        WHERE NOT EXISTS (SELECT 1 FROM births b WHERE b.gateway = s.gateway AND b.epoch = s.epoch)
        """
    )
    return [Hole(tenant=t, gateway=g, epoch=e, first=first, last=last) for t, g, e, first, last in rows if first <= last]


def _columns(streams: Iterable[Stream]) -> tuple[list[Any], list[Any]]:
    pairs = list(streams)
    return [gateway for gateway, _ in pairs], [epoch for _, epoch in pairs]
