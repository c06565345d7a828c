"""On what terms a ledger is kept: whose it is, who signs, who is believed, how large it may grow; and what its log is called."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec

from edge_agent.config import Audit, Limits
from edge_agent.errors import BadConfig
from edge_agent.ids import new_id
from edge_agent.ledger.audit import Boot, Sign
from edge_agent.ports import Clock
from edge_sync import scalars

Verify = Callable[[bytes, bytes], bool]
"""`(message, signature)` -> whether HQ's operations key signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Shared by everyone who writes to one ledger file."""

    path: Path
    gateway: str
    tenant: str
    sign: Sign
    clock: Clock
    hq_verify: Verify | None = None
    limits: Limits = field(default_factory=Limits)
    keep: timedelta = timedelta(days=7)
    boot: Boot = field(default_factory=Boot.here)
    codes: Container[str] | None = None
    """Every event id of the ruleset in force; None = only the wire's patterns hold."""
    values: Container[str] | None = None
    """Every SKU, brand, bay and slot code that may leave; None as above."""
    checkpoint_rows: int = Audit().checkpoint_rows
    """After so many audit rows a checkpoint goes to HQ, whatever the time."""


def new_origin(terms: Terms) -> str:
    """A name that no audit log ever had; BadConfig when gateway or tenant cannot stand in it."""
    try:
        return msgspec.convert(f"sx/v1/{terms.tenant}/{terms.gateway}/{new_id()}", scalars.Origin)
    except msgspec.ValidationError:
        raise BadConfig("gateway and tenant are [a-z0-9-]", remedy="use the name in the certificate") from None
