"""`edge-agent contest open|list|decide` and `precision`: findings that somebody objects to, and how often an event is right."""

import argparse
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded
from edge_agent.domain.contests import REASONS, ROLES, STAGES, Reason, Role, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_agent.documents import ContestLine


def add(commands: Commands) -> None:
    words = "对标签提出异议、复核 Object to a finding, decide about it"
    group = commands.add_parser("contest", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    reasons = "，".join(f"{one.value} {zh}" for one, (zh, _) in REASONS.items())
    made = command(group, "open", _open, "提出异议", "Object to a finding in force")
    made.add_argument("tag", metavar="TAG", help="tag id, or its last characters")
    made.add_argument("--reason", required=True, choices=[*Reason], metavar="CODE", help=reasons)
    made.add_argument("--by", default=Role.REP, choices=[*Role], help="谁提出（只记角色，不记姓名） whose objection it is")
    shown = command(group, "list", _list, "异议列表", "Contests, oldest first")
    shown.add_argument("--open", action="store_true", help="只看待复核的 only what waits for a decision")
    done = command(group, "decide", _decide, "复核异议：维持或撤销", "The finding stands, or is taken back here and at HQ")
    done.add_argument("tag", metavar="TAG")
    done.add_argument("outcome", choices=[Stage.UPHELD, Stage.OVERTURNED])
    done.add_argument("--by", required=True, choices=[*Role], help="提出异议的一方不能自己复核 not who objected, and never a rep")
    right = command(
        commands,
        "precision",
        _precision,
        "各事件的准确率（按已复核的异议）",
        "How often each event was right, by decided contests",
    )
    right.add_argument("--days", type=_days, default=0, metavar="N", help="only decisions of the last N days; default: all")


def _open(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import contesting  # noqa: PLC0415 - after parsing

    reason, by = Reason(arguments.reason), Role(arguments.by)
    return _told(arguments, [contesting.contest(loaded(arguments), arguments.tag, reason=reason, by=by)])


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import contesting  # noqa: PLC0415

    return _told(arguments, contesting.contests(loaded(arguments), waiting=arguments.open))


def _decide(arguments: argparse.Namespace) -> int:
    from edge_agent.subject import contesting  # noqa: PLC0415

    outcome, by = Stage(arguments.outcome), Role(arguments.by)
    return _told(arguments, [contesting.decide(loaded(arguments), arguments.tag, outcome, by=by)])


def _precision(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, view  # noqa: PLC0415
    from edge_agent.subject import contesting  # noqa: PLC0415

    found = contesting.precisions(loaded(arguments), days=arguments.days)
    if arguments.json:
        print(documents.encode(found))
        return 0
    made = view.table("准确率 Precision", "事件 Event", "已复核 Reviewed", "维持 Upheld", "撤销 Overturned", "准确率 Precision")
    for one in found.events:
        known = one.precision is not None
        shown = f"{view.percent(one.precision)}（{view.percent(one.low)}–{view.percent(one.high)}）" if known else "未知 unknown"
        made.add_row(one.code, str(one.reviewed), str(one.upheld), str(one.overturned), shown)
    view.console().print(made)
    print("只含被提出异议的标签，低于全部标签的准确率；少于 5 次复核不给数字 contested findings only: a lower bound")
    return 0


def _told(arguments: argparse.Namespace, lines: "Sequence[ContestLine]") -> int:
    from edge_agent import documents, view  # noqa: PLC0415

    if arguments.json:
        print(documents.encode(documents.Contests(contests=[*lines])))
        return 0
    made = view.table("异议 Contests", "标签 Tag", "事件 Event", "原因 Reason", "状态 Stage", "提出 By", "复核 Decided by")
    for one in lines:
        decided = ROLES[Role(one.decided_by)] if one.decided_by else "—"
        made.add_row(
            one.stands or one.tag, one.code, REASONS[Reason(one.reason)][0], " ".join(STAGES[Stage(one.stage)]),
            ROLES[Role(one.opened_by)], decided,
        )  # fmt: skip
    view.console().print(made)
    return 0


def _days(text: str) -> int:
    days = int(text) if text.isdecimal() else 0
    if not 1 <= days <= 36_500:
        raise argparse.ArgumentTypeError("days are a whole number from 1 to 36500")
    return days
