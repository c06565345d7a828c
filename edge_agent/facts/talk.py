"""The facts of a whole talk, in the order they were said."""

from dataclasses import replace
from datetime import datetime

from edge_agent.domain.notes import Fact
from edge_agent.domain.transcript import Transcript
from edge_agent.facts import dictation
from edge_agent.facts.line import free
from edge_agent.facts.reading import fact, find


def note(transcript: Transcript, started_at: datetime) -> tuple[Fact, ...]:
    """Every fact with the number of its utterance. Days count from `started_at` in its own time zone."""
    across: dict[int, list[Fact]] = {}
    for part in dictation.find(transcript.utterances):
        one = part.found
        across.setdefault(part.utterance, []).append(fact(one.kind, one.value, one.span, one.confidence))
    return tuple(
        replace(one, utterance=number)
        for number, utterance in enumerate(transcript.utterances)
        for one in _together(find(utterance.text, started_at), across.get(number, []))
    )


def _together(alone: list[Fact], across: list[Fact]) -> list[Fact]:
    """What was found in the utterance alone gives way to what only the next one completes."""
    taken = [(one.char_start, one.char_end) for one in across]
    kept = [one for one in alone if free((one.char_start, one.char_end), taken)]
    return sorted([*kept, *across], key=lambda one: (one.char_start, one.char_end))
