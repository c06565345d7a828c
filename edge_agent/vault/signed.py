"""Small JSON documents with an Ed25519 signature as their last member; it covers the exact bytes before it.

Rules: what is signed is `context`, a newline, and the document without the signature member, so that no signature can serve for
another kind of document. Closed types: an unknown member is refused. White space around the document is not part of it.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.vault.refusal import broken

Document = TypeVar("Document", bound=msgspec.Struct)
_OPENING: Final = b',"signature":"'
_CLOSING: Final = b'"}'
_SIGNATURE_CHARACTERS: Final = 88
_TAIL: Final = len(_OPENING) + _SIGNATURE_CHARACTERS + len(_CLOSING)


def sign(document: msgspec.Struct, context: str, signer: Callable[[bytes], bytes]) -> bytes:
    """The signed bytes of `document`; `signer` gives 64 bytes for what it is given."""
    body = msgspec.json.encode(document)
    signature = b64encode(signer(_message(context, body)))
    return body[:-1] + _OPENING + signature + _CLOSING


def check(raw: bytes, kind: type[Document], context: str, public: bytes) -> Document:
    """The document, if `public` (32 bytes) signed exactly these bytes as this kind; else SealBroken."""
    body, signature = _split(raw, context)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(b64decode(signature, validate=True), _message(context, body))
    except (InvalidSignature, ValueError) as error:
        raise broken(f"{context}: the signature does not verify") from error
    return _decode(body, kind, context)


def unchecked(raw: bytes, kind: type[Document], context: str) -> Document:
    """The document before its signer is known; believe nothing in it until `check` passed."""
    return _decode(_split(raw, context)[0], kind, context)


def _split(raw: bytes, context: str) -> tuple[bytes, bytes]:
    raw = raw.strip()
    tail = raw[-_TAIL:]
    if not (tail.startswith(_OPENING) and tail.endswith(_CLOSING)):
        raise broken(f"{context}: not a signed document, or truncated")
    return raw[:-_TAIL] + b"}", tail[len(_OPENING) : -len(_CLOSING)]


def _decode(body: bytes, kind: type[Document], context: str) -> Document:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise broken(f"{context}: not the document it should be") from error


def _message(context: str, body: bytes) -> bytes:
    return context.encode() + b"\n" + body
