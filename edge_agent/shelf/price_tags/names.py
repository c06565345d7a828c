"""Whose tag it is: the product of the plan whose name stands on it, and nothing where that is not clear.

Compared is what identifies a product: letters and characters, without spaces, marks, sizes and counts. Similarity is one minus
the edit distance over the longer text (Levenshtein 1966). Two products whose names are about equally near are no answer.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

NEAR: Final = 0.75
APART: Final = 0.2
SHORTEST: Final = 3
LONGEST: Final = 40
_SIZE: Final = re.compile(
    r"\d+(?:\.\d+)?\s*(?:kg|g|ml|l|克|千克|升|毫升|片|枚|支|抽|包|瓶|袋|盒|罐)?(?:[*x×]\d+)?", re.IGNORECASE
)
_FIELD: Final = re.compile(r"^\s*(?:品\s*名|名\s*称|商\s*品)\s*[:：]?")


def plain(text: str) -> str:
    """What of a printed name is compared."""
    without = _SIZE.sub("", _FIELD.sub("", unicodedata.normalize("NFKC", text)[:LONGEST]))
    return "".join(letter for letter in without.lower() if letter.isalnum())


def named(texts: Iterable[str], names: Mapping[str, str]) -> str:
    """The key of `names` (key -> plain name) that one of the recognised lines shows clearly, else ""."""
    lines = [line for line in map(plain, texts) if len(line) >= SHORTEST]
    scored = sorted(
        ((max((likeness(line, name) for line in lines), default=0.0), key) for key, name in names.items() if name), reverse=True
    )
    if not scored or scored[0][0] < NEAR:
        return ""
    clear = len(scored) == 1 or scored[0][0] - scored[1][0] >= APART or (scored[0][0] == 1 and scored[1][0] < 1)
    return scored[0][1] if clear else ""


def likeness(one: str, other: str) -> float:
    """1 = the same text, 0 = nothing in common."""
    longer = max(len(one), len(other))
    if not longer or len(set(one) & set(other)) < (NEAR - APART) * min(len(set(one)), len(set(other))):
        return 0.0
    return 1 - _distance(one, other) / longer


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, second in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != second))
    return row[-1]
