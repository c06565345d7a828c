"""What the uplink asks of the box: rows in sequence, and somewhere to say what became of them.

The box implements this over a read-only view of its ledger and a socket to the worker, which alone may change anything.
Rules: sequences start at 1 in each epoch and have no holes when assigned; `after` leaves out rows that were shed or refused
and still gives rows that HQ has committed, as long as they are kept. Any method may raise `errors.OutboxAway`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """One sealed envelope. `leaf` is the topic's last part (`tags`, `audit` …); `created_at` is aware."""

    seq: int
    leaf: str
    payload: bytes
    created_at: datetime


class Outbox(Protocol):
    def epoch(self) -> str: ...

    def after(self, seq: int, limit: int) -> Sequence[Row]:
        """Up to `limit` rows with a higher sequence, in order."""
        ...

    def highest(self) -> int:
        """The highest sequence ever assigned; 0 = none."""
        ...

    def committed(self) -> int:
        """The watermark in force: everything up to it is in HQ's database."""
        ...

    def birth(self) -> bytes:
        """A freshly signed `birth`, built by the worker."""
        ...

    def confirm(self, message: bytes) -> int:
        """Hand over HQ's raw `committed`; the worker verifies it. Returns the watermark now in force, changed or not."""
        ...

    def witness(self, message: bytes) -> None:
        """Hand over HQ's raw `witness`; the worker verifies and keeps it, or refuses it."""
        ...

    def refuse(self, seq: int, reason: str) -> None:
        """Keep this row as a dead letter, durably, and never offer it again."""
        ...
