"""`edge-agent channel send|check|facts`: touch documents (chat, e-mail, documents opened, POS), for who connects a system."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent.documents import TouchFault

REFUSED = 1
LATER = 75


def add(commands: Commands) -> None:
    group = commands.add_parser("channel", help="渠道触点：聊天、邮件、收银等 touch points that are no recordings")
    inside = group.add_subparsers(required=True, metavar="COMMAND")
    send = command(
        inside, "send", _send, "交给本机（套接字；未运行时放入投递目录）",
        "Hand a document to the worker's socket, or into the spool while no worker runs",
    )  # fmt: skip
    send.add_argument("file", metavar="FILE", help="the document; - reads standard input")
    check = command(
        inside, "check", _check, "检查触点文件，列出全部错误（不保存）", "Every mistake of a document by its place; store nothing"
    )
    check.add_argument("file", metavar="FILE", help="the document; - reads standard input")
    command(inside, "facts", _facts, "列出可交付的数据项", "The facts that a document may deliver, and which events ask for them")


def _send(arguments: argparse.Namespace) -> int:
    from edge_agent import connecting, documents  # noqa: PLC0415 - after parsing

    settings = loaded(arguments)
    done = connecting.deliver(settings, _given(arguments.file))
    if arguments.json:
        print(documents.encode(done))
    else:
        print(_STATES[done.status] + (f" {done.recording}" if done.recording else ""))
    _say(done.reason, done.faults)
    return {"refused": REFUSED, "later": LATER}.get(done.status, 0)


def _check(arguments: argparse.Namespace) -> int:
    from edge_agent import connecting, documents  # noqa: PLC0415

    found = connecting.checked(loaded(arguments), _given(arguments.file))
    if arguments.json:
        print(documents.encode(found))
    elif found.ok:
        print("没有错误 no mistakes")
    _say("", found.faults)
    return 0 if found.ok else REFUSED


def _facts(arguments: argparse.Namespace) -> int:
    from edge_agent import connecting, documents, view  # noqa: PLC0415

    found = connecting.known_facts(loaded(arguments))
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table("数据项 Facts", "名称 Name", "类型 Type", "规则中的叫法 In rules", "用于 Asked by")
    for one in found.facts:
        lines.add_row(one.name, one.type, one.zh or "—", "、".join(one.events) or "—")
    view.console().print(lines)
    return 0


def _given(name: str) -> bytes:
    """At most a byte more than a document may have; a person named it."""
    from edge_agent import privilege  # noqa: PLC0415
    from edge_agent.capture.touch import MAX_BYTES  # noqa: PLC0415
    from edge_agent.errors import BadInput  # noqa: PLC0415

    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with privilege.raised(), Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput("gone", "the file cannot be read", remedy="check its name and its rights", zh="文件无法读取") from error


_STATES = {
    "accepted": "已收入并加密 taken in and sealed:",
    "duplicate": "之前已收入 it was taken in before",
    "queued": "已放入投递目录，等待处理 lies in the spool",
    "refused": "被拒绝 refused",
    "later": "稍后再试 try again later",
}


def _say(reason: str, faults: "Sequence[TouchFault]") -> None:
    from edge_agent import view  # noqa: PLC0415

    if reason:
        print(f"edge-agent: {view.REASONS.get(reason, reason)}", file=sys.stderr)
    for one in faults:
        print(f"edge-agent: {one.key} — {one.expected}", file=sys.stderr)
