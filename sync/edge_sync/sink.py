"""HQ's end: take in, commit, only then acknowledge, only then confirm. One thread, one loop, as the uplink.

Messages are committed in groups: whatever has arrived while the last group was being written, at most `batch`. A crash between
commit and acknowledgement makes the broker or the gateway send again, and the primary key ignores it. A database that
cannot commit ends the sink with nothing acknowledged; a lost link is waited out with full jitter.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from edge_sync import log, topics, wire, witness
from edge_sync.backoff import Backoff
from edge_sync.errors import LinkDown
from edge_sync.gaps import GapTimer
from edge_sync.intake import examine
from edge_sync.link import Delivered, Endpoint, Event, Link
from edge_sync.store import Hole, Store, Watermark
from edge_sync.witness import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """Durations in seconds. `tenant` "+" = all of them. `patience_s`: how long a hole may stand before HQ asks."""

    endpoint: Endpoint
    tenant: str = "+"
    batch: int = 200
    linger_s: float = 0.01
    patience_s: float = 5.0
    look_s: float = 0.5
    backoff_base_s: float = 0.5
    backoff_cap_s: float = 60.0


class Sink:
    """`run(stop)` returns when told to; it holds no state that is not in the store."""

    def __init__(
        self,
        store: Store,
        settings: SinkSettings,
        *,
        sign: wire.Sign,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._settings = settings
        self._sign = sign
        self._now = now
        self._timer = GapTimer(patience_s=settings.patience_s)
        self._backoff = Backoff(base_s=settings.backoff_base_s, cap_s=settings.backoff_cap_s)
        self._look_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Take in until `stop` is set.

        Raises:
            StoreBroken: the database cannot commit; nothing of the group at hand was acknowledged.
        """
        while not stop.is_set():
            try:
                self._session(stop)
            except LinkDown as error:
                wait_s = self._backoff.wait_s()
                log.get().warning("link.lost", code=error.code, attempt=self._backoff.attempt, wait_s=wait_s)
                stop.wait(wait_s)

    def _session(self, stop: threading.Event) -> None:
        link = Link(
            self._settings.endpoint,
            client_id=f"hq-sink-{self._store.generation[:12]}",
            manual_ack=True,
            receive_maximum=self._settings.batch,
        )
        try:
            link.open()
            root = f"{topics.ROOT}/{self._settings.tenant}/+"
            link.subscribe([f"{root}/{leaf}" for leaf in sorted(topics.UP_LEAVES)])
            log.get().info("sink.listening", port=self._settings.endpoint.port, generation=self._store.generation)
            # Who waited for a subscriber, or was sent to by an older database, learns where HQ stands.
            self._confirm(link, self._store.watermarks())
            self._cosign(link, self._store.witnessed())
            while not stop.is_set():
                self._turn(link)
            link.close()
        finally:
            link.drop()

    def _turn(self, link: Link) -> None:
        group = self._gather(link)
        if group:
            self._take_in(link, group)
            self._backoff.reset()
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + self._settings.look_s
            for hole in self._timer.due(self._store.holes(), now):
                self._ask(link, hole)

    def _gather(self, link: Link) -> list[Delivered]:
        group = _deliveries(link.poll(0.1, limit=self._settings.batch))
        deadline = time.monotonic() + self._settings.linger_s
        while group and len(group) < self._settings.batch:
            left = deadline - time.monotonic()
            more = _deliveries(link.poll(left, limit=self._settings.batch)) if left > 0 else []
            if not more:
                break
            group += more
        return group

    def _take_in(self, link: Link, group: Sequence[Delivered]) -> None:
        arrivals = [examine(one.topic, one.payload, self._store.gateway) for one in group]
        result = self._store.commit(arrivals, at=self._now())
        for one in group:
            link.acknowledge(one.ticket)
        self._confirm(link, result.watermarks)
        self._cosign(link, result.checkpoints)
        if result.rejected:
            log.get().warning("messages.rejected", count=result.rejected)
        if result.new or result.repeats:
            log.get().debug("rows.committed", rows=result.new, repeats=result.repeats)

    def _confirm(self, link: Link, marks: Sequence[Watermark]) -> None:
        for mark in marks:
            message = wire.Committed(
                gateway=mark.gateway,
                counter=mark.counter,
                epoch=mark.epoch,
                seq=mark.seq,
                generation=self._store.generation,
            )
            self._send(link, mark.tenant, mark.gateway, "committed", message)

    def _cosign(self, link: Link, checkpoints: Sequence[Kept]) -> None:
        for one in checkpoints:
            if one.verdict.alarming:
                log.get().error("checkpoint.alarmed", gateway=one.gateway, reason=str(one.verdict), epoch=one.epoch, seq=one.seq)
            if one.counter:
                self._send(link, one.tenant, one.gateway, "witness", witness.cosigned(one, self._sign))

    def _ask(self, link: Link, hole: Hole) -> None:
        counter = self._store.counter(hole.gateway)
        if hole.first == 0:
            self._send(link, hole.tenant, hole.gateway, "cmd/rebirth", wire.Rebirth(gateway=hole.gateway, counter=counter))
            return
        log.get().warning("replay.asked", gateway=hole.gateway, first=hole.first, last=hole.last)
        order = wire.Replay(gateway=hole.gateway, counter=counter, epoch=hole.epoch, first=hole.first, last=hole.last)
        self._send(link, hole.tenant, hole.gateway, "cmd/replay", order)

    def _send(self, link: Link, tenant: str, gateway: str, leaf: str, order: wire.Order) -> None:
        topic = topics.Address(tenant=tenant, gateway=gateway, leaf=leaf).topic
        link.publish(topic, wire.seal(order, self._sign), retain=leaf in topics.KEPT_LEAVES)


def _deliveries(events: Sequence[Event]) -> list[Delivered]:
    return [event for event in events if isinstance(event, Delivered)]
