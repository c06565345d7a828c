"""Histories of persons: which recordings wait to be judged over days, what their persons' hits are, and how conclusions are kept.

An analysis marks its recording in `to_judge`, in its own transaction; a judgement takes the mark away in the transaction that
writes what follows, so that a kill in between loses and doubles nothing. A mark may lie in the future: then time alone decides.
A conclusion belongs to the recording of its anchor and is written like an analysis, under `<ruleset>+<number>`: a later word on
the same recording. It leaves the box under the plain ruleset. Persons are found by their links in `subjects`: once a link is
forgotten there is no history.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from edge_agent import log
from edge_agent.domain.consent import Party
from edge_agent.domain.history import DELIVERED, LONGEST_MS, History, Past, Whose, delivered, ms_of, stands_for
from edge_agent.domain.recording import Circumstances
from edge_agent.errors import LedgerBroken, Unavailable
from edge_agent.ledger import ages, findings, later
from edge_agent.ledger.audit import stamp
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.writer import Writer
from edge_agent.ports import Historian

AT_ONCE: Final = ""
NOTHING: Final[Mapping[str, str]] = {}
AGAIN: Final = timedelta(hours=1)
_PARTY: Final = {Whose.CUSTOMER: Party.CUSTOMER, Whose.REP: Party.REP}
_OF: Final = f"""SELECT {", ".join(f"tags.{name.strip()}" for name in findings.COLUMNS.split(","))}, circumstances
    FROM subjects JOIN recordings ON recordings.id = subjects.recording JOIN tags ON tags.recording = subjects.recording
    JOIN analyses ON analyses.id = tags.analysis
    WHERE subjects.party = ? AND subjects.pseudonym = ? AND subjects.began_ms >= ?
    AND tags.code IN (SELECT value FROM json_each(?)) AND analyses.ruleset {{}} GLOB '*+*' AND {findings.CURRENT}"""  # noqa: S608 - constants
_LAST: Final = f"""{_OF.format("NOT").replace("began_ms >=", "began_ms <")} AND tags.speaker <> ?
    ORDER BY subjects.began_ms DESC, tags.start_ms DESC LIMIT 1"""
_DELIVERED: Final = """SELECT subjects.recording, subjects.began_ms, facts FROM subjects
    JOIN analyses ON analyses.recording = subjects.recording WHERE subjects.party = ? AND subjects.pseudonym = ?
    AND subjects.began_ms >= ? AND ruleset NOT GLOB '*+*' ORDER BY analyses.id"""
_WRITTEN: Final = """SELECT written_ms FROM recordings WHERE written_ms <= ? AND +state IN ('analysed', 'closed', 'expired')
    ORDER BY written_ms DESC LIMIT 1"""
_WAITING: Final = """SELECT parked, subjects.began_ms FROM subjects JOIN recordings ON recordings.id = subjects.recording
    WHERE subjects.party = ? AND subjects.pseudonym = ? AND subjects.began_ms >= ? AND state IN ('captured', 'sealed')
    AND recordings.id NOT IN (SELECT recording FROM shredding)"""


def mark(tx: Transaction, recording_id: str) -> None:
    """What was found in this recording has changed: its persons are to be judged anew."""
    tx.execute(
        "INSERT OR IGNORE INTO to_judge SELECT ?, ? WHERE EXISTS (SELECT 1 FROM subjects WHERE recording = ?)",
        (recording_id, AT_ONCE, recording_id),
    )


def due(view: sqlite3.Connection, now: str) -> Sequence[str]:
    """Recordings whose persons are to be judged by now, oldest first."""
    rows = view.execute("SELECT DISTINCT recording FROM to_judge WHERE at <= ? ORDER BY recording", (now,))
    return [row[0] for row in rows]


class Judging:
    """Takes the marks that are due, one transaction for each recording."""

    def __init__(self, writer: Writer, outbox: Outbox) -> None:
        self._writer, self._outbox = writer, outbox

    def judge(self, historian: Historian | None) -> int:
        """How many tags were given or withdrawn; without a historian the marks are only taken away."""
        waiting = self._writer.database.reading(lambda tx: due(tx, self._writer.now()))
        return sum(self._tried(one, historian) for one in waiting)

    def _tried(self, recording_id: str, historian: Historian | None) -> int:
        """One of them; what fails is tried again later and holds nobody else up."""
        try:
            return self._writer.write(lambda tx: self._one(tx, recording_id, historian))
        except (LedgerBroken, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - a rule that nobody foresaw must not end the worker
            self._writer.write(lambda tx: self._put_off(tx, recording_id))
            log.get().warning("history.deferred", recording=recording_id, error=type(error).__name__)
            return 0

    def _put_off(self, tx: Transaction, recording_id: str) -> None:
        now = self._writer.terms.clock.now()
        tx.execute("DELETE FROM to_judge WHERE recording = ? AND at <= ?", (recording_id, stamp(now)))
        tx.execute("INSERT OR IGNORE INTO to_judge VALUES (?, ?)", (recording_id, stamp(now + AGAIN)))

    def _one(self, tx: Transaction, recording_id: str, historian: Historian | None) -> int:
        now = self._writer.terms.clock.now()
        tx.execute("DELETE FROM to_judge WHERE recording = ? AND at <= ?", (recording_id, stamp(now)))
        if historian is None:
            return 0
        said: dict[str, list[Past]] = {}
        links = tx.execute("SELECT party, pseudonym, began_ms FROM subjects WHERE recording = ?", (recording_id,)).fetchall()
        for party, pseudonym, began in links:
            history = self._history(tx, Whose(party), pseudonym, began, historian)
            judged = historian.judge(history)
            for past in (*judged.new, *judged.gone):
                said.setdefault(past.recording, []).append(past)
            marks = ((recording, stamp(datetime.fromtimestamp(ms / 1000, UTC))) for recording, ms in judged.due)
            tx.executemany("INSERT OR IGNORE INTO to_judge VALUES (?, ?)", marks)
        written = sum(self._write(tx, recording, pasts, historian.ruleset) for recording, pasts in sorted(said.items()))
        if written:
            self._outbox.bound(tx)
        return written

    def _history(self, tx: Transaction, whose: Whose, pseudonym: str, since_ms: int, historian: Historian) -> History:
        boot, now = self._writer.terms.boot, self._writer.terms.clock.now()
        return read(
            tx, whose, pseudonym, since_ms=since_ms, heard=historian.heard[whose], judged=historian.judged[whose],
            lasting=historian.lasting[whose], now_ms=ms_of(now), settled=ages.settled(tx, mono_ms=boot.mono_ms()),
        )  # fmt: skip

    def _write(self, tx: Transaction, recording_id: str, pasts: Iterable[Past], ruleset: str) -> int:
        tags = [past.tag for past in pasts]
        return len(later.write(tx, self._writer, self._outbox, recording_id, tags, ruleset=ruleset, leaf="history.judged"))


def read(
    view: sqlite3.Connection,
    whose: Whose,
    pseudonym: str,
    *,
    since_ms: int,
    heard: Mapping[str, int],
    judged: Mapping[str, int],
    now_ms: int,
    lasting: Mapping[str, str] = NOTHING,
    settled: bool = True,
) -> History:
    """A person's hits of `heard` and conclusions of `judged`, from whole recordings that reach back before `since_ms`.

    Each code comes with how far before: of what is `lasting` the last one before that is read, too.
    """
    who = (_PARTY[whose].value, pseudonym)
    hits = [past for within in _queries(who, since_ms, heard) for past in _pasts(view.execute(_OF.format("NOT"), within))]
    stood = [past for within in _queries(who, since_ms, judged) for past in _pasts(view.execute(_OF.format(""), within))]
    for code, voice in lasting.items():
        before = (*who, since_ms - heard[code] - LONGEST_MS, msgspec.json.encode([code]).decode(), voice)
        hits += _pasts(view.execute(_LAST, before))
    if DELIVERED in heard:
        hits += _touches(view.execute(_DELIVERED, (*who, since_ms - heard[DELIVERED] - LONGEST_MS)))
    waiting = view.execute(_WAITING, (*who, since_ms - max(heard.values(), default=0) - LONGEST_MS)).fetchall()
    written = view.execute(_WRITTEN, (now_ms,)).fetchone()
    return History(
        whose=whose, since_ms=since_ms, now_ms=now_ms, hits=sorted(hits, key=_order), stood=sorted(stood, key=_order),
        waiting_ms=min((began_ms for parked, began_ms in waiting if not parked), default=None),
        parked_ms=sorted(began_ms for parked, began_ms in waiting if parked),
        written_ms=written[0] if written else None, settled=settled,
    )  # fmt: skip


def _touches(rows: Iterable[tuple[str, int, str]]) -> Iterable[Past]:
    """What was delivered, as the last analysis of each recording has it: nothing once that was withdrawn."""
    last = {recording: (began_ms, text) for recording, began_ms, text in rows}
    return [delivered(one, began_ms, findings.facts_of(text)) for one, (began_ms, text) in last.items() if text]


def _pasts(rows: Iterable[tuple[Any, ...]]) -> list[Past]:
    arounds: dict[str, Circumstances] = {}
    found = []
    for *row, text in rows:
        recording, tag = findings.tag_of(row)
        around = arounds.get(recording)
        if around is None:
            around = arounds[recording] = msgspec.json.decode(text, type=Circumstances)
        brand = stands_for(dict(tag.slots).get("brand"), around)
        found.append(Past(recording=recording, began_ms=ms_of(around.started_at), tag=tag, brand=brand))
    return found


def _order(past: Past) -> tuple[int, int, int, str, str]:
    return past.order


def _queries(who: tuple[str, str], since_ms: int, reaches: Mapping[str, int]) -> Iterator[tuple[str, str, int, str]]:
    """The parameters of one query for each reach."""
    for reach_ms in sorted(set(reaches.values())):
        codes = sorted(code for code, reach in reaches.items() if reach == reach_ms)
        yield (*who, since_ms - reach_ms - LONGEST_MS, msgspec.json.encode(codes).decode())
