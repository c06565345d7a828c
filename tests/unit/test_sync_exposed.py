"""Beyond this machine nothing is spoken in the clear: neither uplink nor sink nor an operator's order."""

import threading
from pathlib import Path

import pytest
from region_world import Box
from sync_world import GATEWAY, FileOutbox, an_hq, hq_sign, hq_verify, settings_for

from edge_agent import processes
from edge_agent.errors import BadConfig, NotFound
from edge_sync import credentials, orders
from edge_sync.cli import main
from edge_sync.errors import Refused
from edge_sync.link import Endpoint, Link, is_loopback
from edge_sync.sink import Sink, SinkSettings
from edge_sync.uplink import Uplink

FAR = Endpoint(host="broker.example", port=1883)


@pytest.mark.parametrize(
    ("host", "near"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("0.0.0.0", False),
     ("broker.example", False), ("localhost.example", False), ("", False)],
)  # fmt: skip
def test_what_counts_as_this_machine(host: str, near: bool) -> None:
    assert is_loopback(host) is near


def test_a_plain_link_to_another_machine_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Refused, match="TLS only"):
        Link(FAR, client_id="x").open()


def test_the_uplink_does_not_retry_what_can_never_be_right(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox.db")
    with pytest.raises(Refused, match="TLS only"):
        Uplink(outbox, settings_for(1883, tmp_path, endpoint=FAR), hq_verify=hq_verify).run(threading.Event())  # type: ignore[arg-type]
    outbox.close()


def test_nor_does_the_sink(tmp_path: Path) -> None:
    store = an_hq(tmp_path / "hq.db")
    with pytest.raises(Refused, match="TLS only"):
        Sink(store, SinkSettings(endpoint=FAR), sign=hq_sign).run(threading.Event())
    with pytest.raises(Refused, match="TLS only"):
        orders.send(store, orders.rebirth(store, GATEWAY), FAR, hq_sign)
    store.close()


def test_an_uplink_of_a_box_with_damaged_papers_says_so(tmp_path: Path) -> None:
    box = Box(tmp_path / "box", "store-7")
    with pytest.raises(NotFound, match="public key"):
        processes.run_uplink(box.settings)
    paths = box.settings.paths
    (paths.uplink / "hq.pub").write_text("A" * 43 + "=\n")
    paths.tls.mkdir()
    (paths.tls / "broker.json").write_text("{}")
    with pytest.raises(Refused, match="damaged"):
        credentials.endpoint(paths.tls)
    with pytest.raises(BadConfig, match="damaged"):
        processes.run_uplink(box.settings)


ORDERS = {
    "a gateway that never spoke": ["replay", GATEWAY, "--from", "1", "--to", "2"],
    "a range that ends before it starts": ["replay", GATEWAY, "--from", "3", "--to", "2", "--epoch", "0123abcd"],
    "a sequence that cannot be": ["replay", GATEWAY, "--from", "0", "--to", "2", "--epoch", "0123abcd"],
    "nobody": ["rebirth", "gateway-9"],
}


@pytest.mark.parametrize("what", ORDERS)
def test_an_order_that_cannot_be_meant_is_refused_before_it_is_sent(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    an_hq(tmp_path / "hq.db").close()
    assert main([*ORDERS[what], "--store", str(tmp_path / "hq.db"), "--key", str(tmp_path / "none")]) == 1
    assert " — " in capsys.readouterr().err


def test_a_revoked_gateway_gets_no_order(tmp_path: Path) -> None:
    store = an_hq(tmp_path / "hq.db")
    store.revoke(GATEWAY)
    with pytest.raises(Refused, match="revoked"):
        orders.rebirth(store, GATEWAY)
    store.close()
