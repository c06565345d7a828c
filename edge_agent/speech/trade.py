"""Hears a recording as somebody does who knows the terms of the trade: each window again with the few that may have been said.

- The first reading has no hints. The terms that sound as if they stood in it, or in the readings that came next, are the hints of
  that window: 200 terms do not fit, and a long list makes the recogniser write terms that nobody said.
- A window in which no term could stand that is not there already costs nothing more.
- Clips that follow one another closely then have up to four texts, and terms to be put into them; the sound decides (`evidence`).
- The recogniser's text is kept beside each correction. With `hints` off there is no second reading, with `recovery` off nothing
  is put; with both off the first reading is left alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Final, Protocol

from edge_agent.domain.transcript import Correction
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
CLOSE: Final = RATE_HZ // 2
LONGEST: Final = 9 * RATE_HZ
"""Clips up to so far apart, and together so long, are looked at as one."""


class Reader(Protocol):
    """What is asked of the recogniser."""

    def again(self, readings: Sequence[Reading], hints: Sequence[Sequence[str]]) -> list[Reading]: ...

    def spelt(self, reading: Reading, text: str) -> Reading: ...

    def fit(self, seen: Samples, texts: Sequence[str]) -> list[float]: ...

    def fitting(self, hints: Sequence[str]) -> list[str]: ...


class Trade:
    """The terms of one recording. Call it with windows, their readings and what was written of them."""

    def __init__(
        self, reader: Reader, writing: Writing, terms: Sequence[str], *, hints: bool, recovery: bool, honest: bool = True
    ) -> None:
        """`honest`: known inventions and loops are kept out of further readings, as they are of the first."""
        self._reader = reader
        self._writing = writing
        self._recovery = Recovery(terms)
        self._idle = not terms or not (hints or recovery)
        self._hints = hints
        self._put = recovery
        self._honest = honest

    def __call__(
        self, windows: Sequence[Window], readings: Sequence[Reading], written: Sequence[Sequence[Piece]]
    ) -> list[list[Piece]]:
        """The pieces of each window as they are believed, with the times they had."""
        if self._idle:
            return [list(found) for found in written]
        likely = [self._likely(reading) if found else [] for reading, found in zip(readings, written, strict=True)]
        again = self._again(readings, likely)
        return [
            self._told(window, reading, found, again.get(number), terms)
            for number, (window, reading, found, terms) in enumerate(zip(windows, readings, written, likely, strict=True))
        ]

    def _likely(self, reading: Reading) -> list[str]:
        """The terms that may have been said in a window, those that are not written yet first; none if all are written."""
        texts = [self._writing(text) for text in (reading.text, *reading.others)]
        standing = self._recovery.standing(texts[0])
        likely = self._recovery.likely(texts, LIKELY + len(standing))
        still_open = [term for term in likely if term not in standing]
        return [*still_open, *(term for term in likely if term in standing)] if still_open else []

    def _again(self, readings: Sequence[Reading], likely: Sequence[Sequence[str]]) -> dict[int, Reading]:
        fitting = {number: self._reader.fitting(terms) for number, terms in enumerate(likely) if terms}
        numbers = [number for number, terms in fitting.items() if terms]
        if not self._hints or not numbers:
            return {}
        hinted = self._reader.again([readings[n] for n in numbers], [fitting[n] for n in numbers])
        return {n: reading for n, reading in zip(numbers, hinted, strict=True) if not (self._honest and is_loop(reading.text))}

    def _told(
        self, window: Window, reading: Reading, found: Sequence[Piece], hinted: Reading | None, terms: Sequence[str]
    ) -> list[Piece]:
        if not terms:
            return list(found)
        others = [self._placed(window, self._reader.spelt(reading, other), terms) for other in reading.others if self._put]
        knowing = self._placed(window, hinted, terms) if hinted else {}
        told: list[Piece] = []
        for group in groups(found):
            told += self._group(_stretch(window, reading, group), group, others, knowing)
        return told

    def _placed(self, window: Window, reading: Reading, terms: Sequence[str]) -> dict[int, Piece]:
        """Another reading's pieces by where they begin."""
        return {piece.start: self._written(piece) for piece in pieces(window, reading, terms, honest=self._honest)}

    def _written(self, piece: Piece) -> Piece:
        return replace(piece, text=self._writing(piece.text))

    def _group(
        self, seen: Samples, group: Sequence[Piece], others: Sequence[Mapping[int, Piece]], knowing: Mapping[int, Piece]
    ) -> Iterator[Piece]:
        rows = {_joined(group): list(group)}
        for other in others:
            row = _row(group, other)
            rows.setdefault(_joined(row), row)
        read = [text for text in rows if text]
        row = _row(group, knowing)
        hinted = _joined(row)
        rows.setdefault(hinted, row)
        told = believed(read, lambda asked: self._reader.fit(seen, asked), self._recovery, put=self._put, hinted=hinted)
        for piece, chosen in zip(group, swallowed(shared_out(rows[told.base], told.corrections)), strict=True):
            if chosen.text:
                yield replace(piece, text=chosen.text, logprob=chosen.logprob, raw=chosen.raw, corrections=chosen.corrections)


