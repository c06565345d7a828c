"""Whatever arrives, in whatever groups: HQ's two databases answer alike, event by event."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_world import Cluster, PostgresPlace
from sync_world import BOX_PUBLIC, NOON, TENANT, a_birth, an_hq, envelope, sealed, tags_data, uuid7

from edge_sync import wire
from edge_sync.store import Accepted, Arrival, Born, Gateway, Rejected, Seen, Store

pytestmark = pytest.mark.postgres
EPOCHS = ("0123abcd", "feedbeef")
NAMES = (f"store-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def stores(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    folder: Path = tmp_path_factory.mktemp("hq")
    both = (an_hq(folder / "hq.db"), an_hq(PostgresPlace(postgres).name))
    yield both
    first, second = (one.report(limit=10**6).rows for one in both)
    assert first == second
    for one in both:
        one.close()


def accepted(seq: int, epoch: str, data: Any) -> Any:
    return lambda name: Accepted(
        envelope=envelope(seq, data, gateway=name, epoch=epoch), payload=sealed(seq, data, gateway=name, epoch=epoch)
    )


def gap(first: int, length: int) -> wire.Gap:
    return wire.Gap(reason="shed", ranges=(wire.Range(first=first, last=first + length),), count=length + 1)


seqs, epochs = st.integers(1, 5), st.sampled_from(EPOCHS)


def case(n: int) -> wire.CaseData:
    return wire.CaseData(case=uuid7(n), event_id=uuid7(n), recording=uuid7(n), state="upheld", reason="other")


contents = st.one_of(
    st.none(), st.integers(1, 2).map(tags_data), st.integers(1, 2).map(case), st.builds(gap, seqs, st.integers(0, 6))
)
events = st.one_of(
    st.builds(accepted, seqs, epochs, contents),
    st.builds(
        lambda last, epoch: lambda name: Born(birth=a_birth(gateway=name, epoch=epoch, last_seq=last), payload=b"x"), seqs, epochs
    ),
    st.builds(
        lambda seq, epoch: lambda name: Rejected(
            gateway=name, leaf="tags", reason="malformed", sha256=f"{seq:064x}", size_bytes=3, epoch=epoch, seq=seq, payload=b"x"
        ),
        seqs, epochs,
    ),
    st.builds(lambda n: lambda name: Rejected(gateway=name, leaf="tags", reason="bad", sha256=f"{n:064x}", size_bytes=1), seqs),
    st.builds(lambda state: lambda name: Seen(gateway=name, state=state), st.sampled_from(("online", "offline"))),
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(events, max_size=8), max_size=6))
def test_both_databases_answer_alike(stores: tuple[Store, Store], groups: list[list[Any]]) -> None:
    name = next(NAMES)
    for store in stores:
        store.enrol(Gateway(name=name, tenant=TENANT, key=BOX_PUBLIC))
    for group in groups:
        arrivals: list[Arrival] = [make(name) for make in group]
        first, second = (without_counters(store.commit(arrivals, at=NOON)) for store in stores)
        assert first == second
    first, second = (asked(store, name) for store in stores)
    assert first == second


def without_counters(result: Any) -> Any:
    return replace(result, watermarks=tuple(replace(one, counter=0) for one in result.watermarks))


def asked(store: Store, name: str) -> list[Any]:
    """Everything a store can be asked about one gateway."""
    report = store.report(limit=0)
    return [
        [one for one in store.gateways() if one.gateway == name],
        sorted((one.epoch, one.first, one.last) for one in store.holes() if one.gateway == name),
        [replace(one, counter=0) for one in store.watermarks() if one.gateway == name],
        sorted((one.reason, one.sha256, one.count, one.seq) for one in store.dead_letters(limit=10**6) if one.gateway == name),
        [one for one in report.gateways if one.gateway == name],
        (report.n, report.tags, report.duplicates, report.dead_letters, report.missing),
    ]
