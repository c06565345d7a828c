"""The half of listening that understands: takes the sound in, recognises, and gives each utterance out with how late it was.

It may fall behind; the sound never waits for it. Utterances whose turn comes `LATE` times `within_s` after their end are left
out, and of sound that nobody listened to for a minute the oldest goes: both are said once, and the call is analysed as a whole
after its end. One thread calls `turn`, another `put`.
"""

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
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
        live: Recognises,
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
        self._live, self._hearing = live, hearing
        self._late_s = LATE * within_s
        self._rate, self._frame_bytes = frames_per_s, frame_bytes
        self._monotonic, self._emit, self._say_behind = monotonic, emit, behind
        self._first, self._spoke_at = first, float("-inf")
        self._waiting: deque[bytes | int | None] = deque()
        self._held = 0
        self._arrived: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._put_ms = 0.0
        self._allowed = self._over = self._dropped = False
        self._news = threading.Condition()
        self.latencies_ms: list[int] = []
        self.is_behind = False

    @property
    def counts(self) -> "Counts":
        return self._live.counts

    def allow(self, *, allowed: bool) -> None:
        with self._news:
            if not allowed:
                self._forget()
            self._allowed = allowed

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
                self._dropped = True
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
            if not self._live.waiting:
                self._news.wait_for(lambda: self._waiting or self._over, WAIT_S)
            came, self._waiting, self._held = list(self._waiting), deque(), 0
            over, dropped, self._dropped = self._over, self._dropped, False
        for one in came:
            if one is None:
                self._live.flush()
            elif isinstance(one, bytes):
                self._live.hear(self._hearing(one))
            else:
                for at in range(0, one, self._rate):
                    self._live.hear(self._hearing(bytes(min(self._rate, one - at) * self._frame_bytes)))
        self._precede()
        left_out = self._live.counts.left_out
        for said in self._live.turn(self._late):
            latency = round(_MS * (self._monotonic() - self._arrival_s(said.end_ms)))
            self.latencies_ms.append(latency)
            self._emit(said, latency)
        if dropped or self._live.counts.left_out > left_out:
            self._fell_behind()
        return not over or self._live.waiting

    def _precede(self) -> None:
        now = self._monotonic()
        if self._live.speaking or self._live.waiting:
            self._spoke_at = now
            self._first.hold()
        elif now - self._spoke_at > QUIET_S:
            self._first.release()

    def _late(self, end_sample: int) -> bool:
        return self._monotonic() - self._arrival_s(end_sample / 16) > self._late_s

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
