"""Recordings and their steps. Every step that `domain.recording.LIFE` does not draw is refused, and each one is a leaf.

A reason is one of our own short codes (`duplicate`, `truncated` …); anything else is stored as `unnamed`, because a text of
unknown origin may hold what somebody said.
"""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec

from edge_agent.domain.recording import LIFE, Circumstances, Consent, Recording, State
from edge_agent.errors import NotAllowed, NotFound
from edge_agent.ids import is_id
from edge_agent.ledger import subjects
from edge_agent.ledger.audit import Chain, stamp
from edge_agent.ledger.database import Transaction
from edge_agent.ports import Sealed

COLUMNS: Final = (
    "id, state, circumstances, digest, size_bytes, captured_at, parked, "
    "(SELECT pseudonym FROM subjects WHERE recording = recordings.id AND party = 'rep') AS rep, "
    "(SELECT pseudonym FROM subjects WHERE recording = recordings.id AND party = 'customer') AS customer, "
    "(SELECT basis FROM statements WHERE party = 'recording' AND subject = recordings.id AND verb = 'given' "
    "ORDER BY rowid DESC LIMIT 1) AS late_basis"
)
"""A consent record that came late stands in place of what the sidecar said."""
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_GOING_ON: Final = (State.CAPTURED, State.SEALED, State.ANALYSED)


def capture(tx: Transaction, chain: Chain, recording: Recording) -> None:
    """Enter a new recording, in state `captured`."""
    if recording.state is not State.CAPTURED or not is_id(recording.id):
        raise NotAllowed("a recording enters the ledger as `captured`, under a generated id")
    if tx.execute("SELECT 1 FROM recordings WHERE id = ?", (recording.id,)).fetchone():
        raise NotAllowed(f"recording {recording.id} is in the ledger already")
    around = msgspec.json.encode(subjects.bare(recording.circumstances), order="deterministic")
    tx.execute(
        "INSERT INTO recordings (id, kind, state, digest, size_bytes, captured_at, circumstances) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            recording.id, recording.circumstances.kind, State.CAPTURED, recording.digest, recording.size_bytes,
            stamp(recording.captured_at), around.decode(),
        ),
    )  # fmt: skip
    chain.append(
        tx, "recording.captured", recording=recording.id, kind=recording.circumstances.kind.value,
        consent=recording.circumstances.consent.value, circumstances=sha256(around).hexdigest(),
        captured_at=stamp(recording.captured_at),
        **subjects.link(tx, recording.id, recording.circumstances),
    )  # fmt: skip


def seal(tx: Transaction, chain: Chain, recording_id: str, sealed: Sealed) -> None:
    """`captured -> sealed`, with the object that now holds the media."""
    _step(tx, recording_id, State.SEALED)
    tx.execute(
        "UPDATE recordings SET digest = ?, size_bytes = ? WHERE id = ?",
        (sealed.digest, sealed.plain_bytes, recording_id),
    )
    tx.execute(
        "INSERT INTO objects VALUES (?, ?, 'media', ?, ?, ?)",
        (sealed.object_id, recording_id, sealed.sha256, sealed.plain_bytes, sealed.sealed_bytes),
    )
    chain.append(
        tx, "recording.sealed", recording=recording_id, object=sealed.object_id, sha256=sealed.sha256,
        bytes=sealed.plain_bytes, sealed_bytes=sealed.sealed_bytes, digest=sealed.digest,
    )  # fmt: skip


def move(tx: Transaction, chain: Chain, recording_id: str, state: State, *, reason: str) -> None:
    """Any other step. `sealed` and `analysed` bring facts of their own and are refused here."""
    if state in {State.SEALED, State.ANALYSED}:
        raise NotAllowed(f"a recording becomes `{state}` only together with what that made")
    _step(tx, recording_id, state)
    tx.execute("UPDATE recordings SET reason = ?, parked = '' WHERE id = ?", (worded(reason), recording_id))
    chain.append(tx, f"recording.{state}", recording=recording_id, reason=worded(reason))


