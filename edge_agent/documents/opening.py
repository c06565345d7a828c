"""Asking two officers for one object, and opening it."""

from edge_agent.documents.base import Document


class Released(Document, frozen=True, kw_only=True):
    object: str
    bytes: int
    wrote: str


class Requested(Document, frozen=True, kw_only=True):
    request: str
    object: str
    expires_at: str
