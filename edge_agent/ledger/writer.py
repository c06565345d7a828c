"""A writing connection with everything that rides along in each transaction: clock steps, ballast events, the signed head.

The worker's main thread, its watermark server and a command line beside it each have their own; SQLite's lock orders them.
`Terms` is what they share.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from edge_agent import log
from edge_agent.config import Limits
from edge_agent.ids import new_id
from edge_agent.ledger.audit import Boot, Chain, Sign, stamp
from edge_agent.ledger.ballast import Ballast
from edge_agent.ledger.database import Database, Transaction, meta, set_meta
from edge_agent.ports import Clock

T = TypeVar("T")
Verify = Callable[[bytes, bytes], bool]
"""`(message, signature)` -> whether HQ's operations key signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms the ledger is kept: whose it is, who signs, who is believed, how large it may grow."""

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


class Writer:
    """One connection, and the chain that every one of its transactions feeds."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.chain = Chain(clock=terms.clock, boot=terms.boot, sign=terms.sign)
        self._ballast = Ballast.beside(terms.path)
        self.database = Database.open(terms.path, ballast=self._ballast)
        self.write(self._found)

    def write(self, body: Callable[[Transaction], T]) -> T:
        """Run `body` in one durable transaction; raises like `Database.write`."""
        self._ballast.tend(floor_bytes=self.terms.limits.tag_floor_bytes)
        return self.database.write(lambda tx: self._dressed(tx, body))

    def _dressed(self, tx: Transaction, body: Callable[[Transaction], T]) -> T:
        self.chain.heed_clock(tx)
        held = self._ballast.held()
        if held != (meta(tx, "ballast") == "kept"):
            word = "kept" if held else "freed"
            set_meta(tx, "ballast", word)
            self.chain.append(tx, f"ballast.{word}")
            log.get().warning("ballast.changed", state=word)
        result = body(tx)
        self.chain.sign_head(tx)
        return result

    def _found(self, tx: Transaction) -> None:
        """A new file gets its epoch and its owner."""
        if not meta(tx, "epoch"):
            set_meta(tx, "epoch", new_id())
            set_meta(tx, "gateway", self.terms.gateway)
            set_meta(tx, "tenant", self.terms.tenant)
            self.chain.append(tx, "ledger.created", epoch=meta(tx, "epoch"), gateway=self.terms.gateway)

    def now(self) -> str:
        return stamp(self.terms.clock.now())

    def close(self) -> None:
        self.database.close()
