"""What the rep stated, held against a table of facts: `claim_finding` finds, `fact_files` reads, `verdicts` holds.

A faulty table makes every claim unknown (`bad-table`), never a recording fail; `edge-agent claims check` names the faults.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.domain.insights import Claim
from edge_agent.domain.notes import Fact, Notes
from edge_agent.domain.tags import Conversation
from edge_agent.errors import BadConfig
from edge_agent.facts import find
from edge_agent.review import fact_files
from edge_agent.review.claim_finding import Finder
from edge_agent.review.fact_rows import FactTable
from edge_agent.review.verdicts import hold

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger


def checked(
    conversation: Conversation, notes: Notes, tagger: "RuleTagger", facts: str, *, zone: tzinfo | None = None
) -> tuple[Claim, ...]:
    """Every claim with its verdict; `facts` is the folder of fact tables, "" = none here, so that all are unknown.

    Days count from the talk's beginning in `zone` (None = this machine's own), as in its notes.
    """
    table, without = _table(facts)
    at = conversation.started_at.astimezone(zone) if conversation.started_at is not None else None
    found = _finder(tagger).find(conversation, _facts(conversation, notes, at), table, at)
    return tuple(hold(statement, table, at, without=without) for statement in found)


def _table(folder: str) -> tuple[FactTable, str]:
    if not folder:
        return FactTable.of(()), "no-table"
    try:
        table = fact_files.load(Path(folder))
    except BadConfig:
        return FactTable.of(()), "bad-table"
    return table, "" if table.rows else "no-table"


def _facts(conversation: Conversation, notes: Notes, at: datetime | None) -> Mapping[int, Sequence[Fact]]:
    """The talk's facts by utterance; read here where its notes have none (`speech.facts` is off)."""
    if notes.facts and at is not None:
        by: dict[int, list[Fact]] = {}
        for fact in notes.facts:
            by.setdefault(fact.utterance, []).append(fact)
        return by
    moment = at or datetime(2000, 1, 1)  # noqa: DTZ001 - any day: without one, days that are found are not used
    return {number: find(said.text, moment) for number, said in enumerate(conversation.utterances)}


@lru_cache(maxsize=2)
def _finder(tagger: "RuleTagger") -> Finder:
    return Finder(tagger)
