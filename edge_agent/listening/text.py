"""The half of listening that understands: takes the sound in, recognises, and gives each utterance out with how late it was.

It may fall behind; the sound never waits for it. Utterances whose turn comes `LATE` times `within_s` after their end are left
out, and of sound that nobody listened to for a minute the oldest goes: both are said once, and the call is analysed as a whole
after its end. What was allowed and no longer is is forgotten at once, heard or not: nothing of it comes out.

The recogniser is loaded with the first sound that may be understood. One thread calls `turn`, another `put`, a third `allow`.
"""

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from edge_agent.domain.transcript import Utterance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_agent.speech.clips import Samples
    from edge_agent.speech.live.talk import Counts

LATE: Final = 3.0
QUIET_S: Final = 20.0
"""So long after the last word the talk may still go on."""
HELD_S: Final = 60.0
WAIT_S: Final = 1.0
_KEPT: Final = 6_000
"""Blocks whose arrival is remembered: ten minutes."""
_MS: Final = 1000


class Recognises(Protocol):
    """What `speech.live.talk.Live` does."""

    counts: "Counts"

    @property
    def waiting(self) -> bool: ...

    @property
    def speaking(self) -> bool: ...

    def hear(self, block: "Samples") -> None: ...

    def flush(self) -> None: ...

    def forget(self) -> None: ...

    def turn(self, late: Callable[[int], bool]) -> "Sequence[Utterance]": ...


class First(Protocol):
    """Being served before everything else that recognises; both may be asked again and again."""

    def hold(self) -> None: ...

    def release(self) -> None: ...


Emit = Callable[[Utterance, int], None]
"""An utterance and its latency in ms."""


