"""HQ's database: repeats, holes, gap records, watermarks, restored copies."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sync_world import EPOCH, GATEWAY, NOON, OTHER, TENANT, a_birth, an_hq, envelope, sealed, tags_data, uuid7

from edge_sync import signing, wire
from edge_sync.errors import Refused, StoreBroken
from edge_sync.sqlite_store import SqliteStore
from edge_sync.store import Accepted, Born, Gateway, Hole, Rejected, Result, Seen


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = an_hq(tmp_path / "hq.db")
    yield made
    made.close()


def row(seq: int, data: object = None, **where: str) -> Accepted:
    return Accepted(envelope=envelope(seq, data, **where), payload=sealed(seq, data, **where))


def put(store: SqliteStore, *seqs: int) -> Result:
    return store.commit([row(seq) for seq in seqs], at=NOON)


def mark(store: SqliteStore) -> int:
    (one,) = store.watermarks()
    return one.seq


def gap(first: int, last: int) -> wire.Gap:
    return wire.Gap(reason="shed", ranges=(wire.Range(first=first, last=last),), count=last - first + 1)


def hole(first: int, last: int) -> Hole:
    return Hole(tenant=TENANT, gateway=GATEWAY, epoch=EPOCH, first=first, last=last)


def holes(store: SqliteStore) -> Sequence[Hole]:
    return [one for one in store.holes() if one.first]


def test_rows_in_order_move_the_watermark(store: SqliteStore) -> None:
    result = put(store, 1, 2, 3)
    assert (result.new, result.repeats, [one.seq for one in result.watermarks]) == (3, 0, [3])


def test_repeats_are_ignored_and_counted(store: SqliteStore) -> None:
    put(store, 1, 2)
    result = put(store, 2, 1, 2, 3)
    assert (result.new, result.repeats) == (1, 3)
    report = store.report(limit=10)
    assert (report.n, report.tags, report.duplicates) == (3, 3, 0)


def test_a_hole_holds_the_watermark_until_it_is_filled(store: SqliteStore) -> None:
    put(store, 1, 2, 5, 6)
    assert (mark(store), holes(store)) == (2, [hole(3, 4)])
    put(store, 4)
    assert (mark(store), holes(store)) == (2, [hole(3, 3)])
    put(store, 3)
    assert (mark(store), holes(store)) == (6, [])


def test_a_gap_record_stands_for_what_it_counts(store: SqliteStore) -> None:
    put(store, 1, 2, 6)
    store.commit([row(7, gap(3, 5))], at=NOON)
    assert mark(store) == 7
    (stream,) = store.report(limit=0).gateways
    assert (stream.rows, stream.missing, stream.gaps) == (4, 0, 3)


def test_a_gap_record_does_not_reach_beyond_what_was_seen(store: SqliteStore) -> None:
    store.commit([row(1, gap(2, 10**15))], at=NOON)
    assert mark(store) == 1


def test_overlapping_gap_records_are_not_counted_twice(store: SqliteStore) -> None:
    put(store, 1, 4, 8)
    store.commit([row(9, gap(2, 5)), row(10, gap(3, 7))], at=NOON)
    (stream,) = store.report(limit=0).gateways
    assert (stream.committed, stream.rows, stream.missing, stream.gaps) == (10, 5, 0, 5)


def test_missing_counts_unexplained_holes_below_the_highest(store: SqliteStore) -> None:
    put(store, 1, 4, 9)
    assert store.report(limit=0).missing == 6


def test_a_birth_announces_rows_that_have_not_come(store: SqliteStore) -> None:
    put(store, 1)
    store.commit([Born(birth=a_birth(last_seq=4), payload=b"x")], at=NOON)
    assert holes(store) == [hole(2, 4)]


def test_a_stream_without_a_birth_is_noticed(store: SqliteStore) -> None:
    put(store, 1)
    assert store.holes() == [hole(0, 0)]
    store.commit([Born(birth=a_birth(), payload=b"x")], at=NOON)
    assert store.holes() == []


def test_a_new_epoch_starts_at_one_and_becomes_the_current_one(store: SqliteStore) -> None:
    put(store, 1, 2, 3)
    store.commit([Born(birth=a_birth(epoch="beef"), payload=b"x"), row(1, epoch="beef")], at=NOON)
    (one,) = store.watermarks()
    assert (one.epoch, one.seq) == ("beef", 1)
    assert store.report(limit=0).n == 4


def test_another_envelope_under_a_taken_sequence_is_a_dead_letter(store: SqliteStore) -> None:
    put(store, 1)
    store.commit([row(1, tags_data(77))], at=NOON)
    report = store.report(limit=10)
    assert (report.n, report.dead_letters, report.rows[0].recording) == (1, 1, uuid7(1_000_001))


def test_the_same_finding_in_two_envelopes_is_measured_as_a_duplicate(store: SqliteStore) -> None:
    store.commit([row(1, tags_data(7)), row(2, tags_data(7))], at=NOON)
    assert store.report(limit=0).duplicates == 1


def test_refused_row_with_a_good_signature_lets_the_others_pass(store: SqliteStore) -> None:
    put(store, 1, 3)
    bad = Rejected(
        gateway=GATEWAY, leaf="tags", reason="malformed", sha256="0" * 64, size_bytes=3, epoch=EPOCH, seq=2, payload=b"bad"
    )
    result = store.commit([bad], at=NOON)
    assert [one.seq for one in result.watermarks] == [3]
    assert store.report(limit=0).missing == 0


def test_dead_letters_are_counted_not_multiplied(store: SqliteStore, tmp_path: Path) -> None:
    bad = Rejected(gateway="", leaf="tags", reason="unknown-gateway", sha256="0" * 64, size_bytes=3)
    store.commit([bad] * 50, at=NOON)
    assert store.report(limit=0).dead_letters == 50
    (kept,) = sqlite3.connect(tmp_path / "hq.db").execute("SELECT count(*) FROM dead_letters").fetchone()
    assert kept == 1


def test_a_flood_of_different_dead_letters_is_bounded(store: SqliteStore, tmp_path: Path) -> None:
    flood = [Rejected(gateway="", leaf="tags", reason="unknown-gateway", sha256=f"{n:064x}", size_bytes=3) for n in range(1500)]
    store.commit(flood, at=NOON)
    (kept,) = sqlite3.connect(tmp_path / "hq.db").execute("SELECT count(*) FROM dead_letters").fetchone()
    assert (kept, store.report(limit=0).dead_letters) == (1001, 1500)


def test_liveness_is_kept(store: SqliteStore) -> None:
    put(store, 1)
    store.commit([Seen(gateway=GATEWAY, state="offline")], at=NOON)
    assert store.report(limit=0).gateways[0].state == "offline"


def test_tags_are_taken_apart(store: SqliteStore, tmp_path: Path) -> None:
    put(store, 1)
    found = sqlite3.connect(tmp_path / "hq.db").execute("SELECT code, speaker, start_ms, slots, evidence FROM tags").fetchall()
    assert found == [
        (
            "price.objection",
            "customer",
            1200,
            '{"brand":"rival-1","amount":"9.60"}',
            '[{"kind":"phrase","start_ms":1200,"end_ms":4100}]',
        )
    ]


def test_shelf_scan_is_taken_apart(store: SqliteStore, tmp_path: Path) -> None:
    share = wire.Share(good=1, assessed=1, planned=2)
    data = wire.ShelfData(
        recording=uuid7(5), consent="not-personal", ruleset="cd" * 32, models=(), bay="bay-a", planogram="56" * 32,
        duration_ms=1, frames_used=4, osa=share, planogram_compliance=share, price_compliance=share,
        readings=(wire.ShelfReading(slot="a1", seen="empty", confidence=0.9, frames=4, at_ms=100),),
    )  # fmt: skip
    store.commit([row(1, data)], at=NOON)
    db = sqlite3.connect(tmp_path / "hq.db")
    assert db.execute("SELECT bay, osa_good, planned FROM shelf_scans").fetchall() == [("bay-a", 1, 2)]
    assert db.execute("SELECT bay, slot, seen, sku, price FROM shelf_readings").fetchall() == [
        ("bay-a", "a1", "empty", None, None)
    ]


def test_counters_only_grow_even_from_an_older_copy(store: SqliteStore, tmp_path: Path) -> None:
    store._db.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    first = [store.counter(GATEWAY) for _ in range(5)]
    assert first == sorted(set(first))
    restored = SqliteStore(tmp_path / "copy.db")
    assert restored.counter(GATEWAY) > first[-1]
    restored.close()


def test_counters_grow_even_when_the_clock_went_back(store: SqliteStore) -> None:
    store._db.execute("UPDATE gateways SET counter = ?", (2**62,))
    assert [store.counter(GATEWAY) for _ in range(2)] == [2**62 + 1, 2**62 + 2]


def test_generation_belongs_to_the_database(store: SqliteStore, tmp_path: Path) -> None:
    again = SqliteStore(tmp_path / "hq.db")
    other = SqliteStore(tmp_path / "other.db")
    assert store.generation == again.generation != other.generation
    again.close()
    other.close()


def test_enrolling_again_replaces_the_key(store: SqliteStore) -> None:
    store.enrol(Gateway(name=GATEWAY, tenant=TENANT, key=signing.public_of(OTHER)))
    found = store.gateway(GATEWAY)
    assert found is not None
    assert found.key == signing.public_of(OTHER)
    assert store.gateway("nobody") is None


def test_a_commit_that_fails_leaves_nothing_of_its_group(store: SqliteStore, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "hq.db").execute(
        "CREATE TRIGGER full BEFORE INSERT ON tags WHEN NEW.seq = 3 BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(StoreBroken):
        put(store, 1, 2, 3)
    assert store.report(limit=10).n == 0


def test_a_missing_database_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        SqliteStore(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "hq.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreBroken):
        SqliteStore(tmp_path / "hq.db")


def test_a_database_from_the_future_is_left_alone(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    db = sqlite3.connect(tmp_path / "hq.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreBroken, match="newer"):
        SqliteStore(tmp_path / "hq.db")


def test_rows_are_committed_with_full_synchronisation(store: SqliteStore, tmp_path: Path) -> None:
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_revoked_gateway_is_asked_for_nothing(store: SqliteStore) -> None:
    put(store, 1, 4)
    assert store.holes()
    assert store.revoke(GATEWAY)
    assert (store.holes(), store.watermarks()) == ([], [])
    found = store.gateway(GATEWAY)
    assert found is not None
    assert found.revoked
    assert not store.revoke("nobody")


def test_a_gateway_enrolled_again_is_not_revoked_any_more(store: SqliteStore) -> None:
    store.revoke(GATEWAY)
    store.enrol(Gateway(name=GATEWAY, tenant=TENANT, key=signing.public_of(OTHER)))
    assert [line.revoked for line in store.gateways()] == [False]


def test_gateways_are_listed_with_where_they_stand(store: SqliteStore) -> None:
    store.enrol(Gateway(name="gateway-0", tenant=TENANT, key=signing.public_of(OTHER)))
    put(store, 1, 2, 4)
    silent, ours = store.gateways()
    assert (silent.gateway, silent.epoch, silent.highest, silent.seen_at) == ("gateway-0", "", 0, None)
    assert (ours.gateway, ours.epoch, ours.highest, ours.committed) == (GATEWAY, EPOCH, 4, 2)


def test_dead_letters_are_listed_newest_first(store: SqliteStore) -> None:
    for n, reason in enumerate(("unknown-gateway", "bad-signature")):
        bad = Rejected(gateway="", leaf="tags", reason=reason, sha256=f"{n:064x}", size_bytes=3)
        store.commit([bad, bad], at=NOON + timedelta(seconds=n))
    assert [(one.reason, one.count) for one in store.dead_letters(limit=9)] == [("bad-signature", 2), ("unknown-gateway", 2)]
    assert len(store.dead_letters(limit=1)) == 1
