"""What HQ's databases take in, in groups as the sink makes them, against PostgreSQL's own COPY of the very same rows.

The COPY knows no repeats, no watermarks and no signatures: it is the floor under what any sink could cost. It fills tables of
the same shape, with the same indexes, once in the same groups (one commit each) and once in a single piece.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from postgres_world import Cluster, PostgresPlace, opened_at
from sync_world import BOX_PUBLIC, GATEWAY, NOON, TENANT, an_hq, box_sign, envelope, tags_data

from edge_sync import topics, wire
from edge_sync.intake import examine
from edge_sync.postgres_rows import _TAG_TYPES, _incoming, _tags, key_of
from edge_sync.store import Accepted, Gateway, Store

pytestmark = [pytest.mark.bench, pytest.mark.postgres]

ENVELOPES, TAGS = 4000, 5
GROUP = 200
LEAF = topics.Address(tenant=TENANT, gateway=GATEWAY, leaf="tags").topic


def rows() -> list[Accepted]:
    made = []
    for seq in range(1, ENVELOPES + 1):
        one = envelope(seq, tags_data(seq, TAGS))
        made.append(Accepted(envelope=one, payload=wire.seal(one, box_sign)))
    return made


def groups(arrivals: Sequence[Accepted], size: int = GROUP) -> list[Sequence[Accepted]]:
    return [arrivals[start : start + size] for start in range(0, len(arrivals), size)]


def per_s(work: Callable[[], None]) -> int:
    began = time.perf_counter()
    work()
    return round(ENVELOPES / (time.perf_counter() - began))


def commit_all(store: Store, arrivals: Sequence[Accepted], size: int) -> None:
    for group in groups(arrivals, size):
        store.commit(group, at=NOON)
    assert store.report(limit=0).n == ENVELOPES


def sunk(place: PostgresPlace, arrivals: Sequence[Accepted], size: int) -> int:
    store = an_hq(place.name)
    found = per_s(lambda: commit_all(store, arrivals, size))
    store.close()
    return found


def copied(place: PostgresPlace, arrivals: Sequence[Accepted], size: int) -> int:
    """The same envelopes, payloads and tags, by COPY alone."""
    opened_at(place).close()
    pieces = [ready(group, NOON) for group in groups(arrivals, size)]
    with psycopg.connect(place.name, autocommit=True) as db:

        def copy_all() -> None:
            for piece in pieces:
                with db.transaction(), db.cursor() as cursor:
                    for statement, types, lines in piece:
                        with cursor.copy(statement) as copy:
                            copy.set_types(types)
                            for line in lines:
                                copy.write_row(line)

        return per_s(copy_all)


def ready(group: Sequence[Accepted], at: datetime) -> list[tuple[bytes, Sequence[str], list[tuple[object, ...]]]]:
    keys = ("text", "text", "int8")
    times = ("timestamptz",) * 3
    whole = [_incoming(key_of(one), one, at) for one in group]
    return [
        (b"COPY envelopes FROM STDIN (FORMAT binary)", (*keys, "text", "text", *times, "bytea"), [one[:-1] for one in whole]),
        (
            b"COPY payloads FROM STDIN (FORMAT binary)",
            ("timestamptz", *keys, "bytea"),
            [(at, *one[:3], one[-1]) for one in whole],
        ),
        (
            b"COPY tags FROM STDIN (FORMAT binary)",
            _TAG_TYPES,
            [line for one in group for line in _tags(key_of(one), one.envelope, at)],  # type: ignore[arg-type]
        ),
    ]


@pytest.fixture
def on_disk() -> Iterator[Cluster]:
    made = Cluster().start()
    yield made
    made.drop()


def test_rows_into_both_databases(on_disk: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrivals = rows()
    file = an_hq(tmp_path / "hq.db")
    known = Gateway(name=GATEWAY, tenant=TENANT, key=BOX_PUBLIC)
    figures = {
        "bench": "sink", "envelopes": ENVELOPES, "tags_each": TAGS, "group": GROUP,
        "examined_per_s": per_s(lambda: [examine(LEAF, one.payload, lambda _: known) for one in arrivals] and None),
        "sqlite_per_s": per_s(lambda: commit_all(file, arrivals, GROUP)),
        "postgres_per_s": sunk(PostgresPlace(on_disk), arrivals, GROUP),
        "postgres_groups_of_2000_per_s": sunk(PostgresPlace(on_disk), arrivals, 2000),
        "copy_per_s": copied(PostgresPlace(on_disk), arrivals, GROUP),
        "copy_in_one_piece_per_s": copied(PostgresPlace(on_disk), arrivals, ENVELOPES),
    }  # fmt: skip
    file.close()
    figures["of_copy"] = round(figures["postgres_per_s"] / figures["copy_per_s"], 2)  # type: ignore[operator,assignment]
    with capsys.disabled():
        print("\n" + json.dumps(figures))
    assert figures["of_copy"] >= 0.2  # type: ignore[operator]
