"""`edge-agent opening open|view|why-not|end|list|receipts|managers`: an approved opening from its start to its receipts."""

import argparse
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    words = "双人放行后的打开与查看 Open for the approved time, view, end, tell"
    opening = commands.add_parser("opening", help=words, description=words)
    acts = opening.add_subparsers(required=True, metavar="ACT")
    start = command(acts, "open", _open, "用两份放行打开", "Start the approved time with both officers' shares")
    start.add_argument("request")
    start.add_argument(
        "--share", type=Path, action="append", required=True, metavar="SHARE", help="given twice: LEGAL's and HR's"
    )
    look = command(acts, "view", _view, "查看已打开的录音", "Write the content to a new file; every view is logged")
    look.add_argument("request")
    look.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="best on a tmpfs: it is plain")
    look.add_argument("--unmasked", action="store_true", help="文字稿不打码 a transcript with telephone numbers and the like")
    against = command(
        acts,
        "why-not",
        _why_not,
        "打开期间：为什么没有这个标签（不显示原话）",
        "Why an event was not found in an open transcript; no quote",
    )
    against.add_argument("request")
    against.add_argument("event", metavar="EVENT")
    end = command(acts, "end", _end, "提前结束", "End an opening, or a request that is no longer wanted")
    end.add_argument("request")
    command(acts, "list", _list, "申请与打开记录", "Every request and what became of it")
    told = command(acts, "receipts", _receipts, "开具回执", "Signed receipts for the requester and both officers")
    told.add_argument("request")
    told.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    managers = command(acts, "managers", _managers, "可发起申请的经理", "Who may ask here; none: the box itself asks")
    managers.add_argument(
        "--add", action="append", default=[], metavar="EDGE-MANAGER1…", help="key of `edge-officer keygen --manager`"
    )
    managers.add_argument("--remove", action="append", default=[], metavar="KEY", help="the key, or its fingerprint")


def _open(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415 - after parsing

    opened = opening.open_(loaded(arguments), arguments.request, shares=arguments.share)
    print(documents.encode(opened) if arguments.json else f"已打开，截止 open until {opened.until}")
    return 0


def _view(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415

    viewed = opening.view(loaded(arguments), arguments.request, output=arguments.output, unmasked=arguments.unmasked)
    print(documents.encode(viewed) if arguments.json else f"第 {viewed.views} 次查看 view {viewed.views}: {viewed.bytes} bytes")
    return 0


def _why_not(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening, view  # noqa: PLC0415

    answer = opening.why_not(loaded(arguments), arguments.request, arguments.event)
    if arguments.json:
        print(documents.encode(answer))
    else:
        view.console().print(view.why_not(answer))
    return 0


def _end(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415

    ended = opening.end(loaded(arguments), arguments.request)
    print(
        documents.encode(ended)
        if arguments.json
        else f"已结束，共查看 {ended.views} 次 ended ({ended.reason}), {ended.views} views"
    )
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening, view  # noqa: PLC0415

    found = opening.listed(loaded(arguments))
    if arguments.json:
        print(documents.encode(found))
    else:
        view.console().print(view.openings(found))
    return 0


def _receipts(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415

    written = opening.receipts(loaded(arguments), arguments.request, folder=arguments.output)
    print(documents.encode(written) if arguments.json else f"已写回执 receipts written: {', '.join(written.receipts)}")
    return 0


def _managers(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415

    found = opening.managers(loaded(arguments), add=arguments.add, remove=arguments.remove)
    if arguments.json:
        print(documents.encode(found))
    else:
        print("\n".join(found.managers) or "未登记经理，由本机发起申请 no manager enrolled: the box itself asks")
    return 0
