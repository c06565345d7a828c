"""What one commit costs: a conversation's tags in one transaction, one transaction per tag, and sqlite-utils' insert()."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_world import World, analysis

pytestmark = pytest.mark.bench

TAGS = 100


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_one_commit_per_conversation_beats_one_per_tag(tmp_path: Path) -> None:
    from sqlite_utils import Database

    rounds = 5
    (tmp_path / "box").mkdir()
    world = World(tmp_path / "box")
    batches = [(world.take_in().id, analysis(TAGS)) for _ in range(rounds)]
    group = seconds(lambda: [world.ledger.analysed(one, found) for one, found in batches]) / rounds
    singles = [(world.take_in().id, analysis(1)) for _ in range(TAGS)]
    single = seconds(lambda: [world.ledger.analysed(one, found) for one, found in singles])
    world.ledger.verify_chain()
    world.close()

    rows: list[dict[str, Any]] = [{"id": n, "code": "price.objection", "start_ms": n, "evidence": "x" * 400} for n in range(TAGS)]
    with closing(sqlite3.connect(tmp_path / "plain.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        table = Database(connection)["tags"]
        table.insert({**rows[0], "id": -1}, pk="id")
        naive = seconds(lambda: [table.insert(row) for row in rows])

    figures = {
        "bench": "ledger", "tags": TAGS, "group_commit_ms": round(group * 1000, 2), "commit_per_tag_ms": round(single * 1000, 2),
        "sqlite_utils_insert_ms": round(naive * 1000, 2), "per_tag_over_group": round(single / group, 1),
        "sqlite_utils_over_group": round(naive / group, 1),
    }  # fmt: skip
    print(json.dumps(figures))
    assert single / group > 3
