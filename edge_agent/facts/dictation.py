"""An identifier dictated over several utterances: a pause after 幺三八 ends an utterance, not the number.

Utterances of one speaker are read on as one while the first ends in a digit and the next begins with one; what the other
says meanwhile counts as listening while it is short (嗯, 好, 一三八是吧). What is found across them is one fact for each part,
all with the whole value, so that a mask hides every part.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.transcript import Utterance
from edge_agent.facts.identifiers import Identifier
from edge_agent.facts.line import fold
from edge_agent.facts.reading import identify

_DIGIT: Final = "0-9零一二三四五六七八九幺两洞拐勾"
_ENDS: Final = re.compile(rf"[{_DIGIT}京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼A-Za-z][\s,，。、.…\-]*$")
_BEGINS: Final = re.compile(rf"[\s,，]*(?:嗯|呃|啊|然后|后面是|接着)?[\s,，]*[A-Za-z{_DIGIT}]")
_LISTENING: Final = 8
_APART_MS: Final = 15_000
_MOST: Final = 12
_LESS_SURE: Final = 0.95
_BETWEEN: Final = "，"


@dataclass(frozen=True, slots=True)
class Part:
    """What of an identifier stands in utterance number `utterance`; `found.span` are offsets of its text."""

    utterance: int
    found: Identifier


def find(utterances: Sequence[Utterance]) -> Iterator[Part]:
    """The identifiers that span utterances, part by part."""
    used: set[int] = set()
    for first in range(len(utterances)):
        if first not in used and len(chain := _chain(utterances, first)) > 1:
            used.update(chain)
            yield from _across(utterances, chain)


def _chain(utterances: Sequence[Utterance], first: int) -> list[int]:
    """Numbers of the utterances that read on from `first`."""
    chain = [first]
    for number in range(first + 1, len(utterances)):
        last, now = utterances[chain[-1]], utterances[number]
        if len(chain) == _MOST or now.start_ms - last.end_ms > _APART_MS or not _ENDS.search(fold(last.text)[-12:]):
            break
        if now.speaker is last.speaker and _BEGINS.match(fold(now.text)):
            chain.append(number)
        elif now.speaker is last.speaker or len(now.text) > _LISTENING:
            break
    return chain


def _across(utterances: Sequence[Utterance], chain: Sequence[int]) -> Iterator[Part]:
    starts: list[int] = []
    text = ""
    for number in chain:
        text += _BETWEEN if text else ""
        starts.append(len(text))
        text += utterances[number].text.rstrip("。，、… ")
    for found in identify(fold(text)):
        parts = list(_parts(found, chain, [*starts, len(text) + 1]))
        if len(parts) > 1:
            yield from parts


def _parts(found: Identifier, chain: Sequence[int], starts: Sequence[int]) -> Iterator[Part]:
    for place, number in enumerate(chain):
        low, high = starts[place], starts[place + 1] - 1
        start, end = max(found.span[0], low), min(found.span[1], high)
        if start < end:
            here = Identifier(
                kind=found.kind, value=found.value, span=(start - low, end - low), confidence=found.confidence * 0.95
            )
            yield Part(number, here)
