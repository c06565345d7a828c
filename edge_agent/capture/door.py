"""The Unix socket that takes touch documents from other programmes of this machine; the words are in `asking`.

Only listed accounts are heard (SO_PEERCRED, not what somebody says of themselves). All guests are read at once and none waits for
another: a guest has `WAIT_S` for its document (what others' take counts not), `MOST_EACH` connections, `per_minute` documents,
`MAX_BYTES` bytes. The door has its own thread, so that nothing a guest does holds up the worker; whole documents are taken one
after the other.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from edge_agent import errors, log, rendezvous
from edge_agent.capture.asking import WAIT_S, Answer
from edge_agent.capture.touch import MAX_BYTES
from edge_agent.errors import LedgerBroken, Unavailable

MOST: Final = 64
MOST_EACH: Final = 16
_PIECE_BYTES: Final = 64 * 1024
_LOOK_S: Final = 0.5
_RETRY_S: Final = 0.2

Take = Callable[[bytes], Answer]


@dataclass(slots=True, kw_only=True)
class _Guest:
    uid: int
    until_s: float
    held: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, kw_only=True)
class _Allowance:
    """A bucket that fills at `per_minute` and holds a minute's worth."""

    per_minute: int
    left: float
    at_s: float

    def take(self, now_s: float) -> bool:
        self.left = min(self.per_minute, self.left + (now_s - self.at_s) * self.per_minute / 60)
        self.at_s = now_s
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Door(rendezvous.Doorkeeper):
    """Serves between `start` and `stop`, or as a context manager. `take` is called in its thread alone."""

    def __init__(
        self,
        path: Path,
        take: Take,
        *,
        peers: Iterable[int] = (),
        per_minute: int = 600,
        wait_s: float = WAIT_S,
        uptime_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(path, "channel")
        self._take = take
        self._peers = frozenset({os.geteuid(), *peers})
        self._per_minute, self._wait_s, self._uptime_s = per_minute, wait_s, uptime_s
        self._allowed: dict[int, _Allowance] = {}
        self._guests: dict[socket.socket, _Guest] = {}

    def start(self) -> None:
        """Bind the socket and serve; Unavailable when it cannot be bound."""
        try:
            door = rendezvous.bound(self._path, 0o660, waiting=2 * MOST)
        except OSError as error:
            raise Unavailable("the socket for touch documents cannot be made", remedy="check the rights of its folder") from error
        door.setblocking(False)  # noqa: FBT003 - its name
        self.open(door)

    def serve(self, door: socket.socket) -> None:
        with door, selectors.DefaultSelector() as watched:
            watched.register(door, selectors.EVENT_READ)
            while not self.over:
                for key, _ in watched.select(_LOOK_S):
                    if key.fileobj is door:
                        self._admit(door, watched)
                    else:
                        self._hear(key.fileobj, watched)  # type: ignore[arg-type]
                now_s = self._uptime_s()
                for line in [line for line, guest in self._guests.items() if guest.until_s < now_s]:
                    self._answer(line, watched, Answer(status="later", reason="too-slow"))
            for line in list(self._guests):
                self._answer(line, watched, None)

    def _admit(self, door: socket.socket, watched: selectors.BaseSelector) -> None:
        try:
            line, _ = door.accept()
        except OSError:  # `stop` shut it down, or we are out of descriptors for a moment
            self.stopping.wait(_RETRY_S)
            return
        line.setblocking(False)  # noqa: FBT003
        uid = rendezvous.peer(line)
        if uid not in self._peers:
            log.get().warning("peer.refused")
            line.close()
            return
        crowd = sum(guest.uid == uid for guest in self._guests.values())
        self._guests[line] = _Guest(uid=uid, until_s=self._uptime_s() + self._wait_s)
        watched.register(line, selectors.EVENT_READ)
        if crowd >= MOST_EACH or len(self._guests) > MOST:
            self._answer(line, watched, Answer(status="later", reason="too-many"))

    def _hear(self, line: socket.socket, watched: selectors.BaseSelector) -> None:
        guest = self._guests.get(line)
        if guest is None:
            return
        try:
            piece = line.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._answer(line, watched, None)
            return
        guest.held += piece
        if len(guest.held) > MAX_BYTES:
            self._answer(line, watched, Answer(status="refused", reason="too-large"))
        elif not piece:
            began_s = self._uptime_s()
            answer = self._taken(guest)
            for other in self._guests.values():  # nobody heard them meanwhile
                other.until_s += self._uptime_s() - began_s
            self._answer(line, watched, answer)

    def _taken(self, guest: _Guest) -> Answer | None:
        now_s = self._uptime_s()
        allowance = self._allowed.setdefault(
            guest.uid, _Allowance(per_minute=self._per_minute, left=self._per_minute, at_s=now_s)
        )
        if not allowance.take(now_s):
            return Answer(status="later", reason="too-many")
        try:
            return self._take(bytes(guest.held))
        except LedgerBroken as error:
            self.failed = error
            return Answer(status="later", reason="broken")
        except Exception as error:  # noqa: BLE001 - what one document does to us must not close the door to the others
            log.get().error("touch.failed", error=type(error).__name__)
            return Answer(status="later", reason=errors.code(error))

    def _answer(self, line: socket.socket, watched: selectors.BaseSelector, answer: Answer | None) -> None:
        del self._guests[line]
        watched.unregister(line)
        with line, suppress(OSError):
            if answer is not None:
                line.send(msgspec.json.encode(answer) + b"\n")
