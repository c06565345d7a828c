"""`edge-officer`: what a LEGAL or HR officer does, on their own machine: make a key, release one share.

    edge-officer keygen -o KEYFILE                              prints the public key to enrol; the file stays with the officer
    edge-officer release REQUEST --key KEYFILE [-o SHARE]       checks the request, shows it, writes the share (else prints it)

Key files are those of the stock `age` tool (`age-keygen`). No network, no media library; nothing is stored besides the files
named. `--json` prints exactly one document on stdout; everything else goes to stderr. Exit codes: 0 done, 1 refused, 2 usage,
70 internal error, 75 try again later.
"""

import argparse
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from edge_agent import __version__
from edge_agent.errors import BadInput, EdgeError
from edge_agent.vault import handed, release
from edge_agent.vault.unseal import identity_file
from edge_agent.vault.x25519 import Identity

_INTERNAL: Final = 70


class KeyMade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`keygen --json`: the public key to enrol."""

    recipient: str


class ShareReleased(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`release -o SHARE --json`: what was released, by which role, for what, until when."""

    object: str
    request: str
    role: str
    officer: str
    purpose: str
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
        prog="edge-officer", description="法务/人事放行工具。 Keys and releases of a LEGAL or HR officer."
    )
    top.add_argument("--version", action="version", version=f"edge-officer {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    words = "生成放行密钥 Make an officer's key"
    keygen = commands.add_parser("keygen", help=words, description=words)
    keygen.add_argument("-o", "--output", type=Path, required=True, metavar="KEYFILE", help="new secret file, 0600")
    keygen.set_defaults(run=_keygen)
    words = "放行自己的一份 Release one's own share of a request"
    releasing = commands.add_parser("release", help=words, description=words)
    releasing.add_argument("request", type=Path, metavar="REQUEST")
    releasing.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="made by keygen (or age-keygen)")
    releasing.add_argument("-o", "--output", type=Path, metavar="SHARE", help="new file; without it the share goes to stdout")
    releasing.set_defaults(run=_release)
    for command in (keygen, releasing):
        command.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return top


def _keygen(arguments: argparse.Namespace) -> int:
    identity = Identity.generate()
    with handed.give(arguments.output) as file:
        file.write(identity_file(identity))
    made = KeyMade(recipient=str(identity))
    print(msgspec.json.encode(made).decode() if arguments.json else made.recipient)
    _note("密钥文件请妥善保管，切勿交给他人；以上公钥用于登记。 Keep the key file to yourself; enrol the public key above.")
    return 0


def _release(arguments: argparse.Namespace) -> int:
    identity = read_identity(handed.take(arguments.key, "key file"))
    document = handed.take(arguments.request, "request")
    released = release.release(document, identity, now=datetime.now(UTC))
    share = msgspec.json.encode(released) + b"\n"
    request = release.read(document)
    _note(f"对象 object   {request.object}")
    _note(f"用途 purpose  {request.purpose}")
    _note(f"截止 expires  {request.expires_at:%Y-%m-%d %H:%M} UTC")
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
