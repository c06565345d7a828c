"""How recordings end: legal holds, the decision to shred, withdrawal, erasure, and the last step to `expired`.

Shredding is three steps, each of which may be repeated after a power cut: `expiring` writes the decision (from then on nothing
is analysed or committed any more), the vault destroys the keys, `shredded` says so. The decision lies in `shredding` until then,
so whoever starts next goes on from there.

A legal hold outranks the rest: expiry, a full disk and a missing consent wait for it. A withdrawal under a hold stops all use
at once (nothing is analysed, tags are withdrawn at HQ) while the sealed objects stay until it is lifted; an erasure is refused
(PIPL art. 47 (2), GDPR art. 17 (3) (b) and (e): where law or a claim asks for it, processing stops but for safe keeping).
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_agent.domain.consent import Party, Statement
from edge_agent.domain.recording import Kind, State
from edge_agent.errors import NotAllowed, NotFound, Unavailable
from edge_agent.ids import new_id
from edge_agent.ledger import ages, consents, envelopes, findings, history, lifecycle, observed, scans
from edge_agent.ledger.audit import broken, stamp
from edge_agent.ledger.database import Transaction, set_meta
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.subjects import recordings_of
from edge_agent.ledger.writer import Writer
from edge_agent.ports import Analysis, Kept

WITHDRAWN: Final = "withdrawn"
ERASED: Final = "erased"
FORGETTING: Final = "forgetting"
"""In `meta` once a person was erased or observations were deleted, until the write-ahead log, which has it still, is cut off."""
_HELD: Final = "SELECT recording FROM holds"
_KEPT: Final = f"""SELECT id, kind, state, parked, captured_at,
    (SELECT json_group_array(json_array(code, severity)) FROM tags WHERE tags.recording = recordings.id AND {findings.CURRENT}),
    (SELECT COALESCE(SUM(sealed_bytes), 0) FROM objects WHERE recording = recordings.id),
    id IN ({_HELD}), id IN (SELECT recording FROM shredding)
    FROM recordings WHERE state NOT IN ('captured', 'expired') ORDER BY captured_at, id"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One legal hold on one recording and all that was made of it; `reason` is a code of the store's own."""

    id: str
    recording: str
    reason: str
    at: datetime


