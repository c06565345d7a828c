"""A witness on the broker: keeps every message that gateways send, as it was sent, for the demo and for tests.

It listens in a thread of its own; when that thread cannot go on, asking for what was heard raises, so silence is never mistaken
for nothing said. It holds everything in memory: not for production.
"""

import threading
from types import TracebackType
from typing import Self

from edge_sync import topics, wire
from edge_sync.errors import LinkDown
from edge_sync.link import Delivered, Endpoint, Link


class Listener:
    """`with Listener(host, port) as listener: …`; subscribed once inside. LinkDown when the broker cannot be reached."""

    def __init__(self, host: str, port: int) -> None:
        self._link = Link(Endpoint(host=host, port=port), client_id="listener")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._heard: list[Delivered] = []
        self._failed: LinkDown | None = None

    def messages(self) -> list[tuple[str, bytes]]:
        """(topic, payload) of everything that came up so far, payloads exactly as they went over the wire."""
        if self._failed is not None:
            raise self._failed
        return [(one.topic, one.payload) for one in self._heard]

    def envelopes(self) -> list[bytes]:
        """The JSON of every signed row that came up so far, unpacked; repeats included."""
        return [wire.unpack(payload) for topic, payload in self.messages() if _leaf(topic) in topics.ROW_LEAVES]

    def __enter__(self) -> Self:
        self._link.open()
        self._link.subscribe([f"{topics.ROOT}/+/+/{leaf}" for leaf in sorted(topics.UP_LEAVES)])
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._link.close()

    def _listen(self) -> None:
        try:
            while not self._stop.is_set():
                self._heard += [event for event in self._link.poll(0.1) if isinstance(event, Delivered)]
        except LinkDown as error:
            self._failed = error


def _leaf(topic: str) -> str:
    address = topics.parse(topic)
    return "" if address is None else address.leaf
