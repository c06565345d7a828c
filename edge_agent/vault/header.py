"""The age v1 header: version line, recipient stanzas, and a MAC over all of it (c2sp.org/age, "Header").

Rules: LF only; base64 without padding and canonical; body lines of 64 characters, the last one shorter (may be empty); at most
`LIMIT_BYTES` in all, so that a foreign file cannot make us read for ever. Which stanza opens is not decided here.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_agent.vault.refusal import broken

FILE_KEY_BYTES: Final = 16
LIMIT_BYTES: Final = 64 * 1024
_VERSION: Final = b"age-encryption.org/v1"
_COLUMNS: Final = 64
_MAC_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One way in: its kind, its arguments (printable ASCII without spaces), its body."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes

    def encode(self) -> bytes:
        body = encode_base64(self.body)
        lines = [body[at : at + _COLUMNS] for at in range(0, len(body) + 1, _COLUMNS)]
        return "\n".join([" ".join(("->", self.kind, *self.arguments)), *lines, ""]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A parsed header whose MAC is not yet checked: `check` it before believing the stanzas."""

    stanzas: tuple[Stanza, ...]
    authenticated: bytes
    mac: bytes

    def check(self, file_key: bytes) -> None:
        """SealBroken unless the MAC is right under `file_key`."""
        if not hmac.compare_digest(self.mac, _mac(file_key, self.authenticated)):
            raise broken("header MAC: the header was changed")


def encode(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """The whole header, MAC and final newline included."""
    authenticated = b"".join((_VERSION, b"\n", *(stanza.encode() for stanza in stanzas), b"---"))
    return authenticated + b" " + encode_base64(_mac(file_key, authenticated)).encode() + b"\n"


def parse(source: BinaryIO) -> Header:
    """Read a header and leave `source` at the first byte after it.

    Raises:
        SealBroken: "header: …" with the rule that is broken.
    """
    lines = _Lines(source)
    if lines.next() != _VERSION:
        raise broken("header: not an age v1 file")
    stanzas: list[Stanza] = []
    while (line := lines.next())[:3] != b"---":
        stanzas.append(_stanza(line, lines))
    if not stanzas:
        raise broken("header: no stanza")
    if line[3:4] != b" ":
        raise broken("header: no MAC")
    mac = decode_base64(_ascii(line[4:]))
    if len(mac) != _MAC_BYTES:
        raise broken("header: the MAC has the wrong length")
    return Header(stanzas=tuple(stanzas), authenticated=bytes(lines.seen[: -len(line) - 1]) + b"---", mac=mac)


def encode_base64(content: bytes) -> str:
    return b64encode(content).rstrip(b"=").decode()


def decode_base64(text: str) -> bytes:
    """Unpadded canonical base64; SealBroken for any other spelling of the same bytes."""
    try:
        content = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise broken("header: not base64") from error
    if encode_base64(content) != text:
        raise broken("header: base64 is not canonical")
    return content


class _Lines:
    """Lines of a header, each without its LF, with everything read so far kept for the MAC."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.seen = bytearray()

    def next(self) -> bytes:
        line = self._source.readline(LIMIT_BYTES - len(self.seen) + 1)
        self.seen += line
        if len(self.seen) > LIMIT_BYTES:
            raise broken("header: longer than 64 KiB")
        if not line.endswith(b"\n"):
            raise broken("header: truncated")
        return line[:-1]


def _stanza(line: bytes, lines: _Lines) -> Stanza:
    marker, *words = _ascii(line).split(" ")
    if marker != "->":
        raise broken("header: a stanza does not start with '->'")
    if not words or not all(words):
        raise broken("header: a stanza has an empty argument")
    body = b""
    while True:
        text = _ascii(lines.next())
        if len(text) > _COLUMNS:
            raise broken("header: a body line is longer than 64 characters")
        body += decode_base64(text)
        if len(text) < _COLUMNS:
            return Stanza(kind=words[0], arguments=tuple(words[1:]), body=body)


def _ascii(line: bytes) -> str:
    if not all(0x20 <= byte <= 0x7E for byte in line):
        raise broken("header: a character that is not printable ASCII")
    return line.decode("ascii")


def _mac(file_key: bytes, authenticated: bytes) -> bytes:
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"header").derive(file_key)
    return hmac.digest(key, authenticated, sha256)
