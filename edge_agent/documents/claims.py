"""What a rep claimed and how it stands, what a table of facts is worth, and a customer's mood: codes, numbers, offsets."""

from typing import Literal

from edge_agent.documents.base import Document

Verdict = Literal["right", "wrong", "unknown"]


class ClaimLine(Document, frozen=True, kw_only=True):
    """One claim. `row` decided it; `reason` says as a code why it is unknown. Offsets count in the utterance's text.

    `said` in `unit`; for stock also yes or no. `attribute`: which price, parameter or step of a delivery, "" the ordinary one.
    `confidence`: how surely the utterance was understood; a number may have been misheard.
    """

    kind: Literal["stock", "price", "discount", "parameter", "delivery"]
    subject: str
    attribute: str
    said: str
    unit: str
    verdict: Verdict
    row: str
    reason: str
    confidence: float
    utterance: int
    char_start: int
    char_end: int
    start_ms: int


class ClaimsOfTalk(Document, frozen=True, kw_only=True):
    """`recording` "" for a talk from a file."""

    recording: str
    claims: list[ClaimLine]


class ClaimsList(Document, frozen=True, kw_only=True):
    """One entry for each call with claims, oldest first."""

    recordings: list[ClaimsOfTalk]


class TableProblem(Document, frozen=True, kw_only=True):
    """`file` relative to the folder, `line` 0 when unknown."""

    file: str
    line: int
    entry: str
    message: str
    remedy: str


class ClaimsChecked(Document, frozen=True, kw_only=True):
    """A folder of fact tables. `rows` by kind; `stale`: rows that are not in force now. Rows that contradict each other decide
    nothing; with any other fault no row of the folder does. `warnings` keep nothing from counting.
    """

    ok: bool
    digest: str
    rows: dict[str, int]
    subjects: int
    stale: int
    problems: list[TableProblem]
    warnings: list[TableProblem]


class MoodLine(Document, frozen=True, kw_only=True):
    """One utterance of the customer: `valence` -1..1 and the cue or event that decided, at offsets of the utterance's text."""

    utterance: int
    start_ms: int
    char_start: int
    char_end: int
    valence: float
    reason: str
    probing: bool
    leaving: bool


class MoodCurve(Document, frozen=True, kw_only=True):
    """`coverage`: share of the customer's utterances that say anything of their mood. No points = nothing to tell by."""

    recording: str
    coverage: float
    points: list[MoodLine]
