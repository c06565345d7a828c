"""Joins clips to windows of up to 28 s, the length the recogniser was trained on: short clips alone are recognised badly.

Silence between clips shrinks to at most 300 ms of real sound, so that a window is full of speech; positions in it are kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.speech.clips import RATE_HZ, Clip, Samples

LONGEST: Final = 28 * RATE_HZ + RATE_HZ // 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """Clips of one channel in a row. Clip `i` begins `places[i]` samples into the window's sound."""

    channel: int
    clips: tuple[Clip, ...]
    places: tuple[int, ...]

    @property
    def sound(self) -> Samples:
        return np.concatenate([clip.sound for clip in self.clips])

    def span_s(self, number: int) -> tuple[float, float]:
        """Where the speech of a clip lies in the window, in seconds."""
        clip = self.clips[number]
        return self.places[number] / RATE_HZ, (self.places[number] + clip.end - clip.start) / RATE_HZ


class Packer:
    """One channel: `add` clips in order; a window comes out when the next clip no longer fits."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._clips: list[Clip] = []
        self._length = 0

    def add(self, clip: Clip) -> Iterator[Window]:
        if self._clips and self._length + len(clip.sound) > LONGEST:
            yield from self.flush()
        self._clips.append(clip)
        self._length += len(clip.sound)

    def flush(self) -> Iterator[Window]:
        """The window begun so far, if any."""
        if not self._clips:
            return
        yield joined(self._channel, self._clips)
        self._clips, self._length = [], 0


def joined(channel: int, clips: Sequence[Clip]) -> Window:
    """Clips in order, together short enough, as one window."""
    places, at = [], 0
    for clip in clips:
        places.append(at + clip.before)
        at += len(clip.sound)
    return Window(channel=channel, clips=tuple(clips), places=tuple(places))
