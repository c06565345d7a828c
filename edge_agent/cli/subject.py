"""`edge-agent subject export|erase`: a copy of what the box holds about one person, and its erasure."""

import argparse
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded, person


def add(commands: Commands) -> None:
    words = "个人请求 What one person may ask for"
    group = commands.add_parser("subject", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    export = command(group, "export", _export, "导出此人的记录", "Everything about one person: codes, times, reasons")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="new folder")
    erase = command(group, "erase", _erase, "删除此人的记录", "Shred the keys, withdraw the tags, forget who it was")
    for act in (export, erase):
        whom = act.add_mutually_exclusive_group(required=True)
        whom.add_argument("--customer", default="", metavar="CODE", help="- reads the code from standard input")
        whom.add_argument("--rep", default="", metavar="CODE")


def _export(arguments: argparse.Namespace) -> int:
    from edge_agent import documents  # noqa: PLC0415 - after parsing
    from edge_agent.domain.consent import Party  # noqa: PLC0415
    from edge_agent.subject import rights  # noqa: PLC0415

    party = Party.CUSTOMER if arguments.customer else Party.REP
    done = rights.export(loaded(arguments), party, person(arguments.customer or arguments.rep), arguments.output)
    print(
        documents.encode(done)
        if arguments.json
        else f"已导出 exported: {done.recordings} 个录音 recordings, {done.tags} 个标签 tags"
    )
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    from edge_agent import documents  # noqa: PLC0415
    from edge_agent.domain.consent import Party  # noqa: PLC0415
    from edge_agent.subject import rights  # noqa: PLC0415

    party = Party.CUSTOMER if arguments.customer else Party.REP
    done = rights.erase(loaded(arguments), party, person(arguments.customer or arguments.rep))
    if arguments.json:
        print(documents.encode(done))
    else:
        print(
            f"已删除 erased: {len(done.recordings)} 个录音 recordings, 已销毁 shredded {done.shredded}, "
            f"等待工作进程 waiting for the worker {done.pending}"
        )
    return 0
