"""A behaviour tag and the evidence that explains it. Codes, offsets and numbers only: never a quote."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge_agent.domain.transcript import Speaker, Utterance

SlotValue = str | int | float


class Status(StrEnum):
    FINAL = "final"
    PROVISIONAL = "provisional"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One condition that held: `kind` ("phrase", "pattern", "reference", "window", "reading" …) and where it stands.

    `detail` is a local id (phrase, event, slot) or a number with its unit; it stays on the box and is never spoken text.
    `turn` is -1 where there is no talk (shelf). `char_start`/`char_end` are offsets into the utterance's text.
    """

    kind: str
    detail: str
    start_ms: int
    end_ms: int
    turn: int = -1
    utterance: int = -1
    char_start: int = 0
    char_end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorTag:
    """One finding. `id` is a UUIDv7; `at` of the catalogue is `start_ms`; `known_at_ms` is when it was decided.

    `rule` = "<event id>@<version>", `rule_digest` = sha256 of the event model's canonical form. `turn` is -1 off talk.
    """

    id: str
    code: str
    speaker: Speaker
    start_ms: int
    end_ms: int
    known_at_ms: int
    confidence: float
    severity: str
    layer: str
    rule: str
    rule_digest: str
    turn: int = -1
    status: Status = Status.FINAL
    supersedes: str = ""
    slots: tuple[tuple[str, SlotValue], ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What the tagger reads: utterances plus the deployment's facts about this talk.

    `ended` is False when the recording was cut or crashed: then nothing that needs a real end may fire. `channel` is `call` or
    `visit`, or of a talk in writing what `domain.touch.Channel` names. `facts` are what another system measured and delivered.
    """

    utterances: tuple[Utterance, ...]
    duration_ms: int
    channel: str = "call"
    industry: str = ""
    context: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    ended: bool = True
    started_at: datetime | None = None
    facts: tuple[tuple[str, float | bool], ...] = ()
