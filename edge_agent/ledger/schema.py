"""The tables, and the migrations that lead to them.

Rules: `audit` and `audit_nodes` are append-only (triggers refuse every UPDATE and DELETE); `tags` rows are never changed, a
later tag *supersedes* an earlier one by naming it; `outbox.seq` starts at 1 in each epoch and is taken from `meta.highest`, so
that a deleted row never frees its number. Times are UTC text with milliseconds, offsets `*_ms`, sizes `*_bytes`.
"""

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from edge_agent.errors import NotAllowed

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

NAME: Final = "ledger"
_FIRST: Final = (
    """CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE recordings (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
        parked TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL, size_bytes INTEGER NOT NULL, captured_at TEXT NOT NULL,
        circumstances TEXT NOT NULL) STRICT""",
    """CREATE INDEX recordings_digest ON recordings (digest) WHERE digest <> ''""",
    """CREATE INDEX recordings_state ON recordings (state, captured_at)""",
    """CREATE TABLE objects (
        id TEXT PRIMARY KEY, recording TEXT NOT NULL REFERENCES recordings (id), kind TEXT NOT NULL,
        sha256 TEXT NOT NULL, plain_bytes INTEGER NOT NULL, sealed_bytes INTEGER NOT NULL) STRICT""",
    """CREATE TABLE analyses (
        id INTEGER PRIMARY KEY, recording TEXT NOT NULL REFERENCES recordings (id), ruleset TEXT NOT NULL,
        models TEXT NOT NULL, at TEXT NOT NULL, duration_ms INTEGER NOT NULL, utterances INTEGER NOT NULL,
        doubtful INTEGER NOT NULL, score TEXT NOT NULL DEFAULT '', UNIQUE (recording, ruleset)) STRICT""",
    """CREATE TABLE tags (
        id TEXT PRIMARY KEY, analysis INTEGER NOT NULL REFERENCES analyses (id),
        recording TEXT NOT NULL REFERENCES recordings (id), code TEXT NOT NULL, speaker TEXT NOT NULL,
        start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, known_at_ms INTEGER NOT NULL, confidence REAL NOT NULL,
        severity TEXT NOT NULL, layer TEXT NOT NULL, rule TEXT NOT NULL, rule_digest TEXT NOT NULL,
        turn INTEGER NOT NULL, status TEXT NOT NULL, supersedes TEXT NOT NULL,
        slots TEXT NOT NULL, evidence TEXT NOT NULL) STRICT""",
    """CREATE INDEX tags_recording ON tags (recording, start_ms)""",
    """CREATE INDEX tags_supersedes ON tags (supersedes) WHERE supersedes <> ''""",
    """CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL, rank INTEGER NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL,
        committed_at TEXT NOT NULL DEFAULT '', payload BLOB, bytes INTEGER NOT NULL) STRICT""",
    """CREATE INDEX outbox_rank ON outbox (rank DESC, seq) WHERE state = 'live'""",
    """CREATE INDEX outbox_committed ON outbox (committed_at) WHERE committed_at <> ''""",
    """CREATE TABLE generations (generation TEXT PRIMARY KEY, first_seen TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, boot TEXT NOT NULL, mono_ms INTEGER NOT NULL, kind TEXT NOT NULL,
        body TEXT NOT NULL, hash BLOB NOT NULL) STRICT""",
    """CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TRIGGER tags_keep BEFORE UPDATE ON tags BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """INSERT INTO meta VALUES ('outbox_bytes', '0'), ('highest', '0'), ('committed', '0'), ('shed', '0'), ('dead', '0')""",
    # The outbox's size is kept by the tables themselves: a sum over a week's backlog on each commit would be slow.
    """CREATE TRIGGER outbox_in AFTER INSERT ON outbox BEGIN
        UPDATE meta SET value = CAST(value AS INTEGER) + NEW.bytes WHERE key = 'outbox_bytes'; END""",
    """CREATE TRIGGER outbox_out AFTER DELETE ON outbox BEGIN
        UPDATE meta SET value = CAST(value AS INTEGER) - OLD.bytes WHERE key = 'outbox_bytes'; END""",
    """CREATE TRIGGER outbox_less AFTER UPDATE OF bytes ON outbox BEGIN
        UPDATE meta SET value = CAST(value AS INTEGER) + NEW.bytes - OLD.bytes WHERE key = 'outbox_bytes'; END""",
)

_AUDIT_TREE: Final = (
    """CREATE TABLE audit_nodes (
        level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, place)) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER audit_nodes_keep BEFORE UPDATE ON audit_nodes BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TRIGGER audit_nodes_stay BEFORE DELETE ON audit_nodes BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TABLE refusals (
        what TEXT NOT NULL, reason TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (what, reason, seq)) STRICT, WITHOUT ROWID""",
)

_OPENINGS: Final = (
    """CREATE TABLE openings (
        request TEXT PRIMARY KEY, object TEXT NOT NULL, requester TEXT NOT NULL, binding TEXT NOT NULL, minutes INTEGER NOT NULL,
        asked_at TEXT NOT NULL, expires_at TEXT NOT NULL, state TEXT NOT NULL, legal TEXT NOT NULL, hr TEXT NOT NULL,
        opened_at TEXT NOT NULL, until TEXT NOT NULL, views INTEGER NOT NULL, ended_at TEXT NOT NULL, ended TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX openings_object ON openings (object)""",
)


_CONSENT: Final = (
    # Who is on a recording, apart from `recordings`, so that the link can be forgotten while the log still verifies.
    """CREATE TABLE subjects (
        recording TEXT NOT NULL REFERENCES recordings (id), party TEXT NOT NULL, pseudonym TEXT NOT NULL, nonce TEXT NOT NULL,
        PRIMARY KEY (recording, party)) STRICT""",
    """CREATE INDEX subjects_pseudonym ON subjects (party, pseudonym)""",
    """CREATE TABLE statements (
        id TEXT PRIMARY KEY, party TEXT NOT NULL, subject TEXT NOT NULL, verb TEXT NOT NULL, basis TEXT NOT NULL,
        at TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL DEFAULT '', nonce TEXT NOT NULL) STRICT""",
    """CREATE INDEX statements_subject ON statements (party, subject)""",
    """CREATE TRIGGER statements_keep BEFORE UPDATE ON statements BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TABLE holds (
        id TEXT PRIMARY KEY, recording TEXT NOT NULL REFERENCES recordings (id), reason TEXT NOT NULL,
        at TEXT NOT NULL) STRICT""",
    """CREATE INDEX holds_recording ON holds (recording)""",
    # Without these, what belongs to one recording or one analysis is found by reading everything.
    """CREATE INDEX IF NOT EXISTS objects_recording ON objects (recording)""",
    """CREATE INDEX IF NOT EXISTS tags_analysis ON tags (analysis)""",
    """CREATE TABLE shredding (
        recording TEXT PRIMARY KEY REFERENCES recordings (id), reason TEXT NOT NULL, at TEXT NOT NULL) STRICT""",
)

_KEY_VIEWS: Final = ("""ALTER TABLE openings ADD COLUMN key_views INTEGER NOT NULL DEFAULT 0""",)

_METRICS: Final = ("""ALTER TABLE analyses ADD COLUMN metrics TEXT NOT NULL DEFAULT ''""",)
_INSIGHTS: Final = ("""ALTER TABLE analyses ADD COLUMN insights TEXT NOT NULL DEFAULT ''""",)
_TOUCHES: Final = (
    """ALTER TABLE analyses ADD COLUMN facts TEXT NOT NULL DEFAULT ''""",
    # What the circumstances say, which the log binds; here only so that it is found by an index.
    """ALTER TABLE recordings ADD COLUMN reference TEXT GENERATED ALWAYS AS (
        CASE WHEN json_valid(circumstances) THEN json_extract(circumstances, '$.reference') END) VIRTUAL""",
    """CREATE INDEX recordings_reference ON recordings (reference) WHERE reference <> ''""",
)
_OVERRIDES: Final = (
    """CREATE TABLE overrides (
        id TEXT PRIMARY KEY, recording TEXT NOT NULL REFERENCES recordings (id), card TEXT NOT NULL, item TEXT NOT NULL,
        hundredths INTEGER NOT NULL, reason TEXT NOT NULL, role TEXT NOT NULL, at TEXT NOT NULL) STRICT""",
    """CREATE INDEX overrides_recording ON overrides (recording)""",
    """CREATE TRIGGER overrides_keep BEFORE UPDATE ON overrides BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TRIGGER overrides_stay BEFORE DELETE ON overrides BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
)
_HISTORY: Final = (
    # When the recording began, so that a stretch of a person's history is found by an index; what it says is in `recordings`.
    """ALTER TABLE subjects ADD COLUMN began_ms INTEGER NOT NULL DEFAULT 0""",
    """UPDATE subjects SET began_ms = (SELECT CAST(ROUND((julianday(json_extract(circumstances, '$.started_at')) - 2440587.5)
        * 86400000) AS INTEGER) FROM recordings WHERE recordings.id = subjects.recording)""",
    """CREATE INDEX subjects_began ON subjects (party, pseudonym, began_ms)""",
    """CREATE INDEX tags_code ON tags (recording, code)""",
    # Recordings whose persons are to be judged over days: at once, or when that time has come.
    """CREATE TABLE to_judge (
        recording TEXT NOT NULL REFERENCES recordings (id), at TEXT NOT NULL,
        PRIMARY KEY (recording, at)) STRICT, WITHOUT ROWID""",
    """CREATE INDEX to_judge_at ON to_judge (at)""",
    """CREATE INDEX recordings_kind ON recordings (kind, captured_at)""",
)
_WRITTEN: Final = (
    # When a touch in writing began, in ms since 1970; NULL for all other recordings.
    """ALTER TABLE recordings ADD COLUMN written_ms INTEGER GENERATED ALWAYS AS (
        CASE WHEN kind = 'channel' AND json_valid(circumstances)
            AND json_extract(circumstances, '$.channel') IN ('wechat', 'email', 'document', 'crm')
        THEN CAST(ROUND((julianday(json_extract(circumstances, '$.started_at')) - 2440587.5) * 86400000) AS INTEGER) END)
        VIRTUAL""",
    """CREATE INDEX recordings_written ON recordings (written_ms) WHERE written_ms IS NOT NULL""",
)

