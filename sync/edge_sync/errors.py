"""Every error this package raises on purpose, in one tree; a message names thing and remedy, never content.

    SyncError                    exit 70
    ├── WireError                exit 1   a message may not leave, or may not come in (`reason` is a short stable code)
    │   ├── Malformed            not our JSON, an unknown field, a value outside its closed pattern
    │   ├── BadSignature         no signature, or not by the key of that gateway (or HQ)
    │   ├── Oversized            larger than the contract allows, packed or unpacked
    │   └── Unlisted             a code that the ruleset in force does not know
    ├── Refused                  exit 1   a command-line request that the state forbids
    ├── Unavailable              exit 75  try again later
    │   ├── LinkDown             the broker cannot be reached, refused us, or went away
    │   ├── OrderNotKept         the counter that guards HQ's orders cannot be read or written: none is obeyed
    │   └── OutboxAway           the worker behind the outbox does not answer
    └── StoreBroken              exit 70  HQ's database failed to commit: stop, let the service restart

`OutboxAway` is what an implementation of `outbox.Outbox` raises; everything else it raises ends the uplink.
"""

from typing import ClassVar


class SyncError(Exception):
    """Root of the tree: `message` (what) and `remedy` (what to do next)."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message if not remedy else f"{message} — {remedy}")
        self.message = message
        self.remedy = remedy


class WireError(SyncError):
    exit_code = 1
    reason: ClassVar[str] = "wire"


class Malformed(WireError):
    reason = "malformed"


class BadSignature(WireError):
    reason = "bad-signature"


class Oversized(WireError):
    reason = "oversized"


class Unlisted(WireError):
    reason = "unlisted-code"


class Refused(SyncError):
    exit_code = 1


class Unavailable(SyncError):
    exit_code = 75


class LinkDown(Unavailable):
    """`code` is the broker's reason code (0 when there was none)."""

    def __init__(self, message: str, *, remedy: str = "", code: int = 0) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class OrderNotKept(Unavailable):
    pass


class OutboxAway(Unavailable):
    pass


class StoreBroken(SyncError):
    pass
