"""The worker's loop: take in what arrived, analyse what is next (`turns`), park what fails, go on.

Between two analyses it seals whatever arrived, so that nothing lies plain in the inbox for the length of a backlog.

One worker per state directory (a lock file says so). A recording that takes the whole process down three times (a hang that
the watchdog ends, memory that runs out) is parked, too: see `Trail`. The only `except Exception` of the product is here: an
error nobody foresaw parks that one recording under the code of the error's class and never stops the others.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from edge_agent import errors, log, pipeline, turns
from edge_agent.domain.recording import Circumstances, Recording, State
from edge_agent.errors import BadInput, EdgeError, LedgerBroken, Unavailable
from edge_agent.pace import Pace
from edge_agent.pipeline import Kit
from edge_agent.ports import Arrival, Inbox

POLL_S = 0.5
DEFER_S = 10.0
FATAL = "ended-the-worker"
FATAL_TRIES = 3


@dataclass(slots=True, kw_only=True)
class Duty:
    """Something the worker does besides recordings, every `every_s` seconds: checkpoints, retention, closing windows."""

    every_s: float
    run: Callable[[], None]
    _due_at: float = field(default=0.0, init=False)

    def tend(self, now: float) -> None:
        """Run when due; `now` in monotonic seconds. The first time is at once."""
        if now >= self._due_at:
            self._due_at = now + self.every_s
            self.run()


class Trail:
    """Which recording is being analysed, said in a file that outlives this process.

    The service manager adds it to `fatal` when it had to end a worker that hung or took too much memory (the unit's
    ExecStopPost); a kill or a power cut is no recording's fault and does not count. On an installed box both lie in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._now, self._fatal = folder / "analysing", folder / "fatal"

    def begin(self, recording: str) -> bool:
        """False when it ended the worker too often; then its record is cleared, so that a person may try it again."""
        deaths = self._fatal.read_text(encoding="ascii").split() if self._fatal.exists() else []
        if deaths.count(recording) >= FATAL_TRIES:
            self.end()
            self._fatal.write_text("".join(f"{one}\n" for one in deaths if one != recording), encoding="ascii")
            return False
        self._now.write_text(f"{recording}\n", encoding="ascii")
        return True

    def end(self) -> None:
        self._now.unlink(missing_ok=True)


@contextmanager
def only_one(lock: Path) -> Iterator[bool]:
    """Hold the state directory's worker lock; False when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)


def held(lock: Path) -> bool:
    """Whether another process holds a lock file; nobody does where there is none."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def aside(lock: Path, stop: Event, alive: Callable[[], None], pace: Pace | None = None) -> None:
    """Hold up the analysis under way while somebody listens live, who holds `lock`; until `stop`. Waiting is a sign of life."""
    waited_s = 0.0
    while held(lock) and not stop.is_set():
        began = time.monotonic()
        stop.wait(POLL_S)
        alive()
        waited_s = time.monotonic() - began
        if pace is not None:
            pace.aside(waited_s)
    if waited_s and pace is not None:
        pace.aside(0)


def run(
    kit: Kit,
    inbox: Inbox,
    stop: Event,
    *,
    room: Callable[[], bool],
    alive: Callable[[], None] = lambda: None,
    duties: Sequence[Duty] = (),
    trail: Trail | None = None,
    pace: Pace | None = None,
    busy: Callable[[], bool] = lambda: False,
) -> None:
    """Work until `stop` is set. `room` says whether new media may be taken in; `alive` is called after each proved step.

    While `busy`, arrivals are sealed and nothing is analysed.
    """
    while not stop.is_set():
        try:
            for duty in duties:
                duty.tend(time.monotonic())
            progressed = _advance(kit, stop, alive, _Watch(trail, pace), busy)
            if room():
                progressed |= _take_all(kit, inbox, stop, alive)
            alive()
        except Unavailable as error:
            # A full disk or a busy file: nothing was lost, what was begun is resumed.
            log.get().warning("work.deferred", error=type(error).__name__, wait_s=DEFER_S)
            stop.wait(DEFER_S)
            alive()  # waiting for room is work, too: a restart would not make any
            continue
        if not progressed:
            stop.wait(POLL_S)


@dataclass(frozen=True, slots=True)
class _Watch:
    """What is kept about the analysis under way."""

    trail: Trail | None
    pace: Pace | None


def _advance(kit: Kit, stop: Event, alive: Callable[[], None], watch: _Watch, busy: Callable[[], bool]) -> bool:
    """The short steps of all, and one analysis; whether anything moved."""
    progressed = False
    unfinished = kit.ledger.unfinished()
    for recording in unfinished:
        if stop.is_set():
            return progressed
        if recording.state is not State.SEALED:
            progressed |= step(kit, recording).state is not recording.state
            alive()
    if busy():
        return progressed
    waiting = [one for one in unfinished if one.state is State.SEALED]
    chosen = turns.next_up(waiting, kit.ledger.lateness(turns.IN_A_ROW), now=kit.clock.now())
    if chosen is not None and not stop.is_set():
        progressed |= step(kit, chosen, watch.trail, watch.pace).state is not chosen.state or len(waiting) > 1
        alive()
    return progressed


def _take_all(kit: Kit, inbox: Inbox, stop: Event, alive: Callable[[], None]) -> bool:
    taken = False
    for arrival in inbox.arrivals():
        if stop.is_set():
            break
        try:
            pipeline.take_in(kit, _Watched(arrival, alive))
        except BadInput as error:
            log.get().warning("arrival.refused", reason=error.kind)
            continue
        taken = True
        alive()
    return taken


@dataclass(frozen=True, slots=True)
class _Watched:
    """An arrival whose every piece is a sign of life: sealing a large file takes minutes."""

    arrival: Arrival
    alive: Callable[[], None]

    @property
    def path(self) -> Path:
        return self.arrival.path

    def circumstances(self) -> Circumstances:
        return self.arrival.circumstances()

    def chunks(self) -> Iterator[bytes]:
        for chunk in self.arrival.chunks():
            self.alive()
            yield chunk

    def discard(self) -> None:
        self.arrival.discard()


def step(kit: Kit, recording: Recording, trail: Trail | None = None, pace: Pace | None = None) -> Recording:
    """Advance one recording; whatever goes wrong with it stays with it. A broken ledger stops everything."""
    mark = trail if recording.state is State.SEALED else None
    if mark is not None and not mark.begin(recording.id):
        kit.ledger.parked(recording.id, FATAL)
        log.get().error("recording.parked", recording=recording.id, reason=FATAL)
        return kit.ledger.recording(recording.id)
    analysed = False
    try:
        if pace is not None:
            pace.begin(recording)
        advanced = pipeline.advance(kit, recording)
        analysed = advanced.state in {State.ANALYSED, State.CLOSED}
        return advanced  # noqa: TRY300 - the other ways out ask the ledger
    except BadInput:
        return kit.ledger.recording(recording.id)
    except (LedgerBroken, Unavailable):
        raise
    except EdgeError as error:
        _park(kit, recording, error)
    except Exception as error:  # noqa: BLE001 - the one place; see the module docstring
        _park(kit, recording, error)
    finally:
        if pace is not None:
            pace.end(finished=analysed)
        if mark is not None:
            mark.end()
    return kit.ledger.recording(recording.id)


def _park(kit: Kit, recording: Recording, error: Exception) -> None:
    if kit.ledger.recording(recording.id).state is State.EXPIRED:
        return  # it was withdrawn and shredded while it was worked on
    kit.ledger.parked(recording.id, errors.code(error))
    log.get().error("recording.parked", recording=recording.id, error=type(error).__name__)
