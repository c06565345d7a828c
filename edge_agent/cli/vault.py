"""`edge-agent request|unseal`: ask two officers for one recording, and open it with what both released."""

import argparse
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    request = command(commands, "request", _request, "申请打开一个录音", "Ask LEGAL and HR to release one object")
    request.add_argument("object", nargs="?", help="the object; not with --intent")
    request.add_argument("--intent", type=Path, metavar="FILE", help="what a manager asks for (`edge-officer ask`)")
    request.add_argument("--purpose", help="why; the officers read it, it stays local")
    request.add_argument("--hours", type=float, default=24.0, help="valid for so many hours (default 24)")
    request.add_argument("--minutes", type=int, default=30, help="open for so many minutes (default 30)")
    request.set_defaults(usage=request.error)
    request.add_argument("-o", "--output", type=Path, required=True, metavar="REQUEST")
    unseal = command(commands, "unseal", _unseal, "用两份放行打开录音", "Open one object with both officers' shares")
    unseal.add_argument("object")
    unseal.add_argument(
        "--share",
        type=Path,
        action="append",
        required=True,
        metavar="SHARE",
        help="given twice: LEGAL's and HR's",
    )
    unseal.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    unseal.add_argument("--identity", action="store_true", help="write the object's age identity instead of its content")


def _request(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415 - after parsing

    by_box = arguments.object is not None and arguments.purpose is not None
    if by_box == (arguments.intent is not None) or (arguments.intent is not None and arguments.object is not None):
        arguments.usage("give OBJECT and --purpose, or --intent")
    settings = loaded(arguments)
    if arguments.intent is not None:
        asked = opening.request_for(settings, arguments.intent, output=arguments.output)
    else:
        asked = opening.request(
            settings, arguments.object, purpose=arguments.purpose, hours=arguments.hours, minutes=arguments.minutes,
            output=arguments.output,
        )  # fmt: skip
    print(documents.encode(asked) if arguments.json else f"已写申请 request written, valid until {asked.expires_at}")
    return 0


def _unseal(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, opening  # noqa: PLC0415

    released = opening.unseal(
        loaded(arguments),
        arguments.object,
        shares=arguments.share,
        output=arguments.output,
        identity=arguments.identity,
    )
    print(documents.encode(released) if arguments.json else f"已打开 opened: {released.bytes} bytes")
    return 0
