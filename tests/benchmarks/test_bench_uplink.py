"""The uplink against what one would otherwise write: one message at a time, and publish-and-forget over a broker that dies."""

import json
import threading
import time
from pathlib import Path

import pytest
from sync_world import Child, FileOutbox, Mosquitto, Proxy, an_hq, at_hq, hq_verify, settings_for, wait_for

from edge_sync.uplink import Uplink

pytestmark = [pytest.mark.bench, pytest.mark.broker]
DELAY_S = 0.01
ROWS = 400
NAIVE = 3000


def rows_per_s(window: int, folder: Path) -> float:
    """Until HQ's commit is confirmed, over a link with 10 ms each way."""
    folder.mkdir()
    an_hq(folder / "hq.db").close()
    outbox = FileOutbox(folder / "outbox.db")
    outbox.add(ROWS)
    stop = threading.Event()
    with Mosquitto(folder) as broker, Child("sink", folder / "hq.db", broker.port) as sink:
        wait_for(lambda: "sink.listening" in sink.said, "the sink listens")
        proxy = Proxy(broker.port, delay_s=DELAY_S)
        settings = settings_for(proxy.port, folder, window=window, stall_s=30.0)
        thread = threading.Thread(target=Uplink(outbox, settings, hq_verify=hq_verify).run, args=(stop,))  # type: ignore[arg-type]
        thread.start()
        wait_for(lambda: outbox.committed() > 0, "the first row")
        first, start = outbox.committed(), time.monotonic()
        wait_for(lambda: outbox.committed() == ROWS, "the last row")
        took = time.monotonic() - start
        stop.set()
        thread.join(10)
        proxy.close()
    outbox.close()
    return (ROWS - first) / took


def lost_by_publish_and_forget(folder: Path) -> int:
    """paho as its examples show it: background thread, QoS 1, wait for every PUBACK. Only the broker is killed, once."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    folder.mkdir()
    heard: set[bytes] = set()
    with Mosquitto(folder) as broker:
        subscriber = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="hq", clean_session=False)
        subscriber.on_connect = lambda client, *_: client.subscribe("t", qos=1)
        subscriber.on_message = lambda _, __, message: heard.add(message.payload)
        publisher = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="box", clean_session=False)
        for client in (subscriber, publisher):
            client.reconnect_delay_set(min_delay=1, max_delay=1)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
        for n in range(NAIVE):
            publisher.publish("t", str(n).encode(), qos=1)
            time.sleep(0.0005)
            if n == NAIVE // 2:
                broker.kill()
                broker.start()
        wait_for(lambda: not publisher._out_messages, "every message was acknowledged")
        time.sleep(1.0)
        for client in (subscriber, publisher):
            client.disconnect()
            client.loop_stop()
    return NAIVE - len(heard)


def lost_by_the_uplink(folder: Path) -> int:
    folder.mkdir()
    an_hq(folder / "hq.db").close()
    outbox = FileOutbox(folder / "outbox.db")
    with (
        Mosquitto(folder) as broker,
        Child("sink", folder / "hq.db", broker.port),
        Child("uplink", folder / "outbox.db", broker.port),
    ):
        for n in range(NAIVE // 10):
            outbox.add(10)
            if n == NAIVE // 20:
                broker.kill()
                broker.start()
        wait_for(lambda: outbox.committed() == NAIVE, "HQ confirms everything")
    outbox.close()
    return NAIVE - len(at_hq(folder / "hq.db"))


def test_window_and_watermark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, twenty = rows_per_s(1, tmp_path / "one"), rows_per_s(20, tmp_path / "twenty")
    naive, ours = lost_by_publish_and_forget(tmp_path / "naive"), lost_by_the_uplink(tmp_path / "ours")
    figures = {
        "bench": "uplink", "delay_ms": DELAY_S * 1000, "rows_per_s_window_1": round(one), "rows_per_s_window_20": round(twenty),
        "ratio": round(twenty / one, 1), "acknowledged": NAIVE, "lost_publish_and_forget": naive, "lost_uplink": ours,
    }  # fmt: skip
    with capsys.disabled():
        print("\n" + json.dumps(figures))
    assert twenty > 3 * one
    assert ours == 0  # how many a naive sender loses depends on the instant of the kill: often hundreds, sometimes none
