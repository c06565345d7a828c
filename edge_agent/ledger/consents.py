"""What was stated about consent: the employee register, late records of recordings, withdrawals. The newest statement counts.

Statements are rows that are never changed; a person's can be forgotten as a whole (`forget`), while the audit log, which holds
only commitments to them (see `subjects`), still verifies.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

from edge_agent.domain.consent import Party, Standing, Statement, Verb, Waits
from edge_agent.domain.recording import Recording, State
from edge_agent.errors import NotAllowed
from edge_agent.ledger import lifecycle
from edge_agent.ledger.audit import Chain, broken, stamp
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.subjects import ON, commitment, recordings_of

_COLUMNS: Final = "id, party, subject, verb, basis, at, since, until"
_NEWEST: Final = f"SELECT {_COLUMNS} FROM statements WHERE party = ? AND subject = ? ORDER BY rowid DESC LIMIT 1"  # noqa: S608


def standing(connection: sqlite3.Connection, recording: Recording) -> Standing:
    """The newest statement about each party of a recording."""
    around = recording.circumstances
    return Standing(
        rep=newest(connection, Party.REP, around.rep), customer=newest(connection, Party.CUSTOMER, around.customer),
        recording=newest(connection, Party.RECORDING, recording.id),
    )  # fmt: skip


def newest(connection: sqlite3.Connection, party: Party, subject: str) -> Statement | None:
    row = connection.execute(_NEWEST, (party, subject)).fetchone() if subject else None
    return None if row is None else _statement(row)


def statements(connection: sqlite3.Connection, party: Party, subject: str | None = None) -> Sequence[Statement]:
    """All statements about a party, or about one of them, oldest first."""
    where, values = ("", ()) if subject is None else (" AND subject = ?", (subject,))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM statements WHERE party = ?{where} ORDER BY rowid",  # noqa: S608 - two constants
        (party, *values),
    )
    return [_statement(row) for row in rows]


def state(tx: Transaction, chain: Chain, said: Statement) -> Statement:
    """Enter a statement, and let the recordings go on that may have waited for it; gives it as it holds.

    An employee's new consent after a withdrawal reaches back no further than to its own entry: what was recorded in between stays
    unread, whatever day is given, also when it is entered once more.
    """
    if said.party is Party.REP and said.verb is Verb.GIVEN:
        said = replace(said, since=max(said.since, _earliest(tx, said)))
    if said.party is Party.RECORDING and said.verb is Verb.GIVEN:
        recording = lifecycle.get(tx, said.subject)
        going = tx.execute("SELECT 1 FROM shredding WHERE recording = ?", (said.subject,)).fetchone()
        if recording.state is not State.SEALED or going:
            raise NotAllowed(
                f"recording {said.subject} is `{recording.state}`: a consent record comes too late for it",
                zh="该录音已处理或已销毁，不能再补登同意",
            )  # fmt: skip
    nonce = token_hex(16)
    row = _row(said)
    tx.execute("INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, nonce))
    about = {"recording": said.subject, "basis": said.basis} if said.party is Party.RECORDING else {}
    chain.append(
        tx, "consent.stated", statement=said.id, party=said.party.value, verb=said.verb.value,
        commitment=commitment(nonce, *row), **about,
    )  # fmt: skip
    if said.verb is Verb.GIVEN:
        for recording_id in _waiting(tx, said):
            lifecycle.park(tx, chain, recording_id, "")
    return said


def forget(tx: Transaction, chain: Chain, party: Party, pseudonym: str) -> None:
    """Delete every link and statement about a person. A customer's withdrawal stays if it was the last word, to be heard on."""
    recordings = recordings_of(tx, party, pseudonym)
    last = newest(tx, party, pseudonym)
    kept = last.id if last is not None and party is Party.CUSTOMER and last.verb is Verb.WITHDRAWN else ""
    gone = [one.id for one in statements(tx, party, pseudonym) if one.id != kept]
    tx.execute("DELETE FROM subjects WHERE party = ? AND pseudonym = ?", (party, pseudonym))
    tx.executemany("DELETE FROM statements WHERE id = ?", ((one,) for one in gone))
    chain.append(tx, "subject.erased", party=party.value, recordings=[*recordings], statements=[*gone])


def check(connection: sqlite3.Connection) -> None:
    """LedgerBroken names the audit row that a link or a statement no longer fits."""
    links = {
        (recording, party): commitment(nonce, recording, party, pseudonym)
        for recording, party, pseudonym, nonce in connection.execute("SELECT recording, party, pseudonym, nonce FROM subjects")
    }
    said = {
        row[0]: commitment(row[-1], *row[:-1])
        for row in connection.execute(f"SELECT {_COLUMNS}, nonce FROM statements")  # noqa: S608 - constant
    }
    bound: dict[tuple[str, str] | str, tuple[int, str]] = {}
    last = 0
    for seq, kind, text in connection.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        last = seq
        if kind not in {"recording.captured", "consent.stated", "subject.erased"}:
            continue
        body = json.loads(text)
        if kind == "recording.captured":
            bound |= {(body["recording"], party): (seq, body[party]) for party in ("rep", "customer") if party in body}
        elif kind == "consent.stated":
            bound[body["statement"]] = (seq, body["commitment"])
        else:
            for gone in (*((one, body["party"]) for one in body["recordings"]), *body["statements"]):
                bound.pop(gone, None)
    found: dict[Any, str] = {**links, **said}
    for key, (seq, digest) in bound.items():
        if found.pop(key, "") != digest:
            raise broken(seq, "no longer describes the consent record it speaks of")
    if found:
        raise broken(last + 1, "is missing: there is a consent record that no row speaks of")


def _earliest(tx: Transaction, said: Statement) -> datetime:
    """From when an employee's consent may hold: since the first one after their last withdrawal was entered."""
    earliest = withdrawn = None
    for one in (*statements(tx, Party.REP, said.subject), said):
        if one.verb is Verb.WITHDRAWN:
            withdrawn = one
        elif withdrawn is not None:
            earliest, withdrawn = one.at, None
    return earliest or said.since


def _waiting(tx: Transaction, said: Statement) -> list[str]:
    which = "id = ?" if said.party is Party.RECORDING else f"id IN ({ON})"
    values = (said.subject,) if said.party is Party.RECORDING else (said.party, said.subject)
    rows = tx.execute(
        f"SELECT id FROM recordings WHERE state = ? AND parked IN ({', '.join('?' * len(Waits))}) AND {which} "  # noqa: S608
        "AND id NOT IN (SELECT recording FROM shredding) ORDER BY captured_at, id",
        (State.SEALED, *Waits, *values),
    )
    return [row[0] for row in rows.fetchall()]


def _row(said: Statement) -> tuple[str, ...]:
    until = "" if said.until is None else stamp(said.until)
    return (
        said.id, said.party.value, said.subject, said.verb.value, said.basis, stamp(said.at), stamp(said.since), until
    )  # fmt: skip


def _statement(row: Any) -> Statement:
    identity, party, subject, verb, basis, at, since, until = row
    return Statement(
        id=identity, party=Party(party), subject=subject, verb=Verb(verb), basis=basis, at=datetime.fromisoformat(at),
        since=datetime.fromisoformat(since), until=datetime.fromisoformat(until) if until else None,
    )  # fmt: skip
