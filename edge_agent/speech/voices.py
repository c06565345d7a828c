"""Tells apart who speaks on one channel, by voice: which clips are the same voice, and how many voices there are.

- A clip is cut where the voice changes inside it: where the 1.6 s before and after sound least alike, at the quietest moment.
- At the end the parts are divided in two as long as the halves differ clearly more than their own parts do among each other;
  each half needs a few seconds. So one voice stays one, and two that this encoder cannot tell apart count as one.
- A part belongs to the nearest voice only with a clear margin, and if all of it does; else to nobody. Nothing is guessed.
- What is kept of a voice are numbers in memory until the end of the recording: never written, logged or compared with another.

Not here: which voice is whose (`naming`).
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from edge_agent.speech.clips import RATE_HZ, Clip, Samples

NOBODY: Final = 0
WINDOW: Final = RATE_HZ * 16 // 10
LONG: Final = RATE_HZ * 2
"""A shorter clip is not searched for a change of voice."""
EDGE: Final = RATE_HZ * 8 // 10
GRID: Final = RATE_HZ * 4 // 10
QUIET: Final = RATE_HZ // 50
CHANGED: Final = 0.66
"""Cosine of neighbouring windows below which the voice may have changed; cutting once too often costs nothing (`turns`)."""
MOST_WINDOWS: Final = 4
SOLID: Final = RATE_HZ * 8 // 10
"""What is shorter is assigned, but helps to find no voice."""
GAP: Final = 0.10
"""By how much two voices are less alike than each with itself: 0.13 to 0.35 in talks of two, up to 0.07 within one voice."""
LEAST_S: Final = 3.0
LEAST_PARTS: Final = 3
ODD: Final = 0.1
"""At most this share of the speech is set aside as fitting nowhere."""
MARGIN: Final = 0.3
"""How far a part lies on its voice's side of the middle, where 1 is that voice itself; no window may lie so far on another's."""
ALIKE: Final = 0.6
"""Cosine to its voice below which a part is something else: noise, a third person, two at once."""
ROUNDS: Final = 20

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    def __call__(self, windows: Sequence[Samples]) -> Vectors:
        """One row of length 1 per window of sound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`voice[start]` of each part: 1, 2, … by who spoke first, 0 = nobody's. `seconds` of speech per voice, most first spoken."""

    voice: Mapping[int, int]
    seconds: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.seconds)


class Voices:
    """One channel of one recording: `hear` each clip as it is cut, `tell` at the end."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._starts: list[int] = []
        self._lengths: list[int] = []
        self._heard: list[Vectors] = []

    def hear(self, clips: Sequence[Clip]) -> list[Clip]:
        """The clips in order, each in as many parts as voices follow each other in it; their sound together is the clip's."""
        speech = [clip.speech for clip in clips]
        parts = [part for clip, at in zip(clips, self._changes(speech), strict=True) for part in _cut(clip, at)]
        shown = [_spread(part.speech) for part in parts]
        rows = iter(self._encoder([window for windows in shown for window in windows]))
        for part, windows in zip(parts, shown, strict=True):
            heard = np.stack([next(rows) for _ in windows])
            self._starts.append(part.start)
            self._lengths.append(part.end - part.start)
            self._heard.append(np.stack([_unit(heard.mean(axis=0)), *heard]))
        return parts

    def _changes(self, speech: Sequence[Samples]) -> Iterator[list[int]]:
        """For each speech, where in it the voice seems to change."""
        places = [range(EDGE, len(one) - EDGE + 1, GRID) if len(one) >= LONG else range(0) for one in speech]
        before = [(number, max(0, at - WINDOW), at) for number, row in enumerate(places) for at in row]
        after = [(number, at, min(at + WINDOW, len(speech[number]))) for number, row in enumerate(places) for at in row]
        known = {span: at for at, span in enumerate(dict.fromkeys(before + after))}
        rows = self._encoder([speech[number][start:end] for number, start, end in known])
        like = iter([float(rows[known[one]] @ rows[known[other]]) for one, other in zip(before, after, strict=True)])
        for one, row in zip(speech, places, strict=True):
            found: list[int] = []
            for value, near in sorted((next(like), near) for near in row):
                at = _quietest(one, near)
                if value < CHANGED and EDGE <= at <= len(one) - EDGE and all(abs(at - other) >= EDGE for other in found):
                    found.append(at)
            yield sorted(found)

    def tell(self) -> Told:
        """Whose each part is; forgets all that was heard."""
        starts, lengths, heard = np.array(self._starts, int), np.array(self._lengths, int), self._heard
        self._starts, self._lengths, self._heard = [], [], []
        if not heard:
            return Told(voice={}, seconds=())
        parts = np.stack([rows[0] for rows in heard])
        weights = lengths / RATE_HZ
        solid = lengths >= SOLID
        centres = _centres(parts[solid], weights[solid]) if solid.any() else _unit(parts.mean(axis=0, keepdims=True))
        owners = np.array([_owner(rows, centres) for rows in heard])
        order = list(dict.fromkeys(owners[np.argsort(starts, kind="stable")].tolist()))
        numbers = {owner: number for number, owner in enumerate((o for o in order if o >= 0), 1)} | {-1: NOBODY}
        return Told(
            voice={int(start): numbers[int(owner)] for start, owner in zip(starts, owners, strict=True)},
            seconds=tuple(float(weights[owners == owner].sum()) for owner in numbers if owner >= 0),
        )


