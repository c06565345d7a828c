"""HQ's database, whichever it is: repeats, holes, gap records, watermarks, restored copies. Every fact holds for both drivers."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from postgres_world import Place, PostgresPlace, SqlitePlace, opened_at
from sync_world import (
    BOX_PUBLIC,
    EPOCH,
    GATEWAY,
    NOON,
    OTHER,
    TENANT,
    a_birth,
    an_hq,
    box_sign,
    envelope,
    sealed,
    tags_data,
    uuid7,
)

from edge_sync import signing, wire
from edge_sync.errors import Malformed, Refused, StoreBroken
from edge_sync.intake import examine
from edge_sync.scalars import LAST_SEQ
from edge_sync.store import Accepted, Born, Gateway, Hole, Rejected, Result, Seen, Store


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    made = an_hq(place.name)
    yield made
    made.close()


def row(seq: int, data: object = None, **where: str) -> Accepted:
    return Accepted(envelope=envelope(seq, data, **where), payload=sealed(seq, data, **where))


def put(store: Store, *seqs: int) -> Result:
    return store.commit([row(seq) for seq in seqs], at=NOON)


def mark(store: Store) -> int:
    (one,) = store.watermarks()
    return one.seq


def gap(first: int, last: int) -> wire.Gap:
    return wire.Gap(reason="shed", ranges=(wire.Range(first=first, last=last),), count=last - first + 1)


def hole(first: int, last: int) -> Hole:
    return Hole(tenant=TENANT, gateway=GATEWAY, epoch=EPOCH, first=first, last=last)


def holes(store: Store) -> Sequence[Hole]:
    return [one for one in store.holes() if one.first]


def test_rows_in_order_move_the_watermark(store: Store) -> None:
    result = put(store, 1, 2, 3)
    assert (result.new, result.repeats, [one.seq for one in result.watermarks]) == (3, 0, [3])


def test_repeats_are_ignored_and_counted(store: Store) -> None:
    put(store, 1, 2)
    result = put(store, 2, 1, 2, 3)
    assert (result.new, result.repeats) == (1, 3)
    report = store.report(limit=10)
    assert (report.n, report.tags, report.duplicates) == (3, 3, 0)


def test_a_hole_holds_the_watermark_until_it_is_filled(store: Store) -> None:
    put(store, 1, 2, 5, 6)
    assert (mark(store), holes(store)) == (2, [hole(3, 4)])
    put(store, 4)
    assert (mark(store), holes(store)) == (2, [hole(3, 3)])
    put(store, 3)
    assert (mark(store), holes(store)) == (6, [])


def test_a_gap_record_stands_for_what_it_counts(store: Store) -> None:
    put(store, 1, 2, 6)
    store.commit([row(7, gap(3, 5))], at=NOON)
    assert mark(store) == 7
    (stream,) = store.report(limit=0).gateways
    assert (stream.rows, stream.missing, stream.gaps) == (4, 0, 3)


def test_a_gap_record_does_not_reach_beyond_what_was_seen(store: Store) -> None:
    store.commit([row(1, gap(2, 10**15))], at=NOON)
    assert mark(store) == 1


def test_the_last_sequence_can_be_reached_and_nothing_beyond_it(store: Store) -> None:
    store.commit([row(1, gap(2, LAST_SEQ - 1)), row(LAST_SEQ, tags_data())], at=NOON)
    assert (mark(store), holes(store)) == (LAST_SEQ, [])
    with pytest.raises(Malformed):
        sealed(LAST_SEQ + 1, tags_data())


def test_gap_records_up_to_the_largest_integer_are_dead_letters_and_the_sink_lives_on(store: Store) -> None:
    largest, count = 2**63 - 1, 1024
    first, arrivals = count + 1, []
    for seq in range(1, count + 1):
        last = min(first + 2**53 - 1, largest - 1)
        small = sealed(seq, gap(1, 7))[:-104] + b"}"
        arrivals.append(signed(small.replace(b'"from":1,"to":7}],"count":7', b'"from":%d,"to":%d}],"count":%d' % (
            first, last, last - first + 1,
        ))))  # fmt: skip
        first = last + 1
    row_there = sealed(5)[:-104].replace(b'/5"', b'/%d"' % largest).replace(b"%020d" % 5, b"%020d" % largest) + b"}"
    arrivals.append(signed(row_there))
    examined = [examine(f"sx/v1/{TENANT}/{GATEWAY}/tags", one, store.gateway) for one in arrivals]
    store.commit(examined, at=NOON)
    assert put(store, count + 1).new == 1
    assert mark(store) == count + 1
    assert store.report(limit=10).dead_letters >= 1


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_row_of_an_impossible_year_is_a_dead_letter_and_the_report_can_be_read(store: Store, when: str) -> None:
    body = sealed(2)[:-104].replace(b'"time":"2026-11-20T04:00:00Z"', b'"time":"%s"' % when.encode()) + b"}"
    assert when.encode() in body
    arrivals = [examine(f"sx/v1/{TENANT}/{GATEWAY}/tags", one, store.gateway) for one in (sealed(1), signed(body), sealed(3))]
    store.commit(arrivals, at=NOON)
    assert mark(store) == 3
    report = store.report(limit=10)
    assert ([one.seq for one in report.rows], report.dead_letters) == ([1, 3], 1)


def signed(body: bytes) -> bytes:
    return wire.signed(body, box_sign)


def test_overlapping_gap_records_are_not_counted_twice(store: Store) -> None:
    put(store, 1, 4, 8)
    store.commit([row(9, gap(2, 5)), row(10, gap(3, 7))], at=NOON)
    (stream,) = store.report(limit=0).gateways
    assert (stream.committed, stream.rows, stream.missing, stream.gaps) == (10, 5, 0, 5)


def test_missing_counts_unexplained_holes_below_the_highest(store: Store) -> None:
    put(store, 1, 4, 9)
    assert store.report(limit=0).missing == 6


def test_a_birth_announces_rows_that_have_not_come(store: Store) -> None:
    put(store, 1)
    store.commit([Born(birth=a_birth(last_seq=4), payload=b"x")], at=NOON)
    assert holes(store) == [hole(2, 4)]


def test_a_stream_without_a_birth_is_noticed(store: Store) -> None:
    put(store, 1)
    assert store.holes() == [hole(0, 0)]
    store.commit([Born(birth=a_birth(), payload=b"x")], at=NOON)
    assert store.holes() == []


def test_a_new_epoch_starts_at_one_and_becomes_the_current_one(store: Store) -> None:
    put(store, 1, 2, 3)
    store.commit([Born(birth=a_birth(epoch="beef"), payload=b"x"), row(1, epoch="beef")], at=NOON)
    (one,) = store.watermarks()
    assert (one.epoch, one.seq) == ("beef", 1)
    assert store.report(limit=0).n == 4


def test_another_envelope_under_a_taken_sequence_is_a_dead_letter(store: Store) -> None:
    put(store, 1)
    store.commit([row(1, tags_data(77))], at=NOON)
    report = store.report(limit=10)
    assert (report.n, report.dead_letters, report.rows[0].recording) == (1, 1, uuid7(1_000_001))


def test_a_repeat_beside_a_stranger_is_still_a_repeat(store: Store) -> None:
    put(store, 1)
    result = store.commit([row(1, tags_data(77)), row(1), row(2, tags_data(78)), row(2)], at=NOON)
    assert (result.new, result.repeats) == (1, 3)
    assert sorted(one.sha256 for one in store.dead_letters(limit=9)) == sorted(
        sha256(one.payload).hexdigest() for one in (row(1, tags_data(77)), row(2))
    )


def test_the_same_finding_in_two_envelopes_is_measured_as_a_duplicate(store: Store) -> None:
    store.commit([row(1, tags_data(7)), row(2, tags_data(7))], at=NOON)
    assert store.report(limit=0).duplicates == 1


def test_refused_row_with_a_good_signature_lets_the_others_pass(store: Store) -> None:
    put(store, 1, 3)
    bad = Rejected(
        gateway=GATEWAY, leaf="tags", reason="malformed", sha256="0" * 64, size_bytes=3, epoch=EPOCH, seq=2, payload=b"bad"
    )
    result = store.commit([bad], at=NOON)
    assert [one.seq for one in result.watermarks] == [3]
    assert store.report(limit=0).missing == 0


def test_dead_letters_are_counted_not_multiplied(store: Store, place: Place) -> None:
    bad = Rejected(gateway="", leaf="tags", reason="unknown-gateway", sha256="0" * 64, size_bytes=3)
    store.commit([bad] * 50, at=NOON)
    assert store.report(limit=0).dead_letters == 50
    ((kept,),) = place.ask("SELECT count(*) FROM dead_letters")
    assert kept == 1


def test_a_flood_of_different_dead_letters_is_bounded(store: Store, place: Place) -> None:
    flood = [Rejected(gateway="", leaf="tags", reason="unknown-gateway", sha256=f"{n:064x}", size_bytes=3) for n in range(1500)]
    store.commit(flood, at=NOON)
    ((kept,),) = place.ask("SELECT count(*) FROM dead_letters")
    assert (kept, store.report(limit=0).dead_letters) == (1001, 1500)


def test_liveness_is_kept(store: Store) -> None:
    put(store, 1)
    store.commit([Seen(gateway=GATEWAY, state="offline")], at=NOON)
    assert store.report(limit=0).gateways[0].state == "offline"


def test_tags_are_taken_apart(store: Store, place: Place) -> None:
    put(store, 1)
    ((code, speaker, start_ms, slots, evidence),) = place.ask("SELECT code, speaker, start_ms, slots, evidence FROM tags")
    assert (code, speaker, start_ms) == ("price.objection", "customer", 1200)
    assert as_json(slots) == {"brand": "rival-1", "amount": "9.60"}
    assert as_json(evidence) == [{"kind": "phrase", "start_ms": 1200, "end_ms": 4100}]


def as_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def test_shelf_scan_is_taken_apart(store: Store, place: Place) -> None:
    share = wire.Share(good=1, assessed=1, planned=2)
    data = wire.ShelfData(
        recording=uuid7(5), consent="not-personal", ruleset="cd" * 32, models=(), bay="bay-a", planogram="56" * 32,
        duration_ms=1, frames_used=4, osa=share, planogram_compliance=share, price_compliance=share,
        readings=(wire.ShelfReading(slot="a1", seen="empty", confidence=0.9, frames=4, at_ms=100),),
    )  # fmt: skip
    store.commit([row(1, data)], at=NOON)
    assert place.ask("SELECT bay, osa_good, planned FROM shelf_scans") == [("bay-a", 1, 2)]
    assert place.ask("SELECT bay, slot, seen, sku, price FROM shelf_readings") == [("bay-a", "a1", "empty", None, None)]


def test_a_contest_is_kept_step_by_step(store: Store, place: Place) -> None:
    case = wire.CaseData(case=uuid7(7), event_id=uuid7(1000), recording=uuid7(1), state="contested", reason="context")
    later = msgspec.structs.replace(case, state="overturned")
    store.commit([row(1, case), row(2, later), row(2, later)], at=NOON)
    assert place.ask("SELECT case_id, event_id, recording, state, reason FROM cases ORDER BY seq") == [
        (uuid7(7), uuid7(1000), uuid7(1), state, "context") for state in ("contested", "overturned")
    ]
    assert [one.recording for one in store.report(limit=10).rows] == [uuid7(1)] * 2


def test_counters_only_grow_even_from_an_older_copy(store: Store, place: Place) -> None:
    store.close()
    older = place.copy()
    again = opened_at(place)
    first = [again.counter(GATEWAY) for _ in range(5)]
    assert first == sorted(set(first))
    again.close()
    restored = opened_at(older)
    assert restored.counter(GATEWAY) > first[-1]
    restored.close()


def test_counters_grow_even_when_the_clock_went_back(store: Store, place: Place) -> None:
    place.ask(f"UPDATE gateways SET counter = {2**62}")
    assert [store.counter(GATEWAY) for _ in range(2)] == [2**62 + 1, 2**62 + 2]


def test_generation_belongs_to_the_database(store: Store, place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    again = opened_at(place)
    other = opened_at(another(place, request, tmp_path))
    assert store.generation == again.generation != other.generation
    again.close()
    other.close()


def another(place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place of the same kind."""
    if isinstance(place, SqlitePlace):
        return SqlitePlace(tmp_path, "other.db")
    return PostgresPlace(request.getfixturevalue("postgres"))


