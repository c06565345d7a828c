"""Every error this appliance raises on purpose, in one tree.

    EdgeError                     exit 70, "internal" unless a subclass says otherwise
    ├── Refused                   exit 1   the input or the state forbids it; nothing was lost
    │   ├── BadInput              a foreign file or value cannot be used (`kind` names why: "empty", "truncated", …)
    │   ├── BadConfig             a configuration, lexicon, manifest or planogram breaks its closed schema
    │   ├── MissingAsset          a model, font or sample is absent or does not match its digest
    │   ├── SealBroken            a sealed object, share or signature does not verify
    │   ├── NotAllowed            consent, role or lifecycle forbids the step
    │   │   └── NoConsent         the recording waits for a consent record (`reason` says which)
    │   └── NotFound              no such recording, tag or object here
    ├── Unavailable               exit 75  try again later (disk nearly full, another worker holds the lock, broker away)
    └── LedgerBroken              exit 70  the ledger failed to commit or its chain does not verify: stop, let the service restart

Rules: a message names the file, key or id and the remedy, in English; `zh` is the same for store staff. It never carries
content: no transcript text, no name a user chose for a file, no person's name. Foreign exceptions become one of these in
exactly one function per adapter.
"""

import re
from typing import ClassVar


class EdgeError(Exception):
    """Root of the tree: `message` (English), `zh` (for store staff, may be empty), `remedy` (what to do next)."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, remedy: str = "", zh: str = "") -> None:
        super().__init__(message if not remedy else f"{message} — {remedy}")
        self.message = message
        self.remedy = remedy
        self.zh = zh


class Refused(EdgeError):
    exit_code = 1


class BadInput(Refused):
    """A foreign file or value cannot be used; `kind` is a short stable word ("empty", "truncated", "not-media", …)."""

    def __init__(self, kind: str, message: str, *, remedy: str = "", zh: str = "") -> None:
        super().__init__(message, remedy=remedy, zh=zh)
        self.kind = kind


class BadConfig(Refused):
    pass


class MissingAsset(Refused):
    pass


class SealBroken(Refused):
    pass


class NotAllowed(Refused):
    """Consent, role or lifecycle forbids the step; `reason` is a short stable word for the audit log, may be empty."""

    def __init__(self, message: str, *, remedy: str = "", zh: str = "", reason: str = "") -> None:
        super().__init__(message, remedy=remedy, zh=zh)
        self.reason = reason


class NoConsent(NotAllowed):
    """There is no ground to analyse this recording; `reason` is one of the codes of `domain.consent`."""

    def __init__(self, reason: str, message: str, *, remedy: str = "", zh: str = "") -> None:
        super().__init__(message, remedy=remedy, zh=zh, reason=reason)


class NotFound(Refused):
    pass


class Unavailable(EdgeError):
    exit_code = 75


class LedgerBroken(EdgeError):
    pass


def code(error: Exception) -> str:
    """An error's class as a short code: `MissingAsset` is `missing-asset`. Its text stays out: it may hold what somebody said."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(error).__name__).lower().strip("_")
