"""What a process tells the service manager: ready, alive, stopping. One datagram each to $NOTIFY_SOCKET; no library.

`Manager.alive` is called after every proved step and is cheap: it speaks only when a fifth of the watchdog's time has passed.
A process that hangs says nothing more, and the service manager starts it again. Outside systemd everything here does nothing.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Self

_SHARE: Final = 5
_US: Final = 1_000_000


class Manager:
    """The service manager as one process sees it. `watchdog_s` 0 = nobody watches."""

    def __init__(self, address: str = "", *, watchdog_s: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._every_s = watchdog_s / _SHARE
        self._clock = clock
        self._said_at = float("-inf")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """As systemd set it for this very process; what children inherit of it does not count for them."""
        watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environment.get("WATCHDOG_USEC", "0")
        watchdog_s = int(microseconds) / _US if watched and microseconds.isdigit() else 0.0
        return cls(environment.get("NOTIFY_SOCKET", ""), watchdog_s=watchdog_s)

    def ready(self) -> None:
        self._say("READY=1")

    def alive(self) -> None:
        """Something was really achieved since the last time."""
        if self._every_s and self._clock() - self._said_at >= self._every_s:
            self._said_at = self._clock()
            self._say("WATCHDOG=1")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, word: str) -> None:
        """A service manager that does not listen is no reason to stop working."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.sendto(word.encode("ascii"), address)
        except OSError:
            return


class Heartbeat(threading.Event):
    """A stop event for a loop that asks it once every turn: each turn it goes on is a sign of life."""

    def __init__(self, alive: Callable[[], None]) -> None:
        super().__init__()
        self._alive = alive

    def is_set(self) -> bool:
        told = super().is_set()
        if not told:
            self._alive()
        return told
