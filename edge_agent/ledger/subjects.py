"""Who is on a recording: links that can be forgotten while the audit log still verifies.

The log binds each such row by `commitment`, a hash over the row and a nonce that lies only in the row. So a row that is changed,
slipped in or taken away shows; and once a person is erased nothing that remains, not even the box's pseudonym key, leads from the
log back to them. A person is here a keyed pseudonym, never a code by which the store knows them.
"""

import sqlite3
from dataclasses import replace
from hashlib import sha256
from secrets import token_hex
from typing import Final

from edge_agent.domain.consent import Party
from edge_agent.domain.history import ms_of
from edge_agent.domain.recording import Circumstances
from edge_agent.ledger.audit import canonical
from edge_agent.ledger.database import Transaction

ON: Final = "SELECT recording FROM subjects WHERE party = ? AND pseudonym = ?"
"""The recordings a person is on."""


def commitment(nonce: str, *parts: str) -> str:
    """What the log keeps of a row: nothing can be guessed from it once the nonce is gone."""
    return sha256(canonical([nonce, *parts])).hexdigest()


def link(tx: Transaction, recording_id: str, around: Circumstances) -> dict[str, str]:
    """Note who is on a recording; returns the commitments for its leaf."""
    bound = {}
    for party, pseudonym in ((Party.REP, around.rep), (Party.CUSTOMER, around.customer)):
        if pseudonym:
            nonce = token_hex(16)
            began_ms = ms_of(around.started_at)
            tx.execute("INSERT INTO subjects VALUES (?, ?, ?, ?, ?)", (recording_id, party, pseudonym, nonce, began_ms))
            bound[party.value] = commitment(nonce, recording_id, party, pseudonym)
    return bound


def recordings_of(connection: sqlite3.Connection, party: Party, pseudonym: str) -> list[str]:
    """The recordings a person is on, oldest first."""
    return [row[0] for row in connection.execute(f"{ON} ORDER BY recording", (party, pseudonym))]


def bare(around: Circumstances) -> Circumstances:
    """Circumstances as `recordings` keeps them: without the persons."""
    return replace(around, rep="", customer="")
