"""Finds speech in one channel of an endless stream and hands it on clip by clip, cut at silences.

- A clip is speech without a pause of 160 ms, found by the Silero network that ships with faster-whisper;
  it is given a telephone's missing lows back (`lows`).
- It carries up to 150 ms of the real sound before and after it, never into its neighbour.
- Speech that runs on at the end of what was heard so far is kept until it ends; a clip is at most 28 s, cut there if need be.
- Sound is looked at in stretches of 60 s, so memory does not grow with the recording.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.speech.lows import with_lows

RATE_HZ: Final = 16_000
STRETCH: Final = 60 * RATE_HZ
PAUSE_MS: Final = 160
PAD_MS: Final = 60
LONGEST_S: Final = 28.0
MARGIN: Final = RATE_HZ * 150 // 1000
SETTLED: Final = RATE_HZ // 2
"""Silence after a clip, in samples, before it counts as ended at the edge of a stretch."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """Speech from `start` to `end` (samples of the recording); `sound` begins `before` samples earlier and may end later."""

    start: int
    end: int
    before: int
    sound: Samples

    @property
    def speech(self) -> Samples:
        """The sound without what lies before and after."""
        return self.sound[self.before : self.before + self.end - self.start]

    @property
    def after(self) -> int:
        return len(self.sound) - self.before - (self.end - self.start)


class Clipper:
    """One channel: `push` samples as they come, `flush` at the end; both give the clips that are complete.

    `find` gives the (start, end) of speech in a stretch of sound; `speech_spans` unless told otherwise.
    """

    def __init__(self, find: Callable[[Samples], list[tuple[int, int]]] | None = None) -> None:
        self._find = find or speech_spans
        self._held: Samples = np.zeros(0, np.float32)
        self._held_at = 0
        self._last_end = 0

    def push(self, samples: Samples) -> Iterator[Clip]:
        self._held = np.concatenate([self._held, samples])
        if len(self._held) >= STRETCH:
            yield from self._cut(final=False)

    def flush(self) -> Iterator[Clip]:
        if len(self._held):
            yield from self._cut(final=True)

    def _cut(self, *, final: bool) -> Iterator[Clip]:
        sound, at = self._held, self._held_at
        spans = self._find(sound)
        kept_from = max(0, len(sound) - SETTLED)
        if not final and spans and spans[-1][1] > kept_from:
            kept_from = spans.pop()[0]
        for number, (start, end) in enumerate(spans):
            floor = max(0, self._last_end - at)
            ceiling = spans[number + 1][0] if number + 1 < len(spans) else max(end, kept_from)
            left = max(start - MARGIN, (start + floor) // 2 if number or at else 0)
            right = min(end + MARGIN, (end + ceiling + 1) // 2 if number + 1 < len(spans) or not final else len(sound))
            yield Clip(start=at + start, end=at + end, before=start - left, sound=sound[left:right].copy())
            self._last_end = at + end
        kept_from = len(sound) if final else max(kept_from - MARGIN, self._last_end - at, 0)
        self._held, self._held_at = sound[kept_from:].copy(), at + kept_from


def speech_spans(sound: Samples) -> list[tuple[int, int]]:
    """(start, end) of speech in samples, apart by at least 160 ms of silence before padding, at most 28 s each."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415 - loads the network

    options = VadOptions(
        min_silence_duration_ms=PAUSE_MS, speech_pad_ms=PAD_MS, min_speech_duration_ms=100, max_speech_duration_s=LONGEST_S
    )
    found = get_speech_timestamps(with_lows(sound, RATE_HZ), options, RATE_HZ)
    return [(int(span["start"]), int(span["end"])) for span in found]
