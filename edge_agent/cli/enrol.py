"""`edge-agent enrol request|accept|renew|status`: this box's certificate, from HQ and back by file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent.documents import Asked, Enrolment


def add(commands: Commands) -> None:
    enrol = commands.add_parser("enrol", help="入网：向总部申请、接受、更新证书 get and renew this box's certificate")
    verbs = enrol.add_subparsers(required=True, metavar="VERB")
    request = command(verbs, "request", _request, "用认领码申请入网", "Ask HQ for this box's certificate")
    request.add_argument("--claim", required=True, metavar="CODE", help="认领码 the code that `edge-hq claim` printed")
    request.add_argument("-o", "--output", type=Path, required=True, metavar="REQUEST")
    accept = command(verbs, "accept", _accept, "接受总部的批准", "Check HQ's grant and put it in force")
    accept.add_argument("grant", type=Path, metavar="GRANT")
    renew = command(verbs, "renew", _renew, "到期前更新证书", "Ask for the next certificate, before this one ends")
    renew.add_argument("-o", "--output", type=Path, required=True, metavar="REQUEST")
    command(verbs, "status", _status, "查看证书状态", "Whether this box is enrolled, and how long its certificate lasts")


def _request(arguments: argparse.Namespace) -> int:
    from edge_agent import enrolment  # noqa: PLC0415 - after parsing

    return _asked(arguments, enrolment.request(loaded(arguments), claim=arguments.claim, output=arguments.output))


def _renew(arguments: argparse.Namespace) -> int:
    from edge_agent import enrolment  # noqa: PLC0415

    return _asked(arguments, enrolment.renew(loaded(arguments), output=arguments.output))


def _accept(arguments: argparse.Namespace) -> int:
    from edge_agent import enrolment  # noqa: PLC0415

    return _stands(arguments, enrolment.accept(loaded(arguments), arguments.grant))


def _status(arguments: argparse.Namespace) -> int:
    from edge_agent import enrolment  # noqa: PLC0415

    return _stands(arguments, enrolment.status(loaded(arguments)))


def _asked(arguments: argparse.Namespace, asked: "Asked") -> int:
    from edge_agent import documents  # noqa: PLC0415

    print(
        documents.encode(asked)
        if arguments.json
        else f"已写申请，请交总部批准 request written, for HQ to approve: {asked.request}"
    )
    return 0


def _stands(arguments: argparse.Namespace, found: "Enrolment") -> int:
    from edge_agent import documents  # noqa: PLC0415

    if arguments.json:
        print(documents.encode(found))
    elif found.standing == "none":
        print(f"未入网 not enrolled: {found.tenant}/{found.gateway}")
    else:
        words = {"good": "有效 valid", "due": "即将到期，请更新 renew it now", "expired": "已过期 expired"}[found.standing]
        print(f"{found.tenant}/{found.gateway} → {found.host}:{found.port}  {words}: {found.valid_until} ({found.days_left} d)")
    return 0