class Keeping:
    """Implements `ports.Keeper`, and what persons and officers may ask for besides."""

    def __init__(self, writer: Writer, outbox: Outbox) -> None:
        self._writer = writer
        self._chain = writer.chain
        self._outbox = outbox

    def kept(self) -> Sequence[Kept]:
        return self._writer.database.reading(kept)

    def settled(self) -> bool:
        self._writer.write(lambda _: None)  # notes a step of the clock that nothing was written after yet
        mono_ms = self._writer.terms.boot.mono_ms()
        return self._writer.database.reading(lambda tx: ages.settled(tx, mono_ms=mono_ms))

    def expiring(self, recordings: Mapping[str, str]) -> None:
        self._writer.write(lambda tx: self._decide(tx, recordings))

    def to_shred(self) -> Mapping[str, Sequence[str]]:
        return self._writer.database.reading(to_shred)

    def shredded(self, recordings: Sequence[str]) -> None:
        self._writer.write(lambda tx: self._end(tx, recordings))

    def withdraw(self, said: Statement, *, past: bool = True) -> Sequence[str]:
        """Enter a withdrawal; with `past`, of everything recorded so far too. Returns the recordings that are to be shredded.

        Raises:
            NotFound, NotAllowed: it speaks of one recording that is not here, or still being taken in.
        """
        return self._writer.write(lambda tx: self._withdraw(tx, said, past=past))

    def erase(self, party: Party, pseudonym: str) -> Sequence[str]:
        """Shred everything a person is on, withdraw its tags, forget who it was; returns the recordings.

        Raises:
            NotFound: nothing here is linked to that person. NotAllowed: a legal hold stands against it; nothing was done.
            Unavailable: a recording of theirs is just being taken in.
        """
        return self._writer.write(lambda tx: self._erase(tx, party, pseudonym))

    def hold(self, object_or_recording: str, reason: str) -> Hold:
        """Keep a recording, with all that was made of it, until the hold is lifted. NotFound, NotAllowed."""
        return self._writer.write(lambda tx: self._hold(tx, object_or_recording, reason))

    def lift(self, object_or_recording: str, reason: str) -> Sequence[Hold]:
        """Lift the holds with this reason; NotFound when there is none."""
        return self._writer.write(lambda tx: self._lift(tx, object_or_recording, reason))

    def objects(self) -> frozenset[str]:
        """Every object that belongs to a recording, shredded ones too."""
        rows = self._writer.database.read("SELECT id FROM recordings UNION SELECT id FROM objects")
        return frozenset(row[0] for row in rows)

    def _decide(self, tx: Transaction, recordings: Mapping[str, str]) -> None:
        at = self._writer.now()
        for recording_id, reason in recordings.items():
            state = lifecycle.get(tx, recording_id).state
            if state in {State.CAPTURED, State.EXPIRED}:
                continue
            new = tx.execute("INSERT OR IGNORE INTO shredding VALUES (?, ?, ?)", (recording_id, reason, at)).rowcount
            if new:
                self._chain.append(tx, "recording.expiring", recording=recording_id, reason=reason)

    def _end(self, tx: Transaction, recordings: Iterable[str]) -> None:
        for recording_id in recordings:
            row = tx.execute("SELECT reason FROM shredding WHERE recording = ?", (recording_id,)).fetchone()
            if row is None:
                continue
            if lifecycle.get(tx, recording_id).state is State.ANALYSED:
                lifecycle.move(tx, self._chain, recording_id, State.CLOSED, reason=row[0])
            lifecycle.move(tx, self._chain, recording_id, State.EXPIRED, reason=row[0])
            if observed.forget(tx, recording_id):
                set_meta(tx, FORGETTING, new_id())
            tx.execute("DELETE FROM shredding WHERE recording = ?", (recording_id,))

    def _withdraw(self, tx: Transaction, said: Statement, *, past: bool) -> Sequence[str]:
        if said.party is Party.RECORDING and lifecycle.get(tx, said.subject).state is State.CAPTURED:
            raise NotAllowed(f"recording {said.subject} is still being taken in", remedy="try again in a moment")
        consents.state(tx, self._chain, said)
        if not past:
            return ()
        found = [said.subject] if said.party is Party.RECORDING else recordings_of(tx, said.party, said.subject)
        return self._take_back(tx, found, WITHDRAWN)

    def _erase(self, tx: Transaction, party: Party, pseudonym: str) -> Sequence[str]:
        found = recordings_of(tx, party, pseudonym)
        if not found and not consents.statements(tx, party, pseudonym):
            raise NotFound("nothing here is linked to that person", remedy="check the code", zh="本机没有与此人有关的记录")
        if any(lifecycle.get(tx, one).state is State.CAPTURED for one in found):
            raise Unavailable(
                "a recording of that person is just being taken in", remedy="try again in a moment, with the worker running",
                zh="此人的录音正在接收，请稍后再试",
            )  # fmt: skip
        held = [one for (one,) in tx.execute(f"{_HELD} ORDER BY recording") if one in found]
        if held:
            raise NotAllowed(
                f"a legal hold keeps {len(held)} of {len(found)} recordings, {held[0]} first; nothing was erased",
                remedy="lift it (`edge-agent retention hold lift`), or stop all use meanwhile: `edge-agent consent withdraw`",
                zh="部分录音处于法律保全，解除前不能删除；可先撤回同意以停止使用",
            )  # fmt: skip
        going = self._take_back(tx, found, ERASED)
        consents.forget(tx, self._chain, party, pseudonym)
        set_meta(tx, FORGETTING, new_id())
        return going

    def _take_back(self, tx: Transaction, recordings: Sequence[str], reason: str) -> Sequence[str]:
        there = [one for one in recordings if lifecycle.get(tx, one).state not in {State.CAPTURED, State.EXPIRED}]
        for recording_id in there:
            self._withdraw_tags(tx, recording_id, reason)
        self._decide(tx, dict.fromkeys(there, reason))
        self._outbox.bound(tx)
        return there

    def _withdraw_tags(self, tx: Transaction, recording_id: str, reason: str) -> None:
        """An analysis without findings supersedes what stood; HQ is told under the ruleset that had found it."""
        row = tx.execute(
            "SELECT ruleset, models FROM analyses WHERE recording = ? ORDER BY id DESC LIMIT 1", (recording_id,)
        ).fetchone()
        if row is None or findings.known(tx, recording_id, reason):
            return
        empty = Analysis(ruleset=reason, models=msgspec.json.decode(row[1], type=tuple[str, ...]), tags=())
        number, tags = findings.add(tx, recording_id, empty, at=self._writer.now(), over="all")
        told = envelopes.of_analysis(
            self._writer.terms, lifecycle.get(tx, recording_id), replace(empty, ruleset=row[0].partition(findings.LATER)[0]), tags
        ) if tags else ()  # fmt: skip
        rows = [self._outbox.put(tx, rank, build) for rank, build in told]
        self._chain.append(
            tx, "tags.withdrawn", recording=recording_id, analysis=number, reason=reason, tags=len(tags),
            findings=findings.digest(tx, number), rows=[{"seq": seq, "sha256": digest} for seq, digest in rows],
        )  # fmt: skip
        history.mark(tx, recording_id)
        scans.mark(tx, recording_id)

    def _hold(self, tx: Transaction, object_or_recording: str, reason: str) -> Hold:
        recording_id = recording_of(tx, object_or_recording)
        if lifecycle.get(tx, recording_id).state is State.EXPIRED:
            raise NotAllowed(f"recording {recording_id} is shredded already", zh="该录音已销毁")
        going = tx.execute("SELECT 1 FROM shredding WHERE recording = ?", (recording_id,)).fetchone()
        if going and not holds(tx, recording_id):
            raise NotAllowed(f"recording {recording_id} is being shredded", zh="该录音正在销毁")
        made = Hold(id=new_id(), recording=recording_id, reason=reason, at=self._writer.terms.clock.now())
        tx.execute("INSERT INTO holds VALUES (?, ?, ?, ?)", (made.id, made.recording, made.reason, stamp(made.at)))
        self._chain.append(tx, "hold.added", hold=made.id, recording=made.recording, reason=made.reason)
        return made

    def _lift(self, tx: Transaction, object_or_recording: str, reason: str) -> Sequence[Hold]:
        found = [one for one in holds(tx, recording_of(tx, object_or_recording)) if one.reason == reason]
        if not found:
            raise NotFound("no such hold", remedy="edge-agent retention hold list", zh="没有这项法律保全")
        for one in found:
            tx.execute("DELETE FROM holds WHERE id = ?", (one.id,))
            self._chain.append(tx, "hold.lifted", hold=one.id, recording=one.recording, reason=one.reason)
        return found