def analyse(tx: Transaction, recording_id: str) -> str:
    """The step to `analysed`, or none for a re-analysis; returns the kind of leaf that the caller writes."""
    state = get(tx, recording_id).state
    if state in {State.ANALYSED, State.CLOSED}:
        return "recording.reanalysed"
    _step(tx, recording_id, State.ANALYSED)
    return "recording.analysed"


def park(tx: Transaction, chain: Chain, recording_id: str, reason: str) -> None:
    """Leave it where it is; an empty reason lets it go on. What is shredded waits for nothing any more."""
    said = worded(reason)
    if get(tx, recording_id).state is State.EXPIRED and said:
        return
    tx.execute("UPDATE recordings SET parked = ? WHERE id = ?", (said, recording_id))
    chain.append(tx, "recording.parked" if said else "recording.unparked", recording=recording_id, reason=said)


def get(connection: sqlite3.Connection, recording_id: str) -> Recording:
    """One recording; NotFound."""
    row = connection.execute(f"SELECT {COLUMNS} FROM recordings WHERE id = ?", (recording_id,)).fetchone()  # noqa: S608 - constant
    if row is None:
        raise NotFound("no such recording here", remedy="edge-agent status")
    return recorded(row)


def unfinished(connection: sqlite3.Connection) -> Sequence[Recording]:
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM recordings WHERE parked = '' AND state IN (?, ?, ?) "  # noqa: S608
        "AND id NOT IN (SELECT recording FROM shredding) ORDER BY captured_at, id",
        _GOING_ON,
    )
    return [recorded(row) for row in rows]


def lateness(connection: sqlite3.Connection, count: int) -> Sequence[timedelta]:
    """How long after their recording began the last analyses were committed, newest first."""
    rows = connection.execute(
        "SELECT analyses.at, circumstances FROM analyses JOIN recordings ON recordings.id = recording "
        "WHERE ruleset NOT GLOB '*+*' ORDER BY analyses.id DESC LIMIT ?", (count,),
    )  # fmt: skip
    return [datetime.fromisoformat(at) - msgspec.json.decode(text, type=Circumstances).started_at for at, text in rows]


def twin(connection: sqlite3.Connection, digest: str) -> str | None:
    """The first recording with this content that was not rejected, nor shredded for want of a consent record."""
    row = connection.execute(
        "SELECT id FROM recordings WHERE digest = ? AND digest <> '' AND state <> ? AND NOT (state = ? AND reason = 'due.grace') "
        "ORDER BY captured_at, id LIMIT 1",
        (digest, State.REJECTED, State.EXPIRED),
    ).fetchone()
    return None if row is None else str(row[0])


def namesake(connection: sqlite3.Connection, reference: str) -> str | None:
    """The first sealed touch under this reference that was not rejected, nor shredded for want of a consent record."""
    row = connection.execute(
        "SELECT id FROM recordings WHERE reference = ? AND reference <> '' AND state NOT IN (?, ?) "
        "AND NOT (state = ? AND reason = 'due.grace') ORDER BY captured_at, id LIMIT 1",
        (reference, State.CAPTURED, State.REJECTED, State.EXPIRED),
    ).fetchone()
    return None if row is None else str(row[0])


def recorded(row: Any) -> Recording:
    """A row of `COLUMNS` as the domain knows it."""
    identity, state, text, digest, size_bytes, captured_at, parked, rep, customer, late = row
    said = msgspec.json.decode(text, type=Circumstances)
    around = replace(said, rep=rep or "", customer=customer or "", consent=Consent(late) if late else said.consent)
    return Recording(
        id=identity, state=State(state), circumstances=around, digest=digest,
        size_bytes=size_bytes, captured_at=datetime.fromisoformat(captured_at), parked=parked,
    )  # fmt: skip


def worded(reason: str) -> str:
    return reason if not reason or _CODE.fullmatch(reason) else "unnamed"


def _step(tx: Transaction, recording_id: str, to: State) -> None:
    now = get(tx, recording_id).state
    if to not in LIFE[now]:
        raise NotAllowed(f"recording {recording_id} is `{now}` and cannot become `{to}`")
    tx.execute("UPDATE recordings SET state = ? WHERE id = ?", (to, recording_id))
