"""Uplink and sink against a real broker: certificates, access rules, where rows go, what HQ may order, what is refused."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sync_world import (
    EPOCH,
    GATEWAY,
    TENANT,
    Child,
    FileOutbox,
    Mosquitto,
    an_hq,
    at_hq,
    box_sign,
    hq_report,
    hq_sign,
    hq_verify,
    other_sign,
    sealed,
    settings_for,
    wait_for,
)  # fmt: skip

from edge_sync import wire
from edge_sync.errors import LinkDown, OutboxAway
from edge_sync.link import Answered, Endpoint, Link
from edge_sync.listener import Listener
from edge_sync.uplink import Uplink

pytestmark = pytest.mark.broker
ROOT = f"sx/v1/{TENANT}/{GATEWAY}"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[FileOutbox]:
    made = FileOutbox(tmp_path / "outbox.db")
    yield made
    made.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as made:
        yield made


@contextmanager
def running(uplink: Uplink) -> Iterator[None]:
    """The uplink in a thread of the test; an exception of its own ends the test."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            uplink.run(stop)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        if failed:
            raise failed[0]


def an_uplink(outbox: object, port: int, state: Path, **changes: object) -> Uplink:
    return Uplink(outbox, settings_for(port, state, **changes), hq_verify=hq_verify)  # type: ignore[arg-type]


def from_hq(port: int, leaf: str, payload: bytes) -> None:
    link = Link(Endpoint(host="127.0.0.1", port=port), client_id="someone")
    link.open()
    link.publish(f"{ROOT}/{leaf}", payload)
    link.poll(0.2)
    link.close()


def heard_on(listener: Listener, leaf: str) -> list[int]:
    return [wire.open(raw, lambda *_: True).seq for topic, raw in listener.messages() if topic == f"{ROOT}/{leaf}"]


def test_fresh_rows_go_live_and_old_ones_to_backfill(outbox: FileOutbox, broker: Mosquitto, tmp_path: Path) -> None:
    outbox.add(3, at=datetime.now(UTC) - timedelta(minutes=5))
    outbox.add(2)
    with Listener("127.0.0.1", broker.port) as listener, running(an_uplink(outbox, broker.port, tmp_path, stall_s=30)):
        wait_for(lambda: len(listener.envelopes()) >= 5, "all are sent")
        assert (heard_on(listener, "backfill"), heard_on(listener, "tags")) == ([1, 2, 3], [4, 5])


