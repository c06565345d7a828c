"""A list of terms as a person writes it: UTF-8, one term a line, `#` comments, blank lines; at most 10,000.

A fault is said by its line number alone. What cannot be listened for is refused: a term of one syllable, or of more than 32, and
one of which nothing is left when texts are compared as spoken (百分之).
"""

from collections.abc import Callable
from typing import Final

from edge_agent.errors import BadInput
from edge_agent.terms.scoring import aloud
from edge_agent.terms.sounds import readings

MOST: Final = 10_000
LONGEST: Final = 32
_REMEDY: Final = "one term a line, UTF-8, two syllables or more, # begins a comment"


def listed(content: bytes) -> tuple[str, ...]:
    """The terms in their order, each once.

    Raises:
        BadInput: "terms": not UTF-8, a line that is no term, none or too many of them.
    """
    rows = decoded(content, _refused)
    found: dict[str, None] = {}
    for number, row in enumerate(rows, 1):
        term = row.partition("#")[0].strip()
        if not term:
            continue
        fault = unheard(term)
        if fault:
            raise _refused(f"line {number} {fault}", f"第 {number} 行不是可用的词")
        found[term] = None
        if len(found) > MOST:
            raise _refused(f"more than {MOST} terms", f"超过 {MOST} 个词")
    if not found:
        raise _refused("no term in the list", "词表是空的")
    return tuple(found)


def decoded(content: bytes, refused: Callable[[str, str], BadInput]) -> list[str]:
    """The lines of UTF-8 text, a byte order mark tolerated; else what `refused` makes of the line's number."""
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise refused(f"line {number} is not UTF-8", f"第 {number} 行不是 UTF-8 编码") from None


def unheard(term: str) -> str:
    """Why a term cannot be listened for; "" when it can."""
    if any(not (c.isprintable()) for c in term):
        return "holds a character that cannot be printed"
    if not any(c.isalnum() for c in term):
        return "has neither letter nor digit"
    if not aloud(term):
        return "is only a part of how a number is said"
    syllables = len(readings(term)[0][0])
    if syllables < 2:
        return "has fewer than two syllables"
    return "is longer than 32 syllables" if syllables > LONGEST else ""


def _refused(message: str, zh: str) -> BadInput:
    return BadInput("terms", f"the list of terms: {message}", remedy=_REMEDY, zh=f"词表：{zh}")
