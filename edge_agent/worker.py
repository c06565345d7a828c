"""The worker's loop: take in what arrived, analyse what is next (`turns`), park what fails, go on. Touches take no turns: they
are understood in moments, up to `TOUCHES` of them before each call or video.

Between two analyses it seals whatever arrived, so that nothing lies plain in the inbox for the length of a backlog.

One worker per state directory (a lock file says so). A recording that takes the whole process down three times (a hang that
the watchdog ends, memory that runs out) is parked, too: see `trail`. The `except Exception`s of the worker are here: an
error nobody foresaw parks that one recording under the code of the error's class and never stops the others; what fails while
an analysis stands aside for a live talk is tried again (`Meanwhile`).
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from edge_agent import errors, locks, log, pipeline, turns
from edge_agent.domain.recording import DROPPED, Circumstances, Kind, Recording, State
from edge_agent.errors import BadInput, EdgeError, LedgerBroken, Unavailable
from edge_agent.pace import Pace
from edge_agent.pipeline import Kit
from edge_agent.ports import Arrival, Inbox
from edge_agent.trail import Trail

POLL_S = 0.5
DEFER_S = 10.0
FRESH_S = 30.0
"""So long a live talk is believed to go on after its last sign."""
FATAL = "ended-the-worker"
TOUCHES = 64


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


def precedes(lock: Path, *, now_s: Callable[[], float] = time.time) -> bool:
    """Whether somebody listens live, who holds `lock` and touches it; a listener that stands still comes first no longer.

    A step of the clock in either direction is at worst believed until the next touch.
    """
    if not locks.held(lock):
        return False
    try:
        touched_s = lock.stat().st_mtime
    except FileNotFoundError:
        return False
    return abs(now_s() - touched_s) <= FRESH_S


def aside(
    lock: Path, stop: Event, alive: Callable[[], None], pace: Pace | None = None, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Hold up the analysis under way while somebody listens live (`precedes`); until `stop`.

    Waiting is a sign of life, and `meanwhile` is done at every look: the wait may be as long as the talk.
    """
    waited_s = 0.0
    while not stop.is_set() and precedes(lock):
        began = time.monotonic()
        meanwhile()
        stop.wait(POLL_S)
        alive()
        waited_s = time.monotonic() - began
        if pace is not None:
            pace.aside(waited_s)
    if waited_s and pace is not None:
        pace.aside(0)


@dataclass(slots=True, kw_only=True)
class Meanwhile:
    """What the worker still does while an analysis stands aside: its duties, and sealing what arrives.

    What goes wrong here is no fault of the recording that waits: it is said, tried again after `DEFER_S`, and met by the loop
    itself once the analysis is over. A broken ledger stops everything.
    """

    kit: Kit
    inbox: Inbox
    stop: Event
    room: Callable[[], bool]
    alive: Callable[[], None]
    duties: Sequence[Duty]
    _again_at: float = field(default=0.0, init=False)

    def __call__(self) -> None:
        if time.monotonic() < self._again_at:
            return
        try:
            for duty in self.duties:
                duty.tend(time.monotonic())
            if self.room():
                _take_all(self.kit, self.inbox, self.stop, self.alive)
        except LedgerBroken:
            raise
        except Exception as error:  # noqa: BLE001 - else the recording that waits would be parked for it
            self._again_at = time.monotonic() + DEFER_S
            log.get().warning("work.deferred", error=type(error).__name__, wait_s=DEFER_S)


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
    allowances: Mapping[str, turns.Allowance] | None = None,
) -> None:
    """Work until `stop` is set. `room` says whether new media may be taken in; `alive` is called after each proved step.

    While `busy`, arrivals are sealed and nothing is analysed. `allowances`: what each camera's recordings may cost.
    """
    order = turns.Turns(kit.ledger.lateness, allowances)
    while not stop.is_set():
        try:
            for duty in duties:
                duty.tend(time.monotonic())
            progressed = _advance(kit, stop, alive, _Watch(trail, pace, order), busy)
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
    """What is kept about the analysis under way, and about whose turn it was."""

    trail: Trail | None
    pace: Pace | None
    order: turns.Turns


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
    sealed = [one for one in unfinished if one.state is State.SEALED]
    for touch in [one for one in sealed if one.circumstances.kind is Kind.CHANNEL][:TOUCHES]:
        if stop.is_set():
            return progressed
        progressed |= step(kit, touch, watch.trail).state is not touch.state
        alive()
    waiting = [one for one in sealed if one.circumstances.kind is not Kind.CHANNEL]
    dropped = watch.order.surplus(waiting)
    for one in dropped:
        _drop(kit, one)
        alive()
    waiting = [one for one in waiting if one not in dropped]
    chosen = watch.order.take(waiting, now=kit.clock.now())
    if chosen is not None and not stop.is_set():
        began_s = _processor_s()
        progressed |= step(kit, chosen, watch.trail, watch.pace).state is not chosen.state or len(waiting) > 1
        watch.order.spent(chosen, _processor_s() - began_s)
        alive()
    return progressed or bool(dropped)


def _drop(kit: Kit, recording: Recording) -> None:
    """Leave it unread; what goes wrong with it stays with it, as in `step`."""
    try:
        pipeline.reject(kit, recording, BadInput(DROPPED, "more recordings of its camera wait than may"))
    except (LedgerBroken, Unavailable):
        raise
    except Exception as error:  # noqa: BLE001 - see the module docstring
        _park(kit, recording, error)


def _processor_s() -> float:
    """What this process and its ended children (the decoders) have taken."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


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
    if kit.ledger.recording(recording.id).state in {State.EXPIRED, State.REJECTED}:
        return  # it was withdrawn and shredded while it was worked on, or who watches gave it up at the same time
    kit.ledger.parked(recording.id, errors.code(error))
    log.get().error("recording.parked", recording=recording.id, error=type(error).__name__)