def test_after_an_outage_the_backlog_waits_its_turn(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(3, at=datetime.now(UTC) - timedelta(minutes=5))
    away = Mosquitto(tmp_path)
    stop, uplink = threading.Event(), an_uplink(outbox, away.port, tmp_path, storm_after_s=0.0)
    spread: list[float] = []
    uplink._storm = Spread(spread)
    thread = threading.Thread(target=uplink.run, args=(stop,))
    thread.start()
    wait_for(lambda: uplink._backoff.attempt > 0, "nobody answers")
    with away, Listener("127.0.0.1", away.port) as listener:
        wait_for(lambda: bool(spread), "the link is back")
        time.sleep(0.3)
        held = listener.envelopes()
        spread.append(0.0)
        wait_for(lambda: len(listener.envelopes()) >= 3, "then it comes")
        stop.set()
        thread.join(10)
    assert held == []
    outbox.close()


class Spread:
    """A guard that holds from the first time the link is back until a second entry appears."""

    def __init__(self, entries: list[float]) -> None:
        self._entries = entries

    def lost(self, now: float) -> None:
        pass

    def back(self, now: float) -> float:
        self._entries.append(now)
        return 1.0

    def holds(self, now: float) -> bool:
        return len(self._entries) < 2


def test_hq_may_ask_for_rows_again_once_per_order(outbox: FileOutbox, broker: Mosquitto, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox.add(20)
    order = wire.seal(wire.Replay(gateway=GATEWAY, counter=10**18, epoch=EPOCH, first=5, last=9), hq_sign)
    forged = wire.seal(wire.Replay(gateway=GATEWAY, counter=10**18 + 5, epoch=EPOCH, first=1, last=2), other_sign)
    other_epoch = wire.seal(wire.Replay(gateway=GATEWAY, counter=10**18 + 1, epoch="dead", first=1, last=2), hq_sign)
    with Child("sink", tmp_path / "hq.db", broker.port), running(an_uplink(outbox, broker.port, tmp_path)):
        wait_for(lambda: outbox.committed() == 20, "everything is in")
        with Listener("127.0.0.1", broker.port) as listener:
            for message in (order, order, forged, other_epoch):
                from_hq(broker.port, "cmd/replay", message)
            wait_for(lambda: len(heard_on(listener, "backfill")) >= 5, "the rows come again")
            time.sleep(0.5)
            assert heard_on(listener, "backfill") == [5, 6, 7, 8, 9]
    assert hq_report(tmp_path / "hq.db")["duplicates"] == 0


def test_hq_may_ask_for_birth_again(outbox: FileOutbox, broker: Mosquitto, tmp_path: Path) -> None:
    def births(listener: Listener) -> int:
        return sum(topic == f"{ROOT}/birth" for topic, _ in listener.messages())

    with Listener("127.0.0.1", broker.port) as listener, running(an_uplink(outbox, broker.port, tmp_path)):
        wait_for(lambda: births(listener) == 1, "the first birth")
        from_hq(broker.port, "cmd/rebirth", wire.seal(wire.Rebirth(gateway=GATEWAY, counter=7), hq_sign))
        wait_for(lambda: births(listener) == 2, "the second birth")


def test_sink_counts_what_it_cannot_accept_and_goes_on(outbox: FileOutbox, broker: Mosquitto, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    body = sealed(1)[:-104].replace(b"cn.sx.tags.v1", b"cn.sx.tags.v9") + b"}"
    outbox.put_raw(body[:-1] + b',"signature":"' + base64.b64encode(box_sign(body)) + b'"}')
    outbox.add(5)
    with Child("sink", tmp_path / "hq.db", broker.port) as sink:
        wait_for(lambda: "sink.listening" in sink.said, "the sink listens")
        for payload in (
            b"",
            b"\xff" * 500,
            b"{}",
            b"\x28\xb5\x2f\xfd",
            wire.seal(wire.open(sealed(3), lambda *_: True), other_sign),
        ):
            from_hq(broker.port, "tags", payload)
        with running(an_uplink(outbox, broker.port, tmp_path)):
            wait_for(lambda: outbox.committed() == 6, "good rows pass the bad ones")
        assert sink.running
    report = hq_report(tmp_path / "hq.db")
    assert (report["n"], report["missing"], report["dead_letters"]) == (5, 0, 6)


def test_a_gateway_enrolled_while_the_sink_runs_gets_its_rows_in(outbox: FileOutbox, broker: Mosquitto, tmp_path: Path) -> None:
    from edge_sync.sqlite_store import SqliteStore

    SqliteStore(tmp_path / "hq.db").close()
    outbox.add(4)
    with Child("sink", tmp_path / "hq.db", broker.port) as sink:
        wait_for(lambda: "sink.listening" in sink.said, "the sink listens")
        with running(an_uplink(outbox, broker.port, tmp_path, stall_s=1.0)):
            wait_for(lambda: "messages.rejected" in sink.said, "nobody knows this gateway")
            assert outbox.committed() == 0
            an_hq(tmp_path / "hq.db").close()
            wait_for(lambda: outbox.committed() == 4, "sent again without being asked")


class AwayNowAndThen(FileOutbox):
    """A worker that answers every third question."""

    asked = 0

    def confirm(self, message: bytes) -> int:
        self.asked += 1
        if self.asked % 3:
            raise OutboxAway("the worker does not answer")
        return super().confirm(message)

    def birth(self) -> bytes:
        self.asked += 1
        if self.asked % 3:
            raise OutboxAway("the worker does not answer")
        return super().birth()


def test_a_worker_that_is_away_is_waited_for(broker: Mosquitto, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = AwayNowAndThen(tmp_path / "outbox.db")
    outbox.add(30)
    with Child("sink", tmp_path / "hq.db", broker.port), running(an_uplink(outbox, broker.port, tmp_path)):
        wait_for(lambda: outbox.committed() == 30, "confirmed in the end")
    outbox.close()


class Broken(FileOutbox):
    def after(self, seq: int, limit: int) -> list:
        raise ZeroDivisionError


def test_a_fault_inside_the_loop_ends_the_uplink_loudly(broker: Mosquitto, tmp_path: Path) -> None:
    outbox = Broken(tmp_path / "outbox.db")
    with pytest.raises(ZeroDivisionError):
        an_uplink(outbox, broker.port, tmp_path).run(threading.Event())
    outbox.close()


def test_a_replaced_outbox_is_introduced_anew(broker: Mosquitto, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox = FileOutbox(tmp_path / "outbox.db")
    outbox.add(10)
    with Child("sink", tmp_path / "hq.db", broker.port), running(an_uplink(outbox, broker.port, tmp_path)):
        wait_for(lambda: outbox.committed() == 10, "the first outbox")
        outbox._db.executescript("DELETE FROM rows; UPDATE meta SET committed = 0, epoch = 'beef'")
        outbox.add(4)
        wait_for(lambda: outbox.committed() == 4, "the second one")
    assert at_hq(tmp_path / "hq.db", "beef") == {1, 2, 3, 4}
    assert at_hq(tmp_path / "hq.db") == set(range(1, 11))
    outbox.close()


def certificates(folder: Path, *names: str) -> None:
    """`NAME.pem` and `NAME.key` for each name, all signed by `ca.pem`; "broker" is good for 127.0.0.1."""
    import ipaddress

    start = datetime.now(UTC) - timedelta(hours=1)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test root")])

    def make(subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        built = x509.CertificateBuilder().subject_name(subject).issuer_name(root).public_key(key.public_key())
        built = (
            built.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + timedelta(days=1))
        )
        signed = built.add_extension(extension, critical=True).sign(root_key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    (folder / "ca.pem").write_bytes(make(root, root_key, x509.BasicConstraints(ca=True, path_length=0)))
    for name in names:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        (folder / f"{name}.pem").write_bytes(make(subject, key, address))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )


ACCESS = f"""pattern write sx/v1/{TENANT}/%u/tags
pattern write sx/v1/{TENANT}/%u/backfill
pattern write sx/v1/{TENANT}/%u/birth
pattern write sx/v1/{TENANT}/%u/state
pattern write sx/v1/{TENANT}/%u/health
pattern read sx/v1/{TENANT}/%u/committed
pattern read sx/v1/{TENANT}/%u/cmd/+
user hq
topic readwrite sx/v1/#
"""


def test_with_certificates_and_access_rules_a_gateway_can_say_only_what_is_its_own(outbox: FileOutbox, tmp_path: Path) -> None:
    from edge_sync.sink import Sink, SinkSettings

    certificates(tmp_path, "broker", "hq", GATEWAY)
    tls = (
        f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n"
        "require_certificate true\nuse_identity_as_username true\ntls_version tlsv1.2"
    )

    def end(name: str, port: int) -> Endpoint:
        files = {"certificate": f"{tmp_path}/{name}.pem", "key": f"{tmp_path}/{name}.key"} if name else {}
        return Endpoint(host="127.0.0.1", port=port, ca=f"{tmp_path}/ca.pem", **files)

    outbox.add(12)
    store = an_hq(tmp_path / "hq.db")
    store.close()
    with Mosquitto(tmp_path, acl=ACCESS, extra=tls) as broker:
        with pytest.raises(LinkDown):
            Link(end("", broker.port), client_id="nobody").open()
        stop = threading.Event()

        def run_sink() -> None:
            opened = an_hq(tmp_path / "hq.db")
            Sink(opened, SinkSettings(endpoint=end("hq", broker.port)), sign=hq_sign).run(stop)
            opened.close()

        sink = threading.Thread(target=run_sink)
        sink.start()
        try:
            with running(an_uplink(outbox, broker.port, tmp_path, endpoint=end(GATEWAY, broker.port))):
                wait_for(lambda: outbox.committed() == 12, "rows pass over TLS")
            thief = Link(end(GATEWAY, broker.port), client_id="thief")
            thief.open()
            foreign = (f"{ROOT}/committed", f"{ROOT}/cmd/replay", f"sx/v1/{TENANT}/gateway-2/tags", f"sx/v1/rival/{GATEWAY}/tags")
            tickets = [thief.publish(topic, b"x") for topic in foreign]
            answers: dict[int, int] = {}
            while len(answers) < len(foreign):
                answers |= {one.ticket: one.code for one in thief.poll(5.0) if isinstance(one, Answered)}
            assert answers == dict.fromkeys(tickets, 0x87)
            thief.close()
        finally:
            stop.set()
            sink.join(10)
    assert at_hq(tmp_path / "hq.db") == set(range(1, 13))


def test_a_reader_with_mqtt_3_1_1_can_follow(outbox: FileOutbox, broker: Mosquitto, tmp_path: Path) -> None:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    heard: list[bytes] = []
    reader = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    reader.on_message = lambda _, __, message: heard.append(message.payload)
    reader.connect("127.0.0.1", broker.port)
    reader.subscribe(f"{ROOT}/tags", qos=1)
    reader.loop_start()
    outbox.add(3)
    with running(an_uplink(outbox, broker.port, tmp_path)):
        wait_for(lambda: len(heard) >= 3, "a 3.1.1 client reads them")
    reader.disconnect()
    reader.loop_stop()
    assert {wire.open(raw, lambda *_: True).seq for raw in heard} == {1, 2, 3}
