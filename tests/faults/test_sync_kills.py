"""Whatever is killed in mid-stream, and however often: HQ ends up with exactly what the outbox holds."""

import threading
import time
from pathlib import Path
from typing import Self

import pytest
from sync_world import Child, FileOutbox, Mosquitto, an_hq, at_hq, hq_report, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.broker]
ROWS = 1500
KILLS = 3


class Writer:
    """The worker's stand-in: adds rows in small groups while everything else comes and goes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _write(self) -> None:
        outbox = FileOutbox(self._path)
        for _ in range(ROWS // 10):
            outbox.add(10)
            time.sleep(0.03)
        outbox.close()


@pytest.mark.parametrize("victim", ["broker", "uplink", "sink"])
def test_hq_holds_the_outbox_after_three_kills_of(victim: str, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    with (
        Mosquitto(tmp_path) as broker,
        Child("sink", tmp_path / "hq.db", broker.port) as sink,
        Child("uplink", tmp_path / "outbox.db", broker.port) as uplink,
        Writer(tmp_path / "outbox.db"),
    ):
        for _ in range(KILLS):
            before = outbox.committed()
            wait_for(lambda before=before: outbox.committed() > before, "rows flow before the kill")
            time.sleep(0.3)
            hit = {"broker": broker, "uplink": uplink, "sink": sink}[victim]
            hit.kill()
            time.sleep(0.3)
            hit.start()
        wait_for(lambda: outbox.committed() == ROWS, "HQ confirms everything", seconds=50)
        assert uplink.running
        assert sink.running
    report = hq_report(tmp_path / "hq.db")
    assert at_hq(tmp_path / "hq.db") == outbox.seqs()
    assert (report["n"], report["tags"], report["missing"], report["duplicates"]) == (ROWS, ROWS, 0, 0)
    outbox.close()
