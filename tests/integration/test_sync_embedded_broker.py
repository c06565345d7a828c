"""Uplink, embedded broker and sink as separate processes: everything arrives, and the box learns that it did."""

from pathlib import Path

import pytest
from sync_world import GATEWAY, TENANT, Child, FileOutbox, an_hq, at_hq, hq_report, sealed, uuid7, wait_for

from edge_sync import wire
from edge_sync.broker import EmbeddedBroker
from edge_sync.listener import Listener


@pytest.fixture
def outbox(tmp_path: Path):
    made = FileOutbox(tmp_path / "outbox.db")
    yield made
    made.close()


def test_every_row_arrives_once_and_the_watermark_comes_back(outbox: FileOutbox, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox.add(300)
    with (
        EmbeddedBroker() as broker,
        Child("sink", tmp_path / "hq.db", broker.port),
        Child("uplink", tmp_path / "outbox.db", broker.port),
    ):
        wait_for(lambda: outbox.committed() == 300, "HQ confirms what was there")
        outbox.add(25)
        wait_for(lambda: outbox.committed() == 325, "HQ confirms what came later")
    report = hq_report(tmp_path / "hq.db")
    assert at_hq(tmp_path / "hq.db") == outbox.seqs()
    assert (report["n"], report["missing"], report["duplicates"], report["dead_letters"]) == (325, 0, 0, 0)


def test_a_listener_sees_birth_state_and_every_envelope(outbox: FileOutbox, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox.add(2)
    case = wire.CaseData(case=uuid7(7), event_id=uuid7(1), recording=uuid7(2), state="contested", reason="context")
    outbox.put_raw(sealed(3, case), leaf="case")
    with EmbeddedBroker() as broker, Listener(broker.host, broker.port) as listener:
        with Child("sink", tmp_path / "hq.db", broker.port), Child("uplink", tmp_path / "outbox.db", broker.port) as uplink:
            wait_for(lambda: outbox.committed() == 3, "HQ confirms")
            assert uplink.stop() == 0
        wait_for(lambda: b'"stopped"' in b"".join(payload for _, payload in listener.messages()), "the goodbye")
        heard = listener.messages()
        assert {topic.removeprefix(f"sx/v1/{TENANT}/{GATEWAY}/") for topic, _ in heard} >= {
            "birth",
            "state",
            "health",
            "tags",
            "case",
        }
        assert set(listener.envelopes()) == {row.payload for row in outbox.after(0, 10)}


def test_sigterm_ends_uplink_and_sink_with_zero(outbox: FileOutbox, tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    outbox.add(1)
    with (
        EmbeddedBroker() as broker,
        Child("sink", tmp_path / "hq.db", broker.port) as sink,
        Child("uplink", tmp_path / "outbox.db", broker.port) as uplink,
    ):
        wait_for(lambda: outbox.committed() == 1, "HQ confirms")
        assert (uplink.stop(), sink.stop()) == (0, 0)
    streams = hq_report(tmp_path / "hq.db")["gateways"]
    assert isinstance(streams, list)
    assert streams[0]["state"] == "stopped"


def test_broker_is_gone_when_its_block_ends() -> None:
    with EmbeddedBroker() as broker:
        pid = broker.pid
        assert pid > 0
    assert broker.pid == 0
