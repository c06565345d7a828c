"""HQ's orders as an operator gives them: signed with the operations key, numbered by the store, sent, and known to be heard.

An order is not retained: a gateway that is not connected does not get it. The broker says so (reason code 0x10), and so do we.
"""

import time

from edge_sync import topics, wire
from edge_sync.errors import LinkDown, Refused, Unavailable
from edge_sync.link import FAILED, Answered, Endpoint, Link
from edge_sync.store import GatewayLine, Store
from edge_sync.window import NO_SUBSCRIBER

_ANSWER_S = 10.0


def replay(store: Store, gateway: str, *, first: int, last: int, epoch: str = "") -> wire.Replay:
    """The order to send `first`..`last` again, of the current epoch unless another is named; Refused when it cannot be meant."""
    line = _enrolled(store, gateway)
    if not (epoch or line.epoch):
        raise Refused("that gateway never spoke, so there is nothing to send again", remedy="see `edge-hq gateways`")
    if not 1 <= first <= last:
        raise Refused("sequences start at 1, and a range does not end before it starts", remedy="check --from and --to")
    try:
        return wire.Replay(gateway=gateway, counter=store.counter(gateway), epoch=epoch or line.epoch, first=first, last=last)
    except ValueError as error:
        raise Refused("that is no range", remedy="check --from and --to") from error


def rebirth(store: Store, gateway: str) -> wire.Rebirth:
    """The order to publish `birth` again."""
    _enrolled(store, gateway)
    return wire.Rebirth(gateway=gateway, counter=store.counter(gateway))


def send(store: Store, order: wire.Replay | wire.Rebirth, endpoint: Endpoint, sign: wire.Sign) -> None:
    """Publish, and wait for the broker's word.

    Raises:
        Unavailable: the gateway does not listen now. LinkDown: the broker cannot be reached. Refused: it may not be sent.
    """
    leaf = "cmd/replay" if isinstance(order, wire.Replay) else "cmd/rebirth"
    topic = topics.Address(tenant=_enrolled(store, order.gateway).tenant, gateway=order.gateway, leaf=leaf).topic
    link = Link(endpoint, client_id=f"hq-operator-{order.counter}")
    try:
        link.open()
        code = _answer(link, link.publish(topic, wire.seal(order, sign)))
        link.close()
    finally:
        link.drop()
    if code == NO_SUBSCRIBER:
        raise Unavailable("that gateway is not connected", remedy="give the order again when it is online")
    if code >= FAILED:
        raise Refused(f"broker refused the order ({code})", remedy="use an operator's certificate: edge-hq ca client operator")


def _answer(link: Link, ticket: int) -> int:
    deadline = time.monotonic() + _ANSWER_S
    while time.monotonic() < deadline:
        for event in link.poll(0.2):
            if isinstance(event, Answered) and event.ticket == ticket:
                return event.code
    raise LinkDown("broker does not answer")


def _enrolled(store: Store, gateway: str) -> GatewayLine:
    for line in store.gateways():
        if line.gateway == gateway:
            if line.revoked:
                raise Refused("that gateway is revoked: it obeys nothing", remedy="see `edge-hq gateways`")
            return line
    raise Refused("no gateway is enrolled under that name", remedy="see `edge-hq gateways`")
