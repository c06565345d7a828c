"""A sentence with its numbers in digits: 价格是九千八 -> 价格是9800. All else stays as it was said, idioms and weekdays too.

Money keeps its words (八块八 -> 8块8), 百分之三 becomes 3%, 八五折 8.5折; a dictated telephone number is written in one piece.
Writing what is written already changes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from edge_agent.domain.transcript import Transcript, Utterance
from edge_agent.facts import reading
from edge_agent.facts.line import Span, fold, gaps
from edge_agent.facts.numbers import CARDINAL, DIGITS, one_by_one, plain, value

_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_IN_A_DATE: Final = re.compile(
    rf"(?P<year>[零〇一二三四五六七八九]{{2,4}})(?=年)|(?P<count>{CARDINAL}|[二两三四五六七八九])(?=月|号|日|点|分|刻|天|个|周|星期|礼拜|年|小时)"
    r"|(?P<first>一)(?=月|号|日|点)"
    r"|(?<=点)(?P<minute>[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九])"
)
_WEEKDAY: Final = re.compile(r"(?:周|星期|礼拜)[一二三四五六]|十一(?=国庆|假|长假)|[五六]一|双十[一二]|大年初一|三八节")
_SPOKEN: Final = re.compile(r"[零〇一二三四五六七八九幺两十洞拐勾]")
_FRACTION: Final = re.compile(r"(?P<under>[二三四五六七八九十百千]{1,4})分之(?P<over>[一二两三四五六七八九十]{1,4})")


def in_digits(text: str) -> str:
    """The sentence with its numbers in digits. They may make readable what stands beside them: written until nothing changes."""
    for _ in range(len(text)):
        before, text = text, _written(text)
        if text == before:
            break
    return text


def _written(text: str) -> str:
    line = fold(text)
    parts: list[str] = []
    at = 0
    for (start, end), writing in sorted(_edits(line)):
        if start < at:
            continue
        parts += [text[at:start], writing]
        at = end
    return "".join([*parts, text[at:]])


def with_digits(transcript: Transcript) -> Transcript:
    """The transcript with `normalised` filled where it differs from the text."""
    return replace(transcript, utterances=tuple(_normalised(one) for one in transcript.utterances))


def _normalised(utterance: Utterance) -> Utterance:
    written = in_digits(utterance.text)
    return replace(utterance, normalised="" if written == utterance.text else written)


def _edits(line: str) -> Iterator[tuple[Span, str]]:
    named, moments, counted = reading.read(line, _ANY_DAY)
    for one in named:
        if _SPOKEN.search(line[slice(*one.span)].lstrip("".join("京津沪"))):
            yield one.span, one.value
    for moment in moments:
        yield from _dated(line, moment.span)
    for amount in counted:
        if amount.writing and amount.writing != line[slice(*amount.span)]:
            yield amount.span, amount.writing
    for match in _FRACTION.finditer(line):
        under, over = value(match["under"]), value(match["over"])
        if under and over and under != 100:
            yield match.span(), f"{plain(over)}/{plain(under)}"


def _dated(line: str, span: Span) -> Iterator[tuple[Span, str]]:
    kept = [match.span() for match in _WEEKDAY.finditer(line, *span)]
    free = gaps([(0, span[0]), *kept], span[1])
    for match in (match for start, end in free for match in _IN_A_DATE.finditer(line, start, end)):
        if match["year"]:
            yield match.span(), one_by_one(match["year"])
            continue
        worth = value(match[0])
        if worth is not None:
            yield match.span(), f"0{plain(worth)}" if match["minute"] and match[0][0] in DIGITS and worth < 10 else plain(worth)
