"""Finds where utterances end while they are spoken: one channel, frame by frame, the network's state kept in between.

- Speech and its clips are found as in `clips`: the same network and thresholds, a clip is speech without a pause of 160 ms. Only
  `lows` is not done: what is listened to live comes from microphones.
- An utterance is clips in a row; it is over after a pause of `pause_ms`. Beyond 8 s a shorter pause will do, ever shorter up to
  15 s, where that of a clip suffices; at 20 s it is cut where the network was least sure of speech.
- `pausing` gives what an utterance would be if the pause of now went on: for who wants to begin early.

Positions are samples of the channel at 16 kHz; spans are bare speech, without padding.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge_agent.speech.clips import PAUSE_MS, RATE_HZ, Samples

FRAME: Final = 512
SPEECH: Final = 0.5
SILENCE: Final = 0.35
SHORTEST: Final = RATE_HZ // 10
EARLY: Final = RATE_HZ * 250 // 1000
"""Silence after which a pause may be the end."""
LONG: Final = 8 * RATE_HZ
VERY_LONG: Final = 15 * RATE_HZ
LONGEST: Final = 20 * RATE_HZ
_CLIP_PAUSE: Final = RATE_HZ * PAUSE_MS // 1000
_CUT_WITHIN: Final = 5 * RATE_HZ // FRAME
_CONTEXT: Final = 64

Span = tuple[int, int]
Voice = Callable[[Samples], npt.NDArray[np.float32]]
"""(n, 512) frames in a row -> n probabilities that somebody speaks; remembers what it heard before."""


class Silero:
    """The network that ships with faster-whisper, as a `Voice` of one channel."""

    def __init__(self) -> None:
        from faster_whisper.vad import get_vad_model  # noqa: PLC0415 - loads the network

        self._session: Any = get_vad_model().session
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros((1, _CONTEXT), np.float32)

    def __call__(self, frames: Samples) -> npt.NDArray[np.float32]:
        ends = frames[:, -_CONTEXT:]
        framed = np.concatenate([np.concatenate([self._before, ends[:-1]]), frames], axis=1)
        said, self._h, self._c = self._session.run(None, {"input": framed, "h": self._h, "c": self._c})
        self._before = ends[-1:].copy()
        return np.asarray(said, np.float32).reshape(-1)


class Endpoints:
    """`push` samples as they come, `flush` when no more come for now; both give the utterances that are over, as spans."""

    def __init__(self, voice: Voice, *, pause_ms: int) -> None:
        self._voice = voice
        self._pause = RATE_HZ * pause_ms // 1000
        self._rest: Samples = np.zeros(0, np.float32)
        self._clips: list[Span] = []
        self._start: int | None = None
        self._quiet: int | None = None
        self._sure: list[tuple[float, int]] = []
        self.at = 0
        """Up to here everything was looked at."""

    @property
    def begun(self) -> int | None:
        """Where the utterance that is not over began; None while nobody speaks."""
        return self._clips[0][0] if self._clips else self._start

    @property
    def pausing(self) -> tuple[Span, ...]:
        """The utterance as it stands, in a pause long enough to be its end; else empty."""
        if not self._clips or self._start is not None or self.at - self._clips[-1][1] < EARLY:
            return ()
        return tuple(self._clips)

    def push(self, samples: Samples) -> list[tuple[Span, ...]]:
        held = np.concatenate([self._rest, samples])
        count = len(held) // FRAME
        self._rest = held[count * FRAME :].copy()
        if not count:
            return []
        found = []
        for sure in self._voice(held[: count * FRAME].reshape(count, FRAME)):
            over = self._step(float(sure))
            self.at += FRAME
            if over or (over := self._paused()):
                found.append(over)
        return found

    def flush(self) -> list[tuple[Span, ...]]:
        """What was begun ends here: the sound stops, or has a gap."""
        if self._start is not None:
            self._close(self._quiet if self._quiet is not None else self.at)
        return [self._over()] if self._clips else []

    def forget(self) -> None:
        """What was begun never was, and its samples are gone; places stay."""
        self._clips, self._start, self._quiet, self._sure = [], None, None, []
        self._rest = np.zeros_like(self._rest)

    def _step(self, sure: float) -> tuple[Span, ...]:
        """One frame; the utterance that had to be cut in it, or nothing."""
        if sure >= SPEECH:
            if self._start is None:
                self._start, self._sure = self.at, []
            self._quiet = None
        elif sure < SILENCE and self._start is not None:
            self._quiet = self.at if self._quiet is None else self._quiet
            if self.at - self._quiet >= _CLIP_PAUSE:
                self._close(self._quiet)
        if self._start is None:
            return ()
        self._sure = [*self._sure[1 - _CUT_WITHIN :], (sure, self.at)]
        began = self._clips[0][0] if self._clips else self._start
        return self._cut() if self.at - began >= LONGEST else ()

    def _close(self, end: int) -> None:
        if self._start is not None and end - self._start >= SHORTEST:
            self._clips.append((self._start, end))
        self._start = self._quiet = None

    def _paused(self) -> tuple[Span, ...]:
        if self._start is not None or not self._clips:
            return ()
        return self._over() if self.at - self._clips[-1][1] >= self._needed() else ()

    def _needed(self) -> int:
        """The pause that ends an utterance of this length."""
        length = self._clips[-1][1] - self._clips[0][0]
        share = min(1.0, max(0.0, (length - LONG) / (VERY_LONG - LONG)))
        return int(self._pause - share * max(0, self._pause - _CLIP_PAUSE))

    def _cut(self) -> tuple[Span, ...]:
        """Nobody pauses: everything up to the least sure frame of late is one utterance, the rest begins the next."""
        _, at = min(self._sure)
        self._close(at)
        self._start, self._sure = at, [one for one in self._sure if one[1] >= at]
        return self._over()

    def _over(self) -> tuple[Span, ...]:
        found, self._clips = tuple(self._clips), []
        return found
