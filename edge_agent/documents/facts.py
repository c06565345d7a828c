"""What the bench tool `facts` prints: what was named in each line of a text."""

from edge_agent.documents.base import Document
from edge_agent.documents.talk import FactLine


class FactsOfLine(Document, frozen=True, kw_only=True):
    """One line: its text, the same with numbers in digits, and what it names at offsets of `text`."""

    text: str
    normalised: str
    facts: list[FactLine]


class FactsOfLines(Document, frozen=True, kw_only=True):
    """`at` is the moment from which days were counted."""

    at: str
    lines: list[FactsOfLine]
