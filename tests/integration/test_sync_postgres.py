"""What only PostgreSQL has: servers that forget, servers that are away, partitions of a day, sessions that are lost."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from postgres_world import Cluster, PostgresPlace, opened_at
from sync_world import (
    BOX_PUBLIC,
    GATEWAY,
    HQ,
    NOON,
    Child,
    FileOutbox,
    Mosquitto,
    an_hq,
    envelope,
    hq_report,
    sealed,
    wait_for,
)

from edge_sync import signing
from edge_sync.cli import main
from edge_sync.cli.options import opened
from edge_sync.errors import StoreBroken
from edge_sync.store import Accepted, Store

pytestmark = pytest.mark.postgres
README = (Path(__file__).parents[2] / "sync" / "README.md").read_text(encoding="utf-8")
PARTS = "SELECT tableoid::regclass::text, count(*) FROM tags GROUP BY 1 ORDER BY 1"


@pytest.fixture
def place(postgres: Cluster) -> PostgresPlace:
    return PostgresPlace(postgres)


@pytest.fixture
def store(place: PostgresPlace) -> Iterator[Store]:
    made = an_hq(place.name)
    yield made
    made.close()


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One that a test may kill."""
    made = Cluster()
    yield made
    made.drop()


def row(seq: int) -> Accepted:
    return Accepted(envelope=envelope(seq), payload=sealed(seq))


def test_a_server_that_does_not_sync_is_refused() -> None:
    careless = Cluster("fsync=off").start()
    try:
        with pytest.raises(StoreBroken, match="fsync"):
            opened(careless.dsn("postgres"))
    finally:
        careless.drop()


def test_a_weak_synchronous_commit_is_raised_for_the_session_and_a_stronger_one_is_left(place: PostgresPlace) -> None:
    for given, used in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        place.ask(f"ALTER DATABASE {place.database} SET synchronous_commit = {given}")
        store = opened_at(place)
        assert store._db.execute("SHOW synchronous_commit").fetchone() == (used,)
        store.close()


def test_rows_lie_in_the_partition_of_the_day_hq_received_them(store: Store, place: PostgresPlace) -> None:
    store.commit([row(1), row(2)], at=NOON)
    store.commit([row(3)], at=NOON + timedelta(days=1))
    assert place.ask(PARTS) == [("tags_20261120", 2), ("tags_20261121", 1)]
    assert place.ask("SELECT to_regclass('payloads_20261122') IS NOT NULL") == [(True,)]  # tomorrow's is there in time


def test_a_repeat_is_known_on_any_later_day(store: Store, place: PostgresPlace) -> None:
    store.commit([row(1)], at=NOON)
    later = store.commit([row(1), row(2)], at=NOON + timedelta(days=40))
    assert (later.new, later.repeats) == (1, 1)


def test_a_dropped_day_frees_its_rows_and_is_still_known(store: Store, place: PostgresPlace) -> None:
    store.commit([row(1)], at=NOON)
    store.commit([row(2)], at=NOON + timedelta(days=1))
    for table in ("payloads", "tags", "shelf_readings"):
        place.ask(f"DROP TABLE {table}_20261120")
    assert store.commit([row(1)], at=NOON + timedelta(days=1)).repeats == 1
    report = store.report(limit=10)
    assert (report.n, report.tags, report.missing, report.rows[0].data) == (2, 1, 0, {})
    assert report.rows[1].data["recording"]


def test_a_partition_that_cannot_be_made_does_not_hold_up_rows(store: Store, place: PostgresPlace) -> None:
    place.ask(f"INSERT INTO payloads VALUES ('{NOON}', 'gateway-9', 'aaaa', 1, 'x')")  # this day began in the default one
    result = store.commit([row(1), row(2)], at=NOON)
    assert [one.seq for one in result.watermarks] == [2]
    assert place.ask("SELECT tableoid::regclass::text, count(*) FROM payloads GROUP BY 1") == [("payloads_rest", 3)]
    assert place.ask(PARTS) == [("tags_20261120", 2)]


