"""That the matter of a finding is over, because a later scan of its place no longer shows it: rows that are never changed.

The finding itself stands. Where a late scan takes a closing back it is *reopened*, by a further row of the same case. HQ is told
of each, by a case message with the reason `scan`. `integrity` compares every row with its audit leaf.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from edge_agent.domain.watching import BY_SCAN, Closed
from edge_agent.ids import new_id
from edge_agent.ledger import envelopes
from edge_agent.ledger.audit import broken
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.writer import Writer

CLOSED: Final = "closed"
REOPENED: Final = "reopened"
LEAF: Final = "case"
_ROW: Final = ("case_id", "tag", "recording", "scan", "stage", "reason", "over_ms", "at")
_LEAF: Final = ("case", "tag", "recording", "scan", "stage", "reason", "over_ms", "said_at")
"""What an audit leaf calls the columns of a row."""
_KINDS: Final = frozenset({"event.closed", "event.reopened"})
_STANDING: Final = """SELECT case_id, tag, recording, scan, over_ms FROM closings WHERE stage = 'closed'
    AND tag IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
    SELECT 1 FROM closings AS again WHERE again.case_id = closings.case_id AND again.stage = 'reopened') ORDER BY rowid"""


def put(tx: Transaction, writer: Writer, outbox: Outbox, one: Closed, stage: str) -> None:
    """Row, audit leaf and outbox row of a closing, or of its being taken back."""
    case = one if one.case else replace(one, case=new_id())
    row = (case.case, case.tag, case.recording, case.by, stage, BY_SCAN, case.at_ms, writer.now())
    tx.execute(f"INSERT INTO closings ({', '.join(_ROW)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constants
    build = envelopes.of_closing(writer.terms, case, stage, datetime.fromtimestamp(case.at_ms / 1000, UTC))
    seq, digest = outbox.put(tx, envelopes.RANK_TAGS, build, leaf=LEAF)
    writer.chain.append(tx, f"event.{stage}", **_leaf(row), rows=[{"seq": seq, "sha256": digest}])


def _leaf(row: tuple[str | int, ...]) -> dict[str, Any]:
    return dict(zip(_LEAF, row, strict=True))


def standing(view: sqlite3.Connection, tags: Iterable[str]) -> Sequence[Closed]:
    """Which of these findings are closed now, and by what scan."""
    rows = view.execute(_STANDING, (msgspec.json.encode(sorted(tags)).decode(),))
    return [Closed(case=case, tag=tag, recording=recording, by=scan, at_ms=over) for case, tag, recording, scan, over in rows]


def check(view: sqlite3.Connection) -> None:
    """LedgerBroken when the closings are not what the log says of them."""
    bound: dict[tuple[object, ...], int] = {}
    last = 0
    for seq, kind, text in view.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        last = seq
        if kind in _KINDS:
            body = json.loads(text)
            bound[tuple(body[name] for name in _LEAF)] = seq
    for row in view.execute(f"SELECT {', '.join(_ROW)} FROM closings"):  # noqa: S608 - constants
        if bound.pop(tuple(row), None) is None:
            raise broken(last + 1, "is missing: there is a closed event that no row speaks of")
    for seq in bound.values():
        raise broken(seq, "no longer describes the closed event it speaks of")
