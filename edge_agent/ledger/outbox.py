"""The outbox: exact signed bytes in sequence, kept until HQ's database has them and for a while after.

Sequences start at 1 in each epoch and have no holes: the next one is taken in the transaction that writes its row. A row is
`live`, `shed` (the outbox was over its size; class by class, lowest first, oldest first) or `dead` (refused for good). Each
loss is counted and told to HQ by a gap record. Gap records and checkpoints of the audit log are rows too, and never shed.
PUBACK changes nothing here; only HQ's watermark does, and committed rows still wait `keep` so that a restored HQ can ask again.
"""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final, Literal

from edge_agent import log
from edge_agent.ids import new_id
from edge_agent.ledger import envelopes, refusals
from edge_agent.ledger.audit import Chain, stamp
from edge_agent.ledger.database import Transaction, meta, set_meta
from edge_agent.ledger.lifecycle import worded
from edge_agent.ledger.terms import Terms, new_origin
from edge_sync.wire import Committed

LEAF: Final = "tags"
_RANGES: Final = 1000
_SHED_TO: Final = 0.9
"""Shedding makes room for a while, so that a full outbox does not write a gap record per commit."""
_SWEEP_EVERY: Final = timedelta(hours=1)

Reason = Literal["shed", "dead-letter"]


class Outbox:
    """Works inside somebody else's transaction, like the chain."""

    def __init__(self, terms: Terms, chain: Chain) -> None:
        self._terms = terms
        self._chain = chain

    def put(self, tx: Transaction, rank: int, build: envelopes.Build, *, leaf: str = LEAF) -> tuple[int, str]:
        """One more row, for the topic's `leaf`; its sequence and the sha256 of its bytes."""
        seq = int(meta(tx, "highest")) + 1
        payload = build(seq, meta(tx, "epoch"))
        tx.execute(
            "INSERT INTO outbox (seq, leaf, rank, state, created_at, payload, bytes) VALUES (?, ?, ?, 'live', ?, ?, ?)",
            (seq, leaf, rank, self._now(), payload, len(payload)),
        )
        set_meta(tx, "highest", seq)
        return seq, sha256(payload).hexdigest()

    def bound(self, tx: Transaction) -> None:
        """Bring an outbox that is over its size back under it: first what HQ has, then by class, counted."""
        limit = self._terms.limits.outbox_bytes
        over = int(meta(tx, "outbox_bytes")) - limit
        if over <= 0:
            return
        excess = over + int(limit * (1 - _SHED_TO))
        excess -= self._drop(tx, "committed_at <> '' ORDER BY seq", excess, delete=True)
        shed: list[int] = []
        self._drop(tx, "state = 'live' AND rank > 0 ORDER BY rank DESC, seq", excess, delete=False, dropped=shed)
        if shed:
            set_meta(tx, "shed", int(meta(tx, "shed")) + len(shed))
            log.get().warning("outbox.shed", count=len(shed))
            self._gap(tx, sorted(shed), "shed")

    def confirm(self, tx: Transaction, order: Committed) -> int:
        """Take over HQ's watermark (its signature is checked already); returns the one now in force.

        A generation never seen before with a lower seq is a restored HQ: rewind. One that was in force earlier is a replay,
        and so is an older counter of the same generation. A seq beyond the highest ever assigned cannot be true of this
        outbox (most likely the box itself was restored): believing it would declare rows committed that HQ never saw.
        """
        now = int(meta(tx, "committed"))
        refused = self._refusal(tx, order)
        if refused:
            refusals.note(tx, self._terms, self._chain, "watermark", reason=refused, seq=order.seq)
            if refused == "beyond-highest" and meta(tx, "beyond") != str(order.seq):
                set_meta(tx, "beyond", order.seq)
                self._chain.append(tx, "watermark.beyond", seq=order.seq, highest=int(meta(tx, "highest")))
            return now
        if order.generation != meta(tx, "generation"):
            tx.execute("INSERT INTO generations VALUES (?, ?)", (order.generation, self._now()))
            set_meta(tx, "generation", order.generation)
            self._chain.append(tx, "hq.generation", generation=order.generation, seq=order.seq, before=now)
            if order.seq < now:
                self._rewind(tx, order.seq)
        set_meta(tx, "hq_counter", order.counter)
        if order.seq != now:
            set_meta(tx, "committed", order.seq)
            tx.execute("UPDATE outbox SET committed_at = ? WHERE seq <= ? AND committed_at = ''", (self._now(), order.seq))
        self._sweep(tx)
        return order.seq

    def renew(self, tx: Transaction) -> None:
        """Begin a new epoch after the box was restored from an old copy: HQ already has other rows under these sequences.

        Every row that HQ's watermark had not passed is sealed anew under the new epoch; what HQ did get twice this way carries
        the same `event_id`. Gap records speak of the old epoch and end with it. So do checkpoints: HQ may have seen rows of the
        audit log that this copy lacks, so from here on the log has a new name, and HQ sees an alarm instead of a fork.
        """
        rows = tx.execute(
            "SELECT rank, payload, leaf FROM outbox WHERE state = 'live' AND committed_at = '' AND rank > 0 ORDER BY seq"
        ).fetchall()
        before, epoch = meta(tx, "epoch"), new_id()
        tx.execute("DELETE FROM outbox")
        for key, value in (
            ("epoch", epoch),
            ("highest", 0),
            ("committed", 0),
            ("beyond", 0),
            ("hq_counter", 0),
            ("origin", new_origin(self._terms)),
            ("checkpoint", ""),
            ("witness", ""),
        ):
            set_meta(tx, key, value)
        again = [self.put(tx, rank, envelopes.resealed(self._terms, payload), leaf=leaf) for rank, payload, leaf in rows]
        self._chain.append(
            tx,
            "outbox.renewed",
            before=before,
            epoch=epoch,
            log=meta(tx, "origin"),
            rows=[{"seq": seq, "sha256": sha} for seq, sha in again],
        )
        log.get().warning("outbox.renewed", epoch=epoch, count=len(again))

    def refuse(self, tx: Transaction, seq: int, reason: str) -> None:
        """Dead-letter one row, once: it stays here for inspection, is never offered again, and HQ gets a gap record."""
        changed = tx.execute(
            "UPDATE outbox SET state = 'dead' WHERE seq = ? AND state = 'live' AND committed_at = ''", (seq,)
        ).rowcount
        if not changed:
            return
        set_meta(tx, "dead", int(meta(tx, "dead")) + 1)
        self._chain.append(tx, "outbox.refused", seq=seq, reason=worded(reason))
        log.get().warning("outbox.refused", seq=seq, reason=worded(reason))
        (rank,) = tx.execute("SELECT rank FROM outbox WHERE seq = ?", (seq,)).fetchone()
        if rank != envelopes.RANK_GAP:  # a refused gap record would breed the next one for ever
            self._gap(tx, [seq], "dead-letter")

    def _refusal(self, tx: Transaction, order: Committed) -> str:
        """Why this watermark is not for us or not new; empty when it holds."""
        same = order.generation == meta(tx, "generation")
        seen = tx.execute("SELECT 1 FROM generations WHERE generation = ?", (order.generation,)).fetchone()
        checks = (
            ("other-gateway", order.gateway != self._terms.gateway),
            ("other-epoch", order.epoch != meta(tx, "epoch")),
            ("beyond-highest", order.seq > int(meta(tx, "highest"))),
            # Once HQ knows more of this epoch than we do, none of its numbers can be told from ours: a new epoch comes first.
            ("epoch-in-doubt", in_doubt(tx)),
            ("old-generation", bool(seen) and not same),
            ("stale", same and order.counter < int(meta(tx, "hq_counter") or 0)),
            ("backwards", same and order.seq < int(meta(tx, "committed"))),
        )
        return next((name for name, holds in checks if holds), "")

    def _rewind(self, tx: Transaction, seq: int) -> None:
        tx.execute("UPDATE outbox SET committed_at = '' WHERE seq > ?", (seq,))
        highest = int(meta(tx, "highest"))
        kept = {row[0] for row in tx.execute("SELECT seq FROM outbox WHERE seq > ?", (seq,))}
        gone = [one for one in range(seq + 1, highest + 1) if one not in kept]
        self._chain.append(tx, "outbox.rewound", seq=seq, gone=len(gone))
        log.get().warning("outbox.rewound", seq=seq, count=len(gone))
        if gone:
            self._gap(tx, gone, "shed")

    def _gap(self, tx: Transaction, seqs: Sequence[int], reason: Reason) -> None:
        ranges = _ranges(seqs)
        for start in range(0, len(ranges), _RANGES):
            part = ranges[start : start + _RANGES]
            seq, digest = self.put(tx, envelopes.RANK_GAP, envelopes.of_gap(self._terms, part, reason=reason))
            count = sum(last - first + 1 for first, last in part)
            self._chain.append(tx, "outbox.gap", seq=seq, sha256=digest, reason=reason, count=count)

    def _drop(self, tx: Transaction, which: str, excess: int, *, delete: bool, dropped: list[int] | None = None) -> int:
        """Give back at least `excess` bytes of the rows chosen, in their order; returns how many bytes that gave."""
        chosen, freed = [], 0
        for seq, size in tx.execute(f"SELECT seq, bytes FROM outbox WHERE {which}"):  # noqa: S608 - two constants above
            if freed >= excess:
                break
            chosen.append((seq,))
            freed += size
        if delete:
            tx.executemany("DELETE FROM outbox WHERE seq = ?", chosen)
        else:
            tx.executemany("UPDATE outbox SET state = 'shed', payload = NULL, bytes = 0 WHERE seq = ?", chosen)
        if dropped is not None:
            dropped += [seq for (seq,) in chosen]
        return freed

    def _sweep(self, tx: Transaction) -> None:
        """Delete what HQ has had for longer than `keep`; in batches of an hour, so that one leaf covers many rows."""
        oldest = tx.execute("SELECT MIN(committed_at) FROM outbox WHERE committed_at <> ''").fetchone()[0]
        now = self._terms.clock.now()
        if oldest is None or oldest >= stamp(now - self._terms.keep - _SWEEP_EVERY):
            return
        gone = tx.execute(
            "DELETE FROM outbox WHERE committed_at <> '' AND committed_at < ?", (stamp(now - self._terms.keep),)
        ).rowcount
        self._chain.append(tx, "outbox.swept", count=gone)

    def _now(self) -> str:
        return stamp(self._terms.clock.now())


def in_doubt(tx: Transaction) -> bool:
    """Whether HQ knows rows of this epoch that this box does not: opening the ledger again then begins a new one."""
    return int(meta(tx, "beyond") or 0) > 0


def _ranges(seqs: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted sequences as inclusive ranges."""
    ranges: list[tuple[int, int]] = []
    for seq in seqs:
        if ranges and ranges[-1][1] == seq - 1:
            ranges[-1] = (ranges[-1][0], seq)
        else:
            ranges.append((seq, seq))
    return ranges
