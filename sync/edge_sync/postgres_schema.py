"""HQ's PostgreSQL tables, as a list of steps; `versions` says how many a database has taken, each of them in one transaction.

`envelopes` is what repeats are recognised by, for ever and across days, so it is small and not partitioned: a partitioned primary
key would have to hold the day, and a repeat that comes a day late would count again. What is large or read by analysts lies in
partitions of the day on which HQ received it: HQ's clock can be trusted, a gateway's cannot, and only today's partition grows.
`tags` has no unique key on `event_id` on purpose: "nothing counted twice" is measured by a query, not made true by a constraint.
"""

from typing import Final, LiteralString

from edge_sync.errors import Refused, StoreBroken
from edge_sync.postgres_link import Database

PARTED: Final = ("payloads", "tags", "shelf_readings", "floor_minutes")
"""Tables that are partitioned by the day of `received_at`."""
_FOUNDING: Final = 0x6564_6765_2D68_7100
"""Advisory lock under which tables are made and changed, before there is one of the store's own."""

STEPS: Final[tuple[LiteralString, ...]] = (
    """
    CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
    INSERT INTO meta VALUES ('generation', replace(gen_random_uuid()::text, '-', ''));
    CREATE TABLE gateways (
        name text COLLATE "C" PRIMARY KEY, tenant text NOT NULL, key bytea NOT NULL, epoch text COLLATE "C" NOT NULL DEFAULT '',
        counter bigint NOT NULL DEFAULT 0, state text NOT NULL DEFAULT '', seen_at timestamptz, health jsonb,
        revoked boolean NOT NULL DEFAULT false
    );
    CREATE TABLE streams (
        gateway text COLLATE "C" NOT NULL REFERENCES gateways (name), epoch text COLLATE "C" NOT NULL,
        contiguous bigint NOT NULL DEFAULT 0, highest bigint NOT NULL DEFAULT 0, announced bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (gateway, epoch)
    );
    CREATE TABLE envelopes (
        gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, type text NOT NULL,
        recording text NOT NULL, time timestamptz NOT NULL, recorded_at timestamptz NOT NULL, received_at timestamptz NOT NULL,
        sha256 bytea NOT NULL, PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE TABLE payloads (
        received_at timestamptz NOT NULL, gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL,
        payload bytea NOT NULL
    ) PARTITION BY RANGE (received_at);
    CREATE TABLE payloads_rest PARTITION OF payloads DEFAULT;
    CREATE INDEX payloads_by_key ON payloads (gateway, epoch, seq);
    CREATE TABLE tags (
        received_at timestamptz NOT NULL, time timestamptz NOT NULL, gateway text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, event_id text NOT NULL, recording text NOT NULL, code text NOT NULL,
        speaker text NOT NULL, start_ms bigint NOT NULL, end_ms bigint NOT NULL, known_at_ms bigint NOT NULL,
        confidence double precision NOT NULL, severity text NOT NULL, status text NOT NULL, supersedes text, rule text NOT NULL,
        rule_version integer NOT NULL, ruleset text NOT NULL, slots jsonb NOT NULL, evidence jsonb NOT NULL
    ) PARTITION BY RANGE (received_at);
    CREATE TABLE tags_rest PARTITION OF tags DEFAULT;
    CREATE INDEX tags_by_event ON tags (gateway, event_id);
    CREATE INDEX tags_by_code ON tags (code, gateway);
    CREATE TABLE shelf_scans (
        gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, recording text NOT NULL,
        bay text NOT NULL, planogram text NOT NULL, osa_good bigint NOT NULL, osa_assessed bigint NOT NULL,
        planogram_good bigint NOT NULL, planogram_assessed bigint NOT NULL, price_good bigint NOT NULL,
        price_assessed bigint NOT NULL, planned bigint NOT NULL, PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE TABLE shelf_readings (
        received_at timestamptz NOT NULL, time timestamptz NOT NULL, gateway text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, bay text NOT NULL, slot text NOT NULL, seen text NOT NULL, sku text,
        confidence double precision NOT NULL, at_ms bigint NOT NULL, price text, price_confidence double precision
    ) PARTITION BY RANGE (received_at);
    CREATE TABLE shelf_readings_rest PARTITION OF shelf_readings DEFAULT;
    CREATE INDEX shelf_readings_by_slot ON shelf_readings (gateway, bay, slot);
    CREATE TABLE births (
        gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, boot_id text NOT NULL, at timestamptz NOT NULL,
        received_at timestamptz NOT NULL, payload bytea NOT NULL, PRIMARY KEY (gateway, epoch, boot_id)
    );
    CREATE TABLE gaps (
        gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
        reason text NOT NULL, by_seq bigint NOT NULL, PRIMARY KEY (gateway, epoch, first, last, by_seq)
    );
    CREATE TABLE dead_letters (
        gateway text COLLATE "C" NOT NULL, reason text NOT NULL, sha256 text NOT NULL, leaf text NOT NULL,
        size_bytes bigint NOT NULL, epoch text NOT NULL, seq bigint NOT NULL, count bigint NOT NULL,
        first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, payload bytea NOT NULL,
        PRIMARY KEY (gateway, reason, sha256)
    );
    CREATE TABLE checkpoints (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gateway text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, origin text NOT NULL, size bigint NOT NULL, root text NOT NULL,
        signature text NOT NULL, key bytea NOT NULL,
        verdict text NOT NULL, judged_at timestamptz NOT NULL, acknowledged boolean NOT NULL DEFAULT false,
        UNIQUE (gateway, epoch, seq)
    );
    CREATE INDEX checkpoints_by_log ON checkpoints (gateway, origin, number);
    """,
    """
    CREATE TABLE cases (
        gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, case_id text NOT NULL,
        event_id text NOT NULL, recording text NOT NULL, state text NOT NULL, reason text NOT NULL, at timestamptz NOT NULL,
        PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE INDEX cases_by_event ON cases (gateway, event_id);
    """,
    """
    CREATE TABLE floor_recordings (
        gateway text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, recording text NOT NULL,
        floor text NOT NULL, plan text NOT NULL, time timestamptz NOT NULL, seconds bigint NOT NULL, assessed_s bigint NOT NULL,
        person_s bigint, arrivals bigint, suppressed bigint NOT NULL, PRIMARY KEY (gateway, epoch, seq)
    );
    CREATE TABLE floor_minutes (
        received_at timestamptz NOT NULL, time timestamptz NOT NULL, gateway text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL, seq bigint NOT NULL, floor text NOT NULL, zone text NOT NULL, role text NOT NULL,
        minute bigint NOT NULL, assessed_s bigint NOT NULL, person_s bigint
    ) PARTITION BY RANGE (received_at);
    CREATE TABLE floor_minutes_rest PARTITION OF floor_minutes DEFAULT;
    CREATE INDEX floor_minutes_by_zone ON floor_minutes (gateway, floor, zone);
    """,
)


def migrate(db: Database, *, create: bool) -> None:
    """Take the steps this database has not taken; Refused when there are no tables and `create` is off."""
    if _taken(db) == len(STEPS):
        return
    if not create and _taken(db) == 0:
        raise Refused("no database there", remedy="run `edge-hq enrol … --store DB` first")
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_FOUNDING,))
        if _taken(db) == 0:
            db.execute("CREATE TABLE IF NOT EXISTS versions (number integer PRIMARY KEY, taken_at timestamptz DEFAULT now())")
        done = _taken(db)
        if done > len(STEPS):
            raise StoreBroken("database is newer than this program", remedy="update it")
        for number, step in enumerate(STEPS[done:], start=done + 1):
            db.execute(step)
            db.execute("INSERT INTO versions (number) VALUES (%s)", (number,))


def _taken(db: Database) -> int:
    """How many steps this database has taken; 0 when there is nothing."""
    row = db.execute("SELECT to_regclass('versions') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return 0
    row = db.execute("SELECT coalesce(max(number), 0) FROM versions").fetchone()
    return 0 if row is None else int(row[0])
