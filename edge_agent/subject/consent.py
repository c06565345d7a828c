"""Consent records: a late one for a recording, the employee register, withdrawals."""

from datetime import datetime
from typing import Final

from edge_agent import answers, app
from edge_agent.config import Config
from edge_agent.documents import EmployeeLine, Stated, Withdrawn
from edge_agent.domain.consent import Party, Statement, Verb, in_force
from edge_agent.subject.acting import acting

BASES: Final = ("notice", "spoken", "written", "not-personal")
"""What a late record for a recording may rest on."""
EMPLOYEE_BASES: Final = ("written", "contract", "collective")
"""A signed consent; the employment contract or rules made known; a collective or works agreement."""


def record(settings: Config, recording: str, *, basis: str) -> Stated:
    """A consent record that comes late: the recording goes on, if that basis suffices here. NotFound, NotAllowed."""
    with acting(settings) as act:
        said = act.statement(Party.RECORDING, recording, Verb.GIVEN, basis)
        act.ledger.stated(said)
    return _stated(said)


def agree(settings: Config, customer: str, *, basis: str) -> Stated:
    """A customer who had withdrawn agrees again: their new recordings are judged by their own consent records again."""
    with acting(settings) as act:
        said = act.statement(Party.CUSTOMER, act.pseudonym(Party.CUSTOMER, customer), Verb.GIVEN, basis)
        act.ledger.stated(said)
    return _stated(said)


def withdraw(settings: Config, *, recording: str = "", customer: str = "") -> Withdrawn:
    """One recording, or everything of a customer now and from now on: keys shredded, tags withdrawn. NotFound, NotAllowed."""
    with acting(settings) as act:
        party = Party.CUSTOMER if customer else Party.RECORDING
        subject = act.pseudonym(party, customer) if customer else recording
        said = act.statement(party, subject, Verb.WITHDRAWN, "")
        found = act.ledger.keeping.withdraw(said)
        outcome = act.carry_out(found)
    return Withdrawn(
        statement=said.id, party=party.value, recordings=list(found), shredded=outcome.shredded, held=outcome.held,
        pending=outcome.pending,
    )  # fmt: skip


def add_employee(settings: Config, code: str, *, basis: str, since: datetime, until: datetime | None) -> Stated:
    """Enter an employee's consent, after a withdrawal at the earliest from now on; calls that waited for it go on."""
    with acting(settings) as act:
        subject = act.pseudonym(Party.REP, code)
        said = act.ledger.stated(act.statement(Party.REP, subject, Verb.GIVEN, basis, since=since, until=until))
    return _stated(said)


def withdraw_employee(settings: Config, code: str, *, erase_past: bool) -> Withdrawn:
    """From now on nothing with this employee is analysed; with `erase_past` what there is is shredded too."""
    with acting(settings) as act:
        said = act.statement(Party.REP, act.pseudonym(Party.REP, code), Verb.WITHDRAWN, "")
        found = act.ledger.keeping.withdraw(said, past=erase_past)
        outcome = act.carry_out(found)
    return Withdrawn(
        statement=said.id, party=Party.REP.value, recordings=list(found), shredded=outcome.shredded, held=outcome.held,
        pending=outcome.pending,
    )  # fmt: skip


def employees(settings: Config) -> list[EmployeeLine]:
    """The register as it stands: the newest statement about each employee, under their pseudonym."""
    from edge_agent.ledger import consents  # noqa: PLC0415 - after parsing

    with answers.reader(settings) as book:
        newest = {one.subject: one for one in book.viewing(lambda view: consents.statements(view, Party.REP))}
    now = app.SystemClock().now()
    return [
        EmployeeLine(
            employee=one.subject, status=_status(one, now), basis=one.basis, since=one.since.isoformat(),
            until=one.until.isoformat() if one.until else "",
        )
        for one in newest.values()
    ]  # fmt: skip


def _status(said: Statement, now: datetime) -> str:
    if said.verb is Verb.WITHDRAWN:
        return "withdrawn"
    if now < said.since:
        return "not-yet"
    return "in-force" if in_force(said, now, now=now) else "expired"


def _stated(said: Statement) -> Stated:
    return Stated(
        statement=said.id, party=said.party.value, subject=said.subject, basis=said.basis, since=said.since.isoformat(),
        until=said.until.isoformat() if said.until else "",
    )  # fmt: skip
