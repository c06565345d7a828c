"""A group of accepted envelopes into HQ's PostgreSQL tables; what they carry is taken apart only for those that were new.

The group is copied into a temporary table and inserted from there, ignoring keys that are taken (measured: twice as fast as
arrays from 50 rows on, 0.3 ms slower for one). Of the same key twice in a group the first counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, LiteralString

import msgspec

from edge_sync.messages import CaseEnvelope, FloorEnvelope, GapEnvelope, ShelfEnvelope, TagsEnvelope
from edge_sync.postgres_link import Database
from edge_sync.store import Accepted

Key = tuple[str, str, int]
Row = tuple[Any, ...]


def prepare(db: Database) -> None:
    """What this session needs besides the tables of the store."""
    db.execute(
        'CREATE TEMPORARY TABLE incoming (gateway text COLLATE "C", epoch text COLLATE "C", seq bigint, type text, recording'
        " text, time timestamptz, recorded_at timestamptz, received_at timestamptz, sha256 bytea, payload bytea)"
        " ON COMMIT DELETE ROWS"
    )


def insert(db: Database, arrivals: Sequence[Accepted], at: datetime) -> tuple[int, list[Accepted]]:
    """Insert inside the caller's transaction; how many were new, and those that differ from what is held under their key."""
    first: dict[Key, Accepted] = {}
    for arrival in arrivals:
        first.setdefault(key_of(arrival), arrival)
    if not first:
        return 0, []
    _copy(
        db,
        "COPY incoming FROM STDIN (FORMAT binary)",
        ("text", "text", "int8", "text", "text", "timestamptz", "timestamptz", "timestamptz", "bytea", "bytea"),
        (_incoming(key, arrival, at) for key, arrival in first.items()),
    )
    fresh = db.execute(
        """
        WITH fresh AS (
            INSERT INTO envelopes (gateway, epoch, seq, type, recording, time, recorded_at, received_at, sha256)
            SELECT gateway, epoch, seq, type, recording, time, recorded_at, received_at, sha256 FROM incoming
            ON CONFLICT (gateway, epoch, seq) DO NOTHING RETURNING gateway, epoch, seq
        ), kept AS (
            INSERT INTO payloads (received_at, gateway, epoch, seq, payload)
            SELECT received_at, gateway, epoch, seq, payload FROM incoming JOIN fresh USING (gateway, epoch, seq)
        )
        SELECT gateway, epoch, seq FROM fresh
        """
    ).fetchall()
    _take_apart(db, [first[gateway, epoch, seq] for gateway, epoch, seq in fresh], at)
    return len(fresh), _differing(db, arrivals) if len(fresh) < len(arrivals) else []


def _differing(db: Database, arrivals: Sequence[Accepted]) -> list[Accepted]:
    held = {(gateway, epoch, seq): digest for gateway, epoch, seq, digest in db.execute(
        "SELECT e.gateway, e.epoch, e.seq, e.sha256 FROM envelopes e JOIN incoming i USING (gateway, epoch, seq)"
    )}  # fmt: skip
    return [one for one in arrivals if held[key_of(one)] != sha256(one.payload).digest()]


def key_of(arrival: Accepted) -> Key:
    envelope = arrival.envelope
    return envelope.gateway, envelope.epoch, envelope.seq


def _incoming(key: Key, arrival: Accepted, at: datetime) -> Row:
    envelope = arrival.envelope
    recording = (
        envelope.data.recording if isinstance(envelope, TagsEnvelope | ShelfEnvelope | FloorEnvelope | CaseEnvelope) else ""
    )
    kind = str(type(envelope).__struct_config__.tag)
    digest = sha256(arrival.payload).digest()
    return *key, kind, recording, envelope.time, envelope.recordedtime, at, digest, arrival.payload


def _take_apart(db: Database, fresh: Sequence[Accepted], at: datetime) -> None:
    tags: list[Row] = []
    scans: list[Row] = []
    readings: list[Row] = []
    floors: list[Row] = []
    minutes: list[Row] = []
    cases: list[Row] = []
    gaps: list[Row] = []
    for arrival in fresh:
        key = key_of(arrival)
        match arrival.envelope:
            case TagsEnvelope() as envelope:
                tags += _tags(key, envelope, at)
            case ShelfEnvelope() as envelope:
                scans.append(_scan(key, envelope))
                readings += _readings(key, envelope, at)
            case FloorEnvelope() as envelope:
                floors.append(_floor(key, envelope))
                minutes += _minutes(key, envelope, at)
            case CaseEnvelope() as envelope:
                said = envelope.data
                cases.append((*key, said.case, said.event_id, said.recording, said.state, said.reason, envelope.time))
            case GapEnvelope() as envelope:
                gaps += [(*key[:2], one.first, one.last, envelope.data.reason, key[2]) for one in envelope.data.ranges]
    _copy(db, "COPY tags FROM STDIN (FORMAT binary)", _TAG_TYPES, tags)
    _copy(db, "COPY shelf_scans FROM STDIN (FORMAT binary)", _SCAN_TYPES, scans)
    _copy(db, "COPY shelf_readings FROM STDIN (FORMAT binary)", _READING_TYPES, readings)
    _copy(db, "COPY floor_recordings FROM STDIN (FORMAT binary)", _FLOOR_TYPES, floors)
    _copy(db, "COPY floor_minutes FROM STDIN (FORMAT binary)", _MINUTE_TYPES, minutes)
    _copy(db, "COPY cases FROM STDIN (FORMAT binary)", _CASE_TYPES, cases)
    explain(db, gaps)


