"""All facts of a sentence: identifiers first, then days and times, then amounts in what is left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from edge_agent.domain.notes import Fact, FactKind
from edge_agent.facts import accounts, amounts, dates, identifiers, plates
from edge_agent.facts.dates import Moment
from edge_agent.facts.identifiers import Identifier
from edge_agent.facts.line import Span, fold, free, idioms
from edge_agent.facts.place import Amount

_HIDDEN: Final = "\x00"


def find(text: str, at: datetime) -> list[Fact]:
    """The facts of one sentence from left to right; `at` is the local moment from which days count."""
    named, moments, counted = read(fold(text), at)
    found = [fact(one.kind, one.value, one.span, one.confidence) for one in named]
    found += [fact(FactKind.DATE, one.value, one.span, one.confidence) for one in moments]
    found += [fact(one.kind, one.value, one.span, one.confidence, one.unit) for one in counted]
    return sorted(found, key=lambda one: (one.char_start, one.char_end))


def read(line: str, at: datetime) -> tuple[list[Identifier], list[Moment], list[Amount]]:
    """The three sorts of fact in a folded sentence; none overlaps another, but a length of time in a stretch of days (三天内)."""
    named = identify(line)
    taken = [one.span for one in named]
    moments = list(dates.find(line, at, taken))
    taken += [one.span for one in moments if not line[: one.span[1]].endswith("内")]
    return named, moments, list(amounts.find(line, taken, idioms(line)))


def identify(line: str) -> list[Identifier]:
    """What identifies somebody; the surer structure hides its characters from the next search."""
    found: list[Identifier] = []
    for search in (accounts.find, plates.find, identifiers.find):
        for one in search(line):
            if free(one.span, [earlier.span for earlier in found]):
                found.append(one)
        line = _without(line, [one.span for one in found])
    return sorted(found, key=lambda one: one.span)


def _without(line: str, spans: Sequence[Span]) -> str:
    for start, end in spans:
        line = line[:start] + _HIDDEN * (end - start) + line[end:]
    return line


def fact(kind: FactKind, value: str, span: Span, confidence: float, unit: str = "") -> Fact:
    """One thing named, as the notes hold it."""
    return Fact(kind=kind, value=value, unit=unit, char_start=span[0], char_end=span[1], confidence=round(confidence, 4))
