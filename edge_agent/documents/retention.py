"""What is shredded when and why, and what a legal hold keeps."""

from edge_agent.documents.base import Document


class PlanLine(Document, frozen=True, kw_only=True):
    """`rule` is grace, withdrawn, rejected, a kind, a severity or an event. `held`: a legal hold keeps it beyond `shred_at`.
    `decided`: its shredding is decided and waits for that hold or for the worker.
    """

    recording: str
    kind: str
    state: str
    parked: str
    captured_at: str
    shred_at: str
    rule: str
    held: bool
    decided: bool


class RetentionPlan(Document, frozen=True, kw_only=True):
    recordings: list[PlanLine]


class HoldLine(Document, frozen=True, kw_only=True):
    hold: str
    recording: str
    reason: str
    at: str


class Holds(Document, frozen=True, kw_only=True):
    holds: list[HoldLine]
