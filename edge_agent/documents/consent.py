"""Consent records, the employee register, withdrawals. A person is a pseudonym of this box."""

from edge_agent.documents.base import Document


class Stated(Document, frozen=True, kw_only=True):
    """`subject` is a pseudonym, or a recording's id; `until` is empty for an open end."""

    statement: str
    party: str
    subject: str
    basis: str
    since: str
    until: str


class EmployeeLine(Document, frozen=True, kw_only=True):
    """`status` is in-force, not-yet, expired or withdrawn."""

    employee: str
    status: str
    basis: str
    since: str
    until: str


class Employees(Document, frozen=True, kw_only=True):
    employees: list[EmployeeLine]


class Withdrawn(Document, frozen=True, kw_only=True):
    """`recordings` are no longer used from now on; `shredded` of them have no key any more, `held` wait for a legal hold to be
    lifted, `pending` for the running worker.
    """

    statement: str
    party: str
    recordings: list[str]
    shredded: int
    held: int
    pending: int
