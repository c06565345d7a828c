"""`edge-agent retention plan|hold`: what is shredded when and why, and what a legal hold keeps."""

import argparse
import re
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent import documents


def add(commands: Commands) -> None:
    words = "保存期限 How long recordings are kept"
    group = commands.add_parser("retention", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    command(group, "plan", _plan, "销毁计划", "What is shredded when, and by which rule")
    words = "法律保全 Legal holds"
    holds = group.add_parser("hold", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    put = command(holds, "add", _add, "加保全", "Keep a recording, and all that was made of it, until the hold is lifted")
    lift = command(holds, "lift", _lift, "解除保全", "Lift the holds with this reason")
    for act in (put, lift):
        act.add_argument("object", metavar="OBJECT|RECORDING")
        act.add_argument("--reason-code", type=_code, required=True, metavar="CODE", help="a short code of your own: case-17")
    command(holds, "list", _list, "保全列表", "The holds in force")


def _plan(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, view  # noqa: PLC0415 - after parsing
    from edge_agent.subject import holding  # noqa: PLC0415

    lines = holding.plan(loaded(arguments))
    if arguments.json:
        print(documents.encode(documents.RetentionPlan(recordings=lines)))
        return 0
    made = view.table("销毁计划 Retention plan", "销毁时间 Shredded", "录音 Recording", "状态 State", "依据 Rule", "备注 Note")
    for one in lines:
        note = "法律保全 held" if one.held else "即将销毁 decided" if one.decided else view.waits(one.parked)
        rule = view.RULES.get(one.rule, one.rule)
        made.add_row(one.shred_at[:16], one.recording, view.STATES.get(one.state, one.state), rule, note)
    view.console().print(made)
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import holding  # noqa: PLC0415

    return _told(arguments, [holding.add(loaded(arguments), arguments.object, reason=arguments.reason_code)])


def _lift(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import holding  # noqa: PLC0415

    return _told(arguments, holding.lift(loaded(arguments), arguments.object, reason=arguments.reason_code))


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import holding  # noqa: PLC0415

    return _told(arguments, holding.holds(loaded(arguments)))


def _told(arguments: argparse.Namespace, lines: "list[documents.HoldLine]") -> int:
    from edge_agent import documents, view  # noqa: PLC0415

    if arguments.json:
        print(documents.encode(documents.Holds(holds=lines)))
        return 0
    made = view.table("法律保全 Legal holds", "录音 Recording", "原因 Reason", "自 Since")
    for one in lines:
        made.add_row(one.recording, one.reason, one.at[:16])
    view.console().print(made)
    return 0


def _code(text: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", text) is None:
        raise argparse.ArgumentTypeError("a reason is a short code: a-z, 0-9, _ . -")
    return text
