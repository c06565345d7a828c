"""Tags and scores of an analysis as rows, and back. Rows are written once and never changed.

A second analysis (another ruleset) *supersedes*: a new tag names the earlier one with the same code and speaker whose span it
meets; an earlier tag that is not found again is superseded by a `withdrawn` one. What a contest took back does not come again at
its place, whatever the rule, and neither does what rests on it. So a reader counts the tags that nobody supersedes and that are
not withdrawn. `digest` binds the rows of one analysis to its audit leaf.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from edge_agent.domain.floor import FloorScore
from edge_agent.domain.insights import Insights
from edge_agent.domain.metrics import Metrics
from edge_agent.domain.shelf import ShelfScore
from edge_agent.domain.tags import BehaviorTag, Evidence, SlotValue, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.ids import new_id
from edge_agent.ledger import observed
from edge_agent.ledger.audit import canonical
from edge_agent.ledger.database import Transaction
from edge_agent.ports import Analysis

COLUMNS: Final = (
    "id, recording, code, speaker, start_ms, end_ms, known_at_ms, confidence, severity, layer, rule, rule_digest, turn, status, "
    "supersedes, slots, evidence"
)
_HEAD: Final = "recording, ruleset, models, at, duration_ms, utterances, doubtful, score, metrics, insights, facts, observed"
_FIRST_HEAD: Final = 8
"""So many columns an analysis had at first; the later ones are the last, in the order they came."""
CONTEST: Final = "contest-"
"""Begins what stands behind the `+` where a decided contest took findings back."""
_RESTS: Final = frozenset({"reference", "anchor", "after", "opened", "miss", "link"})
"""Evidence that is another finding of the same talk. Not `absent`: what did not occur cannot be taken back."""
CURRENT: Final = (
    "status <> 'withdrawn' AND NOT EXISTS "
    "(SELECT 1 FROM tags AS later WHERE later.supersedes = tags.id AND later.supersedes <> '')"
)
"""A condition on `tags`. Its last part lets SQLite use the partial index; without it a count is quadratic."""
LATER: Final = "+"
"""In the ruleset of what was concluded later, over days (see `history`); a plain ruleset is in front of it."""

Over = Literal["all", "analysed", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTag:
    """A tag as the ledger holds it. `current` is False once a later one supersedes it, or when it withdraws one."""

    recording: str
    tag: BehaviorTag
    ruleset: str
    current: bool


def known(connection: sqlite3.Connection, recording_id: str, ruleset: str) -> bool:
    """Whether this ruleset's analysis of the recording was committed before."""
    return bool(
        connection.execute("SELECT 1 FROM analyses WHERE recording = ? AND ruleset = ?", (recording_id, ruleset)).fetchone()
    )


def add(
    tx: Transaction, recording_id: str, analysis: Analysis, *, at: str, over: Over = "analysed"
) -> tuple[int, Sequence[BehaviorTag]]:
    """Write an analysis; returns its number and the tags as they stand now, withdrawals included.

    `over` is what it supersedes: what earlier analyses found (the rule), conclusions over days as well, or nothing.
    """
    tags = _superseding(allowed(tx, recording_id, analysis.tags), _current(tx, recording_id, over))
    return _write(tx, recording_id, analysis, tags, at=at)


def allowed(tx: Transaction, recording_id: str, tags: Iterable[BehaviorTag]) -> tuple[BehaviorTag, ...]:
    """Without the findings that a contest took back of the same place, by whatever rule, and without what rests on them."""
    every, overturned = tuple(tags), _overturned(tx, recording_id)
    gone = [tag for tag in every if tag.status is not Status.WITHDRAWN and any(_there(old, tag) for old in overturned)]
    left = [tag for tag in every if tag not in gone]
    fallen = {tag.id for tag in resting([tag for tag in left if tag.status is not Status.WITHDRAWN], gone)}
    return tuple(tag for tag in left if tag.id not in fallen)


def resting(standing: Iterable[BehaviorTag], gone: Iterable[BehaviorTag]) -> Sequence[BehaviorTag]:
    """Which of the standing tags rest, through however many steps, on a finding that is gone and that nothing else stands for."""
    left, lost, fallen = list(standing), {_place(tag) for tag in gone}, list[BehaviorTag]()
    while True:
        lost -= {_place(tag) for tag in left}
        falls = [tag for tag in left if any(_refers(held) in lost for held in tag.evidence if held.kind in _RESTS)]
        if not falls:
            return fallen
        fallen += falls
        left = [tag for tag in left if tag not in falls]
        lost |= {_place(tag) for tag in falls}


