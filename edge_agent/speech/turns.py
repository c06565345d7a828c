"""From pieces to utterances: sentences in order of time, with what only shows when all channels are seen together.

- Pieces of one channel less than 500 ms apart make one utterance (at most 15 s), unless the recogniser ended a sentence or
  another speaker began in between; shorter pauses become commas. Times are those of the speech itself.
- Echo: when a channel repeats at the same time what another says, the quieter of the two goes (at least 5.5 dB apart, nearly the
  same words, three characters or more).
- Backchannel: only 嗯/哦/对/好/是 and the like, at most 2 characters and 1 s, begun inside the other's utterance; it breaks
  none. The same word after the other has stopped may be an answer and is left alone.
- Overlapped: other channels speak during more than half of it. What was cut where the voice seemed to change, but is one
  voice after all, is put together without a mark.
- Confidence = the share of an utterance's characters that are right, as it is to be expected: exp(0.7 x mean log probability of
  the tokens), the exponent measured on clean, noisy and narrow-band speech. Noise needs no term of its own. Never 1: that is for
  what was written.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from edge_agent.domain.transcript import Correction, Speaker, Utterance
from edge_agent.speech.clips import RATE_HZ
from edge_agent.speech.pieces import Piece
from edge_agent.speech.writing import MARKS, joined

SENTENCE_PAUSE: Final = RATE_HZ // 2
LONGEST: Final = 15 * RATE_HZ
LONGEST_PIECE: Final = 29 * RATE_HZ
ECHO_RATIO: Final = 3.5
ECHO_LIKE: Final = 0.8
ECHO_CHARACTERS: Final = 3
BACKCHANNELS: Final = frozenset("嗯哦噢喔对好是啊呃唉哎行") | frozenset(
    ("嗯嗯", "对对", "好好", "是是", "哦哦", "对啊", "是啊", "好的", "是的", "对的", "嗯哼", "行行", "好吧", "对呀", "是呀")
)
BACKCHANNEL: Final = RATE_HZ
NO_VOICE: Final = 0
TRUST: Final = 0.7
SUREST: Final = 0.999


def utterances(
    found: Iterable[Piece], speakers: Sequence[Speaker], *, voices: Sequence[int] | None = None
) -> tuple[Utterance, ...]:
    """Ordered by (start, end). `speakers[channel]` says whose channel it is; `voices[channel]` which voice it is."""
    ordered = without_echo(sorted(found, key=_place))
    starts = [piece.start for piece in ordered if not _is_short_assent(piece)]
    owners = [piece.channel for piece in ordered if not _is_short_assent(piece)]
    sentences: list[list[Piece]] = []
    latest: dict[int, list[Piece]] = {}
    for piece in ordered:
        begun = latest.get(piece.channel)
        between = slice(bisect_left(starts, begun[-1].end), bisect_left(starts, piece.start)) if begun else slice(0)
        if begun and _goes_on(begun, piece) and all(owner == piece.channel for owner in owners[between]):
            begun.append(piece)
        else:
            latest[piece.channel] = [piece]
            sentences.append(latest[piece.channel])
    sentences.sort(key=lambda sentence: (sentence[0].start, sentence[-1].end))
    return tuple(_utterances(sentences, speakers, voices or (NO_VOICE,) * len(speakers), _others(ordered)))


def without_echo(ordered: Sequence[Piece]) -> list[Piece]:
    """Without pieces that repeat, at the same time and at most 0.3 times as loud, what another channel says."""
    starts = [piece.start for piece in ordered]
    kept = []
    for piece in ordered:
        near = ordered[bisect_left(starts, piece.start - LONGEST_PIECE) : bisect_left(starts, piece.end)]
        if not any(_is_echo(piece, other) for other in near if other.channel != piece.channel):
            kept.append(piece)
    return kept


def _place(piece: Piece) -> tuple[int, int, int]:
    return (piece.start, piece.end, piece.channel)


def _is_echo(piece: Piece, other: Piece) -> bool:
    together = min(piece.end, other.end) - max(piece.start, other.start)
    if other.loud < ECHO_RATIO * piece.loud or together < (piece.end - piece.start) / 2:
        return False
    text = piece.text.strip(MARKS)
    if len(text) < ECHO_CHARACTERS:
        return False
    blocks = SequenceMatcher(None, text, other.text, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= ECHO_LIKE * len(text)


def _is_short_assent(piece: Piece) -> bool:
    return piece.end - piece.start <= BACKCHANNEL and piece.text.strip(MARKS) in BACKCHANNELS


def _goes_on(sentence: Sequence[Piece], piece: Piece) -> bool:
    return (
        piece.start - sentence[-1].end < SENTENCE_PAUSE
        and piece.end - sentence[0].start <= LONGEST
        and sentence[-1].text[-1:] not in "。？！"
    )


def texts(sentence: Sequence[Piece], of: Callable[[Piece], str] = lambda piece: piece.text) -> list[str]:
    """The pieces' texts; what was cut without a pause between is one."""
    found: list[str] = []
    for number, piece in enumerate(sentence):
        if number and piece.start == sentence[number - 1].end:
            found[-1] += of(piece)
        else:
            found.append(of(piece))
    return found


def corrected(sentence: Sequence[Piece]) -> tuple[str, tuple[Correction, ...]]:
    """The pieces joined, and their corrections with offsets into the whole."""
    text = joined(texts(sentence))
    found, at = [], 0
    for piece in sentence:
        at = text.index(piece.text.rstrip(MARKS), at)
        found += [replace(one, start=one.start + at, end=one.end + at) for one in piece.corrections]
        at += len(piece.text.rstrip(MARKS))
    return text, tuple(found)


def _others(ordered: Sequence[Piece]) -> Callable[[Sequence[Piece]], bool]:
    """Whether another channel speaks during most of a sentence."""
    starts = [piece.start for piece in ordered]

    def during(sentence: Sequence[Piece]) -> bool:
        together = 0
        for piece in sentence:
            near = ordered[bisect_left(starts, piece.start - LONGEST_PIECE) : bisect_left(starts, piece.end)]
            shared = [min(piece.end, o.end) - max(piece.start, o.start) for o in near if o.channel != piece.channel]
            together += min(piece.end - piece.start, sum(span for span in shared if span > 0))
        return 2 * together > sum(piece.end - piece.start for piece in sentence)

    return during


def _utterances(
    sentences: Sequence[Sequence[Piece]],
    speakers: Sequence[Speaker],
    voices: Sequence[int],
    overlapped: Callable[[Sequence[Piece]], bool],
) -> Iterator[Utterance]:
    until = [0] * len(speakers)
    for sentence in sentences:
        channel, start, end = sentence[0].channel, sentence[0].start, sentence[-1].end
        inside = any(start < until[other] for other in range(len(speakers)) if other != channel)
        weights = [max(1, len(piece.text)) for piece in sentence]
        logprob = sum(p.logprob * weight for p, weight in zip(sentence, weights, strict=True)) / sum(weights)
        text, corrections = corrected(sentence)
        yield Utterance(
            start_ms=start * 1000 // RATE_HZ,
            end_ms=end * 1000 // RATE_HZ,
            speaker=speakers[channel],
            text=text,
            raw=joined(texts(sentence, lambda piece: piece.raw or piece.text)) if corrections else "",
            corrections=corrections,
            confidence=round(min(SUREST, math.exp(TRUST * logprob)), 3),
            backchannel=inside and len(sentence) == 1 and _is_short_assent(sentence[0]),
            overlapped=overlapped(sentence),
            voice=voices[channel],
        )
        until[channel] = max(until[channel], end)
