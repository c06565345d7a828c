"""age v1, the whole public story: `encrypt`, `decrypt`, `open_sealed` (seekable). X25519 recipients, binary files.

Not here: passphrases (scrypt), armor, SSH and hybrid keys. For X25519 the stock `age` tool and this
module read each other's files. A file says nothing about who made it: see `manifest`.
"""

import io
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_agent.vault import header, stream
from edge_agent.vault.refusal import broken
from edge_agent.vault.x25519 import Identity, Recipient

_NONCE_BYTES: Final = 16


def encrypt(recipients: Sequence[Recipient], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The age file of the plaintext `pieces`, as it grows; any one of `recipients` can open it."""
    if not recipients:
        raise ValueError("an age file needs a recipient")
    file_key = secrets.token_bytes(header.FILE_KEY_BYTES)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    yield header.encode([recipient.wrap(file_key) for recipient in recipients], file_key) + nonce
    yield from stream.seal(_payload_key(file_key, nonce), pieces)


def decrypt(identities: Sequence[Identity], source: BinaryIO) -> Iterator[bytes]:
    """Plaintext chunks of the age file in `source`, in order. The header is checked before this returns.

    Raises:
        SealBroken: "header…", "no identity matches", or, while iterating, "payload: …" after an authentic prefix.
    """
    return stream.unseal(_open_header(identities, source), source)


def open_sealed(identities: Sequence[Identity], source: BinaryIO) -> BinaryIO:
    """A seekable plaintext view; header and end of the stream are checked before this returns. Closes `source` with it.

    Raises:
        SealBroken: here, or from a read that meets a chunk that does not verify.
    """
    return io.BufferedReader(stream.Reader(_open_header(identities, source), source), stream.CHUNK_BYTES)


def encrypt_bytes(recipients: Sequence[Recipient], content: bytes) -> bytes:
    """`encrypt` for something small."""
    return b"".join(encrypt(recipients, (content,)))


def decrypt_bytes(identities: Sequence[Identity], sealed: bytes) -> bytes:
    """`decrypt` for something small: all of it, or SealBroken and nothing."""
    return b"".join(decrypt(identities, io.BytesIO(sealed)))


def _open_header(identities: Sequence[Identity], source: BinaryIO) -> bytes:
    """The payload key; leaves `source` at the first chunk."""
    parsed = header.parse(source)
    keys = [key for identity in identities if (key := identity.unwrap(parsed.stanzas)) is not None]
    if not keys:
        raise broken("no identity matches: the file is sealed for other keys, or its header was changed")
    parsed.check(keys[0])
    nonce = source.read(_NONCE_BYTES)
    if len(nonce) < _NONCE_BYTES:
        raise broken("header: truncated, no payload nonce")
    return _payload_key(keys[0], nonce)


def _payload_key(file_key: bytes, nonce: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=nonce, info=b"payload").derive(file_key)
