"""What the box holds about one person, and that it was exported or erased. Codes and times; nothing that was said."""

from edge_agent.documents.base import Document
from edge_agent.documents.score import CardEntryLine, ScorecardLine
from edge_agent.documents.talk import TagLine


class ObjectLine(Document, frozen=True, kw_only=True):
    """A sealed object: ask for it with `edge-agent request OBJECT`. `kind` is media, transcript or picture."""

    object: str
    kind: str


class SubjectOpening(Document, frozen=True, kw_only=True):
    """That somebody asked to open, opened or viewed an object."""

    at: str
    kind: str
    object: str
    request: str


class SubjectTag(Document, frozen=True, kw_only=True):
    """A finding in force and why, in words."""

    tag: TagLine
    zh: list[str]
    en: list[str]


class SubjectRecording(Document, frozen=True, kw_only=True):
    """`shred_at` and `rule` say when its keys are shredded and by which rule; empty once they are.

    `channel` is call or visit, or of a touch what it is; `facts` are what another system delivered with it.
    """

    recording: str
    kind: str
    state: str
    parked: str
    consent: str
    started_at: str
    captured_at: str
    shred_at: str
    rule: str
    held: bool
    objects: list[ObjectLine]
    tags: list[SubjectTag]
    channel: str
    facts: dict[str, float | bool]
    openings: list[SubjectOpening]
    scorecards: list[ScorecardLine]
    card: list[CardEntryLine]


class StatementLine(Document, frozen=True, kw_only=True):
    statement: str
    party: str
    recording: str
    verb: str
    basis: str
    at: str
    since: str
    until: str


class SubjectFile(Document, frozen=True, kw_only=True):
    """`subject.json`: everything about one person."""

    party: str
    pseudonym: str
    gateway: str
    made_at: str
    recordings: list[SubjectRecording]
    statements: list[StatementLine]


class Exported(Document, frozen=True, kw_only=True):
    party: str
    recordings: int
    tags: int


class Erased(Document, frozen=True, kw_only=True):
    """`pending`: a running worker has yet to shred so many; their use has stopped already."""

    party: str
    recordings: list[str]
    shredded: int
    pending: int
