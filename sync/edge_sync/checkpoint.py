r"""Checkpoints as text: C2SP tlog-checkpoint, signed-note and cosignature/v1, from and to the fields of the wire's types.

A note is `origin\nsize\nbase64 root\n`, an empty line, and signature lines `— name base64(keyhash || signature)`. The keyhash is
the first four bytes of SHA-256(name \n type key), type 1 for the log's own Ed25519 and 4 for a witness, whose signature is a
big-endian POSIX second followed by Ed25519 over `cosignature/v1\ntime {second}\n` and the note's text. The log signs under
its origin as name; HQ under `sx/v1/{tenant}/hq`. Text that is not exactly what `written` writes is refused.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from edge_sync import scalars
from edge_sync.errors import BadSignature, Malformed

Verify = Callable[[bytes, bytes], bool]

MAX_BYTES: Final = 2048
LOG, WITNESS = b"\x01", b"\x04"
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """HQ's word that it saw this head grow out of all before; `signed_s` in POSIX seconds, `signature` 64 bytes."""

    signed_s: int
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed head: root (32 bytes) over the first `size` leaves of the log `origin`; `signature` 64 bytes."""

    origin: str
    size: int
    root: bytes
    signature: bytes
    cosignature: Cosignature | None = None

    @property
    def text(self) -> bytes:
        return text(self.origin, self.size, self.root)


def text(origin: str, size: int, root: bytes) -> bytes:
    """What the log signs."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def cosigned_text(note: bytes, signed_s: int) -> bytes:
    """What a witness signs."""
    return f"cosignature/v1\ntime {signed_s}\n".encode() + note


def witness_name(origin: str) -> str:
    """The key name of the HQ that this log's tenant has."""
    return "/".join([*origin.split("/")[:3], "hq"])


def written(head: Head, key: bytes, *, hq_key: bytes = b"") -> str:
    """The note; keys are public (32 bytes). A cosignature is written when there is one and `hq_key` is given."""
    lines = [_line(head.origin, LOG, key, head.signature)]
    if head.cosignature is not None and hq_key:
        stamped = head.cosignature.signed_s.to_bytes(8, "big") + head.cosignature.signature
        lines.append(_line(witness_name(head.origin), WITNESS, hq_key, stamped))
    return head.text.decode() + "\n" + "".join(lines)


def read(note: str, key: bytes, verify: Verify, *, hq_key: bytes = b"", hq_verify: Verify | None = None) -> Head:
    """The head in a note, after its signature; the cosignature after its own, where HQ's key is given (else it is not read).

    Raises:
        Malformed: not a note as `written` writes it. BadSignature: not by that key, or not by HQ's.
    """
    said, empty, signatures = note.partition("\n\n")
    parts, lines = said.split("\n"), signatures.split("\n")
    if len(note) > MAX_BYTES or not empty or len(parts) != 3 or len(lines) not in {2, 3} or lines[-1]:
        raise Malformed("checkpoint: not a note of three lines and its signatures")
    origin, size, root = _origin(parts[0]), _size(parts[1]), _base64(parts[2], 32)
    signature = _signature(lines[0], origin, LOG, key, _SIGNATURE_BYTES)
    more = _blob(lines[1], witness_name(origin), 8 + _SIGNATURE_BYTES) if len(lines) == 3 else b""
    if not verify(text(origin, size, root), signature):
        raise BadSignature("checkpoint: signature does not verify", remedy="check the gateway's key")
    cosignature = None
    if more and hq_verify is not None:
        stamped = _signature(lines[1], witness_name(origin), WITNESS, hq_key, 8 + _SIGNATURE_BYTES)
        cosignature = Cosignature(signed_s=int.from_bytes(stamped[:8], "big"), signature=stamped[8:])
        if not hq_verify(cosigned_text(text(origin, size, root), cosignature.signed_s), cosignature.signature):
            raise BadSignature("checkpoint: cosignature does not verify", remedy="check HQ's key")
    return Head(origin=origin, size=size, root=root, signature=signature, cosignature=cosignature)


def key_hash(name: str, kind: bytes, key: bytes) -> bytes:
    """The four bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + kind + key).digest()[:4]


def _line(name: str, kind: bytes, key: bytes, signature: bytes) -> str:
    return f"— {name} {base64.b64encode(key_hash(name, kind, key) + signature).decode()}\n"


def _blob(line: str, name: str, length: int) -> bytes:
    """What a signature line under that name carries: four bytes that name the key, then `length` bytes."""
    head = f"— {name} "
    if not line.startswith(head):
        raise Malformed("checkpoint: a signature line is not the one expected")
    return _base64(line.removeprefix(head), 4 + length)


def _signature(line: str, name: str, kind: bytes, key: bytes, length: int) -> bytes:
    raw = _blob(line, name, length)
    if raw[:4] != key_hash(name, kind, key):
        raise BadSignature("checkpoint: signed by another key", remedy="check whose checkpoint it is")
    return raw[4:]


def _origin(said: str) -> str:
    try:
        return msgspec.convert(said, scalars.Origin)
    except msgspec.ValidationError:
        raise Malformed("checkpoint: not an origin of ours") from None


def _size(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) <= 18 and (not said.startswith("0"))):
        raise Malformed("checkpoint: its size is not a plain number")
    return int(said)


def _base64(said: str, length: int) -> bytes:
    """Exactly one spelling is taken: unused bits must be zero."""
    try:
        raw = base64.b64decode(said.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed("checkpoint: not base64") from None
    if len(raw) != length or base64.b64encode(raw).decode() != said:
        raise Malformed("checkpoint: base64 of another length or spelling")
    return raw
