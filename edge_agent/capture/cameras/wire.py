"""What a puller says to the process that seals: small framed messages over one socket, one way. Foreign input to its reader.

    OPEN (once, first: the stream is there)    NEW (a recording begins)    PART (bytes of its container, at least one)
    STILL (the camera hangs; said again with each key frame, until NEW)        GONE (a code, last)

A frame is `kind` (1 byte), payload length (4 bytes, little endian), payload. A connection that ends without GONE was cut.
"""

import socket
import time
from enum import IntEnum
from struct import Struct as Layout
from typing import Final, Literal

import msgspec

HEADER: Final = Layout("<BI")
PART_BYTES: Final = 1 << 20


class Kind(IntEnum):
    OPEN = 1
    NEW = 2
    PART = 3
    GONE = 4
    STILL = 5


LARGEST: Final = {Kind.OPEN: 0, Kind.NEW: 0, Kind.PART: PART_BYTES, Kind.GONE: 32, Kind.STILL: 0}
CODES: Final = frozenset({
    "ended", "silent", "unreachable", "refused", "not-found", "forbidden", "unauthorised", "codec", "no-video",
    "no-credentials", "not-confined", "busy", "damaged", "no-ca",
})  # fmt: skip
"""Why a connection ended, as a puller may say it."""


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a puller is to do, on its standard input: the address may hold a password, so it is in no argument.

    `ca`: a file of certificates, of which one must vouch for an rtsps camera.
    """

    url: str
    kind: Literal["file", "device", "network"]
    segment_s: float
    silent_s: float
    ca: str = ""
    lacks: tuple[Literal["landlock", "seccomp"], ...] = ()


class Misbehaved(Exception):
    """What came is no frame of this wire."""


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


class Reader:
    """Frames of one connection. Each call waits at most about `patience_s`, then raises TimeoutError with nothing lost.

    That holds for a frame that comes byte by byte, too.
    """

    def __init__(self, connection: socket.socket, *, patience_s: float) -> None:
        self._connection, self._patience_s = connection, patience_s
        self._connection.settimeout(patience_s)
        self._held = bytearray()

    def next(self) -> tuple[Kind, bytes] | None:
        """The next frame; None at the end. Misbehaved."""
        until = time.monotonic() + self._patience_s
        if not self._fill(HEADER.size, until):
            return None
        code, length = HEADER.unpack_from(self._held)
        if code not in LARGEST or length > LARGEST[Kind(code)] or (code == Kind.PART and not length):
            raise Misbehaved
        if not self._fill(HEADER.size + length, until):
            return None
        payload = bytes(self._held[HEADER.size : HEADER.size + length])
        del self._held[: HEADER.size + length]
        return Kind(code), payload

    def close(self) -> None:
        self._connection.close()

    def _fill(self, count: int, until: float) -> bool:
        while len(self._held) < count:
            if time.monotonic() >= until:
                raise TimeoutError
            try:
                piece = self._connection.recv(1 << 18)
            except ConnectionError:
                piece = b""
            if not piece:
                return False
            self._held += piece
        return True


def code_of(payload: bytes) -> str:
    """The code of a GONE; one that is not known is itself misbehaviour."""
    said = payload.decode("ascii", errors="replace")
    return said if said in CODES else "misbehaved"
