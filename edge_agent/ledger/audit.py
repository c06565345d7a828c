"""The audit log: one leaf per state change, tag commit, start, opening and change of configuration, in a Merkle tree (RFC 6962).

A leaf is the canonical JSON of `{at, body, boot, kind, mono_ms, seq}` (sorted keys, no spaces, UTF-8, no floats; `body` is JSON
text itself), hashed as SHA-256(0x00 || leaf). Each transaction that appended ends by signing the tree's head with the device
key, in the text of a C2SP checkpoint, so that a cut-off tail shows too. Store gateways have bad clocks: a leaf carries boot id
and monotonic milliseconds, and a step of the wall clock is a leaf itself. Who holds the device key *and* the file can
rewrite both, and nothing here shows it: that is what the checkpoints at HQ are for (`checkpoints`).
"""

import base64
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from edge_agent.errors import LedgerBroken
from edge_agent.ledger.database import Transaction, code, meta, set_meta
from edge_agent.ledger.tree import Tree
from edge_agent.ports import Clock
from edge_sync import checkpoint, merkle

Plain = str | int | bool | None | list["Plain"] | Mapping[str, "Plain"]
Sign = Callable[[bytes], bytes]

CLOCK_STEP_MS: Final = 2_000
_encode: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
COLUMNS: Final = "seq, at, boot, mono_ms, kind, body, hash"


