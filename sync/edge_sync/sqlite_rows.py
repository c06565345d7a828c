"""One accepted envelope into HQ's tables: the envelope itself, and what it carries, only when it was new."""

import sqlite3
from datetime import datetime

import msgspec

from edge_sync.messages import CaseEnvelope, FloorEnvelope, GapEnvelope, ShelfEnvelope, TagsEnvelope
from edge_sync.store import Accepted


def insert(db: sqlite3.Connection, arrival: Accepted, at: datetime) -> bool:
    """Insert inside the caller's transaction; False when this (gateway, epoch, seq) is already there."""
    envelope = arrival.envelope
    key = (envelope.gateway, envelope.epoch, envelope.seq)
    recording = (
        envelope.data.recording if isinstance(envelope, TagsEnvelope | ShelfEnvelope | FloorEnvelope | CaseEnvelope) else ""
    )
    kind = str(type(envelope).__struct_config__.tag)
    done = db.execute(
        "INSERT OR IGNORE INTO envelopes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key, kind, recording, envelope.time.isoformat(), envelope.recordedtime.isoformat(), at.isoformat(),
            arrival.payload,
        ),
    )  # fmt: skip
    if not done.rowcount:
        return False
    match envelope:
        case TagsEnvelope():
            _insert_tags(db, key, envelope)
        case ShelfEnvelope():
            _insert_shelf(db, key, envelope)
        case FloorEnvelope():
            _insert_floor(db, key, envelope)
        case CaseEnvelope():
            data = envelope.data
            db.execute(
                "INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, data.case, data.event_id, data.recording, data.state, data.reason, envelope.time.isoformat()),
            )
        case GapEnvelope():
            db.executemany(
                "INSERT OR IGNORE INTO gaps VALUES (?, ?, ?, ?, ?, ?)",
                [(*key[:2], one.first, one.last, envelope.data.reason, key[2]) for one in envelope.data.ranges],
            )
    return True


def _insert_tags(db: sqlite3.Connection, key: tuple[str, str, int], envelope: TagsEnvelope) -> None:
    data = envelope.data
    db.executemany(
        "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *key, tag.event_id, data.recording, tag.code, tag.speaker, tag.start_ms, tag.end_ms, tag.known_at_ms,
                tag.confidence, tag.severity, tag.status, tag.supersedes, tag.rule.id, tag.rule.version, data.ruleset,
                msgspec.json.encode(tag.slots).decode(), msgspec.json.encode(tag.evidence).decode(),
            )
            for tag in data.tags
        ],
    )  # fmt: skip


def _insert_shelf(db: sqlite3.Connection, key: tuple[str, str, int], envelope: ShelfEnvelope) -> None:
    data = envelope.data
    db.execute(
        "INSERT INTO shelf_scans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key, data.recording, data.bay, data.planogram, data.osa.good, data.osa.assessed,
            data.planogram_compliance.good, data.planogram_compliance.assessed, data.price_compliance.good,
            data.price_compliance.assessed, data.osa.planned,
        ),
    )  # fmt: skip
    db.executemany(
        "INSERT INTO shelf_readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *key, data.bay, one.slot, one.seen, _or_none(one.sku), one.confidence, one.at_ms, _or_none(one.price),
                _or_none(one.price_confidence),
            )
            for one in data.readings
        ],
    )  # fmt: skip


def _insert_floor(db: sqlite3.Connection, key: tuple[str, str, int], envelope: FloorEnvelope) -> None:
    data = envelope.data
    db.execute(
        "INSERT INTO floor_recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key, data.recording, data.floor, data.plan, envelope.time.isoformat(), data.seconds, sum(data.assessed_s),
            _or_none(data.person_s), _or_none(data.arrivals), data.suppressed,
        ),
    )  # fmt: skip
    db.executemany(
        "INSERT INTO floor_minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*key, data.floor, zone.zone, zone.role, minute, assessed_s, person_s)
            for zone in data.zones
            for minute, (assessed_s, person_s) in enumerate(zip(data.assessed_s, zone.minutes, strict=True))
        ],
    )


def _or_none(value: object) -> object:
    return None if isinstance(value, msgspec.UnsetType) else value
