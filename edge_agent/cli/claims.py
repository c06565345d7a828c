"""`edge-agent claims check|list|try` and `edge-agent mood`: what a rep claimed against what is so, and how customers felt."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded
from edge_agent.errors import BadInput

if TYPE_CHECKING:
    from edge_agent.documents import ClaimsOfTalk

WRONG = 1
VERDICTS = {"right": "属实 right", "wrong": "不符 WRONG", "unknown": "无法核对 unknown"}


def add(commands: Commands) -> None:
    group = commands.add_parser("claims", help="说法核对：销售说的与事实表是否一致 what a rep claimed, held against facts")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    check = command(verbs, "check", _check, "检查事实表", "Every fault of a folder of fact tables at once")
    check.add_argument("folder", nargs="?", type=Path, help="default: the configured one")
    kept = command(verbs, "list", _list, "列出核对结果", "Claims of analysed calls: codes, numbers, verdicts")
    kept.add_argument("recording", nargs="?", default="", metavar="RECORDING", help="only this recording")
    tried = command(verbs, "try", _try, "用一段文字对话试一试（不保存）", "The claims of a written talk; store nothing")
    tried.add_argument("talk", type=Path, metavar="DIALOGUE.toml")
    tried.add_argument("--facts", type=Path, metavar="FOLDER", help="fact tables; default: the configured folder")
    tried.add_argument("--at", type=_moment, metavar="TIME", help="when the talk began, YYYY-MM-DDTHH:MM+08:00 (default: now)")
    curve = command(
        commands,
        "mood",
        _mood,
        "客户情绪曲线（默认关闭，只看客户的话）",
        "The customer's mood along a call, from their words alone",
    )
    curve.add_argument("recording", nargs="?", default="", metavar="RECORDING")
    curve.add_argument("--talk", type=Path, metavar="DIALOGUE.toml", help="a written talk instead, to try the cues")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a time is written YYYY-MM-DDTHH:MM+08:00") from None
    return found if found.tzinfo is not None else found.astimezone()


def _check(arguments: argparse.Namespace) -> int:
    from edge_agent import concluding, documents  # noqa: PLC0415 - after parsing

    found = concluding.check_facts(loaded(arguments), arguments.folder)
    if arguments.json:
        print(documents.encode(found))
        return 0 if found.ok else WRONG
    for problem in found.problems:
        print(f"✗ {problem.file}:{problem.line}  {problem.entry}: {problem.message} — {problem.remedy}")
    for one in found.warnings:
        print(f"! {one.file}:{one.line}  {one.entry}: {one.message} — {one.remedy}")
    kinds = "，".join(f"{kind} {count}" for kind, count in found.rows.items()) or "0"
    counts = f"{len(found.problems)} 处错误 faults，{len(found.warnings)} 处提醒 warnings"
    print(f"{kinds}；{found.subjects} 个对象 subjects，{found.stale} 行不生效 not in force，{counts}")
    return 0 if found.ok else WRONG


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent import concluding, documents  # noqa: PLC0415

    found = concluding.claims(loaded(arguments), recording=arguments.recording)
    if arguments.json:
        print(documents.encode(found))
        return 0
    for talk in found.recordings:
        _print(talk)
    return 0


def _try(arguments: argparse.Namespace) -> int:
    from edge_agent import concluding, documents  # noqa: PLC0415

    at = arguments.at or datetime.now(UTC).astimezone()
    found = concluding.try_claims(loaded(arguments), arguments.talk, facts=arguments.facts, at=at)
    if arguments.json:
        print(documents.encode(found))
    else:
        _print(found)
    return 0


def _print(talk: "ClaimsOfTalk") -> None:
    from edge_agent import view  # noqa: PLC0415

    table = view.table(
        f"说法核对 Claims {talk.recording}",
        "句 Utterance",
        "种类 Kind",
        "对象 Subject",
        "说的 Said",
        "结论 Verdict",
        "依据 Row",
        "原因 Why",
    )
    for one in talk.claims:
        kind = f"{one.kind} {one.attribute}".strip()
        said = f"{one.said} {one.unit}".strip()
        table.add_row(
            str(one.utterance), kind, one.subject or "—", said or "—", VERDICTS[one.verdict], one.row or "—", one.reason
        )
    view.console().print(table)


def _mood(arguments: argparse.Namespace) -> int:
    from edge_agent import concluding, documents, view  # noqa: PLC0415

    if bool(arguments.recording) == (arguments.talk is not None):
        raise BadInput(
            "one", "name a recording or give --talk", remedy="edge-agent mood --help", zh="请给出录音编号或 --talk 文件"
        )
    settings = loaded(arguments)
    found = (
        concluding.mood(settings, arguments.recording) if arguments.recording else concluding.try_mood(settings, arguments.talk)
    )
    if arguments.json:
        print(documents.encode(found))
        return 0
    table = view.table(
        f"客户情绪 Mood {found.recording}", "句 Utterance", "秒 Second", "分值 Valence", "依据 Reason", "迹象 Sign"
    )
    for one in found.points:
        sign = "试探 probing" if one.probing else "要走 leaving" if one.leaving else ""
        table.add_row(str(one.utterance), f"{one.start_ms / 1000:.1f}", f"{one.valence:+.2f}", one.reason, sign)
    view.console().print(table)
    print(f"有情绪可言的句子 utterances that tell: {found.coverage:.0%}")
    return 0
