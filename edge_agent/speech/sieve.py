"""Keeps out text that the recogniser made of babble, laughter or noise: what it is unsure of and does not read twice alike.

Clear speech has a mean log probability of -0.1 to -0.4 per token, speech in noise so loud that half of it is misheard -0.6, a mix
of six voices -1.1 to -2.6; and of such a mix few characters come for many seconds.

- A piece is believed when it is sure (-0.7) and dense (a character a second), in a window that is not hopeless.
- The pieces of a hopeless window (-0.9), or of an unsure one with hardly any text, go. So does an unsure piece that is long and
  sparse, or says one thing over and over.
- In between the sound is recognised once more, a little faster: what has little in common with that reading goes.
- A short piece (a name, 好) may be unsure if the rest of its window is not. A window of little speech (10 s) is never hopeless:
  few words alone are recognised badly, but twice alike.
- Of a few seconds of babble one reading in eight comes twice alike, too. Nobody answers out of a crowd: of such a window right
  behind one that nothing was believed of (`Crowd`) nothing is believed either, if it is as unsure.
"""

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Final

import numpy as np

from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.pieces import Piece
from edge_agent.speech.windows import Window

SURE: Final = -0.7
HOPELESS: Final = -0.9
DENSE: Final = 1.0
SPARSE: Final = 0.6
SHORT: Final = 2 * RATE_HZ
LITTLE_S: Final = 10.0
ALIKE: Final = 0.5
FASTER: Final = 1.05
TELLING: Final = 6
MONOTONOUS: Final = 0.4
BEHIND: Final = RATE_HZ
REPEATED: Final = re.compile(r"(.{2,20}?)(?:，?\1){2}")


def sifted(window: Window, found: Sequence[Piece], again: Callable[[Samples], str]) -> list[Piece]:
    """The pieces of a window that somebody said. `again` gives the text of a sound; it is asked only in doubt."""
    sure = _mean(found)
    believed = {id(piece) for piece in found if sure >= HOPELESS and _is_sure(piece, sure)}
    open_ = [piece for piece in found if id(piece) not in believed and not _is_nothing(piece, window, sure, found)]
    if open_:
        other = again(faster(window.sound))
        believed |= {id(piece) for piece in open_ if alike(piece.text, other) >= ALIKE}
    return [piece for piece in found if id(piece) in believed]


class Crowd:
    """Remembers, channel by channel, how far nothing was believed; asked about each window in order."""

    def __init__(self) -> None:
        self._until: dict[int, int] = {}

    def holds(self, window: Window, written: Sequence[Piece], kept: Sequence[Piece]) -> bool:
        """Whether what was kept of the window is a crowd's, too."""
        until = self._until.get(window.channel)
        behind = until is not None and window.clips[0].start - until <= BEHIND
        long = _spoken_s(window) >= LITTLE_S
        part = behind and not long and bool(kept) and _mean(written) < HOPELESS
        if part or (not kept and (behind or long)):
            self._until[window.channel] = window.clips[-1].end
        return part


def alike(text: str, other: str) -> float:
    """Share of the text's characters that come in the other one too, in the same order; of a longer text two at a time."""
    one, two = ("".join(c for c in said if c.isalnum()) for said in (text, other))
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= (1 if len(one) < TELLING else 2)) / max(1, len(one))


def faster(sound: Samples) -> Samples:
    """The sound played 5 % faster, and so a little higher."""
    places = np.arange(0, len(sound) - 1, FASTER)
    quick: Samples = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    return quick


def _is_sure(piece: Piece, sure: float) -> bool:
    if piece.end - piece.start < SHORT and sure >= SURE:
        return True
    return piece.logprob >= SURE and _density(piece) >= DENSE


def _is_nothing(piece: Piece, window: Window, sure: float, found: Sequence[Piece]) -> bool:
    """Whether no second reading is needed to tell."""
    if piece.logprob >= SURE and _density(piece) >= DENSE:
        return False
    if piece.logprob < SURE and (_is_long_and_sparse(piece) or _is_one_thing(piece.text)):
        return True
    spoken_s = _spoken_s(window)
    sparse = sum(len(one.text) for one in found) < SPARSE * spoken_s
    return spoken_s >= LITTLE_S and (sure < HOPELESS or (sure < SURE and sparse))


def _is_long_and_sparse(piece: Piece) -> bool:
    return piece.end - piece.start >= SHORT and _density(piece) < DENSE


def _is_one_thing(text: str) -> bool:
    most = max(map(text.count, set(text)), default=0)
    return REPEATED.search(text) is not None or (len(text) >= TELLING and most >= MONOTONOUS * len(text))


def _spoken_s(window: Window) -> float:
    return sum(clip.end - clip.start for clip in window.clips) / RATE_HZ


def _density(piece: Piece) -> float:
    return len(piece.text) * RATE_HZ / max(1, piece.end - piece.start)


def _mean(found: Sequence[Piece]) -> float:
    """Mean log probability of a character."""
    letters = [max(1, len(piece.text)) for piece in found]
    return sum(p.logprob * n for p, n in zip(found, letters, strict=True)) / max(1, sum(letters))
