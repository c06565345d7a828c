"""Judging over days as it grows: one customer with 10,000 hits, and 1,000 customers; what changed against everything anew."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from ledger_world import NOON, RULES, World, recording, tag

from edge_agent.assets import bundled
from edge_agent.domain.history import History, Judgement, Whose, ms_of
from edge_agent.ids import new_id
from edge_agent.ledger import findings, history, subjects
from edge_agent.ledger.audit import stamp
from edge_agent.lexicon.load import load
from edge_agent.tagging.across.historian import Historian

pytestmark = pytest.mark.bench
DAY_MS = 86_400_000
NOW_MS = ms_of(NOON)
HISTORIAN = Historian(load(bundled("lexicons")))
"""All rules of the catalogue; the third complaint within 30 days is what comes about."""


def person(n: int) -> str:
    return f"{n:032x}"


def filled(folder: Path, persons: int, each: int, days: int) -> World:
    """A ledger in which each person has that many analysed recordings with one hit, evenly over the days before noon."""
    world = World(folder)
    around = msgspec.json.encode(subjects.bare(recording().circumstances)).decode()
    rows = [(new_id(), person(n), NOW_MS - days * DAY_MS * k // each) for n in range(persons) for k in range(each)]
    columns = findings.COLUMNS
    with closing(sqlite3.connect(world.path)) as raw, raw:
        for number, (one, who, began_ms) in enumerate(rows, 1):
            began = NOON.fromtimestamp(began_ms / 1000, NOON.tzinfo).isoformat()
            text = around.replace(recording().circumstances.started_at.isoformat().replace("+00:00", "Z"), began)
            raw.execute("INSERT INTO recordings VALUES (?, 'call', 'closed', '', '', '', 0, ?, ?)", (one, stamp(NOON), text))
            raw.execute("INSERT INTO subjects VALUES (?, 'customer', ?, 'n', ?)", (one, who, began_ms))
            raw.execute(
                "INSERT INTO analyses (id, recording, ruleset, models, at, duration_ms, utterances, doubtful) "
                "VALUES (?, ?, ?, '[]', ?, 0, 0, 0)", (number, one, RULES, stamp(NOON)),
            )  # fmt: skip
            raw.execute(
                f"INSERT INTO tags (analysis, {columns}) VALUES ({', '.join('?' * 18)})",
                (number, *findings._row(one, tag("service.complaint_raised", slots=()))),
            )
    return world


def read(world: World, who: str, since_ms: int) -> History:
    with closing(sqlite3.connect(world.path)) as view:
        return history.read(
            view, Whose.CUSTOMER, who, since_ms=since_ms,
            lasting=HISTORIAN.lasting[Whose.CUSTOMER],
            heard=HISTORIAN.heard[Whose.CUSTOMER], judged=HISTORIAN.judged[Whose.CUSTOMER], now_ms=NOW_MS,
        )  # fmt: skip


def judged(world: World, who: str, since_ms: int) -> Judgement:
    return HISTORIAN.judge(read(world, who, since_ms))


def best(work: Callable[[], object], rounds: int = 3) -> float:
    return min(spent(work) for _ in range(rounds))


def spent(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[str, float | str]]:
    found: dict[str, float | str] = {"bench": "history"}
    yield found
    print(json.dumps(found))


def test_a_long_history_costs_only_its_reach(tmp_path: Path, figures: dict[str, float | str]) -> None:
    world = filled(tmp_path, persons=1, each=10_000, days=1000)
    recent = best(lambda: judged(world, person(0), NOW_MS))
    whole = best(lambda: judged(world, person(0), 0))
    assert len(read(world, person(0), NOW_MS).hits) in range(370, 390)
    assert len(judged(world, person(0), 0).new) == 3333
    world.close()
    figures |= {
        "hits": 10_000, "recent_ms": round(recent * 1000, 2), "whole_ms": round(whole * 1000, 1),
        "whole_over_recent": round(whole / recent, 1),
    }  # fmt: skip
    assert whole / recent > 8


def test_one_customer_of_a_thousand_costs_one_customer(tmp_path: Path, figures: dict[str, float | str]) -> None:
    alone = filled(tmp_path / "alone", persons=1, each=10, days=20)
    world = filled(tmp_path / "many", persons=1000, each=10, days=20)
    single = best(lambda: judged(alone, person(0), NOW_MS), 5)
    one = best(lambda: judged(world, person(500), NOW_MS), 5)
    everybody = spent(lambda: [judged(world, person(n), 0) for n in range(1000)])
    plan = world.ledger._read(
        lambda tx: tx.execute("EXPLAIN QUERY PLAN " + history._OF.format("NOT"), ("customer", person(5), 0, "[]")).fetchall()
    )
    assert not [row for row in plan if str(row[3]).startswith("SCAN") and "json_each" not in str(row[3])]
    alone.close()
    world.close()
    figures |= {
        "persons": 1000, "one_of_many_ms": round(one * 1000, 2), "one_alone_ms": round(single * 1000, 2),
        "everybody_ms": round(everybody * 1000, 1), "everybody_over_one": round(everybody / one, 1),
    }  # fmt: skip
    assert one / single < 3
    assert everybody / one > 100
