"""Scans of places: which wait to be judged, what they observed, and how what follows from them is kept.

An analysis with observations marks its recording in `to_watch`, in its own transaction; judging its place takes the marks away
in the transaction that writes what follows, so that a kill in between loses and doubles nothing. Nobody waits for the judge: he
reads the scans a few at a time, in no transaction, and what he says is written only if all that he rested on is still so;
otherwise he judges again. A late scan is inserted: its place is judged anew from the state before it (`watched`), or, where none
is kept (other rules), from the first scan within its `REACH`, at most those of the last `HORIZON`. States follow from the scans
and bind nothing; of each place the last ones and the last of each day are kept.

Tags are written like conclusions over days (see `later`); that one is over is a row of `closings`, see there.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from edge_agent import log
from edge_agent.domain.history import ms_of
from edge_agent.domain.observation import Scanned
from edge_agent.domain.recording import Circumstances
from edge_agent.domain.watching import After, Closed, Placed, Series, Watched, place_of
from edge_agent.errors import LedgerBroken, Unavailable
from edge_agent.ledger import closings, findings, later, observed
from edge_agent.ledger.audit import stamp
from edge_agent.ledger.database import Transaction
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.writer import Writer
from edge_agent.ports import Watch

AT_ONCE: Final = ""
AGAIN: Final = timedelta(hours=1)
HORIZON: Final = timedelta(days=62)
REACH: Final = {"floor": timedelta(days=1)}
"""So far before a scan its place is judged anew where no state is kept: on a floor what nobody looks at is soon over."""
KEPT_STATES: Final = 16
CHUNK: Final = 64
TRIES: Final = 3
"""So often a place is judged anew at once when something came in between; after that its marks are left for the next turn."""
_MS: Final = timedelta(milliseconds=1)
_Moment = tuple[int, str]
_SCANS: Final = """SELECT recordings.id, circumstances, said FROM recordings JOIN analyses ON analyses.id = (
    SELECT MAX(id) FROM analyses AS one WHERE one.recording = recordings.id AND one.ruleset NOT GLOB '*+*')
    JOIN observations ON observations.analysis = analyses.id
    WHERE place = ? AND (scanned_ms, recordings.id) {} (?, ?) ORDER BY scanned_ms {}, recordings.id {}"""
_AFTER: Final = f"{_SCANS.format('>', '', '')} LIMIT ?"
_LAST: Final = f"{_SCANS.format('<=', 'DESC', 'DESC')} LIMIT ?"
_STOOD: Final = f"""SELECT {", ".join(f"tags.{name.strip()}" for name in findings.COLUMNS.split(","))}, scanned_ms
    FROM recordings JOIN tags ON tags.recording = recordings.id JOIN analyses ON analyses.id = tags.analysis
    WHERE place = ? AND scanned_ms >= ? AND tags.code IN (SELECT value FROM json_each(?)) AND analyses.ruleset GLOB '*+*'
    AND {findings.CURRENT}"""  # noqa: S608 - constants


def mark(tx: Transaction, recording_id: str) -> None:
    """What was observed in this recording has changed: its place is to be judged anew from there."""
    tx.execute(
        "INSERT OR IGNORE INTO to_watch SELECT id, ? FROM recordings WHERE id = ? AND place <> ''", (AT_ONCE, recording_id)
    )


def due(view: sqlite3.Connection, now: str) -> Sequence[str]:
    """Places that are to be judged by now."""
    rows = view.execute(
        "SELECT DISTINCT place FROM to_watch JOIN recordings ON recordings.id = recording WHERE at <= ? ORDER BY place", (now,)
    )
    return [row[0] for row in rows]


def last(view: sqlite3.Connection, place: str, upto: _Moment, count: int) -> Sequence[Scanned]:
    """What the last scans up to this one observed, by the newest analysis of each; nothing of what may not be used. In order."""
    return [_scanned(*row) for row in view.execute(_LAST, (place, *upto, count)).fetchall()][::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """All that a judgement rests on besides the scans. `marks`: those due, as (began, recording, newest analysis)."""

    marks: Sequence[tuple[int, str, int]]
    after: After
    stood: Sequence[Placed]
    closed: Sequence[Closed]

    @property
    def since(self) -> _Moment:
        return self.marks[0][:2]


class Watching:
    """Takes the marks that are due, one transaction for each place."""

    def __init__(self, writer: Writer, outbox: Outbox) -> None:
        self._writer, self._outbox = writer, outbox

    def watch(self, watch: Watch | None) -> int:
        """How many tags and closings were given or taken back; without who judges the marks are only taken away."""
        waiting = self._writer.database.reading(lambda tx: due(tx, self._writer.now()))
        return sum(self._tried(place, watch) for place in waiting)

    def _tried(self, place: str, watch: Watch | None) -> int:
        """One of them; what fails is tried again later and holds nobody else up."""
        try:
            if watch is None:
                return self._writer.write(lambda tx: self._taken(tx, place))
            written = (self._one(place, watch) for _ in range(TRIES))
            return next((count for count in written if count is not None), 0)
        except (LedgerBroken, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - an observation that nobody foresaw must not end the worker
            self._writer.write(lambda tx: self._put_off(tx, place))
            log.get().warning("scans.deferred", error=type(error).__name__)
            return 0

    def _put_off(self, tx: Transaction, place: str) -> None:
        again = stamp(self._writer.terms.clock.now() + AGAIN)
        marks = self._marks(tx, place)
        self._taken(tx, place)
        tx.executemany("INSERT OR IGNORE INTO to_watch VALUES (?, ?)", [(one, again) for _, one, _ in marks])

    def _marks(self, view: Transaction, place: str) -> Sequence[tuple[int, str, int]]:
        return view.execute(
            "SELECT DISTINCT scanned_ms, recording, (SELECT MAX(id) FROM analyses WHERE analyses.recording = to_watch.recording) "
            "FROM to_watch JOIN recordings ON recordings.id = recording WHERE at <= ? AND place = ? "
            "ORDER BY scanned_ms, recording",
            (self._writer.now(), place),
        ).fetchall()

    def _taken(self, tx: Transaction, place: str) -> int:
        """The marks of a place that are due are taken away; nothing follows from that."""
        tx.executemany("DELETE FROM to_watch WHERE recording = ?", [(one,) for _, one, _ in self._marks(tx, place)])
        return 0

    def _one(self, place: str, watch: Watch) -> int | None:
        """Judge one place; how much was written, None when something came in between."""
        grounds = self._writer.database.reading(lambda tx: self._grounds(tx, place, watch))
        if grounds is None:
            return 0
        found = watch.judge(
            Series(
                place=place, scans=self._scans(place, (grounds.after.began_ms, grounds.after.recording)), stood=grounds.stood,
                state=grounds.after.state, since=grounds.since, changed=[one for _, one, _ in grounds.marks],
                closed=grounds.closed,
            )
        )  # fmt: skip
        return self._writer.write(lambda tx: self._said(tx, place, watch, grounds, found))

    def _grounds(self, view: Transaction, place: str, watch: Watch) -> Grounds | None:
        marks = self._marks(view, place)
        if not marks:
            return None
        first = marks[0][:2]
        after = _before(view, place, watch.basis, first) or _oldest(view, place, first)
        stood = [Placed(recording=one, began_ms=began, tag=tag) for one, tag, began in _stood(view, place, after.since_ms, watch)]
        closed = closings.standing(view, [one.tag.id for one in stood])
        return Grounds(marks=marks, after=after, stood=stood, closed=closed)

    def _scans(self, place: str, after: _Moment) -> Iterator[Scanned]:
        """What was observed at a place after this, by the newest analysis of each recording; nothing of what may not be used."""
        while True:
            rows = self._writer.database.read(_AFTER, (place, *after, CHUNK))
            for row in rows:
                scanned = _scanned(*row)
                after = (ms_of(scanned.began_at), scanned.recording)
                yield scanned
            if len(rows) < CHUNK:
                return

    def _said(self, tx: Transaction, place: str, watch: Watch, grounds: Grounds, found: Watched) -> int | None:
        if self._grounds(tx, place, watch) != grounds:
            return None
        self._taken(tx, place)
        tx.execute(
            "DELETE FROM watched WHERE place = ? AND (basis <> ? OR (scanned_ms, recording) >= (?, ?))",
            (place, watch.basis, *grounds.since),
        )
        _remember(tx, place, watch.basis, found.after)
        written = self._write(tx, found, watch.ruleset)
        if written:
            self._outbox.bound(tx)
        return written

    def _write(self, tx: Transaction, found: Watched, ruleset: str) -> int:
        said: dict[str, list[Placed]] = {}
        for placed in (*found.new, *found.gone):
            said.setdefault(placed.recording, []).append(placed)
        kept: set[str] = set()
        for recording, all_of_it in sorted(said.items()):
            tags = [placed.tag for placed in all_of_it]
            written = later.write(tx, self._writer, self._outbox, recording, tags, ruleset=ruleset, leaf="scans.judged")
            kept |= {tag.id for tag in written}
        new = {placed.tag.id for placed in found.new}
        over = [one for one in found.closed if one.tag in kept or one.tag not in new]
        for one in found.reopened:
            closings.put(tx, self._writer, self._outbox, one, closings.REOPENED)
        for one in over:
            closings.put(tx, self._writer, self._outbox, one, closings.CLOSED)
        return len(kept) + len(over) + len(found.reopened)


def _oldest(view: Transaction, place: str, first: _Moment) -> After:
    """Where to begin when no state is kept: with nothing, `REACH` before the first scan that is to be judged."""
    (newest,) = view.execute("SELECT MAX(scanned_ms) FROM recordings WHERE place = ?", (place,)).fetchone()
    reach = REACH.get(place.partition(":")[0], HORIZON)
    since = max(newest - HORIZON // _MS, first[0] - reach // _MS)
    return After(began_ms=since, recording="", state="", since_ms=since)


def _before(tx: Transaction, place: str, basis: str, moment: _Moment) -> After | None:
    row = tx.execute(
        "SELECT scanned_ms, recording, state, since_ms FROM watched WHERE place = ? AND basis = ? "
        "AND (scanned_ms, recording) < (?, ?) ORDER BY scanned_ms DESC, recording DESC LIMIT 1",
        (place, basis, *moment),
    ).fetchone()
    return None if row is None else After(began_ms=row[0], recording=row[1], state=row[2], since_ms=row[3])


def _remember(tx: Transaction, place: str, basis: str, states: Sequence[After]) -> None:
    tx.executemany(
        "INSERT OR REPLACE INTO watched VALUES (?, ?, ?, ?, ?, ?)",
        [(place, one.began_ms, one.recording, basis, one.state, one.since_ms) for one in states],
    )
    tx.execute(
        "DELETE FROM watched WHERE place = :place AND (scanned_ms, recording) NOT IN ("
        "SELECT scanned_ms, recording FROM watched WHERE place = :place ORDER BY scanned_ms DESC, recording DESC LIMIT :last) "
        "AND (scanned_ms < (SELECT MAX(scanned_ms) FROM watched WHERE place = :place) - :horizon OR EXISTS ("
        "SELECT 1 FROM watched AS later WHERE later.place = watched.place AND later.scanned_ms / 86400000 = "
        "watched.scanned_ms / 86400000 AND (later.scanned_ms, later.recording) > (watched.scanned_ms, watched.recording)))",
        {"place": place, "last": KEPT_STATES, "horizon": HORIZON // _MS},
    )


def _stood(tx: Transaction, place: str, since_ms: int, watch: Watch) -> Sequence[tuple[str, Any, int]]:
    codes = msgspec.json.encode(sorted(watch.codes)).decode()
    return [(*findings.tag_of(row), began) for *row, began in tx.execute(_STOOD, (place, since_ms, codes)).fetchall()]


def _scanned(recording: str, circumstances: str, said: str) -> Scanned:
    around = msgspec.json.decode(circumstances, type=Circumstances)
    return Scanned(recording=recording, place=place_of(around), began_at=around.started_at, observations=observed.of(said))
