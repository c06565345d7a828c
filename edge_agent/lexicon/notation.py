"""The notation of sayings: `比{竞品}贵`, `超出…预算`, `价格|价钱`, read into steps that a matcher can run.

A saying is a row of steps; each step is a set of literals and slots, at most `gap` characters after the step before it.
Brands are single private-use characters, because the tagger replaces brand names by them before it matches.
Not here: matching (tagging.matcher), cues and slot values (tagging).
"""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

RIVAL: Final = "\ue001"
OWN: Final = "\ue002"
BRANDS: Final = {"竞品": RIVAL, "自家": OWN}
SLOTS: Final = {
    "产品": "product", "金额": "amount", "数量": "qty", "日期": "date", "百分比": "percent", "数字": "number"
}  # fmt: skip
MOST_ALTERNATIVES: Final = 400
_TOKEN: Final = re.compile(r"\{([^{}]*)\}|(…+|\.{3,})")
_NAMED: Final = re.compile(r"\{([一-鿿][^{}]*)\}")


class BadSaying(ValueError):
    """The saying breaks the notation; the message says how, the load adds where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One place of a saying: any of `literals` (folded) or `slots`, at most `gap` characters after the step before."""

    literals: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    gap: int = 0
    words: frozenset[str] = field(init=False, repr=False, compare=False)
    """The literals once more: what does not stand in a sentence at all is ruled out in one step."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset(self.literals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """`ordered` steps in one clause; unordered: anywhere in one sentence; `whole`: they are the whole clause."""

    steps: tuple[Step, ...]
    ordered: bool = True
    whole: bool = False


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """NFKC and lower case, the one form in which sayings and speech are compared."""
    return unicodedata.normalize("NFKC", text).lower()


def phrase(text: str, groups: Mapping[str, Sequence[str]], *, gap: int, whole: bool = False) -> Saying:
    """Read one entry of `phrases`, `whole` or `exclude`."""
    steps: list[Step] = []
    run: list[tuple[str, ...]] = []
    space = 0

    def close() -> None:
        nonlocal run, space
        if run:
            steps.append(Step(literals=_product(run), gap=space))
            run, space = [], 0

    for kind, value in _tokens(text):
        if kind == "text":
            run.append((fold(value),))
        elif kind == "gap":
            close()
            space = gap
        elif value in SLOTS:
            close()
            steps.append(Step(slots=(SLOTS[value],), gap=space))
            space = 0
        else:
            run.append(_named(value, groups))
    close()
    if not steps:
        raise BadSaying("is empty")
    return Saying(steps=tuple(steps), whole=whole)


def combo(parts: Sequence[str], groups: Mapping[str, Sequence[str]], *, gap: int, ordered: bool = True) -> Saying:
    """Read one entry of `combos` (ordered, within one clause) or `together` (any order, within one sentence)."""
    if len(parts) < 2:
        raise BadSaying("needs at least two groups of words; one group belongs into phrases")
    steps = []
    for place, part in enumerate(parts):
        literals: list[str] = []
        slots: list[str] = []
        for alternative in part.split("|"):
            read = phrase(alternative, groups, gap=0).steps
            if len(read) > 1:
                raise BadSaying(f"`{alternative}` mixes a slot with words; make it a group of its own")
            literals += read[0].literals
            slots += read[0].slots
        steps.append(Step(literals=tuple(dict.fromkeys(literals)), slots=tuple(slots), gap=gap if place else 0))
    return Saying(steps=tuple(steps), ordered=ordered)


def pattern(text: str, groups: Mapping[str, Sequence[str]], slots: Mapping[str, str]) -> str:
    """A regular expression with `{竞品}`, `{贵}`, `{金额}` written out; `slots` gives the expression of each slot."""

    def write(match: re.Match[str]) -> str:
        name = match[1]
        if name in SLOTS:
            if SLOTS[name] not in slots:
                raise BadSaying(f"`{{{name}}}` cannot stand in a pattern")
            return f"(?:{slots[SLOTS[name]]})"
        return "(?:" + "|".join(re.escape(w) for w in _named(name, groups)) + ")"

    return _NAMED.sub(write, unicodedata.normalize("NFKC", text))


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() > end:
            found.append(("text", text[end : match.start()]))
        found.append(("gap", "") if match[1] is None else ("name", match[1]))
        end = match.end()
    if end < len(text):
        found.append(("text", text[end:]))
    if any("{" in v or "}" in v for k, v in found if k == "text"):
        raise BadSaying("has an unpaired brace")
    if found and (found[0][0] == "gap" or found[-1][0] == "gap"):
        raise BadSaying("begins or ends with …")
    return found


def _named(name: str, groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if name in BRANDS:
        return (BRANDS[name],)
    if name not in groups:
        known = " ".join([*BRANDS, *SLOTS, *groups])
        raise BadSaying(f"`{{{name}}}` is neither a slot nor a group of terms.toml (known: {known})")
    return tuple(fold(w) for w in groups[name])


def _product(run: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    written = ["".join(p) for p in itertools.islice(itertools.product(*run), MOST_ALTERNATIVES + 1)]
    if len(written) > MOST_ALTERNATIVES:
        raise BadSaying(f"writes out to more than {MOST_ALTERNATIVES} phrases")
    return tuple(dict.fromkeys(written))
