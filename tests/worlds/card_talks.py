"""Labelled talks for opportunity cards and scorecards: read from TOML, tagged by the bundled lexicon, compared entry by entry."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import shipped

from edge_agent import facts
from edge_agent.domain.insights import CardEntry, Field
from edge_agent.domain.metrics import measure
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Transcript, Utterance
from edge_agent.lexicon.examples import scene
from edge_agent.review import card
from edge_agent.tagging.tagger import RuleTagger

FOLDER = Path(__file__).parents[1] / "golden" / "cards"
AT = datetime.fromisoformat("2026-11-20T09:30:00+08:00")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A talk with its tags and notes, and what its label says."""

    id: str
    talk: Conversation
    tags: tuple[BehaviorTag, ...]
    notes: Notes
    label: dict[str, Any]

    def entries(self) -> tuple[CardEntry, ...]:
        return card.filled(self.talk, self.tags, self.notes, tagger())


@cache
def tagger() -> RuleTagger:
    return shipped.tagger()


def read(name: str) -> Iterator[Labelled]:
    for row in tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))["talk"]:
        yield labelled(row)


def labelled(row: dict[str, Any]) -> Labelled:
    written = scene(" ".join(row["said"].split("\n")).strip(), "customer")
    return of(row["id"], written.utterances, row, ended=written.ended)


def of(name: str, said: Sequence[Utterance], label: dict[str, Any], *, ended: bool = True) -> Labelled:
    utterances = tuple(said)
    duration_ms = max((one.end_ms for one in utterances), default=0)
    talk = Conversation(
        utterances=utterances, duration_ms=duration_ms, industry=label.get("industry", ""),
        context=frozenset(label.get("context", ())), own=("麦田食品", "恒拓", "联众传感"), competitors=("澜星", "金谷"),
        ended=ended, started_at=AT,
    )  # fmt: skip
    heard = Transcript(model="", model_digest="", duration_ms=duration_ms, rtf=0.0, utterances=utterances)
    notes = Notes(metrics=measure(utterances), facts=facts.note(heard, AT))
    return Labelled(id=name, talk=talk, tags=tagger().tag(talk), notes=notes, label=label)


def line(entry: CardEntry) -> str:
    """An entry as labels are written. Of what there is one of on a card the code says only what it rests on."""
    code = "" if entry.field in _ONE else entry.code
    parts = [entry.field.value, code, entry.value, entry.unit, f"@{entry.due}" if entry.due else ""]
    return " ".join(part for part in parts if part)


_ONE = frozenset({Field.BUDGET, Field.DECIDER, Field.TIMING})