def test_a_reader_in_a_long_query_does_not_hold_up_rows(store: Store, place: PostgresPlace) -> None:
    import psycopg

    with psycopg.connect(place.name) as analyst:
        analyst.execute("SELECT count(*) FROM tags")  # its lock stays until its transaction ends
        assert store.commit([row(1)], at=NOON).new == 1
    assert place.ask(PARTS) == [("tags_rest", 1)]


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_commands_of_the_readme_do_what_is_said(
    place: PostgresPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = place.name.partition("host=")[2].partition("&")[0]
    (tmp_path / "services").write_text(f"[hq]\nhost={host}\nuser=edge\ndbname={place.database}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    lines = [line.replace("PUBLIC", signing.text_of(BOX_PUBLIC)).split() for line in block("shell").splitlines()]
    assert [line[1] for line in lines] == ["enrol", "sink", "rows"]
    for _, *words in lines:
        if words[0] != "sink":
            assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 0
    assert place.ask("SELECT name FROM gateways") == [(GATEWAY,)]


def test_the_questions_of_the_readme_can_be_asked(store: Store, place: PostgresPlace) -> None:
    a_day, forget = (one.strip() for one in block("sql").split(";") if one.strip())
    store.commit([row(2), row(1)], at=NOON)
    assert [line[2] for line in place.ask(a_day)] == ["price.objection"] * 2
    place.ask(forget)
    assert place.ask(a_day) == []
    assert store.report(limit=0).n == 2
    tables = place.ask("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace")
    assert all(f"`{name}`" in README for (name,) in tables if not re.search(r"^meta$|^versions$|_rest$|_\d{8}$", name))


def test_a_server_that_comes_up_later_is_waited_for(own_cluster: Cluster) -> None:
    own_cluster.start()
    place = PostgresPlace(own_cluster)
    own_cluster.kill()
    with pytest.raises(StoreBroken, match="reached"):
        opened(place.name)
    late = threading.Timer(1.0, own_cluster.start, kwargs={"wait": False})
    late.start()
    store = opened(place.name, patience_s=30)
    store.close()
    late.join()


def test_a_lost_server_says_nothing_about_place_or_rows(own_cluster: Cluster) -> None:
    own_cluster.start()
    store = an_hq(PostgresPlace(own_cluster).name)
    own_cluster.kill()
    with pytest.raises(StoreBroken) as told:
        store.commit([row(1)], at=NOON)
    assert str(own_cluster.folder) not in str(told.value)
    assert GATEWAY not in str(told.value)
    store.close()


def test_without_its_driver_the_remedy_is_said(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from edge_sync.cli import main; sys.exit(main(['rows', '--store', 'service=hq']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "edge-agent[hq]" in done.stderr) == (1, True)


def a_sink(folder: Path, store: str, port: int) -> subprocess.Popen[bytes]:
    """`edge-hq sink`, as its users start it."""
    key = folder / "hq.key"
    if not key.exists():
        key.write_text(signing.text_of(HQ))
        key.chmod(0o600)
    return subprocess.Popen(
        [sys.executable, "-m", "edge_sync.cli", "sink", "--store", store, "--key", str(key), "--port", str(port)],
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.broker
def test_a_sink_that_loses_its_database_ends_and_the_next_one_goes_on(own_cluster: Cluster, tmp_path: Path) -> None:
    own_cluster.start()
    place = PostgresPlace(own_cluster)
    an_hq(place.name).close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
        sink = a_sink(tmp_path, place.name, broker.port)
        outbox.add(40)
        wait_for(lambda: outbox.committed() == 40, "rows are in")
        own_cluster.kill()
        outbox.add(40)
        assert sink.wait(30) == 70
        assert outbox.committed() == 40
        sink = a_sink(tmp_path, place.name, broker.port)  # as the service manager would: before its database is back
        time.sleep(0.5)
        own_cluster.start()
        wait_for(lambda: outbox.committed() == 80, "the next one takes the rest")
        os.kill(sink.pid, signal.SIGTERM)
        assert sink.wait(10) == 0
        assert uplink.running
    report = hq_report(place.name)
    assert (report["n"], report["tags"], report["missing"], report["duplicates"]) == (80, 80, 0, 0)
    outbox.close()


@pytest.mark.broker
def test_a_database_restored_from_a_backup_gets_its_rows_again(place: PostgresPlace, tmp_path: Path) -> None:
    an_hq(place.name).close()
    outbox, log = FileOutbox(tmp_path / "outbox.db"), tmp_path / "sink.log"
    outbox.add(30)
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port):
        with Child("sink", place.name, broker.port, log=log) as sink:
            wait_for(lambda: outbox.committed() == 30, "the first thirty")
            sink.stop()
        backup = place.copy()
        with Child("sink", place.name, broker.port, log=log) as sink:
            outbox.add(70)
            wait_for(lambda: outbox.committed() == 100, "all hundred")
            sink.stop()
        with Child("sink", backup.name, broker.port, log=log):
            outbox.add(1)  # what is new makes HQ see that it lacks what lies between
            wait_for(lambda: backup.ask("SELECT count(*) FROM envelopes") == [(101,)], "HQ has asked for what it lost")
    report = hq_report(backup.name)
    assert (report["n"], report["missing"], report["duplicates"]) == (101, 0, 0)
    outbox.close()
