"""What the Merkle log costs: rows a second in ledger transactions against a plain INSERT of the same text, and a proof's time."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest
from ledger_world import World

from edge_agent.ledger.audit import rows
from edge_agent.ledger.tree import Tree
from edge_sync import merkle

pytestmark = pytest.mark.bench
LARGE = 100_000


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def body(n: int) -> dict[str, str | int]:
    return {"recording": f"019a0000-0000-7000-8000-{n:012x}", "kind": "call", "consent": "notice", "circumstances": "ab" * 32}


def plain(path: Path) -> sqlite3.Connection:
    """The same durability and the same text, without a tree or a signature."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT, boot TEXT, mono_ms INTEGER, kind TEXT, body TEXT)")
    return connection


def test_append_against_a_plain_insert(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger.checkpoint()
    ours, theirs = {}, {}
    with closing(plain(tmp_path / "plain.db")) as connection:
        for size, rounds in ((1, 60), (100, 12)):

            def append(size: int = size) -> None:
                def all_of_them(tx: sqlite3.Connection) -> None:
                    for n in range(size):
                        world.ledger._chain.append(tx, "config.changed", **body(n))

                world.ledger._writer.write(all_of_them)

            def insert(size: int = size) -> None:
                connection.execute("BEGIN IMMEDIATE")
                for n in range(size):
                    text = json.dumps(body(n), sort_keys=True, separators=(",", ":"))
                    values = ("2026-11-20T04:00:00.000Z", "0" * 36, n, "config.changed", text)
                    connection.execute("INSERT INTO audit (at, boot, mono_ms, kind, body) VALUES (?, ?, ?, ?, ?)", values)
                connection.execute("COMMIT")

            pairs = [(seconds(append), seconds(insert)) for _ in range(rounds)]
            ours[size], theirs[size] = (size / median(one[n] for one in pairs) for n in (0, 1))
    assert world.ledger.verify_chain()
    world.close()
    figures = {
        "bench": "audit_append", "rows_per_s": {n: round(rate) for n, rate in ours.items()},
        "plain_insert_rows_per_s": {n: round(rate) for n, rate in theirs.items()},
        "share_of_plain": {n: round(ours[n] / theirs[n], 2) for n in ours},
    }  # fmt: skip
    print(json.dumps(figures))
    assert ours[1] / theirs[1] > 0.2
    assert ours[100] / ours[1] > 5


def test_proofs_of_a_large_log(tmp_path: Path) -> None:
    world = World(tmp_path)
    clock, chunk = world.clock, 5000

    def grow(tx: sqlite3.Connection) -> None:
        for n in range(chunk):
            world.ledger._chain.append(tx, "config.changed", recording=f"{n:036}", at_ms=clock.mono_ms)

    build = seconds(lambda: [world.ledger._writer.write(grow) for _ in range(LARGE // chunk)])
    with closing(sqlite3.connect(world.path)) as connection:
        tree = Tree(connection)
        size = tree.size()
        (stored,) = connection.execute("SELECT COUNT(*) FROM audit_nodes").fetchone()
        assert size >= LARGE
        assert stored < size
        top = tree.root(size)
        places = [1, size // 3, size // 2 + 1, size - 1]
        include = median(seconds(lambda seq=seq: tree.inclusion(seq, size)) for seq in places * 20)
        extend = median(seconds(lambda old=old: tree.consistency(old, size)) for old in places * 20)
        proof, grown = tree.inclusion(size // 3, size), tree.consistency(size // 3, size)
        assert merkle.includes(tree.node(0, size // 3 - 1), size // 3 - 1, size, top, proof)
        assert merkle.extends(size // 3, tree.root(size // 3), size, top, grown)
        assert max(len(proof), len(grown)) <= size.bit_length() + 1
        leaves = rows(connection)
        whole = seconds(lambda: merkle.root_of(merkle.leaf_hash(row.leaf) for row in leaves))
    world.close()
    figures = {
        "bench": "audit_proof", "rows": size, "inclusion_ms": round(include * 1000, 3), "consistency_ms": round(extend * 1000, 3),
        "recompute_all_s": round(whole, 2), "recompute_over_proof": round(whole / extend), "bulk_rows_per_s": round(size / build),
    }  # fmt: skip
    print(json.dumps(figures))
    assert whole / max(include, extend) > 50
