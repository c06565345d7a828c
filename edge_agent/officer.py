"""`edge-officer`: what a manager and a LEGAL or HR officer do, each on their own machine.

    edge-officer keygen -o KEYFILE [--manager]                  prints the public key to enrol; the file stays with its owner
    edge-officer ask OBJECT --purpose … --key KEYFILE -o INTENT a manager asks; the box makes the request of it
    edge-officer release REQUEST --key KEYFILE [-o SHARE]       checks the request, shows it, writes the share (else prints it)
    edge-officer receipt RECEIPT --request REQUEST --key KEYFILE | --box KEY      checks what one is told afterwards, shows it

Key files are those of the stock `age` tool (`age-keygen`). No network, no media library; nothing is stored besides the files
named. `--json` prints exactly one document on stdout; everything else goes to stderr. Exit codes: 0 done, 1 refused, 2 usage,
70 internal error, 75 try again later.
"""

import argparse
import os
import sys
import traceback
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from edge_agent import __version__
from edge_agent.errors import BadInput, EdgeError
from edge_agent.vault import handed, intent, receipt, release
from edge_agent.vault.intent import MINUTES
from edge_agent.vault.managers import BOX, Manager, named
from edge_agent.vault.unseal import identity_file
from edge_agent.vault.x25519 import Identity

_INTERNAL: Final = 70


class KeyMade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`keygen --json`: the public key to enrol; `manager` is empty for an officer's."""

    recipient: str
    manager: str = ""


class ShareReleased(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`release -o SHARE --json`: what was released, by which role, for what, until when."""

    object: str
    request: str
    role: str
    officer: str
    purpose: str
    expires_at: datetime


class IntentWritten(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ask --json`: what was asked for, until when officers may release it, and how long it then stays open."""

    id: str
    object: str
    purpose: str
    minutes: int
    expires_at: datetime


def main(argv: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    sys.excepthook = _internal
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except EdgeError as error:
        if error.zh:
            _note(error.zh)
        _note(f"edge-officer: {error}")
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="edge-officer",
        description="经理申请、法务/人事放行工具。 For managers who ask and LEGAL and HR officers who release.",
    )
    top.add_argument("--version", action="version", version=f"edge-officer {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    words = "生成密钥 Make a key"
    keygen = commands.add_parser("keygen", help=words, description=words)
    keygen.add_argument("-o", "--output", type=Path, required=True, metavar="KEYFILE", help="new secret file, 0600")
    keygen.add_argument("--manager", action="store_true", help="经理 for somebody who asks and does not release")
    keygen.set_defaults(run=_keygen)
    words = "经理发起申请 Ask for one object, as a manager"
    asking = commands.add_parser("ask", help=words, description=words)
    asking.add_argument("object", metavar="OBJECT")
    asking.add_argument("--purpose", required=True, help="why; the officers read it")
    asking.add_argument("--hours", type=float, default=24.0, help="officers may release it for so many hours (default 24)")
    asking.add_argument("--minutes", type=int, default=MINUTES, help="then it is open for so many minutes (default 30)")
    asking.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="made by keygen --manager")
    asking.add_argument("-o", "--output", type=Path, required=True, metavar="INTENT", help="new file, for the box")
    asking.set_defaults(run=_ask)
    words = "放行自己的一份 Release one's own share of a request"
    releasing = commands.add_parser("release", help=words, description=words)
    releasing.add_argument("request", type=Path, metavar="REQUEST")
    releasing.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="made by keygen (or age-keygen)")
    releasing.add_argument("-o", "--output", type=Path, metavar="SHARE", help="new file; without it the share goes to stdout")
    releasing.set_defaults(run=_release)
    words = "核对回执 Check and show a receipt"
    told = commands.add_parser("receipt", help=words, description=words)
    told.add_argument("receipt", type=Path, metavar="RECEIPT")
    told.add_argument("--request", type=Path, metavar="REQUEST", help="the request that was released; with --key")
    told.add_argument("--key", type=Path, metavar="KEYFILE", help="the officer's key; with --request")
    told.add_argument("--box", default="", metavar="BASE64", help="the box's public key (`edge-agent init` prints it)")
    told.set_defaults(run=_receipt, usage=told.error)
    for command in (keygen, asking, releasing, told):
        command.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return top


def _keygen(arguments: argparse.Namespace) -> int:
    identity = Identity.generate()
    with handed.give(arguments.output) as file:
        file.write(identity_file(identity))
    made = KeyMade(recipient=str(identity), manager=str(Manager.of(identity)) if arguments.manager else "")
    print(msgspec.json.encode(made).decode() if arguments.json else made.manager or made.recipient)
    _note("密钥文件请妥善保管，切勿交给他人；以上公钥用于登记。 Keep the key file to yourself; enrol the public key above.")
    return 0


