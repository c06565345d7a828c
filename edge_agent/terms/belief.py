"""Whether a term was said where something alike is written: one sum of logarithms, and a threshold for each length.

    odds = how much more usual the text is with the term there  (dictionary words, see `lexicon.words`; a term counts as a
           word about as rare as one of a list of so many terms is)
         - how unlikely it is to mishear the one as the other   (by sound and tone)
         + other terms of the list in the same text             (talk of the trade)

So a stretch that is ordinary words is believed, above all in two syllables: 饭店 is 返点 only beside another term. Thresholds
were chosen on texts named in `tests/benchmarks/test_bench_terms.py`, for at most 0.1 wrong replacements in 1,000 characters.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_agent.terms.index import Hit

_PER_COST: Final = 6.0
_PER_TONE: Final = 0.5
_BESIDE: Final = 3.0
_TRADE: Final = math.log(0.05)
_FEWEST: Final = 100
_MARGIN: Final = {1: 99.0, 2: 4.0, 3: 3.0}
_MARGIN_LONG: Final = 2.0
_NEAREST: Final = {1: 0.0, 2: 0.05, 3: 0.45}
"""How far apart, in syllables, a term may be of what it replaces without the sound being asked."""
_NEAREST_EACH: Final = 0.2


@dataclass(frozen=True, slots=True)
class Belief:
    odds: float
    certain: bool
    reason: str


def weigh(hit: Hit, *, gain: Callable[[float], float], terms: int, beside: int) -> Belief:
    """`gain` says how much more usual the text is with a word of that log probability there; `beside` counts other terms."""
    size = len(hit.reading.syllables)
    rarity = _TRADE - math.log(max(terms, _FEWEST))
    odds = gain(rarity) - _PER_COST * hit.cost - _PER_TONE * hit.tones + (_BESIDE if beside else 0.0)
    near = hit.cost <= _NEAREST.get(size, _NEAREST_EACH * size)
    certain = near and odds >= _MARGIN.get(size, _MARGIN_LONG) and hit.even
    if not hit.even:
        reason = "near-length"
    elif hit.cost == 0:
        reason = "same-sound-beside-terms" if beside else "same-sound"
    else:
        reason = "near-sound-beside-terms" if beside else "near-sound"
    return Belief(odds, certain, reason)
