"""Contests in the ledger: rows that are never changed, an audit leaf for each, and what HQ is told of them.

A finding that is overturned is superseded by a `withdrawn` one under an entry of its own among the analyses, and so is what was
concluded from it in the same talk; from then on no analysis brings either back, whatever its rules (`findings.add`).
A contest whose finding went by itself is `void`: nothing is left to decide, and nothing more is said of it to HQ.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import msgspec

from edge_agent.domain.contests import Case, Reason, Role, Stage, deciders, may_decide
from edge_agent.domain.tags import BehaviorTag
from edge_agent.errors import NotAllowed, NotFound
from edge_agent.ids import new_id
from edge_agent.ledger import envelopes, findings, history, lifecycle
from edge_agent.ledger.audit import broken
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.writer import Writer
from edge_agent.ports import Analysis

LEAF: Final = "case"
_ROW: Final = "case_id, tag, recording, stage, reason, role, at"
_LEAF: Final = ("case", "tag", "recording", "stage", "reason", "by", "said_at")
"""What an audit leaf calls the columns of a row."""
_CASES: Final = """SELECT opened.case_id, opened.tag, opened.recording, tags.code, opened.reason, opened.role, opened.at,
    decided.stage, decided.role, decided.at
    FROM contests AS opened JOIN tags ON tags.id = opened.tag
    LEFT JOIN contests AS decided ON decided.case_id = opened.case_id AND decided.stage <> 'contested'
    WHERE opened.stage = 'contested' ORDER BY opened.rowid"""
_LATER: Final = """WITH RECURSIVE line (id) AS (
    VALUES (?) UNION SELECT tags.id FROM tags JOIN line ON tags.supersedes = line.id AND tags.supersedes <> '')"""
_EARLIER: Final = """WITH RECURSIVE line (id) AS (
    VALUES (?) UNION SELECT tags.supersedes FROM tags JOIN line ON tags.id = line.id WHERE tags.supersedes <> '')
    SELECT id FROM line"""


class Contests:
    """Each act is one transaction: rows, audit leaf and outbox together."""

    def __init__(self, writer: Writer, outbox: Outbox) -> None:
        self._writer = writer
        self._chain = writer.chain
        self._outbox = outbox

    def open(self, tag: str, reason: Reason, *, by: Role) -> Case:
        """Object to a finding in force. NotFound; NotAllowed: it no longer stands, or was contested already."""
        return self._writer.write(lambda tx: self._open(tx, tag, reason, by))

    def decide(self, tag: str, stage: Stage, *, by: Role) -> Case:
        """`upheld` or `overturned`. NotFound: no open contest of it; NotAllowed: that role may not, or it is void."""
        return self._writer.write(lambda tx: self._decide(tx, tag, stage, by))

    def _open(self, tx: Transaction, tag: str, reason: Reason, by: Role) -> Case:
        found = [one for one in _in_force(tx, tag) if one[1].id == tag]
        if not found:
            raise NotAllowed("no such finding is in force", remedy="edge-agent tags lists them", zh="没有这条有效的标签")
        line = _line(tx, tag)
        for case in cases(tx):
            if case.tag in line and (case.decided_at is None or _rule(tx, case.tag) == found[0][1].rule_digest):
                raise NotAllowed(
                    f"it was contested already (`{case.stage}`)", remedy="edge-agent contest list", zh="这条标签已经提出过异议"
                )
        case = Case(
            id=new_id(), tag=tag, recording=found[0][0], code=found[0][1].code, stage=Stage.CONTESTED, reason=reason,
            opened_by=by, opened_at=self._writer.terms.clock.now(), stands=tag,
        )  # fmt: skip
        row = self._told(tx, case, by)
        self._chain.append(tx, "contest.opened", **_leaf(row), rows=[self._sent(tx, case)])
        self._outbox.bound(tx)
        return case

    def _decide(self, tx: Transaction, tag: str, stage: Stage, by: Role) -> Case:
        line = _line(tx, tag)
        case = next((one for one in cases(tx) if one.tag in line and one.decided_at is None), None)
        if case is None:
            raise NotFound(
                "no open contest of that finding", remedy="edge-agent contest list --open", zh="这条标签没有待复核的异议"
            )
        if case.stage is Stage.VOID:
            raise NotAllowed("the finding is gone already, there is nothing to decide", zh="该标签已不存在，无需复核")
        if not may_decide(case.opened_by, by):
            raise NotAllowed(
                f"`{by}` may not decide what `{case.opened_by}` contested",
                remedy=f"decided by {' or '.join(deciders(case.opened_by))}", zh="提出异议的一方不能自己复核，销售不能复核",
            )  # fmt: skip
        stands = "" if stage is Stage.OVERTURNED else case.stands
        done = replace(case, stage=stage, decided_by=by, decided_at=self._writer.terms.clock.now(), stands=stands)
        row = self._told(tx, done, by)
        back = self._take_back(tx, done) if stage is Stage.OVERTURNED else {"rows": []}
        back["rows"].append(self._sent(tx, done))
        self._chain.append(tx, "contest.decided", **_leaf(row), **back)
        self._outbox.bound(tx)
        return done

    def _told(self, tx: Transaction, case: Case, by: Role) -> tuple[str, ...]:
        row = (case.id, case.tag, case.recording, case.stage.value, case.reason.value, by.value, self._writer.now())
        tx.execute(f"INSERT INTO contests ({_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constant
        return row

    def _sent(self, tx: Transaction, case: Case) -> dict[str, Any]:
        build = envelopes.of_case(self._writer.terms, case)
        seq, digest = self._outbox.put(tx, envelopes.RANK_URGENT, build, leaf=LEAF)
        return {"seq": seq, "sha256": digest}

    def _take_back(self, tx: Transaction, case: Case) -> dict[str, Any]:
        """Withdraw what stands of the finding now, also where a later analysis said it again, and what was concluded from it."""
        standing = _in_force(tx, case.tag)
        ruleset, plain = standing[0][2], standing[0][2].partition(findings.LATER)[0]
        (models,) = tx.execute(
            "SELECT models FROM analyses WHERE recording = ? AND ruleset = ?", (case.recording, ruleset)
        ).fetchone()
        entry = Analysis(
            ruleset=f"{plain}{findings.LATER}{findings.CONTEST}{case.id}",
            models=msgspec.json.decode(models, type=tuple[str, ...]), tags=(),
        )  # fmt: skip
        gone = [one for _, one, _ in standing]
        gone += findings.concluded_from(tx, case.recording, gone)
        number, tags = findings.take_back(tx, case.recording, entry, gone, at=self._writer.now())
        told = envelopes.of_analysis(
            self._writer.terms, lifecycle.get(tx, case.recording), replace(entry, ruleset=plain), tags
        )  # fmt: skip
        rows = [self._outbox.put(tx, rank, build) for rank, build in told]
        history.mark(tx, case.recording)
        return {
            "analysis": number, "tags": len(tags), "findings": findings.digest(tx, number),
            "rows": [{"seq": seq, "sha256": digest} for seq, digest in rows],
        }  # fmt: skip


def cases(connection: sqlite3.Connection) -> Sequence[Case]:
    """All contests, oldest first, as they stand now."""
    return [_case(connection, row) for row in connection.execute(_CASES).fetchall()]


def of_line(connection: sqlite3.Connection, tag: str) -> Sequence[Case]:
    """The contests of a finding, of what it superseded and of what superseded it, oldest first."""
    first = _first(connection, tag)
    return [one for one in cases(connection) if one.line == first]


def check(connection: sqlite3.Connection) -> None:
    """LedgerBroken when the contests are not what the log says of them."""
    bound: dict[tuple[str, ...], int] = {}
    last = 0
    for seq, kind, text in connection.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        last = seq
        if kind in {"contest.opened", "contest.decided"}:
            body = json.loads(text)
            bound[tuple(body[name] for name in _LEAF)] = seq
    for row in connection.execute(f"SELECT {_ROW} FROM contests"):  # noqa: S608 - constant
        if bound.pop(tuple(row), None) is None:
            raise broken(last + 1, "is missing: there is a contest that no row speaks of")
    for seq in bound.values():
        raise broken(seq, "no longer describes the contest it speaks of")


def _leaf(row: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(_LEAF, row, strict=True))


def _line(connection: sqlite3.Connection, tag: str) -> list[str]:
    """The finding and what it superseded, back to the first, which is the last here."""
    return [one for (one,) in connection.execute(_EARLIER, (tag,))]


def _first(connection: sqlite3.Connection, tag: str) -> str:
    return _line(connection, tag)[-1]


def _rule(tx: Transaction, tag: str) -> str:
    (digest,) = tx.execute("SELECT rule_digest FROM tags WHERE id = ?", (tag,)).fetchone()
    return str(digest)


def _case(connection: sqlite3.Connection, row: Any) -> Case:
    identity, tag, recording, code, reason, opened_by, opened_at, stage, decided_by, decided_at = row
    standing = _in_force(connection, tag)
    if stage is None:
        stage = Stage.CONTESTED if standing else Stage.VOID
    return Case(
        id=identity, tag=tag, recording=recording, code=code, stage=Stage(stage), reason=Reason(reason),
        opened_by=Role(opened_by), opened_at=datetime.fromisoformat(opened_at),
        decided_by=Role(decided_by) if decided_by else None,
        decided_at=datetime.fromisoformat(decided_at) if decided_at else None, line=_first(connection, tag),
        stands=standing[0][1].id if standing else "",
    )  # fmt: skip


def _in_force(connection: sqlite3.Connection, tag: str) -> list[tuple[str, BehaviorTag, str]]:
    """(recording, tag, ruleset) of the finding, or of what superseded it, as far as it stands now."""
    columns = ", ".join(f"tags.{name.strip()}" for name in findings.COLUMNS.split(","))
    rows = connection.execute(
        f"{_LATER} SELECT {columns}, ruleset FROM tags JOIN line ON tags.id = line.id "  # noqa: S608 - constants
        f"JOIN analyses ON analyses.id = tags.analysis WHERE {findings.CURRENT}",
        (tag,),
    )
    return [(*findings.tag_of(row[:-1]), row[-1]) for row in rows.fetchall()]