class Text:
    """`allow` before anything is heard and whenever that changes; what may not be understood is forgotten unheard."""

    def __init__(
        self,
        load: Callable[[], Recognises],
        hearing: "Callable[[bytes], Samples]",
        *,
        within_s: float,
        frames_per_s: int,
        frame_bytes: int,
        monotonic: Callable[[], float],
        emit: Emit,
        behind: Callable[[], None],
        first: "First",
    ) -> None:
        self._load, self._hearing = load, hearing
        self._live: Recognises | None = None
        self._before = 0
        self._late_s = LATE * within_s
        self._rate, self._frame_bytes = frames_per_s, frame_bytes
        self._monotonic, self._emit, self._say_behind = monotonic, emit, behind
        self._first, self._spoke_at = first, float("-inf")
        self._waiting: deque[bytes | int | None] = deque()
        self._held = 0
        self._arrived: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._put_ms = 0.0
        self._allowed = self._over = False
        self._takings_back = self._obeyed = 0
        self._news = threading.Condition()
        self.latencies_ms: list[int] = []
        self.is_behind = False
        self._unheard = self._times_unheard = 0

    @property
    def counts(self) -> "Counts | None":
        """None as long as nothing had to be understood."""
        return None if self._live is None else self._live.counts

    @property
    def unheard_frames(self) -> int:
        """Sound that might have been understood and that nobody listened to, because it was too late or the text had ended."""
        return self._unheard + self._held // self._frame_bytes

    @property
    def left_out(self) -> int:
        """Utterances that were too late. Nobody knows how many were in sound not listened to: each time counts as one."""
        return self._times_unheard + (0 if self._live is None else self._live.counts.left_out)

    def ready(self) -> None:
        """Load the recogniser now, so that the first word does not wait for it; what loading raises passes through."""
        self._live = self._live or self._load()

    def allow(self, *, allowed: bool) -> None:
        with self._news:
            if self._allowed and not allowed:
                self._takings_back += 1
                self._forget()
            self._allowed = allowed
            self._news.notify()

    def put(self, block: bytes) -> None:
        """Sound as it arrives; never waits."""
        frames = len(block) // self._frame_bytes
        with self._news:
            self._put_ms += frames * _MS / self._rate
            self._arrived.append((self._put_ms, self._monotonic()))
            self._waiting.append(block)
            self._held += len(block)
            if not self._allowed:
                self._forget()
            elif self._held > HELD_S * self._rate * self._frame_bytes:
                self._unheard += self._held // self._frame_bytes
                self._times_unheard += 1
                self._forget()
            self._news.notify()

    def gap(self) -> None:
        """The device went away: nobody goes on with a sentence."""
        with self._news:
            self._waiting.append(None)
            self._news.notify()

    def end(self) -> None:
        with self._news:
            self._waiting.append(None)
            self._over = True
            self._news.notify()

    def run(self) -> None:
        """Until `end`, and until what had been said by then is out."""
        try:
            while self.turn():
                pass
        finally:
            self._first.release()

    def turn(self) -> bool:
        """Hear what came and take one step of recognition; waits while there is nothing to do. False when all is done."""
        with self._news:
            if self._live is None or not self._live.waiting:
                self._news.wait_for(lambda: self._waiting or self._over or self._takings_back > self._obeyed, WAIT_S)
            came, self._waiting, self._held = list(self._waiting), deque(), 0
            over, known = self._over, self._takings_back
        if self._live is not None and known > self._obeyed:
            self._live.forget()
        self._obeyed = known
        for one in came:
            self._hear(one)
        if self._times_unheard:
            self._fell_behind()
        if self._live is None:
            return not over
        self._precede(self._live)
        self._step(self._live, known)
        return not over or self._live.waiting

    def _hear(self, came: bytes | int | None) -> None:
        """Sound, silence in place of sound that is forgotten, or a gap. Before the first sound there is nobody to hear it."""
        if self._live is None and not isinstance(came, bytes):
            self._before += came or 0
            return
        live = self._live = self._live or self._load()
        if came is None:
            live.flush()
        elif isinstance(came, bytes):
            live.hear(self._hearing(came))
        else:
            for at in range(0, came, self._rate):
                live.hear(self._hearing(bytes(min(self._rate, came - at) * self._frame_bytes)))

    def _step(self, live: Recognises, known: int) -> None:
        """One step of recognition; what comes of it is out unless it was taken back meanwhile."""
        left_out, before_ms = live.counts.left_out, self._before * _MS // self._rate
        for found in live.turn(self._late):
            if self._takings_back > known:
                break
            said = replace(found, start_ms=found.start_ms + before_ms, end_ms=found.end_ms + before_ms)
            latency = round(_MS * (self._monotonic() - self._arrival_s(said.end_ms)))
            self.latencies_ms.append(latency)
            self._emit(said, latency)
        if live.counts.left_out > left_out:
            self._fell_behind()

    def _precede(self, live: Recognises) -> None:
        now = self._monotonic()
        if live.speaking or live.waiting:
            self._spoke_at = now
            self._first.hold()
        elif now - self._spoke_at > QUIET_S:
            self._first.release()

    def _late(self, end_sample: int) -> bool:
        at_ms = end_sample / 16 + self._before * _MS / self._rate
        return self._monotonic() - self._arrival_s(at_ms) > self._late_s

    def _fell_behind(self) -> None:
        if not self.is_behind:
            self.is_behind = True
            self._say_behind()

    def _arrival_s(self, at_ms: float) -> float:
        """When the sound at this place was there to be heard."""
        with self._news:
            place = min(bisect_left(self._arrived, (at_ms, 0.0)), len(self._arrived) - 1)
            until_ms, arrived_s = self._arrived[place]
        return arrived_s - max(0.0, until_ms - at_ms) / _MS

    def _forget(self) -> None:
        """What waits becomes silence of the same length, a number of frames, so that places stay what they are."""
        frames = sum(len(one) // self._frame_bytes if isinstance(one, bytes) else one or 0 for one in self._waiting)
        self._waiting = deque([None, frames])
        self._held = 0
