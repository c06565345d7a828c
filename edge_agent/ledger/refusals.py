"""What HQ is said to have said and the box does not believe: logged each time, in the audit log once per reason and number a day.

Somebody who can write to the broker can repeat a forgery as often as he likes; he gets `MOST` rows a day out of it.
"""

from datetime import timedelta
from typing import Final, Literal

from edge_agent import log
from edge_agent.ledger.audit import Chain, stamp
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.terms import Terms

MOST: Final = 100
_ANEW: Final = timedelta(days=1)

What = Literal["watermark", "witness"]


def note(tx: Transaction, terms: Terms, chain: Chain, what: What, *, reason: str, seq: int = 0) -> None:
    """Say that a message was refused. `seq` is the number that it named (a witness: its size); 0 when nobody vouches for it."""
    log.get().warning("order.refused", kind=what, reason=reason, seq=seq)
    now = terms.clock.now()
    tx.execute("DELETE FROM refusals WHERE at < ? OR at > ?", (stamp(now - _ANEW), stamp(now)))
    known = tx.execute("SELECT 1 FROM refusals WHERE what = ? AND reason = ? AND seq = ?", (what, reason, seq)).fetchone()
    if known or tx.execute("SELECT COUNT(*) FROM refusals").fetchone()[0] >= MOST:
        return
    tx.execute("INSERT INTO refusals VALUES (?, ?, ?, ?)", (what, reason, seq, stamp(now)))
    chain.append(tx, f"{what}.refused", reason=reason, seq=seq)