def concluded_from(tx: Transaction, recording_id: str, gone: Sequence[BehaviorTag]) -> Sequence[BehaviorTag]:
    """What stands of the recording's own analysis and rests on these; conclusions over days are judged anew (see `history`)."""
    named = {tag.id for tag in gone}
    return resting([tag for tag in _current(tx, recording_id, "analysed") if tag.id not in named], gone)


def take_back(
    tx: Transaction, recording_id: str, entry: Analysis, tags: Iterable[BehaviorTag], *, at: str
) -> tuple[int, Sequence[BehaviorTag]]:
    """Withdraw these tags alone, under an entry of its own; returns its number and the withdrawals."""
    return _write(tx, recording_id, entry, [_withdrawn(tag) for tag in tags], at=at)


def _write(
    tx: Transaction, recording_id: str, analysis: Analysis, tags: Sequence[BehaviorTag], *, at: str
) -> tuple[int, Sequence[BehaviorTag]]:
    measured = analysis.score if analysis.score is not None else analysis.floor
    score = "" if measured is None else msgspec.json.encode(measured).decode()
    metrics = "" if analysis.metrics is None else msgspec.json.encode(analysis.metrics).decode()
    insights = "" if analysis.insights in (None, Insights()) else msgspec.json.encode(analysis.insights).decode()
    facts = msgspec.json.encode(dict(analysis.facts)).decode() if analysis.facts else ""
    commitment, row = observed.bound(recording_id, analysis.observations)
    cursor = tx.execute(
        f"INSERT INTO analyses ({_HEAD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constant
        (
            recording_id, analysis.ruleset, msgspec.json.encode(analysis.models).decode(), at, analysis.duration_ms,
            analysis.utterances, analysis.doubtful, score, metrics, insights, facts, commitment,
        ),
    )  # fmt: skip
    number = int(cursor.lastrowid or 0)
    if row is not None:
        observed.put(tx, number, row)
    tx.executemany(
        f"INSERT INTO tags (analysis, {COLUMNS}) VALUES ({', '.join('?' * 18)})",  # noqa: S608 - constant
        ((number, *_row(recording_id, tag)) for tag in tags),
    )
    for kind, object_id in made(analysis).items():
        tx.execute("INSERT INTO objects VALUES (?, ?, ?, '', 0, 0)", (object_id, recording_id, kind))
    return number, tags


def made(analysis: Analysis) -> dict[str, str]:
    """What an analysis had sealed besides: kind -> object."""
    both = {"transcript": analysis.transcript_object, "picture": analysis.picture_object}
    return {kind: object_id for kind, object_id in both.items() if object_id}


def digest(connection: sqlite3.Connection, number: int) -> str:
    """sha256 over everything one analysis wrote, floats as their shortest text."""
    hashed = sha256()
    head = connection.execute(f"SELECT {_HEAD} FROM analyses WHERE id = ?", (number,))  # noqa: S608
    tags = connection.execute(f"SELECT {COLUMNS} FROM tags WHERE analysis = ? ORDER BY id", (number,))  # noqa: S608
    for row in (*map(_as_hashed, head), *tags):
        hashed.update(canonical([repr(value) if isinstance(value, float) else value for value in row]) + b"\n")
    return hashed.hexdigest()


def tag_of(row: Any) -> tuple[str, BehaviorTag]:
    """(recording, tag) of a row of `COLUMNS`."""
    (
        identity, recording, code, speaker, start_ms, end_ms, known_at_ms, confidence, severity, layer, rule, rule_digest, turn,
        status, supersedes, slots, evidence,
    ) = row  # fmt: skip
    return recording, BehaviorTag(
        id=identity, code=code, speaker=Speaker(speaker), start_ms=start_ms, end_ms=end_ms, known_at_ms=known_at_ms,
        confidence=confidence, severity=severity, layer=layer, rule=rule, rule_digest=rule_digest, turn=turn,
        status=Status(status), supersedes=supersedes,
        slots=msgspec.json.decode(slots, type=tuple[tuple[str, SlotValue], ...]),
        evidence=msgspec.json.decode(evidence, type=tuple[Evidence, ...]),
    )  # fmt: skip


def score_of(text: str) -> ShelfScore:
    return msgspec.json.decode(text, type=ShelfScore)


def floor_of(text: str) -> FloorScore:
    return msgspec.json.decode(text, type=FloorScore)


def facts_of(text: str) -> dict[str, float | bool]:
    return msgspec.json.decode(text, type=dict[str, float | bool])


def insights_of(text: str) -> Insights:
    return msgspec.json.decode(text, type=Insights)


