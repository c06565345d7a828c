"""Asking two officers for one object, opening it for a while, and what those who took part are told.

`requester`, `legal` and `hr` are fingerprints of keys; times are ISO 8601 in UTC, empty for not yet.
"""

from edge_agent.documents.base import Document


class Released(Document, frozen=True, kw_only=True):
    object: str
    bytes: int
    wrote: str


class Requested(Document, frozen=True, kw_only=True):
    request: str
    object: str
    expires_at: str
    minutes: int


class WindowOpened(Document, frozen=True, kw_only=True):
    request: str
    object: str
    until: str


class OpeningViewed(Document, frozen=True, kw_only=True):
    """`masked`: a transcript without what identifies a person."""

    request: str
    object: str
    bytes: int
    views: int
    masked: bool = False


class OpeningEnded(Document, frozen=True, kw_only=True):
    """`reason`: `ended`, `expired` or `lapsed` (never opened)."""

    request: str
    object: str
    views: int
    reason: str


class OpeningRecord(Document, frozen=True, kw_only=True):
    """`state`: `asked`, `open` or `ended`. `key_views`: how many of the views handed out the object's own key."""

    request: str
    object: str
    requester: str
    state: str
    legal: str
    hr: str
    asked_at: str
    expires_at: str
    opened_at: str
    until: str
    views: int
    key_views: int
    ended_at: str
    ended: str


class Openings(Document, frozen=True, kw_only=True):
    openings: list[OpeningRecord]


class Receipts(Document, frozen=True, kw_only=True):
    """`receipts`: whom a file was written for."""

    request: str
    receipts: list[str]


class Managers(Document, frozen=True, kw_only=True):
    """Fingerprints of the managers who may ask here; none: the box itself asks."""

    managers: list[str]