_CONTESTS: Final = (
    """CREATE TABLE contests (
        case_id TEXT NOT NULL, tag TEXT NOT NULL REFERENCES tags (id), recording TEXT NOT NULL REFERENCES recordings (id),
        stage TEXT NOT NULL, reason TEXT NOT NULL, role TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (case_id, stage)) STRICT""",
    """CREATE INDEX contests_tag ON contests (tag)""",
    """CREATE TRIGGER contests_keep BEFORE UPDATE ON contests BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TRIGGER contests_stay BEFORE DELETE ON contests BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
)

_BEGAN: Final = "json_extract(circumstances, '$.started_at')"
_ZONE: Final = f"CASE substr({_BEGAN}, -1) WHEN 'Z' THEN 1 ELSE 6 END"
_BEGAN_MS: Final = f"""(CAST(strftime('%s', substr({_BEGAN}, 1, 19) || substr({_BEGAN}, -({_ZONE}))) AS INTEGER) * 1000
    + CAST(substr(substr({_BEGAN}, 21, max(length({_BEGAN}) - 20 - ({_ZONE}), 0)) || '000', 1, 3) AS INTEGER))"""
"""When a recording began, in ms since 1970, as `domain.history.ms_of` rounds down: SQLite rounds a fraction that it reads."""
_SCANS: Final = (
    # What a scan observed, in the names of the event models, apart from its analysis, which binds it by a commitment.
    """ALTER TABLE analyses ADD COLUMN observed TEXT NOT NULL DEFAULT ''""",
    """CREATE TABLE observations (
        analysis INTEGER PRIMARY KEY REFERENCES analyses (id), nonce TEXT NOT NULL, said TEXT NOT NULL) STRICT""",
    """CREATE TRIGGER observations_keep BEFORE UPDATE ON observations BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    # Whose scan a recording is and when it began, as `domain.watching.place_of` reads the circumstances; NULL for all others.
    """ALTER TABLE recordings ADD COLUMN place TEXT GENERATED ALWAYS AS (
        CASE WHEN kind NOT IN ('call', 'channel') AND json_valid(circumstances) THEN kind || ':' || COALESCE(
        NULLIF(json_extract(circumstances, '$.bay'), ''), NULLIF(json_extract(circumstances, '$.floor'), '')) END) VIRTUAL""",
    f"""ALTER TABLE recordings ADD COLUMN scanned_ms INTEGER GENERATED ALWAYS AS (
        CASE WHEN kind NOT IN ('call', 'channel') AND json_valid(circumstances) THEN {_BEGAN_MS} END) VIRTUAL""",
    # What 0010 filled in was rounded to the nearest millisecond.
    f"""UPDATE subjects SET began_ms = COALESCE((SELECT {_BEGAN_MS} FROM recordings WHERE recordings.id = subjects.recording),
        began_ms)""",  # noqa: S608 - constant
    """CREATE INDEX recordings_place ON recordings (place, scanned_ms) WHERE place IS NOT NULL""",
    # Scans whose place is to be judged: at once, or when that time has come.
    """CREATE TABLE to_watch (
        recording TEXT NOT NULL REFERENCES recordings (id), at TEXT NOT NULL,
        PRIMARY KEY (recording, at)) STRICT, WITHOUT ROWID""",
    # What is remembered of a place after a scan. It follows from the scans and may be thrown away: no leaf binds it.
    """CREATE TABLE watched (
        place TEXT NOT NULL, scanned_ms INTEGER NOT NULL, recording TEXT NOT NULL, basis TEXT NOT NULL, state TEXT NOT NULL,
        since_ms INTEGER NOT NULL, PRIMARY KEY (place, scanned_ms, recording)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE closings (
        case_id TEXT NOT NULL, tag TEXT NOT NULL REFERENCES tags (id), recording TEXT NOT NULL REFERENCES recordings (id),
        scan TEXT NOT NULL REFERENCES recordings (id), stage TEXT NOT NULL, reason TEXT NOT NULL, over_ms INTEGER NOT NULL,
        at TEXT NOT NULL, UNIQUE (case_id, stage)) STRICT""",
    """CREATE INDEX closings_tag ON closings (tag)""",
    """CREATE TRIGGER closings_keep BEFORE UPDATE ON closings BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    """CREATE TRIGGER closings_stay BEFORE DELETE ON closings BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
)

