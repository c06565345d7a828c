"""The process with the network and without any media: sends the outbox's rows, and tells the worker what HQ committed.

One thread, one loop: connect, say who we are, start over at the watermark, then feed the window until the link dies or we are
told to stop; then wait (full jitter) and connect again. What to send next is `window.Window`'s judgement; this module
only carries it out. Rows live in the outbox alone: nothing is queued here, so a kill at any instant loses nothing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from edge_sync import health, log, topics, wire
from edge_sync.backoff import Backoff, StormGuard
from edge_sync.commands import CounterFile, Orders
from edge_sync.credentials import Expiry
from edge_sync.errors import LinkDown, OrderNotKept, OutboxAway, WireError
from edge_sync.link import FAILED, Answered, Delivered, Endpoint, Link, Will
from edge_sync.outbox import Outbox, Row
from edge_sync.topics import Address
from edge_sync.window import Outcome, Verdict, Window

_GOODBYE_S = 2.0
_SUSPECTS = 8
"""False watermarks held for the worker at a time; more of them say nothing new."""
_WORTH_READING = 16 * 1024
"""Bytes of a message of HQ; none of its kind is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this uplink behaves. Durations in seconds; `state` is a folder of its own (the order counter)."""

    endpoint: Endpoint
    tenant: str
    gateway: str
    state: Path
    window: int = 20
    lead: int = 1000
    stall_s: float = 10.0
    hold_s: float = 2.0
    live_s: float = 60.0
    """A row older than this is no longer live: it goes to `backfill`."""
    health_s: float = 60.0
    will_delay_s: int = 45
    tick_s: float = 0.1
    storm_after_s: float = 60.0
    """After an outage this long the backlog waits a random while, so that a region's does not come all at once."""
    backoff_base_s: float = 0.5
    backoff_cap_s: float = 60.0


