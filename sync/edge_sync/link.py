"""One MQTT 5 connection, from CONNECT to its end; a new try is a new `Link`, so nothing of the old one is ever resent.

Clean start, session expiry 0. There is no background thread: `poll` runs the client library in the caller's thread, callbacks
only collect events, and whatever goes wrong comes out of `poll` as `LinkDown` after the last event was handed over. QoS is
always 1. The only importer of paho, and the only place where its failures become ours.
"""

import ipaddress
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_sync.errors import LinkDown, Refused

FAILED = 0x80
"""Reason codes from here on are refusals."""
_DEFAULT_RECEIVE_MAXIMUM = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the broker is. `ca`, `certificate`, `key` are PEM files; without `ca` the link is plain (loopback only)."""

    host: str
    port: int
    ca: str = ""
    certificate: str = ""
    key: str = ""
    username: str = ""
    keepalive_s: int = 30
    connect_timeout_s: float = 5.0

    @property
    def is_exposed(self) -> bool:
        """Plain beyond this machine: then anyone on the way could read, answer for the broker, or take our place."""
        return not self.ca and not is_loopback(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker says, retained, `delay_s` after this link has died without a goodbye."""

    topic: str
    payload: bytes
    delay_s: int = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The broker's PUBACK for `ticket`, with its reason code."""

    ticket: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A message for us. With manual acknowledgement the broker waits for `acknowledge(ticket)`."""

    ticket: int
    topic: str
    payload: bytes


Event = Answered | Delivered


@dataclass(slots=True)
class _Heard:
    """What the callbacks collect; they do nothing else, so they cannot fail."""

    events: deque[Event] = field(default_factory=deque)
    connected: int | None = None
    subscribed: list[int] | None = None
    receive_maximum: int = _DEFAULT_RECEIVE_MAXIMUM
    down: int | None = None


class Link:
    """Open it, `subscribe`, `publish`, `poll`, `close`. Not for sharing between threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        client_id: str,
        will: Will | None = None,
        manual_ack: bool = False,
        receive_maximum: int = 0,
    ) -> None:
        self._endpoint = endpoint
        self._heard = _Heard()
        self._receive_maximum = receive_maximum
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=manual_ack,
        )
        client.max_inflight_messages_set(0)  # our window is the window; 0 = the library holds nothing back
        client.connect_timeout = endpoint.connect_timeout_s
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        if will is not None:
            delay = _properties(PacketTypes.WILLMESSAGE, WillDelayInterval=will.delay_s)
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=delay)
        if endpoint.username:
            client.username_pw_set(endpoint.username)
        self._client = client

    @property
    def receive_maximum(self) -> int:
        """How many unanswered publishes the broker accepts."""
        return self._heard.receive_maximum

    def open(self) -> None:
        """Connect and wait for the broker's consent.

        Raises:
            LinkDown: it does not come. Refused: the broker is on another machine and no CA is given.
        """
        if self._endpoint.is_exposed:
            raise Refused("a broker on another machine is spoken to over TLS only", remedy="give its CA, certificate and key")
        properties = _properties(PacketTypes.CONNECT, SessionExpiryInterval=0)
        if self._receive_maximum:
            properties.ReceiveMaximum = self._receive_maximum
        end = self._endpoint
        try:
            if end.ca:
                self._client.tls_set_context(_tls(end))
            self._client.connect(end.host, end.port, end.keepalive_s, clean_start=True, properties=properties)
        except (OSError, ValueError) as error:
            raise LinkDown("broker cannot be reached", remedy="check host, port and certificates") from error
        self._wait_until(lambda: self._heard.connected is not None)
        if self._heard.connected:
            raise LinkDown("broker refused the connection", remedy="check its log", code=self._heard.connected)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to all at QoS 1 and wait for the answer; LinkDown when one is refused."""
        self._heard.subscribed = None
        self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        self._wait_until(lambda: self._heard.subscribed is not None)
        answers: list[int] = self._heard.subscribed or []
        refused = [code for code in answers if code >= FAILED]
        if refused:
            raise LinkDown("broker refused a subscription", remedy="check its access rules", code=refused[0])

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int = 0) -> int:
        """Send at QoS 1; returns the ticket its `Answered` will carry."""
        properties = _properties(PacketTypes.PUBLISH, MessageExpiryInterval=expiry_s) if expiry_s else None
        sent = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            self._heard.down = self._heard.down or 0
        return sent.mid

    def acknowledge(self, ticket: int) -> None:
        """Let the broker forget a delivery (manual acknowledgement only)."""
        self._client.ack(ticket, 1)

    def poll(self, wait_s: float, *, limit: int = 500) -> list[Event]:
        """What happened, waiting at most `wait_s` for the first event; LinkDown once the link is gone and all is handed over."""
        heard = self._heard
        if heard.down is None and not heard.events:
            self._turn(wait_s)
        seen = -1
        while heard.down is None and seen < len(heard.events) < limit:
            seen = len(heard.events)
            self._turn(0.0)
        if heard.events:
            events = list(heard.events)
            heard.events.clear()
            return events
        if heard.down is not None:
            raise LinkDown("link to the broker was lost", code=heard.down)
        return []

    def close(self) -> None:
        """Say goodbye (the broker drops the will) and let go; never raises, may be called twice."""
        self._client.disconnect()
        if self._heard.down is None:
            self._turn(0.0)
        sock: Any = self._client.socket()
        if sock is not None:
            sock.close()
        self._heard.down = self._heard.down or 0
        client = self._client  # its wake-up sockets close with it, so nothing of ours may keep it in a cycle
        client.on_socket_open = client.on_connect = client.on_disconnect = None
        client.on_subscribe = client.on_publish = client.on_message = None

    def drop(self) -> None:
        """Let go without a goodbye: the broker will publish the will."""
        sock: Any = self._client.socket()
        if sock is not None:
            sock.close()
        self._heard.down = self._heard.down or 0

    def _turn(self, wait_s: float) -> None:
        try:
            result = self._client.loop(timeout=wait_s)
        except (OSError, ValueError, mqtt.WebsocketConnectionError):
            result = mqtt.MQTT_ERR_CONN_LOST
        if result != mqtt.MQTT_ERR_SUCCESS and self._heard.down is None:
            self._heard.down = 0

    def _wait_until(self, done: Any) -> None:
        deadline = time.monotonic() + self._endpoint.connect_timeout_s
        while not done():
            left = deadline - time.monotonic()
            if self._heard.down is not None or left <= 0:
                raise LinkDown("broker does not answer", code=self._heard.down or 0)
            self._turn(min(left, 0.2))

    def _on_socket_open(self, _: Any, __: Any, sock: Any) -> None:
        # Small packets both ways: waiting to fill a segment would cost up to 40 ms for each row.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: Any, properties: Any) -> None:
        self._heard.connected = reason.value
        self._heard.receive_maximum = getattr(properties, "ReceiveMaximum", _DEFAULT_RECEIVE_MAXIMUM)

    def _on_disconnect(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        self._heard.down = reason.value

    def _on_subscribe(self, _: Any, __: Any, ___: Any, reasons: Any, ____: Any) -> None:
        self._heard.subscribed = [reason.value for reason in reasons]

    def _on_publish(self, _: Any, __: Any, mid: int, reason: Any, ___: Any) -> None:
        self._heard.events.append(Answered(ticket=mid, code=reason.value))

    def _on_message(self, _: Any, __: Any, message: Any) -> None:
        self._heard.events.append(Delivered(ticket=message.mid, topic=message.topic, payload=message.payload))


def is_loopback(host: str) -> bool:
    """Whether a broker of this name or address is on this machine; other names are never looked up for it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(end: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=end.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if end.certificate:
        context.load_cert_chain(end.certificate, end.key or None)
    return context


def _properties(packet: int, **values: int) -> Any:
    properties: Any = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
