"""Sound whose loudness says what is said in it: a voice detector, a recogniser and a microphone that understand it, and a clock.

Word number n is sound of the level `LEVELS[n]`; silence is zero. A real detector and a real recogniser have the same shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from edge_agent.capture.line import Clocks
from edge_agent.errors import Unavailable
from edge_agent.speech.clips import RATE_HZ
from edge_agent.speech.recogniser import Reading, Word

WORDS = "甲乙丙丁戊己庚辛壬癸"
LEVELS = tuple(0.1 + 0.05 * n for n in range(len(WORDS)))
MS = RATE_HZ // 1000


def said(*parts: tuple[int | None, int]) -> np.ndarray:
    """`(word, ms)` one after the other; word None is silence."""
    return np.concatenate([np.full(ms * MS, 0.0 if word is None else LEVELS[word], np.float32) for word, ms in parts])


def loudness(frames: np.ndarray) -> np.ndarray:
    """A voice detector: sure of speech where it is not silent."""
    return (np.abs(frames).mean(axis=1) > 0.04).astype(np.float32)


@dataclass
class ScriptReader:
    """Reads a window's levels as words; remembers how many windows each call had, and what it read."""

    calls: list[int] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    before: object = None
    logprob: float = -0.1

    def read(self, sounds: Sequence[np.ndarray], hotwords: Sequence[str]) -> list[Reading]:
        if callable(self.before):
            self.before()
        self.calls.append(len(sounds))
        found = [self._reading(sound) for sound in sounds]
        self.heard += [reading.text for reading in found]
        return found

    def _reading(self, sound: np.ndarray) -> Reading:
        words = []
        edges = np.flatnonzero(np.diff(sound, prepend=-1.0, append=-1.0))
        for start, end in pairwise(edges):
            level = float(sound[start])
            if level > 0.04:
                text = WORDS[min(range(len(LEVELS)), key=lambda n: abs(LEVELS[n] - level))]
                words.append(Word(text=text, start_s=start / RATE_HZ, end_s=end / RATE_HZ, logprob=self.logprob))
        return Reading(words=tuple(words), logprob=self.logprob, no_speech=0.0)


@dataclass
class Time:
    """Turned by hand."""

    passed_s: float = 0.0
    began: datetime = datetime(2026, 11, 20, 4, tzinfo=UTC)

    @property
    def clocks(self) -> Clocks:
        return Clocks(now=lambda: self.began + timedelta(seconds=self.passed_s), monotonic=lambda: self.passed_s)


@dataclass
class Plug:
    """Microphones with one device. It plays `parts` one after the other; at the end of each the device is pulled out."""

    parts: list[list[bytes]]
    overruns: int = 0
    opened: int = 0
    alive: bool = True

    @property
    def over(self) -> bool:
        return not self.parts

    def open(self, source: object) -> "Plug":
        if not self.parts:
            raise Unavailable("away")
        self.opened += 1
        self.alive = True
        return self

    def blocks(self) -> list[bytes]:
        if not self.alive or not self.parts:
            return []
        if self.parts[0]:
            found, self.parts[0] = self.parts[0][:5], self.parts[0][5:]
            return found
        self.parts.pop(0)
        self.alive = False
        return []

    def close(self) -> None:
        pass