def explain(db: Database, gaps: Sequence[Row]) -> None:
    """Gap records: (gateway, epoch, first, last, reason, by_seq)."""
    if gaps:
        with db.cursor() as cursor:
            cursor.executemany("INSERT INTO gaps VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING", gaps)


def _copy(db: Database, statement: LiteralString, types: Sequence[str], rows: Iterable[Row]) -> None:
    if not rows:
        return
    with db.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


_TAG_TYPES = (
    "timestamptz", "timestamptz", "text", "text", "int8", "text", "text", "text", "text", "int8", "int8", "int8", "float8",
    "text", "text", "text", "text", "int4", "text", "bytea", "bytea",
)  # fmt: skip
_SCAN_TYPES = ("text", "text", "int8", "text", "text", "text", "int8", "int8", "int8", "int8", "int8", "int8", "int8")
_CASE_TYPES = ("text", "text", "int8", "text", "text", "text", "text", "text", "timestamptz")
_FLOOR_TYPES = (
    "text", "text", "int8", "text", "text", "text", "timestamptz", "int8", "int8", "int8", "int8", "int8",
)  # fmt: skip
_MINUTE_TYPES = (
    "timestamptz", "timestamptz", "text", "text", "int8", "text", "text", "text", "int8", "int8", "int8",
)  # fmt: skip
_READING_TYPES = (
    "timestamptz", "timestamptz", "text", "text", "int8", "text", "text", "text", "text", "float8", "int8", "text", "float8",
)  # fmt: skip


def _tags(key: Key, envelope: TagsEnvelope, at: datetime) -> Iterator[Row]:
    data = envelope.data
    for tag in data.tags:
        yield (
            at, envelope.time, *key, tag.event_id, data.recording, tag.code, tag.speaker, tag.start_ms, tag.end_ms,
            tag.known_at_ms, float(tag.confidence), tag.severity, tag.status, tag.supersedes, tag.rule.id, tag.rule.version,
            data.ruleset, _jsonb(tag.slots), _jsonb(tag.evidence),
        )  # fmt: skip


def _scan(key: Key, envelope: ShelfEnvelope) -> Row:
    data = envelope.data
    return (
        *key, data.recording, data.bay, data.planogram, data.osa.good, data.osa.assessed, data.planogram_compliance.good,
        data.planogram_compliance.assessed, data.price_compliance.good, data.price_compliance.assessed, data.osa.planned,
    )  # fmt: skip


def _readings(key: Key, envelope: ShelfEnvelope, at: datetime) -> Iterator[Row]:
    data = envelope.data
    for one in data.readings:
        yield (
            at, envelope.time, *key, data.bay, one.slot, one.seen, _or_none(one.sku), float(one.confidence), one.at_ms,
            _or_none(one.price), _or_none(one.price_confidence),
        )  # fmt: skip


def _floor(key: Key, envelope: FloorEnvelope) -> Row:
    data = envelope.data
    return (
        *key, data.recording, data.floor, data.plan, envelope.time, data.seconds, sum(data.assessed_s), _or_none(data.person_s),
        _or_none(data.arrivals), data.suppressed,
    )  # fmt: skip


def _minutes(key: Key, envelope: FloorEnvelope, at: datetime) -> Iterator[Row]:
    data = envelope.data
    for zone in data.zones:
        for minute, (assessed_s, person_s) in enumerate(zip(data.assessed_s, zone.minutes, strict=True)):
            yield at, envelope.time, *key, data.floor, zone.zone, zone.role, minute, assessed_s, person_s


def _jsonb(value: object) -> bytes:
    """The binary form of jsonb: a version byte, then the text."""
    return b"\x01" + msgspec.json.encode(value)


def _or_none(value: object) -> object:
    return None if isinstance(value, msgspec.UnsetType) else value
