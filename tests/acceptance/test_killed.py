"""G4 with the real product: broker, worker and uplink are killed (-9) in mid-stream; HQ's set is the ledger's."""

import io
import itertools
import random
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import soundfile
from conftest import SAMPLES, Box

from edge_sync.sqlite_store import SqliteStore

pytestmark = [pytest.mark.acceptance, pytest.mark.fault, pytest.mark.broker]

CLIPS = 14
KILLS = 3


class Mosquitto:
    """Debian's mosquitto with persistence, so that a kill is what it is in a store."""

    def __init__(self, folder: Path) -> None:
        self._program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        assert Path(self._program).exists(), "needs mosquitto: apt-get install mosquitto"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        store = folder / "mosquitto"
        store.mkdir(mode=0o777)
        store.chmod(0o777)
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {store}/\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        began = time.monotonic()
        while time.monotonic() - began < 20:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("mosquitto does not come up")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.kill()


def _clips() -> Iterator[bytes]:
    """Short stereo WAVs cut from the bundled calls, each of other content."""
    for name in itertools.cycle(("call-1", "call-2")):
        samples, rate = soundfile.read(SAMPLES / f"{name}.ogg")
        step = 7 * rate
        for start in range(0, len(samples) - step, step):
            out = io.BytesIO()
            soundfile.write(out, samples[start : start + step], rate, format="WAV", subtype="PCM_16")
            yield out.getvalue()


def _set_at_hq(store: Path) -> set[tuple[str, int]]:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=20)
    try:
        return set(connection.execute("SELECT epoch, seq FROM envelopes"))
    finally:
        connection.close()


def test_hq_has_exactly_what_the_ledger_has(box_with_models: Box, broker: Mosquitto) -> None:
    box, chance = box_with_models, random.Random(7)
    box.connect(broker.port)
    for name in ("sink", "worker", "uplink"):
        box.start(name)
    meta = (SAMPLES / "call-1.meta.toml").read_text(encoding="utf-8")
    for n, clip in zip(range(CLIPS), _clips(), strict=False):
        box.drop(clip, f"clip-{n}.wav", meta)
    victims = ["broker", "worker", "uplink"] * KILLS
    chance.shuffle(victims)
    for victim in victims:
        time.sleep(chance.uniform(0.8, 3.0))
        if victim == "broker":
            broker.kill()
            time.sleep(0.5)
            broker.start()
        else:
            box.kill(victim)
            box.start(victim)
    box.until(lambda: box.finished(CLIPS) and box.all_committed())
    box.kill("worker")  # from here on no further checkpoint is made
    box.until(box.all_committed)
    states = dict(box.query("SELECT state, COUNT(*) FROM recordings GROUP BY state"))
    assert states.get("closed", 0) == CLIPS, states
    ((epoch,),) = box.query("SELECT value FROM meta WHERE key = 'epoch'")
    ours = {(epoch, seq) for (seq,) in box.query("SELECT seq FROM outbox WHERE state = 'live'")}
    assert len(ours) >= CLIPS
    assert _set_at_hq(box.store) == ours
    assert box.json("status")["audit_ok"] is True
    with closing(SqliteStore(box.store)) as store:
        told = [str(one.verdict) for one in store.checkpoints()]
    assert told[0] == "first", "no kill makes HQ suspect anybody"
    assert set(told[1:]) == {"consistent"}
    assert box.json("audit", "verify")["cosigned"] > 0
