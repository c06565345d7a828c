"""One channel of a talk: its sound since the utterance of now began, what is over and waits, and what was said last."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge_agent.speech.clips import MARGIN, PAD_MS, RATE_HZ, Clip, Samples
from edge_agent.speech.live.endpoints import Endpoints, Span
from edge_agent.speech.pieces import Piece
from edge_agent.speech.recogniser import SHORT_SAMPLES
from edge_agent.speech.windows import LONGEST, Window, joined

PAD: Final = RATE_HZ * PAD_MS // 1000
_ROOM: Final = 2 * RATE_HZ
"""So much of what was said before is worth a window that is not short."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Over:
    spans: tuple[Span, ...]
    clips: tuple[Clip, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guess:
    """What an utterance says that was recognised in a pause, which may go on."""

    spans: tuple[Span, ...]
    told: list[Piece]


@dataclass(slots=True, eq=False)
class Lane:
    """`hear` its samples; `waiting` are the utterances that are over, `guess` one that may be."""

    channel: int
    ends: Endpoints
    before: int
    waiting: list[Over] = field(default_factory=list)
    guess: Guess | None = None
    _held: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    _held_at: int = 0
    _last_end: int = 0
    _said: deque[Clip] = field(default_factory=deque)

    def hear(self, samples: Samples) -> None:
        self._held = np.concatenate([self._held, samples])
        self._end(self.ends.push(samples))

    def flush(self) -> None:
        self._end(self.ends.flush())

    def forget(self) -> None:
        """Nothing that was heard is known any more: what waits, what was begun, what was said before. Places stay."""
        self.ends.forget()
        self.waiting, self.guess = [], None
        self._said.clear()
        self._held = np.zeros_like(self._held)

    def _end(self, over: Sequence[tuple[Span, ...]]) -> None:
        for spans in over:
            clips = self.clips(spans)
            self.waiting.append(Over(spans=spans, clips=clips))
            self._last_end = clips[-1].end
        begun = self.ends.begun
        needed = (self.ends.at if begun is None else begun) - PAD - MARGIN - RATE_HZ // 10
        if needed > self._held_at + RATE_HZ:
            self._held, self._held_at = self._held[needed - self._held_at :].copy(), needed

    def clips(self, spans: Sequence[Span]) -> tuple[Clip, ...]:
        """Spans as clips: padded, with their margins of real sound, never into a neighbour."""
        last = self._last_end
        padded = []
        for number, (start, end) in enumerate(spans):
            following = spans[number + 1][0] if number + 1 < len(spans) else None
            begins = max(last, start - PAD)
            last = end + PAD if following is None else min(end + PAD, (end + following) // 2)
            padded.append((begins, last))
        found, before = [], self._last_end
        for number, (start, end) in enumerate(padded):
            following = padded[number + 1][0] if number + 1 < len(padded) else None
            left = max(start - MARGIN, (start + before) // 2 if before else 0, self._held_at)
            right = end + MARGIN if following is None else min(end + MARGIN, (end + following + 1) // 2)
            sound = self._held[left - self._held_at : right - self._held_at].copy()
            found.append(Clip(start=start, end=min(end, left + len(sound)), before=start - left, sound=sound))
            before = end
        return tuple(found)

    def stands(self, spans: tuple[Span, ...]) -> bool:
        """Whether a guess about these spans may still become, or is, what was said."""
        return self.ends.pausing == spans or any(one.spans == spans for one in self.waiting[:1])

    def leave_out(self, late: Callable[[int], bool]) -> int:
        count = 0
        while self.waiting and late(self.waiting[0].clips[-1].end):
            self.take(1)
            count += 1
        return count

    def fitting(self) -> int:
        """How many of those that wait go into one window; at least one."""
        count, length = 0, 0
        for one in self.waiting:
            length += sum(len(clip.sound) for clip in one.clips)
            if count and length > LONGEST:
                break
            count += 1
        return count

    def window(self, over: Sequence[tuple[Clip, ...]], *, before: bool = True) -> Window:
        """The new clips, with `before` behind as much of what was said before as fits."""
        new = [clip for clips in over for clip in clips]
        length = sum(len(clip.sound) for clip in new)
        room = min(self.before, (SHORT_SAMPLES if length <= SHORT_SAMPLES - _ROOM else LONGEST) - length)
        old: deque[Clip] = deque()
        for clip in reversed(self._said if before else ()):
            room -= len(clip.sound)
            if room < 0:
                break
            old.appendleft(clip)
        return joined(self.channel, (*old, *new))

    def take(self, count: int) -> list[Over]:
        """Those utterances no longer wait; they are what was said before the next."""
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        for one in taken:
            self._said += one.clips
        while len(self._said) > 1 and sum(len(clip.sound) for clip in self._said) > self.before + RATE_HZ:
            self._said.popleft()
        return taken