def _cut(clip: Clip, changes: Sequence[int]) -> Iterator[Clip]:
    edges = [0, *changes, clip.end - clip.start]
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        left = 0 if number == 0 else clip.before + start
        right = len(clip.sound) if end == edges[-1] else clip.before + end
        yield Clip(
            start=clip.start + start, end=clip.start + end, before=clip.before if number == 0 else 0,
            sound=clip.sound[left:right],
        )  # fmt: skip


def _quietest(speech: Samples, near: int) -> int:
    """The middle of the quietest 20 ms within 200 ms of a place."""
    low, high = max(0, near - GRID // 2), min(len(speech), near + GRID // 2)
    loud = np.convolve(speech[low:high] ** 2, np.ones(QUIET), "valid")
    return low + int(np.argmin(loud)) + QUIET // 2


def _spread(speech: Samples) -> list[Samples]:
    """Up to four windows, even over the speech."""
    if len(speech) <= WINDOW:
        return [speech]
    count = min(MOST_WINDOWS, max(2, -(-len(speech) // WINDOW)))
    return [speech[at : at + WINDOW] for at in np.linspace(0, len(speech) - WINDOW, count).astype(int)]


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


def _sum(parts: Vectors, weights: npt.NDArray[np.float64]) -> Vectors:
    return np.asarray(weights @ parts, np.float32)


def _centres(parts: Vectors, weights: npt.NDArray[np.float64]) -> Vectors:
    """One row per voice found, the most spoken first."""
    waiting, found = [np.arange(len(parts))], []
    while waiting:
        group = waiting.pop()
        halves = _halves(parts[group], weights[group])
        if halves is None:
            found.append(group)
        else:
            waiting += [group[half] for half in halves]
    found.sort(key=lambda group: -float(weights[group].sum()))
    return _unit(np.stack([_sum(parts[group], weights[group]) for group in found]))


def _halves(parts: Vectors, weights: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int_], ...] | None:
    """The two voices in these parts, as numbers of parts; None when they are one. A few odd parts are set aside for that."""
    kept = np.arange(len(parts))
    while len(kept) >= 2 * LEAST_PARTS and weights[kept].sum() >= (1 - ODD) * weights.sum():
        side = _two(parts[kept], weights[kept])
        halves = kept[side], kept[~side]
        if not all(len(half) for half in halves):
            return None
        small = min(halves, key=lambda half: float(weights[half].sum()))
        if len(small) >= LEAST_PARTS and weights[small].sum() >= LEAST_S:
            return halves if _gap(parts[halves[0]], parts[halves[1]]) >= GAP else None
        kept = np.setdiff1d(kept, small)
    return None


def _two(parts: Vectors, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """2-means by angle, from the two parts that differ most from each other and their mean."""
    far = int(np.argmin(parts @ _unit(_sum(parts, weights))))
    centres = np.stack([parts[far], parts[int(np.argmin(parts @ parts[far]))]])
    side = np.zeros(len(parts), bool)
    for _ in range(ROUNDS):
        nearer = parts @ (centres[0] - centres[1]) > 0
        if (nearer == side).all() or nearer.all() or not nearer.any():
            break
        side = nearer
        centres = _unit(np.stack([_sum(parts[half], weights[half]) for half in (side, ~side)]))
    return side


def _gap(one: Vectors, other: Vectors) -> float:
    """Mean likeness of two parts of the same half, less that of parts of different halves."""
    sums = [half.sum(axis=0, dtype=np.float64) for half in (one, other)]
    within = [(total @ total - len(half)) / (len(half) * (len(half) - 1)) for total, half in zip(sums, (one, other), strict=True)]
    return float(sum(within) / 2 - sums[0] @ sums[1] / (len(one) * len(other)))


def _owner(rows: Vectors, centres: Vectors) -> int:
    """Number of the centre whose voice this part is, -1 for nobody's. `rows`: the whole part, then its windows."""
    like = centres @ rows[0]
    best = int(np.argmax(like))
    if like[best] < ALIKE:
        return -1
    for other in range(len(centres)):
        if other != best:
            axis = (centres[best] - centres[other]) / (1 - centres[best] @ centres[other])
            if rows[0] @ axis < MARGIN or (rows @ axis).min() < -MARGIN:
                return -1
    return best
