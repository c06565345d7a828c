"""HQ's database cannot commit: the sink stops with exit code 70, acknowledges nothing, and later everything is there."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sync_world import HQ, Child, FileOutbox, Mosquitto, an_hq, at_hq, hq_report, wait_for

from edge_sync import signing

pytestmark = [pytest.mark.fault, pytest.mark.broker]


def a_sink(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """`edge-hq sink`, as its users start it."""
    key = folder / "hq.key"
    if not key.exists():
        key.write_text(signing.text_of(HQ))
        key.chmod(0o600)
    return subprocess.Popen(
        [sys.executable, "-m", "edge_sync.cli", "sink", "--store", str(folder / "hq.db"), "--key", str(key), "--port", str(port)],
        stderr=subprocess.DEVNULL,
    )


def test_sink_stops_when_it_cannot_commit_and_nothing_is_lost(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    db = sqlite3.connect(tmp_path / "hq.db", timeout=20, isolation_level=None)
    db.execute("CREATE TRIGGER full BEFORE INSERT ON tags WHEN NEW.seq = 30 BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(60)
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
        assert a_sink(tmp_path, broker.port).wait(30) == 70
        assert outbox.committed() < 30
        db.execute("DROP TRIGGER full")
        sink = a_sink(tmp_path, broker.port)
        wait_for(lambda: outbox.committed() == 60, "a healthy database takes it all")
        os.kill(sink.pid, signal.SIGTERM)
        assert sink.wait(10) == 0
        assert uplink.running
    assert at_hq(tmp_path / "hq.db") == outbox.seqs()
    assert hq_report(tmp_path / "hq.db")["duplicates"] == 0
    outbox.close()
    db.close()
