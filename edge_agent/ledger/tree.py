"""The Merkle tree (RFC 6962) over the audit rows: leaf hashes lie in `audit`, complete subtrees above them in `audit_nodes`.

A complete subtree never changes, so a new leaf writes one node on average, and roots and proofs of any size read O(log n)
rows. Sizes and `seq` agree: the tree of size n covers rows 1..n. The algorithms are in `edge_sync.merkle`.
"""

import sqlite3
from dataclasses import dataclass

from edge_sync import merkle


@dataclass(frozen=True, slots=True)
class Tree:
    """A view through somebody else's connection; what it reads belongs to that transaction."""

    connection: sqlite3.Connection

    def size(self) -> int:
        row = self.connection.execute("SELECT MAX(seq) FROM audit").fetchone()
        return int(row[0] or 0)

    def node(self, level: int, place: int) -> bytes:
        """LookupError for a subtree that is not complete."""
        if level == 0:
            row = self.connection.execute("SELECT hash FROM audit WHERE seq = ?", (place + 1,)).fetchone()
        else:
            row = self.connection.execute("SELECT hash FROM audit_nodes WHERE level = ? AND place = ?", (level, place)).fetchone()
        if row is None:
            raise LookupError("the tree has no such node")
        return bytes(row[0])

    def add(self, seq: int, leaf: bytes) -> None:
        """Keep the subtrees that row `seq`, hashed to `leaf`, completes."""
        self.connection.executemany(
            "INSERT INTO audit_nodes VALUES (?, ?, ?)", list(merkle.completed(seq - 1, leaf, self.node))
        )  # fmt: skip

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def inclusion(self, seq: int, size: int) -> list[bytes]:
        """Row `seq` stands in the tree of `size`; ValueError when it does not."""
        return merkle.inclusion(seq - 1, size, self.node)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The tree of `old` is the beginning of the tree of `new`."""
        return merkle.consistency(old, new, self.node)
