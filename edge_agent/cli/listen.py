"""`edge-agent listen`: one microphone, sealed as it is heard, its text as it is said. With `--json` one document a line."""

import argparse
import os
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge_agent.cli.options import Commands, command, loaded
from edge_agent.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable

JOURNALS: Final = ("/run/systemd/journal/", "/dev/log")
"""Where sockets lie behind which everything is written down."""


def add(commands: Commands) -> None:
    listen = command(
        commands,
        "listen",
        _listen,
        "实时收听：边录边加密，边说边出文字",
        "Listen live: sealed as it is heard, text within two seconds",
        json=False,
    )
    listen.add_argument(
        "--source", default="", metavar="NAME", help="which of the configured [[capture.sources]] (default: the first)"
    )
    heard = listen.add_mutually_exclusive_group()
    heard.add_argument("--device", metavar="PART", help="another sound device for it, by a part of its name")
    heard.add_argument("--pump", type=Path, metavar="WAV", help="a recording in place of the microphone, at the speed of speech")
    listen.add_argument("--json", action="store_true", help="one JSON document a line: each utterance, then how it went")


def _listen(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, listening, view  # noqa: PLC0415 - after parsing
    from edge_agent.listening import shown  # noqa: PLC0415

    def emit(document: msgspec.Struct) -> None:
        if arguments.json:
            print(documents.encode(document), flush=True)
        elif isinstance(document, documents.LiveUtterance):
            print(shown.spoken(document), flush=True)
        elif isinstance(document, documents.LiveEnded):
            view.console().print(shown.listened(document))

    def say(zh: str, en: str) -> None:
        with suppress(OSError):  # nobody reads it any more: no reason to stop sealing
            print(f"{zh}  {en}", file=sys.stderr, flush=True)

    if logged(os.environ.get("JOURNAL_STREAM", "")):
        raise NotAllowed(
            "what is said would go to the journal", remedy="set StandardOutput=null, or to a socket that shows it",
            zh="谈话内容不得写入系统日志：请把标准输出改到别处",
        )  # fmt: skip
    if left_plain():
        say(
            "文字将写入未加密磁盘上的文件，谈话内容会留在那里",
            "what is said goes to a file on a disk that is not encrypted, and stays there",
        )
    settings = loaded(arguments)
    source = listening.source_of(settings, arguments.source, arguments.device)
    listening.listen(settings, source, pump=arguments.pump, emit=emit, say=say)
    return 0


def logged(stream: str, output: int = 1, homes: tuple[str, ...] = JOURNALS) -> bool:
    """Whether `output` is what the service manager put into the journal (`stream` is its `device:inode`), or leads there."""
    try:
        found = os.fstat(output)
        if stream == f"{found.st_dev}:{found.st_ino}":
            return True
        if not stat.S_ISSOCK(found.st_mode):
            return False
        with socket.socket(fileno=os.dup(output)) as leads:
            peer = leads.getpeername() if leads.family == socket.AF_UNIX else ""
    except OSError:
        return False
    return isinstance(peer, str) and os.path.realpath(peer).startswith(homes)


def left_plain(output: int = 1, kind: "Callable[[Path], str] | None" = None) -> bool:
    """Whether `output` is a file on a disk that is not known to be encrypted; `kind` stands in for `storage_of`."""
    from edge_agent.capture.storage import Storage, storage_of  # noqa: PLC0415 - after parsing

    try:
        if not stat.S_ISREG(os.fstat(output).st_mode):
            return False
        folder = Path(f"/proc/self/fd/{output}").readlink().parent
    except OSError:
        return False
    return (kind or storage_of)(folder) not in {Storage.MEMORY, Storage.ENCRYPTED}