def groups(found: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces that follow one another closely: terms are looked for across short pauses, which come within words too."""
    group: list[Piece] = []
    for piece in found:
        if group and (piece.start - group[-1].end > CLOSE or piece.end - group[0].start > LONGEST):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _row(group: Sequence[Piece], other: Mapping[int, Piece]) -> list[Piece]:
    """The pieces of a group as they were read otherwise; without text where nothing was."""
    return [other.get(piece.start, replace(piece, text="")) for piece in group]


def _joined(row: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in row)


def shared_out(row: Sequence[Piece], corrections: Sequence[Correction]) -> list[Piece]:
    """The pieces with the corrections of their joined text; one that reaches over a pause goes to the piece that has most of it.

    A piece of which nothing is left has no text.
    """
    edges = list(accumulate((len(piece.text) for piece in row), initial=0))
    cuts: list[list[tuple[int, int, Correction | None]]] = [[] for _ in row]
    grown = 0
    for one in corrections:
        start, end = one.start - grown, one.start - grown + len(one.raw)
        grown += len(one.term) - len(one.raw)
        inside = [min(end, to) - max(start, since) for since, to in pairwise(edges)]
        for number, length in enumerate(inside):
            if length > 0:
                owner = one if number == inside.index(max(inside)) else None
                cuts[number].append((max(start, edges[number]), min(end, edges[number + 1]), owner))
    return [_cut(piece, edges[number], cuts[number]) for number, piece in enumerate(row)]


def swallowed(row: Sequence[Piece]) -> list[Piece]:
    """The same, with what had been read in a piece that a correction took whole kept in the `raw` of the piece that has it."""
    kept = list(row)
    for number, piece in enumerate(row):
        if piece.text or not piece.raw:
            continue
        after = next((n for n in range(number + 1, len(row)) if kept[n].text and kept[n].corrections), None)
        if after is not None and kept[after].corrections[0].start == 0:
            kept[after] = replace(kept[after], raw=piece.raw + kept[after].raw)
        elif number:
            kept[number - 1] = replace(kept[number - 1], raw=kept[number - 1].raw + piece.raw)
    return kept


def _cut(piece: Piece, at: int, cuts: Sequence[tuple[int, int, Correction | None]]) -> Piece:
    text, begin, kept = "", 0, []
    for start, end, one in cuts:
        text += piece.text[begin : start - at]
        begin = end - at
        if one is not None:
            kept.append(replace(one, start=len(text), end=len(text) + len(one.term)))
            text += one.term
    text += piece.text[begin:]
    if not any(character.isalnum() for character in text):
        text = ""
    return replace(piece, text=text, raw=piece.text if cuts else "", corrections=tuple(kept))


def _stretch(window: Window, reading: Reading, group: Sequence[Piece]) -> Samples:
    """What was seen of the clips of a group and a little around them."""
    numbers = {clip.start: number for number, clip in enumerate(window.clips)}
    first, last = numbers[group[0].start], numbers[group[-1].start]
    start_s = (window.places[first] - window.clips[first].before) / RATE_HZ - AROUND_S
    end_s = (window.places[last] - window.clips[last].before + len(window.clips[last].sound)) / RATE_HZ + AROUND_S
    return reading.seen[max(0, int(start_s * SEEN_PER_S)) : int(end_s * SEEN_PER_S) + 1]