@dataclass(frozen=True, slots=True)
class Boot:
    """This start of the machine: its kernel boot id, and milliseconds since then (also through suspend)."""

    id: str
    mono_ms: Callable[[], int]

    @classmethod
    def here(cls) -> Self:
        return cls(
            Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
            lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it stands in the file; `body` is JSON text."""

    seq: int
    at: str
    boot: str
    mono_ms: int
    kind: str
    body: str

    @property
    def leaf(self) -> bytes:
        """The exact bytes that are hashed."""
        return _encode({
            "at": self.at, "body": self.body, "boot": self.boot, "kind": self.kind, "mono_ms": self.mono_ms, "seq": self.seq,
        }).encode()  # fmt: skip


def canonical(value: Plain) -> bytes:
    """The one byte form of a value. TypeError for floats: they have no single text."""
    _no_floats(value)
    return _encode(value).encode()


def stamp(at: datetime) -> str:
    """UTC text with milliseconds, sortable: 2026-11-20T01:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Chain:
    """Appends leaves inside somebody else's transaction."""

    def __init__(self, *, clock: Clock, boot: Boot, sign: Sign) -> None:
        self._clock = clock
        self._boot = boot
        self._sign = sign

    def append(self, tx: Transaction, kind: str, /, **body: Plain) -> int:
        """One more leaf; returns its number. `body` holds ids, codes and numbers."""
        tree = Tree(tx)
        row = Row(
            seq=tree.size() + 1, at=stamp(self._clock.now()), boot=self._boot.id, mono_ms=self._boot.mono_ms(), kind=kind,
            body=canonical(body).decode(),
        )  # fmt: skip
        leaf = merkle.leaf_hash(row.leaf)
        tx.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", (row.seq, row.at, row.boot, row.mono_ms, row.kind, row.body, leaf)
        )
        tree.add(row.seq, leaf)
        return row.seq

    def heed_clock(self, tx: Transaction) -> None:
        """Note a new boot, and a wall clock that moved by more than 2 s against the monotonic one."""
        offset = int(self._clock.now().timestamp() * 1000) - self._boot.mono_ms()
        boot, _, known = meta(tx, "clock").partition(" ")
        if boot == self._boot.id and abs(offset - int(known)) <= CLOCK_STEP_MS:
            return
        set_meta(tx, "clock", f"{self._boot.id} {offset}")
        if boot == self._boot.id:
            self.append(tx, "clock.stepped", step_ms=offset - int(known))
        else:
            self.append(tx, "boot.seen", behind_ms=self._behind_ms(tx))

    def _behind_ms(self, tx: Transaction) -> int:
        """How far the clock stands before the last leaf, as after a dead clock battery."""
        row = tx.execute("SELECT at FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        if row is None:
            return 0
        lag = datetime.fromisoformat(row[0]) - self._clock.now()
        return max(0, int(lag.total_seconds() * 1000))

    def sign_head(self, tx: Transaction) -> None:
        """Sign the tree's head; the last act of a transaction that appended."""
        size = Tree(tx).size()
        if meta(tx, "head").partition(" ")[0] != str(size):
            root = Tree(tx).root(size)
            set_meta(tx, "head", f"{size} {root.hex()} {head_signature(tx, size, root, self._sign)}")


def head_signature(connection: sqlite3.Connection, size: int, root: bytes, sign: Sign) -> str:
    """The device's signature over the checkpoint of that size, base64."""
    return base64.b64encode(sign(checkpoint.text(meta(connection, "origin"), size, root))).decode()


def check_head(connection: sqlite3.Connection, sign: Sign) -> None:
    """Whether the tree still is, at the size of the signed head, what was signed: asked before anything is signed on top of it.

    So a file that was edited while nobody watched is not signed over. O(log n); `verify` is the whole check. LedgerBroken.
    """
    size = Tree(connection).size()
    said, _, rest = meta(connection, "head").partition(" ")
    if not said.isdecimal() or int(said) != size:
        raise broken(size, "is not the one that was signed last")
    root = Tree(connection).root(size)
    if rest != f"{root.hex()} {head_signature(connection, size, root, sign)}":
        raise broken(size, "or one before it is not what this device signed")


def rows(connection: sqlite3.Connection) -> list[Row]:
    """All rows, in their order."""
    found = connection.execute("SELECT seq, at, boot, mono_ms, kind, body FROM audit ORDER BY seq")
    return [Row(seq=seq, at=at, boot=boot, mono_ms=mono, kind=kind, body=body) for seq, at, boot, mono, kind, body in found]


def row(connection: sqlite3.Connection, seq: int) -> Row | None:
    found = connection.execute("SELECT at, boot, mono_ms, kind, body FROM audit WHERE seq = ?", (seq,)).fetchone()
    return None if found is None else Row(seq=seq, at=found[0], boot=found[1], mono_ms=found[2], kind=found[3], body=found[4])


def verify(connection: sqlite3.Connection, *, sign: Sign | None = None) -> int:
    """Recompute every leaf, every kept subtree and the head; the number of rows.

    With `sign` (the device key; Ed25519 signatures are deterministic) the signature of the head is checked as well.

    Raises:
        LedgerBroken: names the first row that does not fit.
    """
    expected = nodes = 0
    newest: dict[int, bytes] = {}
    """The last complete subtree of each level: always the left neighbour of the next one there."""
    kept: dict[int, sqlite3.Cursor] = {}
    for row, said in _readable(connection):
        expected += 1
        if row.seq != expected:
            raise broken(expected, "is missing")
        leaf = merkle.leaf_hash(row.leaf)
        if said != leaf:
            raise broken(row.seq, "was changed")
        for level, place, made in list(merkle.completed(row.seq - 1, leaf, lambda level, _: newest[level])):
            nodes += 1
            newest[level] = made
            if level not in kept:
                kept[level] = connection.execute("SELECT place, hash FROM audit_nodes WHERE level = ? ORDER BY place", (level,))
            if next(kept[level], None) != (place, made):
                raise broken((place << level) + 1, "or one after it was changed in the tree")
        newest[0] = leaf
    if nodes != connection.execute("SELECT COUNT(*) FROM audit_nodes").fetchone()[0]:
        raise broken(expected + 1, "is missing, its traces in the tree are not")
    root = merkle.root(expected, lambda level, _: newest[level])
    _verify_head(connection, expected, root, sign)
    return expected


def _readable(connection: sqlite3.Connection) -> Iterator[tuple[Row, bytes]]:
    """Rows with the hash that stands beside them; text that is not UTF-8 was never written by us."""
    last = 0
    try:
        for seq, at, boot, mono, kind, body, said in connection.execute(f"SELECT {COLUMNS} FROM audit ORDER BY seq"):  # noqa: S608
            yield Row(seq=seq, at=at, boot=boot, mono_ms=mono, kind=kind, body=body), said
            last = seq
    except sqlite3.OperationalError as error:
        if code(error) >= 0:
            raise
        raise broken(last + 1, "was changed") from error


def _verify_head(connection: sqlite3.Connection, size: int, root: bytes, sign: Sign | None) -> None:
    said, _, rest = meta(connection, "head").partition(" ")
    if said != str(size):
        raise broken(size + 1, "is missing") if not said.isdecimal() or int(said) > size else broken(size, "was never signed")
    named, _, signature = rest.partition(" ")
    if named != root.hex():
        raise broken(size, "or one before it is not what was signed")
    if sign is not None and signature != head_signature(connection, size, root, sign):
        raise broken(size, "is not signed by this device")


def broken(seq: int, what: str) -> LedgerBroken:
    return LedgerBroken(
        f"audit row {seq} {what}", remedy="keep the file as it is and call the compliance officer", zh="审计记录被改动"
    )


def _no_floats(value: Plain) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical form")
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        _no_floats(inner)
