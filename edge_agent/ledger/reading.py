"""What the command line shows: recordings, tags with their evidence, scores and the state of the whole, read-only.

Runs beside a working worker; each answer is one short transaction, so a reader never holds the write-ahead log back.
"""

import sqlite3
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec

from edge_agent.domain.floor import FloorScore
from edge_agent.domain.history import History, Whose, ms_of
from edge_agent.domain.insights import Insights
from edge_agent.domain.metrics import Metrics
from edge_agent.domain.observation import Scanned
from edge_agent.domain.recording import Circumstances, Recording
from edge_agent.domain.scores import Override
from edge_agent.domain.shelf import ShelfScore
from edge_agent.domain.watching import place_of
from edge_agent.errors import NotFound, Unavailable
from edge_agent.ledger import closings, database, findings, history, keeping, lifecycle, openings, overrides, scans
from edge_agent.ledger.audit import Sign
from edge_agent.ledger.findings import StoredTag
from edge_agent.ledger.integrity import verify_chain
from edge_agent.ledger.openings import OpeningRow
from edge_agent.ports import Historian

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """`pending` rows wait for HQ's watermark, `kept` ones have passed it; `beyond` > 0: HQ knows rows that this box lost."""

    epoch: str
    highest: int
    committed: int
    pending: int
    kept: int
    bytes: int
    shed: int
    dead: int
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStatus:
    """The ledger at a glance. `states` counts recordings; `parked` are (recording, reason)."""

    gateway: str
    tenant: str
    states: dict[str, int]
    parked: tuple[tuple[str, str], ...]
    tags: int
    outbox: OutboxStatus
    audit_rows: int
    media: str
    """`open` or `stopped` (too little free disk)."""
    ballast: str
    """`kept` or `freed`."""