def kept(connection: sqlite3.Connection) -> Sequence[Kept]:
    """Every recording that still has keys, oldest first."""
    moved = ages.shifts(connection)
    return [
        Kept(
            recording=identity, kind=Kind(kind), state=State(state), parked=parked,
            captured_at=datetime.fromisoformat(captured) + moved.get(identity, timedelta()),
            findings=frozenset(msgspec.json.decode(found, type=list[tuple[str, str]])), bytes=size, held=bool(held),
            going=bool(going),
        )
        for identity, kind, state, parked, captured, found, size, held, going in connection.execute(_KEPT)
    ]  # fmt: skip


def to_shred(connection: sqlite3.Connection) -> Mapping[str, Sequence[str]]:
    """Recordings whose shredding is decided and not held, oldest first, each with its media object and all made of it."""
    found: dict[str, list[str]] = {}
    for recording_id, object_id in connection.execute(
        "SELECT shredding.recording, objects.id FROM shredding LEFT JOIN objects ON objects.recording = shredding.recording "
        "WHERE shredding.recording NOT IN (SELECT recording FROM holds) ORDER BY shredding.recording, objects.rowid"
    ):
        ids = found.setdefault(recording_id, [recording_id])
        if object_id is not None and object_id not in ids:
            ids.append(object_id)
    return found


def holds(connection: sqlite3.Connection, recording_id: str | None = None) -> Sequence[Hold]:
    """The holds in force, of one recording or all, oldest first."""
    where, values = ("", ()) if recording_id is None else ("WHERE recording = ?", (recording_id,))
    rows = connection.execute(f"SELECT id, recording, reason, at FROM holds {where} ORDER BY rowid", values)  # noqa: S608
    return [Hold(id=one, recording=of, reason=why, at=datetime.fromisoformat(at)) for one, of, why, at in rows]


def recording_of(connection: sqlite3.Connection, object_or_recording: str) -> str:
    """The recording that an object belongs to, or that the id names; NotFound."""
    row = connection.execute(
        "SELECT id FROM recordings WHERE id = :id UNION SELECT recording FROM objects WHERE id = :id",
        {"id": object_or_recording},
    ).fetchone()
    if row is None:
        raise NotFound("no such recording or object here", remedy="edge-agent status", zh="本机没有这个录音")
    return str(row[0])


def check(connection: sqlite3.Connection) -> None:
    """LedgerBroken when a hold or a decision to shred that the log speaks of is not there, or one that it does not."""
    bound: dict[tuple[str, ...], int] = {}
    last = 0
    for seq, kind, text in connection.execute("SELECT seq, kind, body FROM audit ORDER BY seq"):
        last = seq
        body = json.loads(text) if kind.startswith(("hold.", "recording.exp")) else {}
        if not body:
            continue
        key = (body["recording"], body["reason"], body["hold"]) if "hold" in body else (body["recording"],)
        if kind in {"hold.added", "recording.expiring"}:
            bound[key] = seq
        else:
            bound.pop(key, None)
    rows = (
        *connection.execute("SELECT recording, reason, id FROM holds"),
        *connection.execute("SELECT recording FROM shredding"),
    )
    for there in rows:
        if bound.pop(there, None) is None:
            raise broken(last + 1, "is missing: there is a hold or a pending shredding that no row speaks of")
    for seq in bound.values():
        raise broken(seq, "no longer describes the hold or the shredding it speaks of")
