"""Hears a recording as somebody does who knows the terms of the trade: each window again with the few that may have been said.

- The first reading has no hints. The terms that sound as if they stood in it, or in the readings that came next, are the hints of
  that window: 200 terms do not fit, and a long list makes the recogniser write terms that nobody said.
- A window in which no term could stand that is not there already costs nothing more.
- Each clip then has up to four texts, and terms to be put into them; the sound decides (`evidence`).
- The recogniser's text is kept beside each correction. With `hints` off there is no second reading, with `recovery` off nothing
  is put; with both off the first reading is left alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.evidence import believed
from edge_agent.speech.guard import is_loop
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.recogniser import SEEN_PER_S, Reading
from edge_agent.speech.windows import Window
from edge_agent.speech.writing import Writing
from edge_agent.terms.recovery import Recovery

LIKELY: Final = 12
AROUND_S: Final = 0.1


class Reader(Protocol):
    """What is asked of the recogniser."""

    def again(self, readings: Sequence[Reading], hints: Sequence[Sequence[str]]) -> list[Reading]: ...

    def spelt(self, reading: Reading, text: str) -> Reading: ...

    def fit(self, seen: Samples, texts: Sequence[str]) -> list[float]: ...

    def fitting(self, hints: Sequence[str]) -> list[str]: ...


class Trade:
    """The terms of one recording. Call it with windows, their readings and what was written of them."""

    def __init__(self, reader: Reader, writing: Writing, terms: Sequence[str], *, hints: bool, recovery: bool) -> None:
        self._reader = reader
        self._writing = writing
        self._recovery = Recovery(terms)
        self._idle = not terms or not (hints or recovery)
        self._hints = hints
        self._put = recovery

    def __call__(
        self, windows: Sequence[Window], readings: Sequence[Reading], written: Sequence[Sequence[Piece]]
    ) -> list[list[Piece]]:
        """The pieces of each window as they are believed; as many as before, with the same times."""
        if self._idle:
            return [list(found) for found in written]
        likely = [self._likely(reading) if found else [] for reading, found in zip(readings, written, strict=True)]
        again = self._again(readings, likely)
        return [
            self._told(window, reading, found, again.get(number), terms)
            for number, (window, reading, found, terms) in enumerate(zip(windows, readings, written, likely, strict=True))
        ]

    def _likely(self, reading: Reading) -> list[str]:
        """The terms that may have been said in a window; none if all of them are written already."""
        texts = [self._writing(text) for text in (reading.text, *reading.others)]
        terms = self._reader.fitting(self._recovery.likely(texts, LIKELY))
        return terms if set(terms) - self._recovery.standing(texts[0]) else []

    def _again(self, readings: Sequence[Reading], likely: Sequence[Sequence[str]]) -> dict[int, Reading]:
        numbers = [number for number, terms in enumerate(likely) if terms]
        if not self._hints or not numbers:
            return {}
        hinted = self._reader.again([readings[n] for n in numbers], [likely[n] for n in numbers])
        return {n: reading for n, reading in zip(numbers, hinted, strict=True) if not is_loop(reading.text)}

    def _told(
        self, window: Window, reading: Reading, found: Sequence[Piece], hinted: Reading | None, terms: Sequence[str]
    ) -> list[Piece]:
        if not terms:
            return list(found)
        read = [self._reader.spelt(reading, other) for other in reading.others if self._put] + ([hinted] if hinted else [])
        by_start: dict[int, list[Piece]] = {piece.start: [piece] for piece in found}
        for one in read:
            for piece in pieces(window, one, terms):
                if piece.start in by_start:
                    by_start[piece.start].append(replace(piece, text=self._writing(piece.text)))
        return [self._piece(window, reading, by_start[piece.start]) for piece in found]

    def _piece(self, window: Window, reading: Reading, texts: Sequence[Piece]) -> Piece:
        seen = _stretch(window, reading, texts[0])
        told = believed(
            [piece.text for piece in texts], lambda asked: self._reader.fit(seen, asked), self._recovery, put=self._put
        )
        chosen = next(piece for piece in texts if piece.text == told.base)
        return replace(
            texts[0],
            text=told.text,
            logprob=chosen.logprob,
            corrections=told.corrections,
            raw=told.base if told.corrections else "",
        )


def _stretch(window: Window, reading: Reading, piece: Piece) -> Samples:
    """What was seen of the piece's clip and a little around it."""
    number = next(n for n, clip in enumerate(window.clips) if clip.start == piece.start)
    clip, place = window.clips[number], window.places[number]
    start_s = (place - clip.before) / RATE_HZ - AROUND_S
    end_s = (place - clip.before + len(clip.sound)) / RATE_HZ + AROUND_S
    return reading.seen[max(0, int(start_s * SEEN_PER_S)) : int(end_s * SEEN_PER_S) + 1]
