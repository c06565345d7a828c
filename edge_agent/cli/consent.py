"""`edge-agent consent record|withdraw|employee`: what people agreed to, and what they took back.

CODE is what the store itself calls the person; it is turned into a keyed pseudonym and goes no further. `-` reads it from
standard input, so that it stands in no shell history.
"""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, day, loaded, person

RECORDING_BASES = ("notice", "spoken", "written", "not-personal")
EMPLOYEE_BASES = ("written", "contract", "collective")

if TYPE_CHECKING:
    from edge_agent import documents


def add(commands: Commands) -> None:
    words = "同意记录 Consent records and withdrawals"
    group = commands.add_parser("consent", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    record = command(group, "record", _record, "补登同意", "A consent record that comes late; the recording goes on")
    whom = record.add_mutually_exclusive_group(required=True)
    whom.add_argument("recording", nargs="?", default="", metavar="RECORDING")
    whom.add_argument("--customer", default="", metavar="CODE", help="a customer who had withdrawn agrees again")
    record.add_argument("--basis", required=True, choices=RECORDING_BASES)
    withdraw = command(group, "withdraw", _withdraw, "撤回同意", "Stop using it: shred the keys, withdraw the tags")
    whom = withdraw.add_mutually_exclusive_group(required=True)
    whom.add_argument("recording", nargs="?", default="", metavar="RECORDING")
    whom.add_argument("--customer", default="", metavar="CODE", help="everything of this customer, now and from now on")
    words = "员工登记 Employees who agreed to be analysed"
    register = group.add_parser("employee", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    entry = command(register, "add", _add, "登记员工同意", "Enter an employee's consent; calls that waited for it go on")
    entry.add_argument("code", metavar="CODE")
    entry.add_argument("--basis", default="written", choices=EMPLOYEE_BASES)
    entry.add_argument(
        "--on", type=day, metavar="YYYY-MM-DD", help="holds from this day (default: today); after a withdrawal not before now"
    )
    entry.add_argument("--expires", type=day, metavar="YYYY-MM-DD", help="no longer holds from this day")
    gone = command(register, "withdraw", _withdraw_employee, "员工撤回同意", "Nothing with this employee from now on")
    gone.add_argument("code", metavar="CODE")
    gone.add_argument("--erase-past", action="store_true", help="also shred what there is and withdraw its tags")
    command(register, "list", _list, "员工登记表", "The register, by pseudonym")


def _record(arguments: argparse.Namespace) -> int:
    from edge_agent import documents  # noqa: PLC0415 - after parsing
    from edge_agent.subject import consent  # noqa: PLC0415

    if arguments.customer:
        said = consent.agree(loaded(arguments), person(arguments.customer), basis=arguments.basis)
    else:
        said = consent.record(loaded(arguments), arguments.recording, basis=arguments.basis)
    print(documents.encode(said) if arguments.json else "已登记 recorded")
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import consent  # noqa: PLC0415

    customer = person(arguments.customer) if arguments.customer else ""
    return _told(arguments, consent.withdraw(loaded(arguments), recording=arguments.recording, customer=customer))


def _add(arguments: argparse.Namespace) -> int:
    from edge_agent import documents  # noqa: PLC0415
    from edge_agent.subject import consent  # noqa: PLC0415

    since = arguments.on or datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    code = person(arguments.code)
    said = consent.add_employee(loaded(arguments), code, basis=arguments.basis, since=since, until=arguments.expires)
    print(documents.encode(said) if arguments.json else f"已登记 entered as {said.subject[:12]}，自 since {said.since[:16]}")
    return 0


def _withdraw_employee(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import consent  # noqa: PLC0415

    code = person(arguments.code)
    return _told(arguments, consent.withdraw_employee(loaded(arguments), code, erase_past=arguments.erase_past))


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, view  # noqa: PLC0415
    from edge_agent.subject import consent  # noqa: PLC0415

    lines = consent.employees(loaded(arguments))
    if arguments.json:
        print(documents.encode(documents.Employees(employees=lines)))
        return 0
    made = view.table("员工登记 Employees", "员工 Employee", "状态 Status", "依据 Basis", "起 Since", "止 Until")
    for one in lines:
        made.add_row(one.employee[:12], view.STANDINGS[one.status], one.basis or "—", one.since[:10], one.until[:10] or "—")
    view.console().print(made)
    return 0


def _told(arguments: argparse.Namespace, done: "documents.Withdrawn") -> int:
    from edge_agent import documents  # noqa: PLC0415

    if arguments.json:
        print(documents.encode(done))
    else:
        print(
            f"已撤回 withdrawn: {len(done.recordings)} 个录音 recordings, 已销毁 shredded {done.shredded}, "
            f"法律保全 held {done.held}, 等待工作进程 waiting for the worker {done.pending}"
        )
    return 0