class Uplink:
    """`run(stop)` returns after a graceful goodbye; a lost link and an absent worker are waited out inside."""

    def __init__(
        self,
        outbox: Outbox,
        settings: Settings,
        *,
        hq_verify: wire.Verify,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        cameras: Callable[[], health.Cameras | None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._settings = settings
        self._now, self._cameras = now, cameras
        self._orders = Orders(gateway=settings.gateway, verify=hq_verify, counter=CounterFile(settings.state / "orders.counter"))
        self._window = Window(size=settings.window, lead=settings.lead, stall_s=settings.stall_s, hold_s=settings.hold_s)
        self._backoff = Backoff(base_s=settings.backoff_base_s, cap_s=settings.backoff_cap_s)
        self._storm = StormGuard(after_s=settings.storm_after_s)
        self._epoch = ""
        self._boot_id = ""
        self._ahead: list[Row] = []
        self._to_confirm: bytes | None = None
        self._to_witness: bytes | None = None
        self._suspect: dict[bytes, bytes] = {}
        self._to_refuse: dict[int, str] = {}
        self._retry_at = 0.0
        self._health_at = 0.0
        self._expiry = Expiry(settings.endpoint.certificate)

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set. An outbox that fails with anything but `OutboxAway` ends it."""
        while not stop.is_set():
            try:
                self._session(stop)
            except (LinkDown, OutboxAway) as error:
                self._storm.lost(time.monotonic())
                wait_s = self._backoff.wait_s()
                code = error.code if isinstance(error, LinkDown) else 0
                log.get().warning(
                    "link.lost", error=type(error).__name__, code=code, attempt=self._backoff.attempt, wait_s=wait_s
                )
                stop.wait(wait_s)

    def _session(self, stop: threading.Event) -> None:
        self._expiry.look()  # an expired certificate gets no further than this
        birth = self._outbox.birth()
        # Our own worker built it; only HQ needs to check its signature.
        self._boot_id = wire.open_birth(birth, lambda _, __: True).boot_id
        link = Link(
            self._settings.endpoint,
            client_id=self._settings.gateway,
            will=Will(topic=self._topic("state"), payload=self._state("offline"), delay_s=self._settings.will_delay_s),
        )
        try:
            link.open()
            link.subscribe([self._topic("committed"), self._topic("witness"), self._topic("cmd/+")])
            link.publish(self._topic("state"), self._state("online"), retain=True)
            link.publish(self._topic("birth"), birth, retain=True)
            self._begin(link)
            while not stop.is_set():
                self._turn(link)
            self._goodbye(link)
        finally:
            link.drop()

    def _begin(self, link: Link) -> None:
        epoch = self._outbox.epoch()
        if epoch != self._epoch:
            self._window.new_epoch()
            self._epoch = epoch
        self._window.limit(link.receive_maximum)
        self._ahead.clear()
        self._window.start(self._outbox.committed(), time.monotonic())
        storm_s = self._storm.back(time.monotonic())
        if storm_s:
            log.get().info("backlog.spread", wait_s=int(storm_s))
        log.get().info("link.opened", port=self._settings.endpoint.port, seq=self._window.committed, epoch=epoch)

    def _turn(self, link: Link) -> None:
        sent = self._feed(link)
        for event in link.poll(0.0 if sent and self._window.room() else self._settings.tick_s):
            if isinstance(event, Answered):
                self._answered(event)
            else:
                self._heard(link, event)
        self._tell_worker()
        self._look_at_clock(link)

    def _feed(self, link: Link) -> int:
        """Send what the window has room for; returns how many rows went out."""
        now = time.monotonic()
        room = self._window.room()
        if room and not self._ahead:
            # One query fills several windows; a rewind throws them away, so none is ever sent out of turn.
            self._ahead = list(self._outbox.after(self._window.cursor, max(room, 2 * self._settings.window)))
            if not self._ahead and self._outbox.epoch() != self._epoch:
                raise LinkDown("outbox was replaced", remedy="introduce the new one")
        if self._ahead and self._storm.holds(now) and self._is_late(self._ahead[0]):
            return 0
        rows, self._ahead = self._ahead[:room], self._ahead[room:]
        for row in rows:
            if row.seq in self._to_refuse:
                self._window.skipped(row.seq)
                continue
            leaf = self._leaf(row)
            self._window.sent(link.publish(self._topic(leaf), row.payload), row.seq, now, leaf=leaf)
        return len(rows) + self._feed_replay(link, now)

    def _feed_replay(self, link: Link, now: float) -> int:
        first, last, limit = self._window.replay_room()
        rows = self._outbox.after(first - 1, limit) if limit else []
        sent = 0
        for row in rows:
            if row.seq > last or row.seq in self._to_refuse:
                break
            leaf = "backfill" if row.leaf == "tags" else row.leaf
            self._window.replayed(link.publish(self._topic(leaf), row.payload), row.seq, now, leaf=leaf)
            sent += 1
        if limit and not sent:
            self._window.replay_reached(last)
        return sent

    def _leaf(self, row: Row) -> str:
        if row.leaf != "tags":
            return row.leaf
        return "backfill" if self._is_late(row) or self._window.is_repeat(row.seq) else "tags"

    def _is_late(self, row: Row) -> bool:
        return (self._now() - row.created_at).total_seconds() > self._settings.live_s

    def _answered(self, event: Answered) -> None:
        outcome, seq = self._window.answered(event.ticket, event.code, time.monotonic())
        if not seq:
            if event.code >= FAILED:
                log.get().error("liveness.refused", code=event.code)
            return
        if outcome is Outcome.GIVE_UP:
            log.get().error("row.refused", seq=seq, code=event.code)
            self._to_refuse[seq] = f"puback-{event.code}"
        elif outcome is Outcome.HELD:
            self._ahead.clear()
            log.get().warning("rows.held", seq=seq, code=event.code)
        else:
            self._backoff.reset()

    def _heard(self, link: Link, event: Delivered) -> None:
        leaf = event.topic.removeprefix(self._topic(""))
        try:
            if leaf in topics.KEPT_LEAVES:
                self._heard_kept(leaf, event.payload)
                return
            command = self._orders.command(event.payload)
        except OrderNotKept:
            log.get().warning("order.put_off", topic_leaf="cmd")  # rows matter more; HQ will ask again
            return
        except WireError as error:
            log.get().warning("order.refused", reason=error.reason, topic_leaf="cmd")
            return
        if isinstance(command, wire.Rebirth):
            link.publish(self._topic("birth"), self._outbox.birth(), retain=True)
        elif isinstance(command, wire.Replay) and command.epoch == self._outbox.epoch():
            last = min(command.last, self._outbox.highest())
            if command.first <= last:
                log.get().info("replay.asked", first=command.first, last=last)
                self._window.replay(command.first, last)

    def _heard_kept(self, leaf: str, payload: bytes) -> None:
        """What HQ keeps at the broker the worker judges. A false watermark must not push out a true one that waits here."""
        payload = payload[:_WORTH_READING]
        if leaf == "witness":
            self._to_witness = payload
        elif self._orders.is_watermark(payload):
            self._to_confirm = payload
        elif len(self._suspect) < _SUSPECTS:
            log.get().warning("order.refused", reason="bad-signature", topic_leaf=leaf)
            self._suspect[sha256(payload).digest()] = payload
        self._retry_at = 0.0

    def _tell_worker(self) -> None:
        """Dead letters and HQ's words go to the worker; while it is away they wait here, and rows go on."""
        waiting = self._to_confirm or self._to_witness or self._to_refuse or self._suspect
        if not waiting or time.monotonic() < self._retry_at:
            return
        try:
            for digest, payload in list(self._suspect.items()):
                self._outbox.confirm(payload)
                del self._suspect[digest]
            if self._to_witness is not None:
                self._outbox.witness(self._to_witness)
                self._to_witness = None
            for seq, reason in list(self._to_refuse.items()):
                self._outbox.refuse(seq, reason)
                del self._to_refuse[seq]
            if self._to_confirm is not None:
                committed = self._outbox.confirm(self._to_confirm)
                self._to_confirm = None
                before = self._window.cursor
                self._window.confirmed(committed, time.monotonic())
                if self._window.cursor != before:
                    self._ahead.clear()
        except OutboxAway:
            self._retry_at = time.monotonic() + 1.0

    def _look_at_clock(self, link: Link) -> None:
        now = time.monotonic()
        verdict = self._window.verdict(now)
        if verdict is Verdict.RECONNECT:
            raise LinkDown("broker stopped answering")
        if verdict is Verdict.START_OVER:
            self._ahead.clear()
            log.get().info("rows.started_over", seq=self._window.committed)
        self._expiry.look()
        if now >= self._health_at:
            self._health_at = now + self._settings.health_s
            report = health.report(
                self._outbox, committed=self._window.committed, boot_id=self._boot_id, state=self._settings.state, at=self._now(),
                cameras=self._cameras(),
            )  # fmt: skip
            link.publish(self._topic("health"), wire.plain(report), expiry_s=int(2 * self._settings.health_s))

    def _goodbye(self, link: Link) -> None:
        ticket = link.publish(self._topic("state"), self._state("stopped"), retain=True)
        deadline = time.monotonic() + _GOODBYE_S
        while time.monotonic() < deadline:
            events = link.poll(self._settings.tick_s)
            if any(isinstance(event, Answered) and event.ticket == ticket for event in events):
                break
        link.close()
        log.get().info("link.closed")

    def _state(self, state: str) -> bytes:
        return wire.plain(msgspec.convert({"state": state, "boot_id": self._boot_id}, wire.State))

    def _topic(self, leaf: str) -> str:
        return Address(tenant=self._settings.tenant, gateway=self._settings.gateway, leaf=leaf).topic
