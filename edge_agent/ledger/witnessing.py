"""HQ's cosignature of our log: believed only when HQ's key signed it and it speaks of a tree that this ledger really had.

The newest one is kept in `meta` (`witness`), without an audit row: it would be news, and so cause the next checkpoint. One that
does not fit our history is the sign of a rewritten or restored file, and is audited.
"""

import base64

import msgspec

from edge_agent.ledger import refusals
from edge_agent.ledger.audit import Chain
from edge_agent.ledger.database import Transaction, meta, set_meta
from edge_agent.ledger.terms import Terms
from edge_agent.ledger.tree import Tree
from edge_sync import checkpoint, wire
from edge_sync.errors import WireError


def take(tx: Transaction, terms: Terms, chain: Chain, message: bytes) -> None:
    """Keep HQ's raw signed `Witness`, or refuse it, audited. The one that is kept may come again: it is retained."""
    if terms.hq_verify is None:
        return refusals.note(tx, terms, chain, "witness", reason="no-hq-key")
    try:
        order = wire.open_order(message, terms.hq_verify)
    except WireError as error:
        return refusals.note(tx, terms, chain, "witness", reason=error.reason)
    if not isinstance(order, wire.Witness):
        return refusals.note(tx, terms, chain, "witness", reason="other-order")
    held = newest(tx)
    if held == order:
        return None
    refused = _refusal(tx, terms, order, held)
    if refused:
        return refusals.note(tx, terms, chain, "witness", reason=refused, seq=order.size)
    set_meta(tx, "witness", msgspec.json.encode(order).decode())
    return None


def newest(tx: Transaction) -> wire.Witness | None:
    """HQ's newest word of this log; None before the first."""
    text = meta(tx, "witness")
    return msgspec.json.decode(text, type=wire.Witness) if text else None


def size(tx: Transaction) -> int:
    """How many rows HQ has vouched for; 0 = none."""
    held = newest(tx)
    return 0 if held is None else held.size


def _refusal(tx: Transaction, terms: Terms, order: wire.Witness, held: wire.Witness | None) -> str:
    """Why this is not for us, not new, or not true; empty when it holds."""
    if order.gateway != terms.gateway:
        return "other-gateway"
    if order.origin != meta(tx, "origin"):
        return "other-log"
    if held is not None and order.counter <= held.counter:
        return "stale"
    text = checkpoint.text(order.origin, order.size, bytes.fromhex(order.root))
    assert terms.hq_verify is not None
    if not terms.hq_verify(checkpoint.cosigned_text(text, order.signed_s), base64.b64decode(order.cosignature)):
        return "bad-cosignature"
    tree = Tree(tx)
    if order.size > tree.size() or tree.root(order.size).hex() != order.root:
        return "not-our-history"
    return ""
