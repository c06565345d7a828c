"""Word boundaries, asked only for single characters: 高 in 提高 is not 高, 贵 in 太贵 is.

A single character of a combo counts when it is a word by itself or when the rest of its word only grades or negates it.
Longer literals are searched as they stand: splitting them would lose more than it saves. jieba is loaded at the first
question, silenced, and keeps its cache in the folder given to `configure`, never in a shared temporary one.
"""

import logging
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

GRADES: Final = frozenset("太很好更最真挺蛮偏够超特老不没别也都还就是了的啊吧吗呢呀嘛这那么有点些儿多再可能会要得")
"""Characters that may share a word with a single character without changing what it says."""

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


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple(_tokenizer().tokenize(text))


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba still imports pkg_resources and has invalid escapes
        import jieba  # noqa: PLC0415 - half a second and its dictionary: only when a single character hits
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
