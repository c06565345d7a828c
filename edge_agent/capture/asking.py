"""The words at the socket for touch documents: a document and the end of the sending side; then one line of JSON comes back.

`accepted` comes only after the document is sealed and in the ledger, both durable; `duplicate` means that it was before. After
`later` (with a reason) the same document may be sent again, after `refused` only a corrected one.
"""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec

from edge_agent import rendezvous
from edge_agent.errors import Unavailable

WAIT_S: Final = 5.0
"""Within this a document must have arrived whole."""
PATIENCE_S: Final = 60.0
"""So long a sender waits for an answer: sealing stands in line behind other documents."""
_ANSWER_BYTES: Final = 64 * 1024


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in the document and what is expected there; never what stands there."""

    key: str
    expected: str


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason` is a short code: why not, or of an accepted document why it waits unread (`no-consent` …); else empty."""

    status: Literal["accepted", "duplicate", "refused", "later"]
    reason: str = ""
    recording: str = ""
    faults: tuple[Fault, ...] = ()


def ask(path: Path, document: bytes) -> Answer:
    """Hand a document over. Unavailable when nobody answers there."""
    try:
        with rendezvous.address(path) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(PATIENCE_S)
            line.connect(name)
            try:
                line.sendall(document)
                line.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it was told to stop: the answer says why
            return msgspec.json.decode(_answer(line), type=Answer)
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable(
            "nobody takes touch documents at the socket", remedy="start the worker, or deliver the file into the spool folder",
            zh="套接字无应答：请先启动工作进程，或改用投递目录",
        ) from error  # fmt: skip


def _answer(line: socket.socket) -> bytes:
    held = bytearray()
    with suppress(ConnectionResetError):  # what we had still to say was cut off, the answer was not
        while len(held) <= _ANSWER_BYTES and (piece := line.recv(_ANSWER_BYTES)):
            held += piece
    return bytes(held)
