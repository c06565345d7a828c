"""Words of everyday Chinese: where they begin and end, and how usual a text is as a row of them.

- `stands_alone`: 高 in 提高 is not 高, 贵 in 太贵 is. A single character counts when it is a word by itself or when the rest of
  its word only grades or negates it. Longer literals are searched as they stand: splitting them would lose more than it saves.
- `Usual`: logarithms of how probable a text is as a row of dictionary words, from either end, so that any stretch of it can be
  weighed in one step. Names and other words that no dictionary has are never taken for more improbable than `_STRANGE`.

Unknown words are not guessed at: characters that no dictionary joins stand alone. jieba is imported in this room alone: loaded
at the first question, silenced, and its cache lies in the folder given to `configure`, never in a shared temporary one.
"""

import logging
import math
import warnings
from collections.abc import Iterator
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
_NAME: Final = 4
_STRANGE: Final = (-11.0, -4.5)
"""An unknown word of n characters: the first number, and the second for each of them."""
_OTHER: Final = -9.0
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


def begins(text: str) -> bool:
    """Whether some dictionary word begins like this."""
    return text in _tokenizer().FREQ


class Usual:
    """One text weighed: `before[i]` is the best log probability of its first i characters, `after[i]` of those from i on."""

    def __init__(self, text: str) -> None:
        size = len(text)
        words = [list(_words_from(text, start)) for start in range(size)]
        self.before = [0.0] + [-math.inf] * size
        for start, found in enumerate(words):
            here = self.before[start]
            for end, weight in found:
                self.before[end] = max(self.before[end], here + weight)
        self.after = [0.0] * (size + 1)
        for start in range(size - 1, -1, -1):
            self.after[start] = max(weight + self.after[end] for end, weight in words[start])

    def oddity(self, start: int, end: int) -> float:
        """How much more usual the text would be without [start, end), the rest cut there: about -log of what stands there."""
        return self.before[start] + self.after[end] - self.before[-1]


def _words_from(text: str, start: int) -> Iterator[tuple[int, float]]:
    """(end, log probability) of every word that may begin at `start`; there is always one of one character."""
    if not _chinese(text[start]):
        yield from _foreign(text, start)
        return
    frequencies, total = _tokenizer().FREQ, _log_total()
    yield start + 1, math.log(frequencies.get(text[start], 0) or 1) - total
    known = True
    for end in range(start + 2, min(start + _LONGEST, len(text)) + 1):
        if not _chinese(text[end - 1]):
            break
        frequency = frequencies.get(text[start:end]) if known else None
        known = frequency is not None
        if frequency:
            yield end, math.log(frequency) - total
        if end - start <= _NAME:
            yield end, _STRANGE[0] + _STRANGE[1] * (end - start)
        elif not known:
            break


def _foreign(text: str, start: int) -> Iterator[tuple[int, float]]:
    """A run of letters and digits or of marks, whole, and its first character (a term may begin or end inside it)."""
    wordlike = text[start].isalnum()
    end = start + 1
    while end < len(text) and not _chinese(text[end]) and text[end].isalnum() == wordlike:
        end += 1
    for stop in {end, start + 1}:
        yield stop, _OTHER if wordlike else 0.0


def _chinese(character: str) -> bool:
    return "一" <= character <= "鿿"


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple(_tokenizer().tokenize(text, HMM=False))


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
