"""Only HQ's signed word makes a row done: not a PUBACK, not a forgery, and not a database that forgot."""

import shutil
import threading
import time
from pathlib import Path

import pytest
from sync_world import (
    BOOT,
    GATEWAY,
    TENANT,
    Child,
    FileOutbox,
    Mosquitto,
    Proxy,
    an_hq,
    at_hq,
    box_sign,
    committed,
    hq_report,
    hq_verify,
    other_sign,
    sealed,
    settings_for,
    wait_for,
)

from edge_sync import wire
from edge_sync.link import Delivered, Endpoint, Link

pytestmark = [pytest.mark.fault, pytest.mark.broker]
ROOT = f"sx/v1/{TENANT}/{GATEWAY}"


def test_rows_acknowledged_by_the_broker_but_never_committed_are_sent_again(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(40)
    with Mosquitto(tmp_path) as broker:
        # Someone subscribes and acknowledges, so that every PUBACK is a plain success; it stores nothing.
        void = Link(Endpoint(host="127.0.0.1", port=broker.port), client_id="void")
        void.open()
        void.subscribe([f"{ROOT}/tags", f"{ROOT}/backfill"])
        heard: list[bytes] = []
        with Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
            deadline = time.monotonic() + 20
            while len(set(heard)) < 40 and time.monotonic() < deadline:
                heard += [event.payload for event in void.poll(0.1) if isinstance(event, Delivered)]
            assert len(set(heard)) == 40
            assert outbox.committed() == 0
            void.close()
            with Child("sink", tmp_path / "hq.db", broker.port):
                wait_for(lambda: outbox.committed() == 40, "the rows come again")
            assert uplink.running
    assert at_hq(tmp_path / "hq.db") == outbox.seqs()
    outbox.close()


def test_a_database_restored_from_an_older_copy_gets_its_rows_again(tmp_path: Path) -> None:
    hq = tmp_path / "hq.db"
    an_hq(hq).close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(30)
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port):
        with Child("sink", hq, broker.port) as sink:
            wait_for(lambda: outbox.committed() == 30, "the first thirty")
            sink.stop()
        shutil.copy(hq, tmp_path / "copy.db")
        with Child("sink", hq, broker.port) as sink:
            outbox.add(70)
            wait_for(lambda: outbox.committed() == 100, "all hundred")
            sink.stop()
        for leftover in tmp_path.glob("hq.db*"):
            if leftover.suffix != ".log":
                leftover.unlink()
        shutil.copy(tmp_path / "copy.db", hq)
        assert at_hq(hq) == set(range(1, 31))
        with Child("sink", hq, broker.port):
            # What is new makes HQ see that it lacks what lies between.
            outbox.add(1)
            wait_for(lambda: at_hq(hq) == outbox.seqs(), "HQ has asked for what it lost")
    report = hq_report(hq)
    assert (report["n"], report["missing"], report["duplicates"]) == (101, 0, 0)
    outbox.close()


def test_a_forged_watermark_is_ignored(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(10)
    forgeries = {
        "signed by someone else": committed(10, counter=9, sign=other_sign),
        "signed by the box itself": committed(10, counter=9, sign=box_sign),
        "not signed": committed(10)[:-104] + b"}",
        "one byte changed": committed(10).replace(b'"seq":10', b'"seq":11'),
        "for another gateway": committed(10, gateway="gateway-2"),
        "of another epoch": committed(10, epoch="dead"),
        "a row of ours": sealed(10),
        "not JSON": b"\xff\xfe" * 50,
    }
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
        forger = Link(Endpoint(host="127.0.0.1", port=broker.port), client_id="forger")
        forger.open()
        wait_for(lambda: "link.opened" in uplink.said, "the uplink is there")
        for message in forgeries.values():
            forger.publish(f"{ROOT}/committed", message, retain=True)
            forger.poll(0.1)
        wait_for(lambda: uplink.said.count("order.refused") >= len(forgeries) - 1, "the uplink has seen them")
        assert outbox.confirms() == 0
        forger.publish(f"{ROOT}/committed", committed(10, counter=10), retain=True)
        forger.poll(0.1)
        wait_for(lambda: outbox.committed() == 10, "the true one counts")
        assert uplink.running
        forger.close()
    outbox.close()


def test_a_watermark_beyond_the_outbox_is_clamped(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(5)
    with Mosquitto(tmp_path) as broker, Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
        hq = Link(Endpoint(host="127.0.0.1", port=broker.port), client_id="hq")
        hq.open()
        hq.publish(f"{ROOT}/committed", committed(10**12), retain=True)
        hq.poll(0.1)
        wait_for(lambda: outbox.committed() == 5, "no further than there are rows")
        hq.close()
        an_hq(tmp_path / "hq.db").close()
        outbox.add(5)
        with Child("sink", tmp_path / "hq.db", broker.port):
            wait_for(lambda: at_hq(tmp_path / "hq.db") >= set(range(6, 11)), "later rows still go out")
        assert uplink.running
    outbox.close()


def test_a_link_that_drops_five_times_loses_nothing(tmp_path: Path) -> None:
    from edge_sync.uplink import Uplink

    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    with Mosquitto(tmp_path) as broker, Child("sink", tmp_path / "hq.db", broker.port):
        proxy = Proxy(broker.port, delay_s=0.005)
        stop = threading.Event()
        uplink = Uplink(outbox, settings_for(proxy.port, tmp_path), hq_verify=hq_verify)
        thread = threading.Thread(target=uplink.run, args=(stop,))
        thread.start()
        for _ in range(5):
            outbox.add(60)
            time.sleep(0.15)
            proxy.cut()
        outbox.add(1)
        wait_for(lambda: outbox.committed() == 301, "everything arrives")
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        proxy.close()
    assert at_hq(tmp_path / "hq.db") == set(range(1, 302))
    outbox.close()


def test_a_silent_link_is_given_up_and_made_anew(tmp_path: Path) -> None:
    """The first seconds of an outage: TCP still stands, nothing comes through, and no error ever shows."""
    from edge_sync.uplink import Uplink

    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    with Mosquitto(tmp_path) as broker, Child("sink", tmp_path / "hq.db", broker.port):
        proxy = Proxy(broker.port)
        stop = threading.Event()
        uplink = Uplink(outbox, settings_for(proxy.port, tmp_path, stall_s=1.0), hq_verify=hq_verify)
        thread = threading.Thread(target=uplink.run, args=(stop,))
        thread.start()
        outbox.add(5)
        wait_for(lambda: outbox.committed() == 5, "the link works")
        proxy.freeze()
        outbox.add(50)
        wait_for(lambda: outbox.committed() == 55, "what was sent into silence is sent again")
        stop.set()
        thread.join(10)
        proxy.close()
    assert at_hq(tmp_path / "hq.db") == set(range(1, 56))
    outbox.close()


def test_an_uplink_cut_off_is_announced_offline_by_the_broker(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox.db")
    with Mosquitto(tmp_path) as broker:
        watcher = Link(Endpoint(host="127.0.0.1", port=broker.port), client_id="watcher")
        watcher.open()
        watcher.subscribe([f"{ROOT}/state"])
        states: list[bytes] = []
        with Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
            deadline = time.monotonic() + 20
            while len(states) < 2 and time.monotonic() < deadline:
                states += [event.payload for event in watcher.poll(0.1) if isinstance(event, Delivered)]
                if states and uplink.running:
                    uplink.kill()
        assert [wire.parse(state, wire.State) for state in states] == [
            wire.State(state="online", boot_id=BOOT),
            wire.State(state="offline", boot_id=BOOT),
        ]
        watcher.close()
    outbox.close()
