"""Partitions of a day, made when the first rows of a day come, and tomorrow's along with them.

Where one cannot be made (no right to, or a long query holds the table), its rows go to the default partition, `…_rest`, and stay
there: late tidiness is worth less than a watermark in time. Days are UTC. A day is forgotten by dropping its partitions.
"""

from datetime import date, timedelta

from psycopg import sql

from edge_sync import log
from edge_sync.postgres_link import PUT_OFF, Database
from edge_sync.postgres_schema import PARTED


def prepare(db: Database, day: date) -> None:
    """Make the partitions of `day` and of the next day, each in a transaction of its own; never fails for want of one."""
    for one in (day, day + timedelta(days=1)):
        for table in PARTED:
            try:
                with db.transaction():
                    _make(db, table, one)
            except PUT_OFF as error:
                log.get().warning("partition.put_off", kind=table, error=type(error).__name__)


def _make(db: Database, table: str, day: date) -> None:
    name = f"{table}_{day:%Y%m%d}"
    # `CREATE … PARTITION OF` would lock out every reader of the parent; attaching locks the default partition alone.
    db.execute("SET LOCAL lock_timeout = '1s'")
    db.execute("SELECT pg_advisory_xact_lock('meta'::regclass::oid::bigint)")
    row = db.execute("SELECT to_regclass(%s) IS NULL", (name,)).fetchone()
    if row is None or not row[0]:
        return
    parent, part = sql.Identifier(table), sql.Identifier(name)
    db.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS)").format(part, parent))
    db.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            parent, part, sql.Literal(f"{day} 00:00+00"), sql.Literal(f"{day + timedelta(days=1)} 00:00+00")
        )
    )
