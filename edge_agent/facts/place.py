"""A number where it stands in a sentence, and what is made of it: an amount with the way it is written in digits."""

from dataclasses import dataclass
from typing import Final

from edge_agent.domain.notes import FactKind
from edge_agent.facts.line import Span
from edge_agent.facts.numbers import DIGITS, Number, plain, value

_LEFT: Final = 14
_RIGHT: Final = 12
_VAGUE: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One thing measured; `writing` is how it stands in digits, empty when that is how it stands already."""

    kind: FactKind
    value: str
    unit: str
    span: Span
    confidence: float
    writing: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A number with the sentence around it."""

    line: str
    number: Number

    @property
    def text(self) -> str:
        return self.line[self.number.start : self.number.end]

    @property
    def before(self) -> str:
        return self.line[max(0, self.number.start - _LEFT) : self.number.start]

    @property
    def after(self) -> str:
        return self.line[self.number.end : self.number.end + _RIGHT]

    def amount(self, kind: FactKind, unit: str, further: int, confidence: float, *, worth: str | None = None) -> Amount:
        """What the number and `further` characters behind it amount to; `worth` where that is not the number itself."""
        number = self.number
        end = number.end + further
        vague = number.form == "more"
        return Amount(
            kind=kind, value=number.value if worth is None else worth, unit=unit, span=(number.start, end),
            confidence=min(confidence, _VAGUE) if vague else confidence, writing=self.written(end),
        )  # fmt: skip

    def written(self, end: int, *, one: bool = False) -> str:
        """The sentence from the number up to `end` in digits; empty: as it stands. A lone 一 stays, unless `one`."""
        number, text = self.number, self.text
        if number.form == "range":
            return number.row + self.line[number.end : end]
        if number.form in {"written", "more"} or not number.said or (text == "一" and not one) or text in {"俩", "仨"}:
            return ""
        shown, head = number.said, value(text[:-1])
        if head is not None and (text[-1] == "亿" or (text[-1] == "万" and head >= 100 and "亿" not in text)):
            shown = f"{plain(head)}{text[-1]}"  # 一百四十四亿 is read more easily as 144亿
        return shown + "".join(str(DIGITS[c]) if c in DIGITS else c for c in self.line[number.end : end])


def sure(confidence: float, more: str | None) -> float:
    """Less, where the number was said to be only about right (二十多箱)."""
    return _VAGUE if more else confidence
