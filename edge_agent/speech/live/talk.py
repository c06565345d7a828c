"""Text during the talk: each utterance is recognised as soon as it ends, while the sound goes on.

- Every channel has its own lane: `endpoints` says where its utterances end.
- A short clip alone is recognised badly, so a window also holds the last few seconds its speaker said before; of the text only
  what belongs to the new clips is kept. Recogniser and guards are those of the analysis after the call; nothing is hinted at.
- An utterance that the recogniser passed over behind what was said before (`skipped`) is read again alone.
- A window is at most 14.5 s wherever that is possible: the recogniser reads it in less than half the time of a longer one.
- In a pause that may be the end the recogniser begins at once. If the pause goes on the text is there, else it is thrown away.
- What is `late` when its turn comes is left out and counted: the call is analysed as a whole after its end. Nothing here holds
  up or loses sound.

`hear` is cheap, `turn` takes one step of recognition. Not here: threads, clocks, sealing (see `listening`).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.guard import is_junk
from edge_agent.speech.live.endpoints import Endpoints, Voice
from edge_agent.speech.live.lane import Guess, Lane, Over
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.recogniser import Reading
from edge_agent.speech.skipped import characters, is_sparse
from edge_agent.speech.turns import utterances, without_echo
from edge_agent.speech.windows import Window

BEFORE: Final = 10 * RATE_HZ
"""How much of what the speaker said before goes into a window."""
_RECENT: Final = 30 * RATE_HZ


Trade = Callable[[Sequence[Window], Sequence[Reading], Sequence[Sequence[Piece]]], Sequence[Sequence[Piece]]]
"""What `trade.Trade` does."""


class Reader(Protocol):
    """What is asked of the recogniser."""

    def read(self, sounds: Sequence[Samples], hotwords: Sequence[str]) -> Sequence[Reading]: ...


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was done: windows recognised, of these begun in a pause and thrown away, utterances left out because of `late`."""

    windows: int = 0
    thrown_away: int = 0
    left_out: int = 0


class Live:
    """One talk. `voice` makes a new voice detector for each lane; `trade` puts terms where they were misheard."""

    def __init__(
        self,
        reader: Reader,
        speakers: Sequence[Speaker],
        *,
        voice: Callable[[], Voice],
        pause_ms: int,
        write: Callable[[str], str] = str,
        trade: Trade = lambda _windows, _readings, written: written,
        filters: bool = True,
        before: int = BEFORE,
    ) -> None:
        self._reader = reader
        self._speakers = tuple(speakers)
        self._write, self._trade, self._filters = write, trade, filters
        self._lanes = [Lane(channel, Endpoints(voice(), pause_ms=pause_ms), before) for channel in range(len(speakers))]
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

    def forget(self) -> None:
        """Nothing that was heard until now comes out, or helps with what is heard next; places stay."""
        for lane in self._lanes:
            lane.forget()
        self._recent.clear()

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
                begun = Over(spans=spans, clips=lane.clips(spans))
                lane.guess = Guess(spans=spans, told=self._heard([(lane, [begun])])[0])
                break
        return []

    def _over(self) -> list[Utterance]:
        """What is there already is given without waiting for the others; else one step for all that wait."""
        ready: list[tuple[Lane, int, list[Piece]]] = []
        asked: list[tuple[Lane, list[Over]]] = []
        for lane in self._lanes:
            guess, lane.guess = (lane.guess, None) if lane.waiting else (None, lane.guess)
            if guess is not None and guess.spans == lane.waiting[0].spans:
                ready.append((lane, 1, guess.told))
            elif lane.waiting:
                asked.append((lane, lane.waiting[: lane.fitting()]))
        if not ready:
            ready = [(lane, len(over), told) for (lane, over), told in zip(asked, self._heard(asked), strict=True)]
        found: list[Utterance] = []
        for lane, count, told in ready:
            found += self._told(lane.take(count), told)
        return sorted(found, key=lambda one: (one.end_ms, one.start_ms))

    def _heard(self, asked: Sequence[tuple[Lane, Sequence[Over]]]) -> list[list[Piece]]:
        """What each lane's utterances say, without what was said before."""
        windows = [lane.window([one.clips for one in over]) for lane, over in asked]
        found = self._read(windows)
        for number, ((lane, over), window) in enumerate(zip(asked, windows, strict=True)):
            new = [piece for piece in found[number] if piece.start >= over[0].clips[0].start]
            if len(window.clips) > sum(len(one.clips) for one in over) and any(is_sparse(new, one.clips) for one in over):
                (alone,) = self._read([lane.window([one.clips for one in over], before=False)])
                new = max(new, alone, key=characters)
            found[number] = new
        return found

    def _read(self, windows: Sequence[Window]) -> list[list[Piece]]:
        """The pieces of each window, written, with terms put right."""
        self.counts.windows += len(windows)
        readings = self._reader.read([window.sound for window in windows], ())
        written = [
            [
                replace(piece, text=self._write(piece.text))
                for piece in pieces(window, reading, honest=self._filters)
                if not (self._filters and is_junk(piece.text, no_speech=1.0, logprob=piece.logprob))
            ]
            for window, reading in zip(windows, readings, strict=True)
        ]
        return [list(told) for told in self._trade(windows, readings, written)]

    def _told(self, over: Sequence[Over], heard: list[Piece]) -> list[Utterance]:
        while self._recent and heard and self._recent[0].end < heard[0].start - _RECENT:
            self._recent.popleft()
        kept = without_echo(sorted([*self._recent, *heard], key=lambda piece: (piece.start, piece.end, piece.channel)))
        new = [piece for piece in heard if any(piece is one for one in kept)]
        self._recent += heard
        found: list[Utterance] = []
        for one in over:
            first, last = one.clips[0].start, one.clips[-1].end
            own = [piece for piece in new if first <= piece.start < last]
            found += utterances(own, self._speakers)
        return found
