"""Checkpoints of the audit log on their way to HQ, whose memory no insider at the box can reach: outbox rows, never shed.

One is made every `checkpoint_rows` rows and in the transaction of each opening; the worker asks for one every
`checkpoint_s` with news. It carries consistency proofs from the one sent before and from the newest that HQ cosigned. Each is a
leaf itself (`checkpoint.sent`), which is not news: otherwise every checkpoint would ask for the next one.
What happens after the last checkpoint that reached HQ can still be rewritten by who holds the device key: while the
link is down, that window is the outage.
"""

from typing import Final

from edge_agent.ledger import envelopes, witnessing
from edge_agent.ledger.audit import Chain, head_signature
from edge_agent.ledger.database import Transaction, meta, set_meta
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.terms import Terms
from edge_agent.ledger.tree import Tree

LEAF: Final = "audit"
AT_ONCE: Final = ("object.opened",)
"""Kinds whose transaction ends with a checkpoint."""


class Checkpoints:
    """Works inside somebody else's transaction, like the chain."""

    def __init__(self, terms: Terms, chain: Chain) -> None:
        self._terms = terms
        self._chain = chain
        self._outbox = Outbox(terms, chain)

    def tend(self, tx: Transaction, since: int) -> None:
        """Put one when enough rows came together, or when what was appended after row `since` must not wait."""
        size = Tree(tx).size()
        if size == since:
            return
        marks = ", ".join("?" * len(AT_ONCE))
        at_once = tx.execute(f"SELECT 1 FROM audit WHERE seq > ? AND kind IN ({marks})", (since, *AT_ONCE)).fetchone()  # noqa: S608
        if at_once or size - _own_row(tx) >= self._terms.checkpoint_rows:
            self.put(tx)

    def put(self, tx: Transaction) -> None:
        """Put a checkpoint of the log as it stands; nothing when nothing was added since the last one."""
        tree = Tree(tx)
        size = tree.size()
        if not has_news(tx):
            return
        root = tree.root(size)
        olds = [old for old in dict.fromkeys((_last_size(tx), witnessing.size(tx))) if 0 < old < size]
        build = envelopes.of_checkpoint(
            self._terms, origin=meta(tx, "origin"), size=size, root=root,
            proofs=[(old, tree.consistency(old, size)) for old in olds],
            signature=head_signature(tx, size, root, self._terms.sign),
        )  # fmt: skip
        seq, digest = self._outbox.put(tx, envelopes.RANK_AUDIT, build, leaf=LEAF)
        own = self._chain.append(tx, "checkpoint.sent", seq=seq, sha256=digest, size=size)
        set_meta(tx, "checkpoint", f"{size} {own}")


def has_news(tx: Transaction) -> bool:
    """Whether anything but the last checkpoint's own row was added since it."""
    return Tree(tx).size() > _own_row(tx)


def _last_size(tx: Transaction) -> int:
    return int(meta(tx, "checkpoint").partition(" ")[0] or 0)


def _own_row(tx: Transaction) -> int:
    return int(meta(tx, "checkpoint").partition(" ")[2] or 0)