def test_enrolling_again_replaces_the_key(store: Store) -> None:
    store.enrol(Gateway(name=GATEWAY, tenant=TENANT, key=signing.public_of(OTHER)))
    found = store.gateway(GATEWAY)
    assert found is not None
    assert found.key == signing.public_of(OTHER)
    assert store.gateway("nobody") is None


def test_a_commit_that_fails_leaves_nothing_of_its_group(store: Store, place: Place) -> None:
    place.fail_at(3)
    with pytest.raises(StoreBroken):
        put(store, 1, 2, 3)
    again = opened_at(place)
    assert again.report(limit=10).n == 0
    again.close()


def test_a_missing_database_is_not_made_by_looking(place: Place) -> None:
    for _ in range(2):
        with pytest.raises(Refused):
            opened_at(place, create=False)


def test_a_database_from_the_future_is_left_alone(store: Store, place: Place) -> None:
    place.call_it_newer()
    with pytest.raises(StoreBroken, match="newer"):
        opened_at(place)


def test_two_writers_take_turns_and_count_nothing_twice(store: Store, place: Place) -> None:
    def write(every: int) -> int:
        mine = opened_at(place)
        new = sum(mine.commit([row(seq), row(seq + 1)], at=NOON).new for seq in range(1, 61, every))
        mine.close()
        return new

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(write, (1, 2))) == 61
    report = store.report(limit=0)
    assert (report.n, report.tags, report.duplicates, mark(store)) == (61, 61, 0, 61)