class LedgerReader:
    """Raises NotFound, and Unavailable when there is no ledger yet."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        from sqlite_utils import Database  # noqa: PLC0415 - it imports numpy

        self._connection = connection
        self._db = Database(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        if not path.is_file():
            raise Unavailable("there is no ledger here yet", remedy="ingest something first", zh="还没有任何记录")
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False,
                timeout=database.BUSY_MS / 1000,
            )  # fmt: skip
            return cls(connection)
        except sqlite3.Error as error:
            raise database.translated(error) from error

    def recordings(self) -> Sequence[Recording]:
        """All recordings, oldest first."""
        rows = self._query(f"SELECT {lifecycle.COLUMNS} FROM recordings ORDER BY captured_at, id")  # noqa: S608 - constant
        return [lifecycle.recorded(tuple(row.values())) for row in rows]

    def tags(self, recording: str | None = None, *, superseded: bool = False) -> Sequence[StoredTag]:
        """Tags in the order of their stamps; only those in force unless `superseded`."""
        where = "1" if recording is None else "tags.recording = :recording"
        found = self._stored(where, recording=recording)
        return [one for one in found if one.current or superseded]

    def tag(self, tag_id: str) -> StoredTag:
        """One tag with its evidence. `tag_id` may be shortened as long as it is unique."""
        found = list(self._stored("tags.id = :id", id=tag_id)) or list(
            self._stored("substr(tags.id, -length(:id)) = :id", id=tag_id)
        )
        if len(found) != 1 or not tag_id:
            raise NotFound("no such tag here, or more than one", remedy="edge-agent tags lists them")
        return found[0]

    def score(self, recording: str) -> ShelfScore:
        """The newest score of a shelf scan."""
        score = self.scored(recording)
        if score is None:
            raise NotFound("no shelf score for that recording", remedy="edge-agent status")
        return score

    def scored(self, recording: str) -> ShelfScore | None:
        """The same, None when there is none."""
        found = self._score(recording)
        return findings.score_of(found) if found else None

    def floor(self, recording: str) -> FloorScore:
        """The newest score of a floor recording."""
        found = self._score(recording)
        if not found:
            raise NotFound("no floor score for that recording", remedy="edge-agent status")
        return findings.floor_of(found)

    def _score(self, recording: str) -> str:
        rows = self._query(
            "SELECT score FROM analyses WHERE recording = :recording AND score <> '' ORDER BY id DESC LIMIT 1",
            recording=recording,
        )
        return next((str(row["score"]) for row in rows), "")

    def metrics(self, recording: str) -> Metrics | None:
        """How a call was conducted, by its newest analysis that measured it."""
        rows = self._query(
            "SELECT metrics FROM analyses WHERE recording = :recording AND metrics <> '' ORDER BY id DESC LIMIT 1",
            recording=recording,
        )
        return next((findings.metrics_of(row["metrics"]) for row in rows), None)

    def insights(self, recording: str) -> Insights | None:
        """What was concluded from a call, by its newest analysis that concluded anything; nothing once its use was forbidden."""
        rows = self._query(
            "SELECT insights FROM analyses WHERE recording = :recording AND insights <> '' AND id > (SELECT COALESCE(MAX(id), 0) "
            "FROM analyses WHERE recording = :recording AND ruleset IN (:withdrawn, :erased)) ORDER BY id DESC LIMIT 1",
            recording=recording, withdrawn=keeping.WITHDRAWN, erased=keeping.ERASED,
        )  # fmt: skip
        return next((findings.insights_of(row["insights"]) for row in rows), None)

    def gone(self, tags: Collection[str]) -> frozenset[str]:
        """Which of these tags stand no more, in their place neither: taken back, or never kept since they had been before."""
        later = (
            "WITH RECURSIVE line (first, id) AS (SELECT value, value FROM json_each(:tags) UNION SELECT first, tags.id FROM tags "
            "JOIN line ON tags.supersedes = line.id AND tags.supersedes <> '')"
        )
        rows = self._query(
            f"{later} SELECT DISTINCT first FROM line JOIN tags ON tags.id = line.id WHERE {findings.CURRENT}",  # noqa: S608
            tags=msgspec.json.encode(sorted(tags)).decode(),
        )
        return frozenset(tags) - {row["first"] for row in rows}

    def overrides(self, recording: str) -> Sequence[Override]:
        """What persons said about a recording's scores, oldest first."""
        try:
            return overrides.of(self._connection, recording)
        except sqlite3.Error as error:
            raise database.translated(error) from error

    def histories(self, historian: Historian, around: Circumstances) -> Sequence[History]:
        """What is known of the persons of a talk that begins now, for rules over days that listen to it live."""
        since = ms_of(around.started_at)
        persons = ((Whose.CUSTOMER, around.customer), (Whose.REP, around.rep))
        with self._one_view():
            return [
                history.read(
                    self._connection, whose, pseudonym, since_ms=since,
                    heard=historian.heard[whose], judged=historian.judged[whose], lasting=historian.lasting[whose], now_ms=since,
                )
                for whose, pseudonym in persons if pseudonym
            ]  # fmt: skip

    def closings(self, recording: str | None = None) -> dict[str, str]:
        """Tags in force whose matter a later scan ended, and the recording of that scan."""
        try:
            kept = [one.tag.id for one in self.tags(recording)]
            return {one.tag: one.by for one in closings.standing(self._connection, kept)}
        except sqlite3.Error as error:
            raise database.translated(error) from error

    def scans(self, upto: Recording, count: int) -> Sequence[Scanned]:
        """What the last scans of its place observed, up to this one, in order; none where it is no scan."""
        around = upto.circumstances
        try:
            return scans.last(self._connection, place_of(around), (ms_of(around.started_at), upto.id), count)
        except sqlite3.Error as error:
            raise database.translated(error) from error

    def facts(self, recording: str) -> dict[str, float | bool]:
        """What another system measured and delivered with a touch; empty for everything else."""
        rows = self._query(
            "SELECT facts FROM analyses WHERE recording = :recording AND facts <> '' ORDER BY id DESC LIMIT 1",
            recording=recording,
        )
        return next((findings.facts_of(row["facts"]) for row in rows), {})

    def models(self, recording: str) -> tuple[str, ...]:
        """The models behind the newest analysis of a recording; empty before its first."""
        rows = self._query(
            "SELECT models FROM analyses WHERE recording = :recording ORDER BY id DESC LIMIT 1", recording=recording
        )
        return next((msgspec.json.decode(row["models"], type=tuple[str, ...]) for row in rows), ())

    def objects(self, recording: str) -> dict[str, str]:
        """Sealed objects of a recording: kind (`media`, `transcript`, `picture`) -> newest object id."""
        rows = self._query("SELECT kind, id FROM objects WHERE recording = :recording ORDER BY rowid", recording=recording)
        return {row["kind"]: row["id"] for row in rows}

    def opening_rows(self) -> Sequence[OpeningRow]:
        """All openings, oldest request first."""
        try:
            return openings.every(self._connection)
        except sqlite3.Error as error:
            raise database.translated(error) from error

    def all_objects(self, recording: str) -> Sequence[tuple[str, str]]:
        """(id, kind) of everything that was sealed of a recording, oldest first."""
        rows = self._query("SELECT id, kind FROM objects WHERE recording = :recording ORDER BY rowid", recording=recording)
        return [(row["id"], row["kind"]) for row in rows]

    def opening_events(self, objects: Container[str]) -> Sequence[tuple[str, str, dict[str, Any]]]:
        """(time, kind, body) of every audit row that speaks of opening one of these objects, oldest first."""
        found: list[tuple[str, str, dict[str, Any]]] = []
        requests: set[str] = set()
        for row in self._query(
            "SELECT at, kind, body FROM audit WHERE kind GLOB 'opening.*' OR kind = 'object.opened' ORDER BY seq"
        ):
            body = msgspec.json.decode(row["body"], type=dict[str, Any])
            if body.get("object") in objects or body.get("request") in requests:
                requests |= {body["request"]} if "request" in body else set()
                found.append((row["at"], row["kind"], body))
        return found

    def status(self) -> LedgerStatus:
        """Counts that belong together, whatever the worker does meanwhile."""
        with self._one_view():
            return self._status()

    def _status(self) -> LedgerStatus:
        meta = {row["key"]: row["value"] for row in self._query("SELECT key, value FROM meta")}
        states = self._query("SELECT state, COUNT(*) AS n FROM recordings GROUP BY state ORDER BY state")
        parked = self._query(
            "SELECT id, parked FROM recordings WHERE parked <> '' AND state <> 'expired' ORDER BY captured_at, id"
        )
        return LedgerStatus(
            gateway=meta.get("gateway", ""),
            tenant=meta.get("tenant", ""),
            states={row["state"]: row["n"] for row in states},
            parked=tuple((row["id"], row["parked"]) for row in parked),
            tags=self._count(f"tags WHERE {findings.CURRENT}"),
            outbox=OutboxStatus(
                epoch=meta.get("epoch", ""), highest=int(meta["highest"]), committed=int(meta["committed"]),
                pending=self._count("outbox WHERE state = 'live' AND committed_at = ''"),
                kept=self._count("outbox WHERE committed_at <> ''"), bytes=int(meta["outbox_bytes"]), shed=int(meta["shed"]),
                dead=int(meta["dead"]), beyond=int(meta.get("beyond", 0)),
            ),
            audit_rows=self._count("audit"),
            media=meta.get("media", "open"),
            ballast=meta.get("ballast", "freed"),
        )  # fmt: skip

    def viewing(self, body: Callable[[sqlite3.Connection], T]) -> T:
        """Run `body` against one consistent view of the file, whatever the worker does meanwhile."""
        with self._one_view():
            return body(self._connection)

    def origin(self) -> str:
        """The name of the audit log."""
        return self.viewing(lambda view: database.meta(view, "origin"))

    def verify_chain(self, *, sign: Sign | None = None) -> int:
        """See `integrity.verify_chain`; with the device's `sign` the signed head is checked too."""
        with self._one_view():
            return verify_chain(self._connection, sign=sign)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _one_view(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise database.translated(error) from error

    def _stored(self, where: str, **values: Any) -> Iterator[StoredTag]:
        columns = ", ".join(f"tags.{name.strip()}" for name in findings.COLUMNS.split(","))
        rows = self._query(
            f"SELECT {columns}, ruleset, {findings.CURRENT} AS current FROM tags JOIN analyses ON analyses.id = tags.analysis "  # noqa: S608
            f"WHERE {where} ORDER BY tags.recording, start_ms, end_ms, tags.id",
            **values,
        )
        for row in rows:
            *tag, ruleset, current = row.values()
            recording, found = findings.tag_of(tag)
            plain = ruleset.partition(findings.LATER)[0]
            yield StoredTag(recording=recording, tag=found, ruleset=plain, current=bool(current))

    def _count(self, what: str) -> int:
        return int(next(iter(self._query(f"SELECT COUNT(*) AS n FROM {what}")))["n"])  # noqa: S608 - constants above

    def _query(self, sql: str, **values: Any) -> Iterator[dict[str, Any]]:
        try:
            yield from self._db.query(sql, values)
        except sqlite3.Error as error:
            raise database.translated(error) from error
