"""The way of a checkpoint over a real broker: box -> HQ -> cosignature -> box; and what a forger at the broker achieves."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from ledger_world import BOX_KEY, DIGEST, GATEWAY, HQ_KEY, STRANGER_KEY, World
from sync_world import Mosquitto, wait_for

from edge_agent.ledger.birth import Presence
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.ledger.watermarks import WatermarkServer
from edge_sync import signing, wire
from edge_sync.link import Endpoint, Link
from edge_sync.sink import Sink, SinkSettings
from edge_sync.sqlite_store import SqliteStore
from edge_sync.store import Gateway
from edge_sync.uplink import Settings, Uplink

pytestmark = pytest.mark.broker
PRESENCE = Presence(software="0.1.0", models=(), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)


@contextmanager
def running(process: Uplink | Sink) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as made:
        yield made


def a_sink(tmp_path: Path, port: int) -> Sink:
    class InThread(Sink):
        """SQLite's connections belong to one thread: the store is opened in the sink's own."""

        def __init__(self) -> None:
            self.made: Sink | None = None

        def run(self, stop: threading.Event) -> None:
            store = SqliteStore(tmp_path / "hq.db")
            chosen = SinkSettings(
                endpoint=Endpoint(host="127.0.0.1", port=port), patience_s=1.0, look_s=0.2, backoff_base_s=0.1, backoff_cap_s=0.5
            )  # fmt: skip
            Sink(store, chosen, sign=signing.signer(HQ_KEY)).run(stop)
            store.close()

    store = SqliteStore(tmp_path / "hq.db")
    store.enrol(Gateway(name=GATEWAY, tenant="demo", key=signing.public_of(BOX_KEY)))
    store.close()
    return InThread()


def an_uplink(world: World, door: Path, port: int, state: Path) -> Uplink:
    settings = Settings(
        endpoint=Endpoint(host="127.0.0.1", port=port), tenant="demo", gateway=GATEWAY, state=state, stall_s=2.0,
        backoff_base_s=0.1, backoff_cap_s=0.5, tick_s=0.02, will_delay_s=0,
    )  # fmt: skip
    return Uplink(OutboxReader(world.path, door), settings, hq_verify=signing.verifier(signing.public_of(HQ_KEY)))


def one(world: World, query: str) -> object:
    with closing(sqlite3.connect(f"file:{world.path}?mode=ro", uri=True)) as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


def witnessed(world: World) -> str:
    return str(one(world, "SELECT value FROM meta WHERE key = 'witness'") or "")


def refused(world: World, what: str) -> list[str]:
    with closing(sqlite3.connect(f"file:{world.path}?mode=ro", uri=True)) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM audit WHERE kind = ?", (f"{what}.refused",))]


def test_hqs_cosignature_reaches_the_box_and_forgeries_are_refused_and_audited(
    world: World, broker: Mosquitto, tmp_path: Path
) -> None:
    door = tmp_path / "worker.sock"
    topic = f"sx/v1/demo/{GATEWAY}"
    with WatermarkServer(world.ledger.terms, door, PRESENCE), running(an_uplink(world, door, broker.port, tmp_path)):
        with running(a_sink(tmp_path, broker.port)):
            for n in range(3):
                world.analysed(1)
                world.ledger.checkpoint()
                size = world.reader.status().audit_rows - 1
                wait_for(lambda size=size: f'"size":{size},' in witnessed(world), f"HQ's word of checkpoint {n}")
        with closing(SqliteStore(tmp_path / "hq.db")) as store:
            assert [str(kept.verdict) for kept in store.checkpoints()] == ["first", "consistent", "consistent"]
            generation = store.generation
        true = witnessed(world)
        stranger = signing.signer(STRANGER_KEY)
        word = wire.Witness(
            gateway=GATEWAY, counter=2**62, origin=str(one(world, "SELECT value FROM meta WHERE key = 'origin'")), size=5,
            root="ab" * 32, signed_s=5, cosignature=signing.text_of(bytes(64)),
        )  # fmt: skip
        epoch = str(one(world, "SELECT value FROM meta WHERE key = 'epoch'"))
        forger = Link(Endpoint(host="127.0.0.1", port=broker.port), client_id="forger")
        forger.open()
        for leaf, message in (
            ("witness", wire.seal(word, stranger)), ("committed", world.order(1, epoch=epoch, key=STRANGER_KEY)),
            ("committed", b"nonsense" * 10_000), ("committed", world.order(1, epoch=epoch, counter=1, generation=generation)),
        ):  # fmt: skip
            for _ in range(3):
                forger.publish(f"{topic}/{leaf}", message)
                forger.poll(0.05)
        wait_for(lambda: len(refused(world, "watermark")) == 2 and refused(world, "witness"), "the forgeries are audited")
        forger.close()
        assert refused(world, "witness") == ['{"reason":"bad-signature","seq":0}']
        assert refused(world, "watermark") == ['{"reason":"bad-signature","seq":0}', '{"reason":"stale","seq":1}']
        assert witnessed(world) == true
        # A sink that comes back says again what it last cosigned, and goes on from there.
        with running(a_sink(tmp_path, broker.port)):
            wait_for(lambda: witnessed(world) != true, "HQ says it again, under a new counter")
            world.ledger.checkpoint()
            size = world.reader.status().audit_rows - 1
            wait_for(lambda: f'"size":{size},' in witnessed(world), "and goes on")
    assert world.ledger.verify_chain()