STEPS: Final = (
    ("0001_first", _FIRST),
    ("0002_audit_tree", _AUDIT_TREE),
    ("0003_consent", _CONSENT),
    ("0004_openings", _OPENINGS),
    ("0005_key_views", _KEY_VIEWS),
    ("0006_metrics", _METRICS),
    ("0007_insights", _INSIGHTS),
    ("0008_touches", _TOUCHES),
    ("0009_overrides", _OVERRIDES),
    ("0010_history", _HISTORY),
    ("0011_written", _WRITTEN),
    ("0012_contests", _CONTESTS),
    ("0013_scans", _SCANS),
)
"""Migrations in their order. A released step is never edited; a change is a further step."""
VERSION: Final = len(STEPS)
"""Kept in `PRAGMA user_version` too, so that an up-to-date file opens without sqlite-utils."""


@cache
def migrations() -> "Migrations":
    """The migration set; each runs in one transaction together with the record that it ran."""
    from sqlite_utils import Migrations  # noqa: PLC0415 - it imports numpy

    steps = Migrations(NAME)
    for number, (name, statements) in enumerate(STEPS, 1):
        steps(name=name)(_step(number, statements))
    return steps


def _step(number: int, statements: tuple[str, ...]) -> "Callable[[Database], None]":
    def take(db: "Database") -> None:
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")

    return take


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to `VERSION`; NotAllowed for a file that a newer release has written."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise NotAllowed("the ledger was written by a newer release", remedy="install that release again", zh="账本版本较新")
    if version == VERSION:
        return
    from sqlite_utils import Database  # noqa: PLC0415

    migrations().apply(Database(connection))
