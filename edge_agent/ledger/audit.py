"""The audit chain: one leaf per state change, tag commit, start and change of configuration, each bound to the one before.

`hash = sha256(prev || leaf)`, leaf = canonical JSON of `{at, body, boot, kind, mono_ms, seq}` (sorted keys, no spaces, UTF-8,
no floats). After each transaction the device key signs the newest (seq, hash), so that a cut-off tail shows too. Store
gateways have bad clocks: a leaf carries boot id and monotonic milliseconds, and a step of the wall clock is a leaf itself.
Not here: Merkle proofs and HQ's checkpoints. Who holds the device key *and* the file can rewrite both; this chain cannot show it.
"""

import base64
import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from edge_agent.errors import LedgerBroken
from edge_agent.ledger.database import Transaction, meta, set_meta
from edge_agent.ports import Clock

Plain = str | int | bool | None | list["Plain"] | Mapping[str, "Plain"]
Sign = Callable[[bytes], bytes]

GENESIS: Final = sha256(b"edge-agent audit v1").hexdigest()
CLOCK_STEP_MS: Final = 2_000


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


def canonical(value: Plain) -> bytes:
    """The one byte form of a value. TypeError for floats: they have no single text."""
    _no_floats(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


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
        last, prev = _head(tx)
        seq, at, mono = last + 1, stamp(self._clock.now()), self._boot.mono_ms()
        text = canonical(body)
        leaf = canonical({
            "at": at, "body": text.decode(), "boot": self._boot.id, "kind": kind, "mono_ms": mono, "seq": seq,
        })  # fmt: skip
        tx.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, at, self._boot.id, mono, kind, text.decode(), prev, _link(prev, leaf)),
        )
        return seq

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
        """Sign the newest leaf; the last act of a transaction that appended one."""
        head = _head(tx)
        if meta(tx, "head").rpartition(" ")[0] != _named(head):
            signature = base64.b64encode(self._sign(_named(head).encode())).decode()
            set_meta(tx, "head", f"{_named(head)} {signature}")


def verify(connection: sqlite3.Connection, *, sign: Sign | None = None) -> int:
    """Recompute the whole chain; its length.

    With `sign` (the device key; Ed25519 signatures are deterministic) the signature of the newest leaf is checked as well.

    Raises:
        LedgerBroken: names the first row that does not fit.
    """
    prev, expected = GENESIS, 0
    for seq, at, boot, mono, kind, body, said_prev, said_hash in connection.execute(
        "SELECT seq, at, boot, mono_ms, kind, body, prev, hash FROM audit ORDER BY seq"
    ):
        expected += 1
        if seq != expected:
            raise broken(expected, "is missing")
        if said_prev != prev:
            raise broken(seq, "does not follow the one before")
        leaf = canonical({"at": at, "body": body, "boot": boot, "kind": kind, "mono_ms": mono, "seq": seq})
        if said_hash != _link(prev, leaf):
            raise broken(seq, "was changed")
        prev = said_hash
    named, _, signature = meta(connection, "head").rpartition(" ")
    if named != _named((expected, prev)):
        raise broken(expected + 1, "is missing")
    if sign is not None and signature != base64.b64encode(sign(named.encode())).decode():
        raise broken(expected, "is not signed by this device")
    return expected


def broken(seq: int, what: str) -> LedgerBroken:
    return LedgerBroken(
        f"audit row {seq} {what}", remedy="keep the file as it is and call the compliance officer", zh="审计记录被改动"
    )


def _head(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, GENESIS) if row is None else (int(row[0]), str(row[1]))


def _named(head: tuple[int, str]) -> str:
    return f"{head[0]} {head[1]}"


def _link(prev: str, leaf: bytes) -> str:
    return sha256(bytes.fromhex(prev) + leaf).hexdigest()


def _no_floats(value: Plain) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical form")
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        _no_floats(inner)
