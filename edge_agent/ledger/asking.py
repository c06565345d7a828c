"""The words between the uplink and the worker: one JSON line each way over a Unix socket, one question per connection.

The uplink may ask four things and change nothing itself. `bytes` fields are base64 in the line, as msgspec writes them.
"""

import socket
from pathlib import Path
from typing import Annotated, Final

import msgspec

from edge_agent import rendezvous
from edge_sync import scalars

LINE_BYTES: Final = 64 * 1024
WAIT_S: Final = 5.0


class _Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op"):
    pass


class Confirm(_Question, frozen=True, tag="confirm"):
    """HQ's raw signed watermark, for the worker to verify."""

    message: Annotated[bytes, msgspec.Meta(max_length=16 * 1024)]


class Witnessed(_Question, frozen=True, tag="witness"):
    """HQ's raw signed cosignature of our audit log, for the worker to verify."""

    message: Annotated[bytes, msgspec.Meta(max_length=16 * 1024)]


class Refuse(_Question, frozen=True, tag="refuse"):
    """A row that can never be delivered."""

    seq: scalars.Seq
    reason: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$(?!\n)")]


class Birth(_Question, frozen=True, tag="birth"):
    """A freshly signed birth message."""


Question = Confirm | Witnessed | Refuse | Birth


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`error` is a short code (`refused`, `unavailable`, `broken`, `malformed`); then the other fields mean nothing."""

    watermark: Annotated[int, msgspec.Meta(ge=0)] = 0
    payload: bytes = b""
    error: str = ""


def ask(path: Path, question: Question) -> Answer:
    """Put one question to the worker. OSError when it does not answer in time, msgspec.DecodeError for nonsense."""
    with rendezvous.address(path) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(WAIT_S)
        line.connect(name)
        line.sendall(msgspec.json.encode(question) + b"\n")
        return msgspec.json.decode(read_line(line), type=Answer)


def read_line(line: socket.socket) -> bytes:
    """Everything up to the first newline; OSError when it is longer than the limit or ends early."""
    held = bytearray()
    while not held.endswith(b"\n"):
        piece = line.recv(LINE_BYTES + 1 - len(held))
        held += piece
        if not piece or len(held) > LINE_BYTES:
            raise OSError("the line is too long or ends early")
    return bytes(held)