def metrics_of(text: str) -> Metrics:
    return msgspec.json.decode(text, type=Metrics)


def _as_hashed(head: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the columns that later releases added, where they are empty: rows keep the digest they were logged with."""
    while len(head) > _FIRST_HEAD and not head[-1]:
        head = head[:-1]
    return head


def _row(recording_id: str, tag: BehaviorTag) -> tuple[Any, ...]:
    return (
        tag.id, recording_id, tag.code, tag.speaker, tag.start_ms, tag.end_ms, tag.known_at_ms, float(tag.confidence),
        tag.severity, tag.layer, tag.rule, tag.rule_digest, tag.turn, tag.status, tag.supersedes,
        msgspec.json.encode(tag.slots).decode(), msgspec.json.encode(tag.evidence).decode(),
    )  # fmt: skip


def _current(tx: Transaction, recording_id: str, over: Over) -> Sequence[BehaviorTag]:
    if over == "nothing":
        return ()
    later = "1" if over == "all" else "analysis NOT IN (SELECT id FROM analyses WHERE recording = ? AND ruleset GLOB '*+*')"
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM tags WHERE recording = ? AND {CURRENT} AND {later} ORDER BY start_ms, id",  # noqa: S608
        (recording_id,) if over == "all" else (recording_id, recording_id),
    )
    return [tag_of(row)[1] for row in rows]


def _superseding(new: Iterable[BehaviorTag], earlier: Sequence[BehaviorTag]) -> Sequence[BehaviorTag]:
    left, tags = list(earlier), []
    for tag in new:
        before = None if tag.supersedes else next((old for old in left if _same(old, tag)), None)
        if before is not None:
            left.remove(before)
        tags.append(tag if before is None else replace(tag, supersedes=before.id))
    named = {tag.supersedes for tag in tags}
    return [*tags, *(_withdrawn(old) for old in left if old.id not in named)]


def _withdrawn(old: BehaviorTag) -> BehaviorTag:
    return replace(old, id=new_id(), status=Status.WITHDRAWN, supersedes=old.id, evidence=())


def _overturned(tx: Transaction, recording_id: str) -> Sequence[BehaviorTag]:
    """What people took back of a recording: the findings contested, not what fell with them; with the evidence they had."""
    columns = ", ".join("had.evidence" if name == "evidence" else f"tags.{name}" for name in COLUMNS.split(", "))
    begins = f"{LATER}{CONTEST}"
    rows = tx.execute(
        f"SELECT {columns} FROM analyses JOIN tags ON tags.analysis = analyses.id "  # noqa: S608 - constants
        "JOIN contests ON case_id = substr(ruleset, instr(ruleset, ?) + ?) AND contests.stage = 'overturned' "
        "JOIN tags AS said ON said.id = contests.tag AND said.code = tags.code JOIN tags AS had ON had.id = tags.supersedes "
        "WHERE analyses.recording = ? AND ruleset GLOB ?",
        (begins, len(begins), recording_id, f"*{begins}*"),
    )
    return [tag_of(row)[1] for row in rows]


def _there(old: BehaviorTag, new: BehaviorTag) -> bool:
    """The same event by the same speaker at the same place; one that only begins where the other ends is another."""
    if not _one_subject(old, new):
        return False
    overlap = min(old.end_ms, new.end_ms) > max(old.start_ms, new.start_ms)
    return (overlap or old.start_ms == new.start_ms) and (old.code, old.speaker) == (new.code, new.speaker)


def _one_subject(old: BehaviorTag, new: BehaviorTag) -> bool:
    """Whether both are about the same slot, product or zone: two of them at one time are two findings."""
    named = {_subject(old), _subject(new)} - {None}
    return len(named) <= 1 and _slot(old) == _slot(new)


def _subject(tag: BehaviorTag) -> str | None:
    """None for what is no finding over scans."""
    return next((one.detail for one in tag.evidence if one.kind == "subject"), None)


def _slot(tag: BehaviorTag) -> SlotValue | None:
    return next((value for name, value in tag.slots if name == "slot"), None)


def _place(tag: BehaviorTag) -> tuple[str, int]:
    return (tag.code, tag.start_ms)


def _refers(held: Evidence) -> tuple[str, int]:
    return (held.detail, held.start_ms)


def _same(old: BehaviorTag, new: BehaviorTag) -> bool:
    meets = max(old.start_ms, new.start_ms) <= min(old.end_ms, new.end_ms)
    return meets and (old.code, old.speaker) == (new.code, new.speaker) and _one_subject(old, new)
