"""Touch documents: what became of one, what is wrong with one, and which facts one may deliver."""

from typing import Literal

from edge_agent.documents.base import Document


class TouchFault(Document, frozen=True, kw_only=True):
    """A place in the document and what is expected there; never what stands there."""

    key: str
    expected: str


class TouchSent(Document, frozen=True, kw_only=True):
    """`queued`: it lies in the spool, unread. `reason` is a code: why not, or why an accepted one waits unread."""

    status: Literal["accepted", "duplicate", "queued", "refused", "later"]
    reason: str
    recording: str | None
    faults: list[TouchFault]


class TouchChecked(Document, frozen=True, kw_only=True):
    """`channel`, `messages`, `facts` of a document without mistakes: what it is and how much is in it."""

    ok: bool
    channel: str
    messages: int
    facts: int
    faults: list[TouchFault]


class FactName(Document, frozen=True, kw_only=True):
    """`zh` is what rules in business language call it, empty where they do not; `events` ask for it themselves."""

    name: str
    zh: str
    type: Literal["number", "true/false"]
    events: list[str]


class FactNames(Document, frozen=True, kw_only=True):
    facts: list[FactName]
