"""Text during the talk: each utterance is recognised as soon as it ends, while the sound goes on.

- Every channel has its own lane: `endpoints` says where its utterances end.
- A short clip alone is recognised badly, so a window also holds the last few seconds its speaker said before; of the text only
  what belongs to the new clips is kept. The recogniser, hints and guards are those of the analysis after the call.
- A window is at most 14.5 s wherever that is possible: the recogniser reads it in less than half the time of a longer one.
- In a pause that may be the end the recogniser begins at once. If the pause goes on the text is there, else it is thrown away.
- What is `late` when its turn comes is left out and counted: the call is analysed as a whole after its end. Nothing here holds
  up or loses sound.

`hear` is cheap, `turn` recognises at most once. Not here: threads, clocks, sealing (see `listening`).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.speech.clips import MARGIN, PAD_MS, RATE_HZ, Clip, Samples
from edge_agent.speech.endpoints import Endpoints, Span, Voice
from edge_agent.speech.guard import is_junk
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.recogniser import SHORT_SAMPLES, Reading
from edge_agent.speech.turns import utterances, without_echo
from edge_agent.speech.windows import LONGEST, Packer, Window

PAD: Final = RATE_HZ * PAD_MS // 1000
BEFORE: Final = 10 * RATE_HZ
"""How much of what the speaker said before goes into a window."""
HINTS: Final = 24
"""Terms hinted at: each costs a moment of every window."""
_RECENT: Final = 30 * RATE_HZ
_ROOM: Final = 2 * RATE_HZ
"""So much of what was said before is worth a window that is not short."""


class Reader(Protocol):
    """What is asked of the recogniser."""

    def read(self, sounds: Sequence[Samples], hotwords: Sequence[str]) -> Sequence[Reading]: ...


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was done: windows recognised, of these begun in a pause and thrown away, utterances left out because of `late`."""

    windows: int = 0
    thrown_away: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Guess:
    """An utterance recognised in a pause that may go on."""

    spans: tuple[Span, ...]
    window: Window
    reading: Reading


