"""A tag's whole way, durable at both ends, against what one would otherwise write: publish, wait for PUBACK, next.

Ours is the real ledger (one transaction per conversation, with its audit leaf and its signature), the real uplink, mosquitto, the
real sink, until HQ's signed watermark is in the ledger. The other commits a tag to SQLite, publishes it with QoS 1, waits for the
PUBACK, commits that it is sent; its receiver commits each message before it acknowledges. All with WAL and `synchronous=FULL`.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ledger_world import BOX_KEY, GATEWAY, HQ_KEY
from sync_world import Mosquitto, Proxy, settings_for

from edge_agent.ledger.uplink import OutboxReader
from edge_sync import signing
from edge_sync.sqlite_store import SqliteStore
from edge_sync.store import Gateway
from edge_sync.uplink import Uplink

pytestmark = [pytest.mark.bench, pytest.mark.broker]

DELAY_S = 0.01
TAGS_PER_CALL = 25
"""The bundled calls have 26 and 29 in a minute and a half."""
CALLS = 300
WAITED = {0.0: 1500, DELAY_S: 150}
"""How many tags the one-at-a-time sender sends, per delay."""

WORKER = """
import sys
from pathlib import Path
from ledger_world import DIGEST, World, analysis
from edge_agent.ledger.birth import Presence
from edge_agent.ledger.watermarks import WatermarkServer
folder, calls, tags = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
world = World(folder)
made = [world.take_in() for _ in range(calls)]
presence = Presence(software="0.1.0", models=(), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)
with WatermarkServer(world.ledger.terms, folder / "run" / "worker.sock", presence):
    print("ready", flush=True)
    sys.stdin.readline()
    for one in made:
        world.ledger.analysed(one.id, analysis(tags))
    sys.stdin.readline()
world.close()
"""

SENDER = """
import sqlite3, sys
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sync_world import sealed
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE rows (seq INTEGER PRIMARY KEY, payload BLOB, sent INTEGER DEFAULT 0)")
client = mqtt.Client(CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", int(sys.argv[2]))
client.loop_start()
print("ready", flush=True)
sys.stdin.readline()
for seq in range(1, int(sys.argv[3]) + 1):
    payload = sealed(seq)
    db.execute("INSERT INTO rows (seq, payload) VALUES (?, ?)", (seq, payload))
    client.publish("t", payload, qos=1).wait_for_publish()
    db.execute("UPDATE rows SET sent = 1 WHERE seq = ?", (seq,))
sys.stdin.readline()
client.loop_stop()
"""

RECEIVER = """
import sqlite3, sys
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
db = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, payload BLOB)")
client = mqtt.Client(CallbackAPIVersion.VERSION2, manual_ack=True)
def keep(client, _, message):
    db.execute("INSERT INTO rows (payload) VALUES (?)", (message.payload,))
    client.ack(message.mid, message.qos)
client.on_message = keep
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", int(sys.argv[2]))
client.subscribe("t", qos=1)
client.loop_start()
sys.stdin.readline()
client.loop_stop()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """On the disk that programs keep their data on, even where the system's temporary folder is memory."""
    made = Path(tempfile.mkdtemp(dir="/var/tmp"))
    yield made
    shutil.rmtree(made)


@contextmanager
def program(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A child that said it is ready; it goes on with each line it is given."""
    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "worlds"), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            yield child
        finally:
            child.kill()


def soon(condition: Callable[[], bool]) -> None:
    """Look often enough for a measurement, and seldom enough not to be in its way."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def go(child: subprocess.Popen[str]) -> float:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()
    return time.monotonic()


def ours(folder: Path, delay_s: float) -> float:
    """Tags per second from the first ledger commit until the last row's watermark is in the ledger."""
    folder.mkdir()
    store = SqliteStore(folder / "hq.db")
    store.enrol(Gateway(name=GATEWAY, tenant="demo", key=signing.public_of(BOX_KEY)))
    store.close()
    key = folder / "hq.key"
    key.write_text(signing.text_of(HQ_KEY))
    key.chmod(0o600)
    stop = threading.Event()
    with Mosquitto(folder) as broker, program(WORKER, folder, CALLS, TAGS_PER_CALL) as worker:
        sink = subprocess.Popen(
            [sys.executable, "-m", "edge_sync.cli", "sink", "--store", str(folder / "hq.db"), "--key", str(key),
             "--port", str(broker.port)], stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert sink.stderr is not None
        assert "sink.listening" in sink.stderr.readline()
        proxy = Proxy(broker.port, delay_s=delay_s) if delay_s else None
        outbox = OutboxReader(folder / "ledger.db", folder / "run" / "worker.sock")
        settings = settings_for(proxy.port if proxy else broker.port, folder, gateway=GATEWAY, stall_s=30.0)
        uplink = threading.Thread(
            target=Uplink(outbox, settings, hq_verify=signing.verifier(signing.public_of(HQ_KEY))).run,  # type: ignore[arg-type]
            args=(stop,),
        )
        uplink.start()
        began = go(worker)
        soon(lambda: outbox.committed() == CALLS)
        took = time.monotonic() - began
        stop.set()
        uplink.join()
        sink.terminate()
        sink.communicate()
        if proxy:
            proxy.close()
        outbox.close()
    return CALLS * TAGS_PER_CALL / took


def one_at_a_time(folder: Path, delay_s: float) -> float:
    """Tags per second until the receiver has committed the last one."""
    folder.mkdir()
    count = WAITED[delay_s]
    with Mosquitto(folder) as broker, program(RECEIVER, folder / "hq.db", broker.port):
        proxy = Proxy(broker.port, delay_s=delay_s) if delay_s else None
        with program(SENDER, folder / "box.db", proxy.port if proxy else broker.port, count) as sender:
            began = go(sender)
            soon(lambda: counted(folder / "hq.db") == count)
            took = time.monotonic() - began
        if proxy:
            proxy.close()
    return count / took


def counted(path: Path) -> int:
    import sqlite3

    db = sqlite3.connect(path, timeout=20)
    try:
        return int(db.execute("SELECT count(*) FROM rows").fetchone()[0])
    finally:
        db.close()


def test_durable_tags_per_second(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures: dict[str, object] = {"bench": "durable end to end", "tags_per_call": TAGS_PER_CALL}
    ratios = {}
    for name, delay_s in (("loopback", 0.0), ("10_ms_each_way", DELAY_S)):
        waited, mine = one_at_a_time(folder / f"one-{name}", delay_s), ours(folder / f"ours-{name}", delay_s)
        ratios[name] = mine / waited
        figures |= {
            f"{name}_tags_per_s": round(mine), f"{name}_one_at_a_time_tags_per_s": round(waited),
            f"{name}_ratio": round(mine / waited, 1),
        }  # fmt: skip
    with capsys.disabled():
        print("\n" + json.dumps(figures))
    assert min(ratios.values()) >= 5
