"""A writing connection with everything that rides along in each transaction: clock steps, ballast events, checkpoints, the head.

The worker's main thread, its watermark server and a command line beside it each have their own; SQLite's lock orders them.
`Terms` is what they share.
"""

from collections.abc import Callable
from typing import TypeVar

from edge_agent import log
from edge_agent.ids import new_id
from edge_agent.ledger.audit import Chain, check_head, stamp
from edge_agent.ledger.ballast import Ballast
from edge_agent.ledger.checkpoints import Checkpoints
from edge_agent.ledger.database import Database, Transaction, meta, set_meta
from edge_agent.ledger.terms import Terms, Verify, new_origin
from edge_agent.ledger.tree import Tree

__all__ = ["Terms", "Verify", "Writer"]

T = TypeVar("T")


class Writer:
    """One connection, and the chain that every one of its transactions feeds."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.chain = Chain(clock=terms.clock, boot=terms.boot, sign=terms.sign)
        self.checkpoints = Checkpoints(terms, self.chain)
        self._ballast = Ballast.beside(terms.path)
        self.database = Database.open(terms.path, ballast=self._ballast)
        self.database.reading(self._whole)
        self.write(self._found)

    def write(self, body: Callable[[Transaction], T]) -> T:
        """Run `body` in one durable transaction; raises like `Database.write`."""
        self._ballast.tend(floor_bytes=self.terms.limits.tag_floor_bytes)
        return self.database.write(lambda tx: self._dressed(tx, body))

    def _dressed(self, tx: Transaction, body: Callable[[Transaction], T]) -> T:
        since = Tree(tx).size()
        self.chain.heed_clock(tx)
        held = self._ballast.held()
        if held != (meta(tx, "ballast") == "kept"):
            word = "kept" if held else "freed"
            set_meta(tx, "ballast", word)
            self.chain.append(tx, f"ballast.{word}")
            log.get().warning("ballast.changed", state=word)
        result = body(tx)
        self.checkpoints.tend(tx, since)
        self.chain.sign_head(tx)
        return result

    def _found(self, tx: Transaction) -> None:
        """A new file gets its epoch, its owner, and the name of its audit log."""
        if not meta(tx, "epoch"):
            set_meta(tx, "epoch", new_id())
            set_meta(tx, "origin", new_origin(self.terms))
            set_meta(tx, "gateway", self.terms.gateway)
            set_meta(tx, "tenant", self.terms.tenant)
            self.chain.append(tx, "ledger.created", epoch=meta(tx, "epoch"), log=meta(tx, "origin"))

    def _whole(self, tx: Transaction) -> None:
        """What is there already must be what was signed, before this writer signs on top of it."""
        if Tree(tx).size() or meta(tx, "head"):
            check_head(tx, self.terms.sign)

    def now(self) -> str:
        return stamp(self.terms.clock.now())

    def close(self) -> None:
        self.database.close()