def _ask(arguments: argparse.Namespace) -> int:
    identity = read_identity(handed.take(arguments.key, "key file"))
    document = intent.intend(
        identity, arguments.object, purpose=arguments.purpose, hours=arguments.hours, minutes=arguments.minutes,
        now=datetime.now(UTC),
    )  # fmt: skip
    with handed.give(arguments.output) as file:
        file.write(document + b"\n")
    said = intent.read(document)
    if arguments.json:
        written = IntentWritten(
            id=said.id, object=said.object, purpose=said.purpose, minutes=said.minutes, expires_at=said.expires_at
        )
        print(msgspec.json.encode(written).decode())
    else:
        _note("申请书已写入，请交给网关：edge-agent request --intent。 Written; take it to the box: edge-agent request --intent.")
    return 0


def _receipt(arguments: argparse.Namespace) -> int:
    if (arguments.request is None) != (arguments.key is None) or (arguments.request is None) == (not arguments.box):
        arguments.usage("give --request and --key, or --box")
    document = handed.take(arguments.receipt, "receipt")
    if arguments.box:
        said = receipt.check(document, _box_key(arguments.box))
    else:
        identity = read_identity(handed.take(arguments.key, "key file"))
        said = receipt.check_against(document, handed.take(arguments.request, "request"), identity)
    if arguments.json:
        print(msgspec.json.encode(said).decode())
        return 0
    for name, value in (
        ("申请 request  ", said.request), ("对象 object   ", said.object), ("申请人 requester", said.requester),
        ("法务 LEGAL    ", said.legal), ("人事 HR       ", said.hr), ("打开 opened   ", said.opened_at),
        ("截止 until    ", said.until), ("结束 ended    ", said.ended_at), ("查看 views    ", said.views),
        ("含密钥 of the key", said.key_views),
    ):  # fmt: skip
        print(f"{name}  {f'{value:%Y-%m-%d %H:%M:%S} UTC' if isinstance(value, datetime) else value or '—'}")
    _note("回执已核对，签名有效。 The receipt is signed by that box.")
    return 0


def _box_key(text: str) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadInput(
            "not-a-key", "not a box's public key", remedy="paste the line that `edge-agent init` printed", zh="不是网关公钥"
        )
    return key


def _release(arguments: argparse.Namespace) -> int:
    identity = read_identity(handed.take(arguments.key, "key file"))
    document = handed.take(arguments.request, "request")
    released = release.release(document, identity, now=datetime.now(UTC))
    share = msgspec.json.encode(released) + b"\n"
    request = release.read(document)
    _note(f"对象 object   {request.object}")
    _note(f"用途 purpose  {request.purpose}")
    _note(f"截止 expires  {request.expires_at:%Y-%m-%d %H:%M} UTC")
    _note(f"时长 minutes  {request.minutes}")
    _note(f"申请人 requester  {'网关管理员 the box itself' if request.requester == BOX else named(request.requester)}")
    _note(f"角色 role     {released.role.upper()}")
    if arguments.output is None:
        print(share.decode(), end="")
        return 0
    with handed.give(arguments.output) as file:
        file.write(share)
    if arguments.json:
        done = ShareReleased(
            object=released.object, request=released.request, role=released.role, officer=released.officer,
            purpose=request.purpose, expires_at=request.expires_at,
        )  # fmt: skip
        print(msgspec.json.encode(done).decode())
    else:
        _note("份额已写入，请交还申请方。 Share written; give it back to who asked.")
    return 0


def read_identity(content: bytes) -> Identity:
    """The one identity of a key file; lines with # and empty lines do not count.

    Raises:
        BadInput: "not-an-identity": none, or more than one.
    """
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if len(found) != 1:
        raise BadInput(
            "not-an-identity", "the key file does not hold exactly one key", remedy="use a file made by keygen",
            zh="密钥文件中应当只有一把密钥",
        )  # fmt: skip
    return Identity.parse(found[0])


def _note(line: str) -> None:
    print(line, file=sys.stderr)


def _internal(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """A defect: its class and place, never its message, which may quote its input."""
    _note(f"edge-officer: internal error {kind.__name__}")
    for frame in traceback.extract_tb(trace)[-6:]:
        _note(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_INTERNAL)


if __name__ == "__main__":
    sys.exit(main())
