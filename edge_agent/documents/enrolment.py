"""This box's certificate: what was asked of HQ, and what is in force."""

from typing import Literal

from edge_agent.documents.base import Document


class Asked(Document, frozen=True, kw_only=True):
    """A request was written; `request` is its sha256, by which the grant will name it."""

    gateway: str
    tenant: str
    request: str
    renewal: bool


class Enrolment(Document, frozen=True, kw_only=True):
    """`standing`: `due` = less than a third of the certificate's life is left. `pending`: a request waits for its grant."""

    gateway: str
    tenant: str
    standing: Literal["none", "good", "due", "expired"]
    pending: bool
    host: str = ""
    port: int = 0
    serial: str = ""
    valid_until: str = ""
    days_left: int = 0
