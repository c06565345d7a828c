"""What is analysed now, what waits, how fast it goes and when all of it will be done: `status` says it, read-only.

Lengths and times of what waits are estimated from its size and what recent recordings of its kind took; unknown stays unknown.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_agent import pace, turns
from edge_agent.documents import Analysing, Queue
from edge_agent.domain.recording import Kind, Recording, State
from edge_agent.pace import Doing, Done

ALMOST: Final = 99


def queue(recordings: Sequence[Recording], run: Path, *, now: datetime, working: bool) -> Queue:
    """`recordings`: all there are; `working`: whether a worker runs, else nothing is under way, whatever a file says."""
    doing, done = pace.doing(run) if working else None, pace.recent(run)
    sealed = [one for one in recordings if one.state is State.SEALED and not one.parked and not _is_touch(one)]
    under_way = next((one for one in sealed if doing is not None and one.id == doing.recording), None)
    waiting = [one for one in sealed if one is not under_way]
    fresh = sum(turns.is_fresh(one, now=now) for one in waiting)
    speed = pace.speed(done)
    return Queue(
        analysing=_analysing(doing) if doing is not None and under_way is not None else None,
        fresh=fresh,
        backlog=len(waiting) - fresh,
        oldest_s=max((max(0, int((now - one.captured_at).total_seconds())) for one in waiting), default=None),
        audio_s=_sum([pace.media_s(one.size_bytes, Kind.CALL, done) for one in waiting if _is_call(one)]),
        speed=None if speed is None else round(speed, 2),
        eta_s=_sum([
            *(pace.takes_s(one.size_bytes, one.circumstances.kind, done) for one in waiting),
            *([] if doing is None or under_way is None else [_left_s(under_way, doing, done)]),
        ]),
    )  # fmt: skip


def _is_touch(recording: Recording) -> bool:
    """Touches take moments and no turn, so nobody waits for them."""
    return recording.circumstances.kind is Kind.CHANNEL


def _is_call(recording: Recording) -> bool:
    return recording.circumstances.kind is Kind.CALL


def _analysing(doing: Doing) -> Analysing:
    share = _share(doing)
    return Analysing(
        recording=doing.recording,
        kind=doing.kind.value,
        since=doing.since.isoformat(),
        percent=None if share is None else min(ALMOST, int(share * 100)),
        aside=doing.aside,
    )


def _left_s(recording: Recording, doing: Doing, done: Sequence[Done]) -> float | None:
    whole = pace.takes_s(recording.size_bytes, doing.kind, done)
    return None if whole is None else whole * (1 - (_share(doing) or 0.0))


def _share(doing: Doing) -> float | None:
    return min(1.0, doing.done_ms / doing.total_ms) if doing.total_ms else None


def _sum(parts: Sequence[float | None]) -> int | None:
    """Of all of them, or unknown as soon as one is."""
    known = [one for one in parts if one is not None]
    return round(sum(known)) if len(known) == len(parts) else None