def test_a_large_group_of_many_gateways_is_one_commit(store: Store) -> None:
    names = [f"gateway-{n}" for n in range(2, 8)]
    for name in names:
        store.enrol(Gateway(name=name, tenant=TENANT, key=BOX_PUBLIC))
    group = [row(seq, gateway=name) for seq in range(1, 51) for name in names]
    result = store.commit([*group, *group[:20]], at=NOON)
    assert (result.new, result.repeats) == (300, 20)
    assert {(one.gateway, one.seq) for one in result.watermarks} == {(name, 50) for name in names}
    assert len({one.counter for one in result.watermarks if one.gateway == names[0]}) == 1


def test_a_revoked_gateway_is_asked_for_nothing(store: Store) -> None:
    put(store, 1, 4)
    assert store.holes()
    assert store.revoke(GATEWAY)
    assert (store.holes(), store.watermarks()) == ([], [])
    found = store.gateway(GATEWAY)
    assert found is not None
    assert found.revoked
    assert not store.revoke("nobody")


def test_a_gateway_enrolled_again_is_not_revoked_any_more(store: Store) -> None:
    store.revoke(GATEWAY)
    store.enrol(Gateway(name=GATEWAY, tenant=TENANT, key=signing.public_of(OTHER)))
    assert [line.revoked for line in store.gateways()] == [False]


def test_gateways_are_listed_with_where_they_stand(store: Store) -> None:
    store.enrol(Gateway(name="gateway-0", tenant=TENANT, key=signing.public_of(OTHER)))
    put(store, 1, 2, 4)
    silent, ours = store.gateways()
    assert (silent.gateway, silent.epoch, silent.highest, silent.seen_at) == ("gateway-0", "", 0, None)
    assert (ours.gateway, ours.epoch, ours.highest, ours.committed) == (GATEWAY, EPOCH, 4, 2)


def test_dead_letters_are_listed_newest_first(store: Store) -> None:
    for n, reason in enumerate(("unknown-gateway", "bad-signature")):
        bad = Rejected(gateway="", leaf="tags", reason=reason, sha256=f"{n:064x}", size_bytes=3)
        store.commit([bad, bad], at=NOON + timedelta(seconds=n))
    assert [(one.reason, one.count) for one in store.dead_letters(limit=9)] == [("bad-signature", 2), ("unknown-gateway", 2)]
    assert len(store.dead_letters(limit=1)) == 1
