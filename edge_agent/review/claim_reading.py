"""One clause of the rep's with what stands in it, and how its facts become values that can be compared."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from edge_agent.domain.notes import Fact, FactKind
from edge_agent.domain.transcript import Utterance
from edge_agent.lexicon.notation import fold
from edge_agent.review.fact_rows import Measure, measured, off

if TYPE_CHECKING:
    from edge_agent.tagging.sayings import View
    from edge_agent.tagging.text import Sentence, Span

AFTER: Final = 8
BEFORE: Final = 4
_CALLED_MONEY: Final = re.compile(r"[块元毛角分钱¥$]")
_PHYSICAL: Final = re.compile(r"分贝|db|千?瓦|公里|毫?升|公?斤|千?克|厘米|毫米|平米|平方|英?寸|度|kg|km|ml|[lw](?![a-z])")
MOST_DAYS: Final = 3_650
"""A longer wait is misheard or no promise; it is no value, and so is every other number above `MOST`."""
MOST: Final = 1e12
_LENGTH: Final = re.compile(r"P(T?)(\d+(?:\.\d+)?)([DMH])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One claim as it was said. `text` is its clause and lives in memory only; `behind` what follows the value there.

    `sense`: `is` this much, `only` this much, `has` or `none` of it, `by` a day or after a time. `doubt` says as a code why it
    can be held against nothing, "" = it can. Days of delivery are counted from the talk (`day`), else hours or working days.
    """

    kind: str
    utterance: int
    start_ms: int
    char_start: int
    char_end: int
    subject: str
    measure: Measure | None
    attribute: str = ""
    sense: str = "is"
    text: str = ""
    behind: str = ""
    confidence: float = 1.0
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause of one sentence of the rep, with the facts in it. `sums` are (fact, place in the sentence)."""

    number: int
    said: Utterance
    view: "View"
    clause: "Span"
    sums: Sequence[tuple[Fact, "Span"]]
    in_sentence: Sequence[tuple[Fact, "Span"]]
    subject: str
    asked_price: bool

    @property
    def sentence(self) -> "Sentence":
        return self.view.sentence

    @property
    def text(self) -> str:
        return self.sentence.text[self.clause[0] : self.clause[1]]

    def before(self, span: "Span") -> str:
        return self.sentence.text[self.clause[0] : span[0]]

    def behind(self, span: "Span") -> str:
        return self.sentence.text[span[1] : self.clause[1]]


def placed(facts: Sequence[Fact], sentence: "Sentence") -> list[tuple[Fact, "Span"]]:
    """The facts of an utterance that stand in this sentence, each with its place there."""
    found = []
    for fact in facts:
        inside = [i for i, (low, high) in enumerate(sentence.places) if fact.char_start <= low and high <= fact.char_end]
        if inside:
            found.append((_of_a_thing(fact, sentence.text[inside[0] :], len(inside)), (inside[0], inside[-1] + 1)))
    return found


def _of_a_thing(fact: Fact, text: str, length: int) -> Fact:
    """才二十八分贝 is no money, whatever stands before it: the unit behind decides."""
    bare = fact.kind is FactKind.MONEY and not _CALLED_MONEY.search(text[:length])
    return replace(fact, kind=FactKind.NUMBER, unit="") if bare and _PHYSICAL.match(text[length:]) else fact


def first(text: str, clause: "Span", words: Sequence[str]) -> "Span | None":
    """The earliest of the words in a clause, the longest of those that begin there."""
    found = [(at, -len(word)) for word in map(fold, words) if (at := text.find(word, *clause)) >= 0]
    return None if not found else (min(found)[0], min(found)[0] - min(found)[1])


def beside(span: "Span", sums: Sequence[tuple[Fact, "Span"]]) -> tuple[Fact, "Span"] | None:
    """The amount behind a word, or right before it (三年质保)."""
    behind = [one for one in sums if span[1] <= one[1][0] <= span[1] + AFTER]
    before = [one for one in sums if span[0] - BEFORE < one[1][1] <= span[0]]
    return behind[0] if behind else before[-1] if before else None


def said(word: str, text: str, before: str) -> bool:
    """A single character counts only right before the amount (满三百), a longer word anywhere near."""
    return word in text if len(word) > 1 else before.endswith(word)


def count(fact: Fact) -> float:
    try:
        return float(fact.value)
    except ValueError:
        return 0.0


def measure_of(fact: Fact) -> Measure | None:
    """A single value in the unit it is compared in; None for ranges and what cannot be told."""
    if fact.kind is FactKind.DURATION:
        match = _LENGTH.fullmatch(fact.value)
        if match is None:
            return None
        unit = "分钟" if match[1] and match[3] == "M" else {"D": "天", "M": "个月", "H": "小时"}[match[3]]
        return _sane(measured(float(match[2]), unit))
    try:
        return _sane(measured(float(fact.value), fact.unit))
    except ValueError:
        return None


def _sane(found: Measure) -> Measure | None:
    return found if found.value <= MOST else None  # not so for a NaN either


def percent_of(fact: Fact) -> Measure:
    return off(float(fact.value), "折" if fact.unit == "折" else "%")


def until(fact: Fact, text: str, at: datetime | None) -> Measure | None:
    """By when it is promised: whole days from the talk, or hours, or working days; None above `MOST_DAYS`."""
    found = _until(fact, text, at)
    return found if found is not None and found.value / (24 if found.unit == "hour" else 1) <= MOST_DAYS else None


def _until(fact: Fact, text: str, at: datetime | None) -> Measure | None:
    if "工作日" in text:
        number = _LENGTH.fullmatch(fact.value)
        return Measure(value=float(number[2]), unit="workday") if number is not None else None
    if fact.kind is FactKind.DURATION:
        lengths = list(_LENGTH.finditer(fact.value))
        if not lengths:
            return None
        time, count_, unit = lengths[-1].groups()
        if time:
            return Measure(value=round(float(count_) / (60 if unit == "M" else 1), 4), unit="hour")
        return Measure(value=float(count_) * (30 if unit == "M" else 1), unit="day")
    last = fact.value.split("/")[-1][:10]
    if at is None or last in {"", ".."} or not last[:1].isdigit():
        return None
    return Measure(value=float((date.fromisoformat(last) - at.date()).days), unit="day")
