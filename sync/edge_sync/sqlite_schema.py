"""HQ's SQLite tables, as a list of steps; `PRAGMA user_version` says how many a database has taken.

`tags` has no unique key on `event_id` on purpose: "nothing counted twice" is measured by a query, not made true by a constraint.
"""

from typing import Final

STEPS: Final = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('generation', lower(hex(randomblob(16))));
    CREATE TABLE gateways (
        name TEXT PRIMARY KEY, tenant TEXT NOT NULL, key BLOB NOT NULL, epoch TEXT NOT NULL DEFAULT '',
        counter INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT '', seen_at TEXT NOT NULL DEFAULT '',
        health TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID;
    CREATE TABLE streams (
        gateway TEXT NOT NULL REFERENCES gateways (name), epoch TEXT NOT NULL, contiguous INTEGER NOT NULL DEFAULT 0,
        highest INTEGER NOT NULL DEFAULT 0, announced INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (gateway, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE envelopes (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, recording TEXT NOT NULL,
        time TEXT NOT NULL, recorded_at TEXT NOT NULL, received_at TEXT NOT NULL, payload BLOB NOT NULL,
        PRIMARY KEY (gateway, epoch, seq), FOREIGN KEY (gateway, epoch) REFERENCES streams (gateway, epoch)
    );
    CREATE TABLE tags (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL, recording TEXT NOT NULL,
        code TEXT NOT NULL, speaker TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
        known_at_ms INTEGER NOT NULL, confidence REAL NOT NULL, severity TEXT NOT NULL, status TEXT NOT NULL,
        supersedes TEXT, rule TEXT NOT NULL, rule_version INTEGER NOT NULL, ruleset TEXT NOT NULL, slots TEXT NOT NULL,
        evidence TEXT NOT NULL
    );
    CREATE INDEX tags_by_event ON tags (gateway, event_id);
    CREATE INDEX tags_by_code ON tags (code, gateway);
    CREATE TABLE shelf_scans (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, recording TEXT NOT NULL, bay TEXT NOT NULL,
        planogram TEXT NOT NULL, osa_good INTEGER NOT NULL, osa_assessed INTEGER NOT NULL,
        planogram_good INTEGER NOT NULL, planogram_assessed INTEGER NOT NULL, price_good INTEGER NOT NULL,
        price_assessed INTEGER NOT NULL, planned INTEGER NOT NULL, PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE TABLE shelf_readings (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, bay TEXT NOT NULL, slot TEXT NOT NULL,
        seen TEXT NOT NULL, sku TEXT, confidence REAL NOT NULL, at_ms INTEGER NOT NULL, price TEXT,
        price_confidence REAL
    );
    CREATE INDEX shelf_readings_by_slot ON shelf_readings (gateway, bay, slot);
    CREATE TABLE births (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, boot_id TEXT NOT NULL, at TEXT NOT NULL, received_at TEXT NOT NULL,
        payload BLOB NOT NULL, PRIMARY KEY (gateway, epoch, boot_id)
    );
    CREATE TABLE gaps (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL,
        by_seq INTEGER NOT NULL, PRIMARY KEY (gateway, epoch, first, last, by_seq)
    ) WITHOUT ROWID;
    CREATE TABLE dead_letters (
        gateway TEXT NOT NULL, reason TEXT NOT NULL, sha256 TEXT NOT NULL, leaf TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, count INTEGER NOT NULL,
        first_at TEXT NOT NULL, last_at TEXT NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (gateway, reason, sha256)
    );
    """,
    """
    CREATE TABLE checkpoints (
        number INTEGER PRIMARY KEY, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, origin TEXT NOT NULL,
        size INTEGER NOT NULL, root TEXT NOT NULL, signature TEXT NOT NULL, key BLOB NOT NULL,
        verdict TEXT NOT NULL, judged_at TEXT NOT NULL, acknowledged INTEGER NOT NULL DEFAULT 0,
        UNIQUE (gateway, epoch, seq)
    );
    CREATE INDEX checkpoints_by_log ON checkpoints (gateway, origin, number);
    """,
    """
    ALTER TABLE gateways ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
    """,
    """
    CREATE TABLE cases (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, case_id TEXT NOT NULL, event_id TEXT NOT NULL,
        recording TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE INDEX cases_by_event ON cases (gateway, event_id);
    """,
    """
    CREATE TABLE floor_recordings (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, recording TEXT NOT NULL, floor TEXT NOT NULL,
        plan TEXT NOT NULL, time TEXT NOT NULL, seconds INTEGER NOT NULL, assessed_s INTEGER NOT NULL, person_s INTEGER,
        arrivals INTEGER, suppressed INTEGER NOT NULL, PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE TABLE floor_minutes (
        gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, floor TEXT NOT NULL, zone TEXT NOT NULL,
        role TEXT NOT NULL, minute INTEGER NOT NULL, assessed_s INTEGER NOT NULL, person_s INTEGER
    );
    CREATE INDEX floor_minutes_by_zone ON floor_minutes (gateway, floor, zone);
    """,
)
