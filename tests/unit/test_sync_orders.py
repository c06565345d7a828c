"""HQ's orders at the box: signed, for this gateway, newer than the last one obeyed, over any restart."""

import base64
from pathlib import Path

import pytest
from sync_world import EPOCH, GATEWAY, box_sign, committed, hq_sign, hq_verify, other_sign

from edge_sync import wire
from edge_sync.commands import CounterFile, Orders
from edge_sync.errors import BadSignature, Malformed, OrderNotKept


def replay(counter: int, *, gateway: str = GATEWAY, sign: wire.Sign = hq_sign) -> bytes:
    return wire.seal(wire.Replay(gateway=gateway, counter=counter, epoch=EPOCH, first=3, last=9), sign)


def signed(body: bytes) -> bytes:
    return body[:-1] + b',"signature":"' + base64.b64encode(hq_sign(body)) + b'"}'


def orders(folder: Path) -> Orders:
    return Orders(gateway=GATEWAY, verify=hq_verify, counter=CounterFile(folder / "orders.counter"))


def test_an_order_is_obeyed_once(tmp_path: Path) -> None:
    ours = orders(tmp_path)
    order = ours.command(replay(5))
    assert isinstance(order, wire.Replay)
    assert (order.first, order.last) == (3, 9)
    assert ours.command(replay(5)) is None


def test_an_order_is_not_obeyed_again_after_a_restart(tmp_path: Path) -> None:
    orders(tmp_path).command(replay(5))
    assert orders(tmp_path).command(replay(5)) is None
    assert orders(tmp_path).command(replay(6)) is not None


def test_an_older_order_is_not_obeyed(tmp_path: Path) -> None:
    ours = orders(tmp_path)
    ours.command(replay(5))
    assert ours.command(replay(4)) is None
    assert ours.command(wire.seal(wire.Rebirth(gateway=GATEWAY, counter=5), hq_sign)) is None


REFUSED = {
    "signed by someone else": (replay(5, sign=other_sign), BadSignature),
    "signed by a box": (replay(5, sign=box_sign), BadSignature),
    "for another gateway": (replay(5, gateway="gateway-2"), BadSignature),
    "not signed": (b"{}", BadSignature),
    "of an unknown kind": (
        signed(b'{"type":"cn.sx.cmd.shell.v1","gateway":"gateway-1","counter":5}'),
        Malformed,
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_order_does_not_use_up_its_counter(what: str, tmp_path: Path) -> None:
    payload, kind = REFUSED[what]
    ours = orders(tmp_path)
    with pytest.raises(kind):
        ours.command(payload)
    assert ours.command(replay(5)) is not None


def test_a_watermark_on_the_command_topic_is_no_command(tmp_path: Path) -> None:
    assert orders(tmp_path).command(committed(5)) is None


def test_a_command_on_the_watermark_topic_is_no_watermark(tmp_path: Path) -> None:
    assert orders(tmp_path).is_watermark(committed(5))
    assert not orders(tmp_path).is_watermark(replay(5))


def test_a_damaged_counter_lets_nothing_be_obeyed(tmp_path: Path) -> None:
    (tmp_path / "orders.counter").write_text("5x")
    with pytest.raises(OrderNotKept):
        orders(tmp_path).command(replay(6))


def test_an_order_whose_counter_cannot_be_kept_is_not_obeyed(tmp_path: Path) -> None:
    with pytest.raises(OrderNotKept):
        orders(tmp_path / "gone").command(replay(6))
