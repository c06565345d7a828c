"""How well terms were recognised: found, missed, invented, and the share of wrong characters.

- Texts are compared as they sound: simplified, lower case, without marks and blanks, numbers read aloud (45 = 四十五, 80% =
  百分之八十 = 八十, 1990年 = 一九九零年, 两 = 二), so that a way of writing is no mistake.
- Recall: occurrences of the terms the set names that stand in the result / all of them.
- False: occurrences of any active term in the result beyond those in the reference, per 1,000 characters of reference.
- CER: Levenshtein distance / characters of reference, over all sentences together.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge_agent.terms.sounds import fold

_DIGITS: Final = "零一二三四五六七八九"
_UNITS: Final = ("", "十", "百", "千")
_LONG: Final = 12


@dataclass(slots=True, kw_only=True)
class Length:
    """Terms of one length in characters: how many were said, found without help, found."""

    said: int = 0
    before: int = 0
    after: int = 0


@dataclass(slots=True, kw_only=True)
class Score:
    """Sums over a set; `false_before`/`false_after` count invented terms, `edits_*` wrong characters."""

    characters: int = 0
    edits_before: int = 0
    edits_after: int = 0
    false_before: int = 0
    false_after: int = 0
    lengths: dict[int, Length] = field(default_factory=dict)

    def add(self, *, reference: str, terms: Sequence[str], active: Mapping[str, str], before: str, after: str) -> None:
        """One sentence: `terms` are those it names, `active` all active ones as `aloud` (sound -> term)."""
        said, plain, helped = aloud(reference), aloud(before), aloud(after)
        self.characters += len(said)
        self.edits_before += distance(said, plain)
        self.edits_after += distance(said, helped)
        for term in dict.fromkeys(terms):
            form = aloud(term)
            count = max(1, said.count(form))
            length = self.lengths.setdefault(len(term), Length())
            length.said += count
            length.before += min(count, plain.count(form))
            length.after += min(count, helped.count(form))
        self.false_before += _invented(said, plain, active)
        self.false_after += _invented(said, helped, active)


def _invented(said: str, heard: str, active: Mapping[str, str]) -> int:
    counts = Counter({form: heard.count(form) for form in active if form in heard})
    return sum(max(0, count - said.count(form)) for form, count in counts.items())


def aloud(text: str) -> str:
    """Only what is spoken, in one way of writing."""
    text = fold(text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text).replace("%", "").replace("百分之", "")
    text = re.sub(r"\d{4}(?=年)", lambda match: _one_by_one(match[0]), text)
    text = re.sub(r"\d+(?:\.\d+)?", lambda match: _number(match[0]), text)
    text = text.replace("〇", "零").replace("两", "二").replace("一十", "十")
    return "".join(character for character in text if character.isalnum())


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] if digit.isdigit() else digit for digit in digits)


def _number(written: str) -> str:
    whole, _, fraction = written.partition(".")
    if len(whole) > _LONG or (len(whole) > 1 and whole.startswith("0")):
        return _one_by_one(written.replace(".", "点"))
    return _whole(int(whole)) + (f"点{_one_by_one(fraction)}" if fraction else "")


def _whole(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    for size, name in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            head, rest = divmod(number, size)
            gap = _DIGITS[0] if 0 < rest < size // 10 else ""
            return _whole(head) + name + gap + (_whole(rest) if rest else "")
    said, pending = "", False
    for place, digit in enumerate(str(number)):
        unit = _UNITS[len(str(number)) - 1 - place]
        if digit == "0":
            pending = True
            continue
        said += (_DIGITS[0] if pending else "") + _DIGITS[int(digit)] + unit
        pending = False
    return said


def distance(one: str, other: str) -> int:
    """Levenshtein distance, a row at a time."""
    import numpy as np  # noqa: PLC0415 - only where whole sets are scored

    if not one or not other:
        return len(one) + len(other)
    first = np.frombuffer(one.encode("utf-32-le"), np.uint32)
    steps = np.arange(len(first) + 1)
    row = steps.copy()
    for count, character in enumerate(other.encode("utf-32-le")[i : i + 4] for i in range(0, 4 * len(other), 4)):
        new = np.empty_like(row)
        new[0] = count + 1
        new[1:] = np.minimum(row[1:] + 1, row[:-1] + (first != int.from_bytes(character, "little")))
        row = np.minimum.accumulate(new - steps) + steps
    return int(row[-1])
