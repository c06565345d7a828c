"""A stretch of time that ends when it should, also for somebody who turns the clock.

The wall clock can end it early, never late: within one boot the time since boot counts too, which nobody can turn back. After a
reboot only the wall clock is left, and one that stands before the beginning counts as over. (A clock that is turned back across a
reboot, but not as far as the beginning, is not noticed here; the ledger logs the step.)
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True)
class Uptime:
    """This boot of the machine, and milliseconds since then (also through suspend)."""

    boot: str
    ms: int

    @classmethod
    def here(cls) -> Self:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return cls(boot, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)


class Span(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    begun_at: Moment
    ends_at: Moment
    boot: str
    up_ms: int

    @classmethod
    def begin(cls, now: datetime, lasts: timedelta, up: Uptime) -> "Span":
        return cls(begun_at=now, ends_at=now + lasts, boot=up.boot, up_ms=up.ms)

    def is_over(self, now: datetime, up: Uptime) -> bool:
        if now >= self.ends_at:
            return True
        if up.boot != self.boot:
            return now < self.begun_at
        return up.ms - self.up_ms >= (self.ends_at - self.begun_at) / timedelta(milliseconds=1)
