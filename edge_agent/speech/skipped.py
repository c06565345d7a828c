"""Finds what the recogniser passed over: behind a goodbye (再见) it sometimes ends before the sound does.

People say three to six characters a second. Clips in a row that last a second or more and gave fewer than 1.5 were not read to
their end, unless they are much quieter (15 dB) than those that gave text. They are worth a reading of their own, which counts if
it gives more and is sure of it (-0.7), and is sifted like every other. A window that gave nothing, or was unsure itself (noise,
many voices at once), is left alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from edge_agent.speech.clips import RATE_HZ, Clip
from edge_agent.speech.pieces import Piece
from edge_agent.speech.recogniser import Reading
from edge_agent.speech.windows import Window, joined

SPARSE: Final = 1.5
SKIPPED_S: Final = 1.0
QUIETER: Final = 10**-1.5
SURE: Final = -0.7
"""Mean log probability of a token, as in `sieve`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A window, or clips of one that were read again, and what was written of it."""

    window: Window
    reading: Reading
    written: list[Piece]


def in_parts(windows: Sequence[Window], read: Callable[[Sequence[Window]], list[Part]]) -> list[list[Part]]:
    """Each window as it was read first, and those of its clips that had to be read again, if that was better."""
    parts = [[one] for one in read(windows)]
    sure = [own for own in parts if own[0].reading.logprob >= SURE]
    asked = [(own, left) for own in sure if (left := skipped(own[0].window, own[0].written)) is not None]
    if not asked:
        return parts
    for (own, left), alone in zip(asked, read([left for _, left in asked]), strict=True):
        starts = {clip.start for clip in left.clips}
        others = [piece for piece in own[0].written if piece.start not in starts]
        more = characters(others) + characters(alone.written) > characters(own[0].written)
        if more and alone.reading.logprob >= SURE:
            own[:] = [replace(own[0], written=others), alone]
    return parts


def skipped(window: Window, found: Sequence[Piece]) -> Window | None:
    """The clips of a window that were not read, as a window; `found` are the pieces of all its clips."""
    runs = [clips for clips in _runs(window, found) if is_sparse(found, clips) and _is_loud(clips, found)]
    return joined(window.channel, [clip for clips in runs for clip in clips]) if runs else None


def is_sparse(found: Sequence[Piece], clips: Sequence[Clip]) -> bool:
    """Whether so few characters of the pieces belong to clips in a row that some of these must have been passed over."""
    spoken_s = sum(clip.end - clip.start for clip in clips) / RATE_HZ
    own = [piece for piece in found if clips[0].start <= piece.start < clips[-1].end]
    return spoken_s >= SKIPPED_S and characters(own) < SPARSE * spoken_s


def characters(found: Sequence[Piece]) -> int:
    return sum(character.isalnum() for piece in found for character in piece.text)


def _runs(window: Window, found: Sequence[Piece]) -> Iterator[list[Clip]]:
    """Clips in a row each of which gave too few characters for its length."""
    said = {piece.start: characters([piece]) for piece in found}

    def is_read(clip: Clip) -> bool:
        return said.get(clip.start, 0) * RATE_HZ >= SPARSE * (clip.end - clip.start)

    for read, clips in groupby(window.clips, is_read):
        if not read:
            yield list(clips)


def _is_loud(clips: Sequence[Clip], found: Sequence[Piece]) -> bool:
    loud = sum(float((clip.speech**2).sum()) for clip in clips) / sum(len(clip.speech) for clip in clips)
    told = sum(piece.end - piece.start for piece in found)
    return bool(told) and loud >= QUIETER * sum(piece.loud * (piece.end - piece.start) for piece in found) / told
