"""How old a recording really is on a box whose clock cannot be trusted.

A gateway with a dead battery starts in 1970, takes in calls, and then NTP moves its clock by 56 years: those calls are minutes
old, not decades. So every step of the clock, which the audit log holds (`clock.stepped`), is taken out of the age of whatever was
taken in before it. By how much the clock was wrong when the machine started nobody measured; it is read off the log: a start
*before* the last row was wrong by that much, and a start far after it was wrong by as much as the clock was moved back later. A
start far ahead that nobody moves back looks like a box that was switched off for long; it is believed after a day of running.
"""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Final

_NOTED: Final = timedelta(hours=1)
"""Smaller steps are left in: NTP makes many of them, and no period is that short."""
AHEAD: Final = timedelta(days=1)
"""A start that is less ahead is taken for a short time switched off; so much, at most, a recording may go too early."""
BELIEVED_AFTER: Final = timedelta(days=1)


def shifts(connection: sqlite3.Connection) -> dict[str, timedelta]:
    """By how much the clock was moved since each recording was taken in; only those for which it was."""
    moves = [(seq, by) for seq, by in _moves(connection) if abs(by) >= _NOTED]
    if not moves:
        return {}
    taken = connection.execute(
        "SELECT json_extract(body, '$.recording'), seq FROM audit WHERE kind = 'recording.captured' AND seq < ?", (moves[-1][0],)
    )
    return {recording: sum((by for at, by in moves if at > seq), timedelta()) for recording, seq in taken}


def _moves(connection: sqlite3.Connection) -> list[tuple[int, timedelta]]:
    """(row, error that came in with it) of each start and each step of the clock, in order."""
    found: list[tuple[int, timedelta]] = []
    start, ahead, moved = -1, timedelta(), timedelta()
    for seq, kind, text, at, before in connection.execute(
        "SELECT seq, kind, body, at, (SELECT at FROM audit AS last WHERE last.seq = audit.seq - 1) FROM audit "
        "WHERE kind IN ('clock.stepped', 'boot.seen') ORDER BY seq"
    ):
        if kind == "clock.stepped":
            step = timedelta(milliseconds=json.loads(text)["step_ms"])
            found.append((seq, step))
            moved += step
            if start >= 0 and ahead > timedelta() > moved:
                found[start] = (found[start][0], max(found[start][1], min(ahead, -moved)))
            continue
        ahead = timedelta() if before is None else datetime.fromisoformat(at) - datetime.fromisoformat(before)
        start, moved = len(found), timedelta()
        found.append((seq, min(ahead, timedelta())))
    return found


def settled(connection: sqlite3.Connection, *, mono_ms: int) -> bool:
    """Whether this start's clock may be believed; `mono_ms` since the machine started."""
    row = connection.execute("SELECT seq, at, mono_ms FROM audit WHERE kind = 'boot.seen' ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None or timedelta(milliseconds=mono_ms - row[2]) >= BELIEVED_AFTER:
        return True
    before = connection.execute("SELECT at FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT 1", (row[0],)).fetchone()
    return before is None or datetime.fromisoformat(row[1]) - datetime.fromisoformat(before[0]) < AHEAD
