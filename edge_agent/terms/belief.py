"""Whether a term was said where something alike is written: how odd the text is there, against what that would have to be.

    odds = oddity - need          certain when odds >= 0
    oddity = by how many nats the text grows more usual when the stretch is taken out of it (`lexicon.words.Usual`)
    need   = the base of its length + what each step of unlikeness and each other tone costs + something for more than 200 terms

So a stretch that is ordinary words is believed: 饭店 is 返点 only beside another term of the list, 大量采购 may be 带量采购.
Long terms need little, since hardly anything else sounds like them; two syllables need the same sound and a text that makes no
sense otherwise. The figures were chosen on texts named in `tests/benchmarks/test_bench_terms.py`, for at most 0.1 wrong
replacements in 1,000 characters with 200 terms.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from edge_agent.lexicon.words import PARTICLES, known
from edge_agent.terms.index import Hit

_BESIDE: Final = 4.0
"""What another term of the list in the same text is worth."""
_USUAL_COUNT: Final = 200
_NUMERALS: Final = frozenset("零〇一二三四五六七八九十百千万亿点两")


@dataclass(frozen=True, slots=True)
class _Need:
    """For one number of syllables, in nats: `base`, `unlike` per whole unlike syllable, `tone` per other tone; `most` is how
    far apart they may be at all.
    """

    base: float
    unlike: float
    tone: float
    most: float


_NEEDS: Final = {
    2: _Need(base=11.5, unlike=40.0, tone=2.5, most=0.05),
    3: _Need(base=11.0, unlike=24.0, tone=1.0, most=0.5),
    4: _Need(base=6.0, unlike=20.0, tone=0.5, most=0.8),
}
_LONG: Final = _Need(base=6.0, unlike=20.0, tone=0.5, most=0.15)
"""Five syllables and more; `most` for each of them."""
_CROWD: Final = 1.7
"""Twice as many terms find twice as many false friends, and e^-0.6 of them are left a nat further on."""
_SAME: Final = 2.5
"""What each character that is the same takes back when others sound unlike: both readings need it, it speaks for neither."""
_SAME_UNLIKE: Final = 8.0
_PARTICLE: Final = 4.0
"""What more is needed where the stretch begins or ends with a particle."""
_LETTER: Final = 4.0
"""What more is needed where a letter, or in two syllables a figure, stands for a Chinese character."""
_WORD: Final = 6.0
"""What more is needed where the stretch is a word of three characters or more in the dictionary."""


@dataclass(frozen=True, slots=True)
class Belief:
    odds: float
    certain: bool
    reason: str


def farthest(size: int) -> float:
    """How far apart a term of that many syllables may be and still be certain."""
    return _need(size).most if size > 1 else -1.0


def weigh(hit: Hit, stretch: str, *, oddity: float, terms: int, beside: bool) -> Belief:
    """`stretch` is the folded text there; `beside`: another term stands or was found near."""
    size = len(hit.reading.syllables)
    need = _need(size)
    needed = need.base + need.unlike * hit.cost + need.tone * hit.tones
    if hit.cost > 0 and size in _NEEDS:
        needed += hit.same * (_SAME + _SAME_UNLIKE * hit.cost)
    needed += _CROWD * math.log(max(terms, _USUAL_COUNT) / _USUAL_COUNT)
    if size > 2 and known(stretch) > -math.inf:  # a long word that the dictionary has is no accident
        needed += _WORD
    if hit.reading.plain and any(c.isascii() and (c.isalpha() or size <= 2) for c in stretch):
        needed += _LETTER
    if stretch[0] in PARTICLES or stretch[-1] in PARTICLES:
        needed += _PARTICLE
    odds = oddity - needed + (_BESIDE if beside else 0.0)
    # another row of letters is another abbreviation, and a row of numerals is a number
    other = (stretch.isascii() and hit.cost > 0) or (hit.same == 0 and all(c in _NUMERALS or c.isdigit() for c in stretch))
    certain = size > 1 and odds >= 0 and hit.even and hit.cost <= need.most + 1e-9 and not other
    reason = "same-sound" if hit.cost == 0 else "near-sound" if hit.even else "near-length"
    return Belief(odds, certain, f"{reason}-beside-terms" if beside else reason)


@lru_cache(maxsize=128)
def _need(size: int) -> _Need:
    return _NEEDS.get(size) or replace(_LONG, most=_LONG.most * size)