class Live:
    """One talk. `voice` makes a new voice detector for each lane; `finish` has the last word on an utterance's text."""

    def __init__(
        self,
        reader: Reader,
        speakers: Sequence[Speaker],
        *,
        voice: Callable[[], Voice],
        pause_ms: int,
        terms: Sequence[str] = (),
        write: Callable[[str], str] = str,
        finish: Callable[[Utterance], Utterance] = lambda one: one,
        filters: bool = True,
        before: int = BEFORE,
    ) -> None:
        self._reader = reader
        self._speakers = tuple(speakers)
        self._terms = [str(term) for term in terms[:HINTS]]
        self._write, self._finish, self._filters = write, finish, filters
        self._lanes = [_Lane(channel, Endpoints(voice(), pause_ms=pause_ms), before) for channel in range(len(speakers))]
        self._recent: deque[Piece] = deque()
        self.counts = Counts()

    def hear(self, block: Samples) -> None:
        """The next samples of every lane: (lanes, n) of float32 at 16 kHz."""
        for lane, samples in zip(self._lanes, block, strict=True):
            lane.hear(samples)

    def flush(self) -> None:
        """The sound ends or has a gap: so does every utterance."""
        for lane in self._lanes:
            lane.flush()

    @property
    def waiting(self) -> bool:
        """Whether utterances that are over still wait for their text."""
        return any(lane.waiting for lane in self._lanes)

    @property
    def speaking(self) -> bool:
        """Whether an utterance has begun that is not over."""
        return any(lane.ends.begun is not None for lane in self._lanes)

    def turn(self, late: Callable[[int], bool] = lambda _end: False) -> list[Utterance]:
        """The texts that one step gives, in order of their end; `late(end)` says what it is too late for.

        First what is over, of all lanes at once; only when nothing waits, a pause that may become an end.
        """
        for lane in self._lanes:
            self.counts.left_out += lane.leave_out(late)
            if lane.guess is not None and not lane.stands(lane.guess.spans):
                lane.guess = None
                self.counts.thrown_away += 1
        if self.waiting:
            return self._over()
        for lane in self._lanes:
            spans = lane.ends.pausing
            if spans and (lane.guess is None or lane.guess.spans != spans):
                window = lane.window([lane.clips(spans)])
                lane.guess = _Guess(spans=spans, window=window, reading=self._read([window])[0])
                break
        return []

    def _over(self) -> list[Utterance]:
        chosen, windows = [lane for lane in self._lanes if lane.waiting], []
        read: list[tuple[_Lane, int, Window, Reading]] = []
        asked: list[tuple[_Lane, int]] = []
        for lane in chosen:
            guess, lane.guess = lane.guess, None
            if guess is not None and guess.spans == lane.waiting[0].spans:
                read.append((lane, 1, guess.window, guess.reading))
                continue
            count = lane.fitting()
            windows.append(lane.window([one.clips for one in lane.waiting[:count]]))
            asked.append((lane, count))
        if windows and not read:  # what is there already does not wait for the others
            for (lane, count), window, reading in zip(asked, windows, self._read(windows), strict=True):
                read.append((lane, count, window, reading))
        found: list[Utterance] = []
        for lane, count, window, reading in read:
            found += self._told(lane.take(count), window, reading)
        return sorted(found, key=lambda one: (one.end_ms, one.start_ms))

    def _read(self, windows: Sequence[Window]) -> Sequence[Reading]:
        self.counts.windows += len(windows)
        return self._reader.read([window.sound for window in windows], self._terms)

    def _told(self, over: "Sequence[_Over]", window: Window, reading: Reading) -> list[Utterance]:
        heard = [
            replace(piece, text=self._write(piece.text))
            for piece in pieces(window, reading, self._terms)
            if piece.start >= over[0].clips[0].start
            and not (self._filters and is_junk(piece.text, no_speech=1.0, logprob=piece.logprob, hotwords=self._terms))
        ]
        while self._recent and heard and self._recent[0].end < heard[0].start - _RECENT:
            self._recent.popleft()
        kept = without_echo(sorted([*self._recent, *heard], key=lambda piece: (piece.start, piece.end, piece.channel)))
        new = [piece for piece in heard if any(piece is one for one in kept)]
        self._recent += heard
        found: list[Utterance] = []
        for one in over:
            first, last = one.clips[0].start, one.clips[-1].end
            own = [piece for piece in new if first <= piece.start < last]
            found += [self._finish(said) for said in utterances(own, self._speakers)]
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Over:
    spans: tuple[Span, ...]
    clips: tuple[Clip, ...]


@dataclass(slots=True, eq=False)
class _Lane:
    """One channel: its sound since the utterance of now began, what is over and waits, and what was said last."""

    channel: int
    ends: Endpoints
    before: int
    waiting: list[_Over] = field(default_factory=list)
    guess: _Guess | None = None
    _held: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    _held_at: int = 0
    _last_end: int = 0
    _said: deque[Clip] = field(default_factory=deque)

    def hear(self, samples: Samples) -> None:
        self._held = np.concatenate([self._held, samples])
        self._end(self.ends.push(samples))

    def flush(self) -> None:
        self._end(self.ends.flush())

    def _end(self, over: Sequence[tuple[Span, ...]]) -> None:
        for spans in over:
            clips = self.clips(spans)
            self.waiting.append(_Over(spans=spans, clips=clips))
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

    def window(self, over: Sequence[tuple[Clip, ...]]) -> Window:
        """The new clips behind as much of what was said before as fits."""
        new = [clip for clips in over for clip in clips]
        length = sum(len(clip.sound) for clip in new)
        room = min(self.before, (SHORT_SAMPLES if length <= SHORT_SAMPLES - _ROOM else LONGEST) - length)
        old: deque[Clip] = deque()
        for clip in reversed(self._said):
            room -= len(clip.sound)
            if room < 0:
                break
            old.appendleft(clip)
        packer = Packer(self.channel)
        for clip in (*old, *new):
            list(packer.add(clip))
        return next(packer.flush())

    def take(self, count: int) -> list[_Over]:
        """Those utterances no longer wait; they are what was said before the next."""
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        for one in taken:
            self._said += one.clips
        while len(self._said) > 1 and sum(len(clip.sound) for clip in self._said) > self.before + RATE_HZ:
            self._said.popleft()
        return taken
