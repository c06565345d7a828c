"""Words of everyday Chinese: where they begin and end, and how usual a text is as a row of them.

- `stands_alone`: 高 in 提高 is not 高, 贵 in 太贵 is. A single character counts when it is a word by itself or when the rest of
  its word only grades or negates it. Longer literals are searched as they stand: splitting them would lose more than it saves.
- `Usual`: logarithms of how probable a text is as a row of dictionary words, from either end, so that any stretch of it can be
  weighed in one step. Names and other words that no dictionary has are never taken for more improbable than `_STRANGE`.

jieba is imported in this room alone: loaded at the first question, silenced, and its cache lies in the folder given to
`configure`, never in a shared temporary one.
"""

import logging
import math
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

GRADES: Final = frozenset("太很好更最真挺蛮偏够超特老不没别也都还就是了的啊吧吗呢呀嘛这那么有点些儿多再可能会要得")
"""Characters that may share a word with a single character without changing what it says."""

PARTICLES: Final = frozenset(
    "的了是在有不就也都和与及着过被把这那很又再还可要会能到上下里时才等以为之其而于各每个或但并从对向将让给"
)
"""Characters that join anything: beside them two words may meet that make no word, and nothing is odd about it."""

_LONGEST: Final = 8
_STRANGE: Final = (-11.0, -4.5)
"""An unknown word of n characters: the first number, and the second for each of them."""
_OTHER: Final = -7.0
"""A run of letters or digits is one word; marks weigh nothing."""

_cache_folder: list[Path] = []


def configure(cache: Path) -> None:
    """Where jieba may keep its cache; without a call it keeps none. Takes effect before the first question."""
    _cache_folder[:] = [cache]


def stands_alone(text: str, position: int) -> bool:
    """Whether the character at `position` is used as a word of its own."""
    for word, start, end in _words(text):
        if start <= position < end:
            rest = word[: position - start] + word[position - start + 1 :]
            return all(c in GRADES or c == text[position] for c in rest)
    return True


def known(word: str) -> float:
    """Logarithm of the probability of a dictionary word; minus infinity when it is none."""
    frequency = _tokenizer().FREQ.get(word, 0)
    return math.log(frequency) - _log_total() if frequency else -math.inf


class Usual:
    """One text weighed: `before[i]` is the best log probability of its first i characters, `after[i]` of those from i on."""

    def __init__(self, text: str) -> None:
        size = len(text)
        self.before = [0.0] * (size + 1)
        self.after = [0.0] * (size + 1)
        pieces = list(_pieces(text))
        into: list[list[tuple[int, float]]] = [[] for _ in range(size + 1)]
        outof: list[list[tuple[int, float]]] = [[] for _ in range(size + 1)]
        for start, end, weight in pieces:
            into[end].append((start, weight))
            outof[start].append((end, weight))
        for end in range(1, size + 1):
            self.before[end] = max(self.before[start] + weight for start, weight in into[end])
        for start in range(size - 1, -1, -1):
            self.after[start] = max(weight + self.after[end] for end, weight in outof[start])

    def oddity(self, start: int, end: int) -> float:
        """How much more usual the text would be without [start, end), the rest cut there: about -log of what stands there."""
        return self.before[start] + self.after[end] - self.before[-1]


def _pieces(text: str) -> Any:
    """(start, end, log probability) of every word that may stand somewhere in `text`."""
    frequencies, total = _tokenizer().FREQ, _log_total()
    size = len(text)
    for start in range(size):
        if not _chinese(text[start]):
            end = start + 1
            while end < size and not _chinese(text[end]) and text[end].isalnum() == text[start].isalnum():
                end += 1
            # a run may also be cut: a term may begin or end inside it
            weight = _OTHER if text[start].isalnum() else 0.0
            yield start, end, weight
            if end > start + 1:
                yield start, start + 1, weight
            continue
        yield start, start + 1, math.log(frequencies.get(text[start], 0) or 1) - total
        for end in range(start + 2, min(start + _LONGEST, size) + 1):
            if not _chinese(text[end - 1]):
                break
            word = text[start:end]
            frequency = frequencies.get(word)
            if frequency is None:
                break
            if frequency:
                yield start, end, math.log(frequency) - total
        for end in range(start + 2, min(start + 4, size) + 1):
            if not _chinese(text[end - 1]):
                break
            yield start, end, _STRANGE[0] + _STRANGE[1] * (end - start)


def _chinese(character: str) -> bool:
    return "一" <= character <= "鿿"


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple(_tokenizer().tokenize(text))


@lru_cache(maxsize=1)
def _log_total() -> float:
    return math.log(_tokenizer().total)


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba still imports pkg_resources and has invalid escapes
        import jieba  # noqa: PLC0415 - half a second and its dictionary: only when somebody asks
    jieba.setLogLevel(logging.ERROR)
    tokenizer = jieba.Tokenizer()
    if _cache_folder:
        _cache_folder[0].mkdir(parents=True, exist_ok=True)
        tokenizer.tmp_dir = str(_cache_folder[0])
        tokenizer.initialize()
    else:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
    return tokenizer
