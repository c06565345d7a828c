"""age's X25519 recipients ("age1…", public) and identities ("AGE-SECRET-KEY-1…", secret), and the stanza between them.

Rules: c2sp.org/age, "X25519 recipient stanza". A point that is not canonical or of low order is refused, so that one key has
exactly one spelling and no shared secret is all zero. `repr` of an identity shows its public half only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_agent.errors import BadInput
from edge_agent.vault import bech32
from edge_agent.vault.header import FILE_KEY_BYTES, Stanza, decode_base64, encode_base64
from edge_agent.vault.refusal import broken

KIND: Final = "X25519"
_INFO: Final = b"age-encryption.org/v1/X25519"
_PUBLIC_PREFIX: Final = "age"
_SECRET_PREFIX: Final = "age-secret-key-"  # noqa: S105 - the public name of the kind, not a secret
_POINT_BYTES: Final = 32
_FIELD: Final = 2**255 - 19
_ZERO_NONCE: Final = bytes(12)  # each wrap key is used once
_WRAPPED_BYTES: Final = FILE_KEY_BYTES + 16


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may open: a public point (32 bytes). Equal recipients are equal keys, whatever the case of their text."""

    point: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "age1…".

        Raises:
            BadInput: "not-a-recipient" for anything else, a point that is not canonical, or one of low order.
        """
        try:
            point = _key(text, _PUBLIC_PREFIX)
            if int.from_bytes(point, "little") < _FIELD:  # else: a second spelling of another key
                X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(point))
                return cls(point)
        except ValueError:
            pass
        raise BadInput(
            "not-a-recipient", "not an age X25519 recipient", remedy="paste the whole line age1…",
            zh="不是有效的 age 公钥，请粘贴完整的 age1… 一行",
        )  # fmt: skip

    def wrap(self, file_key: bytes) -> Stanza:
        """`file_key` (16 bytes) so that only this recipient's identity can read it."""
        once = X25519PrivateKey.generate()
        share = once.public_key().public_bytes_raw()
        secret = once.exchange(X25519PublicKey.from_public_bytes(self.point))
        body = ChaCha20Poly1305(_derive(secret, share + self.point, _INFO)).encrypt(_ZERO_NONCE, file_key, None)
        return Stanza(kind=KIND, arguments=(encode_base64(share),), body=body)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that name this key in logs and receipts."""
        return sha256(self.point).hexdigest()[:16]

    def __str__(self) -> str:
        return bech32.encode(_PUBLIC_PREFIX, self.point)


@dataclass(frozen=True, slots=True)
class Identity:
    """A secret scalar. `text` is the secret; `str` and `repr` give only the public half."""

    _secret: X25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        return cls(X25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "AGE-SECRET-KEY-1…".

        Raises:
            BadInput: "not-an-identity"; the message never repeats the text.
        """
        try:
            return cls(X25519PrivateKey.from_private_bytes(_key(text, _SECRET_PREFIX)))
        except ValueError as error:
            raise BadInput(
                "not-an-identity", "not an age X25519 identity", remedy="use a file made by keygen",
                zh="不是有效的 age 私钥文件，请使用 keygen 生成的文件",
            ) from error  # fmt: skip

    @property
    def text(self) -> str:
        """The secret, as age writes it."""
        return bech32.encode(_SECRET_PREFIX, self._secret.private_bytes_raw()).upper()

    @property
    def recipient(self) -> Recipient:
        return Recipient(self._secret.public_key().public_bytes_raw())

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key, or None when no stanza is for this identity; SealBroken for a stanza that breaks the format."""
        found = None
        for stanza in stanzas:
            if stanza.kind == KIND:
                found = self._open(stanza) or found
        return found

    def agree(self, other: Recipient, info: bytes) -> bytes:
        """32 bytes that only the holders of these two keys can compute (X25519, HKDF-SHA256 under `info`)."""
        salt = b"".join(sorted((self.recipient.point, other.point)))
        return _derive(self._secret.exchange(X25519PublicKey.from_public_bytes(other.point)), salt, info)

    def derive(self, info: bytes) -> bytes:
        """32 secret bytes of this key file for another use."""
        return _derive(self._secret.private_bytes_raw(), b"", info)

    def _open(self, stanza: Stanza) -> bytes | None:
        if len(stanza.arguments) != 1:
            raise broken("header: an X25519 stanza has one argument")
        share = decode_base64(stanza.arguments[0])
        if len(share) != _POINT_BYTES or len(stanza.body) != _WRAPPED_BYTES:
            raise broken("header: an X25519 stanza has the wrong length")
        try:
            secret = self._secret.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError as error:
            raise broken("header: an X25519 share of low order") from error
        key = _derive(secret, share + self.recipient.point, _INFO)
        try:
            return ChaCha20Poly1305(key).decrypt(_ZERO_NONCE, stanza.body, None)
        except InvalidTag:
            return None

    def __str__(self) -> str:
        return str(self.recipient)


def _key(text: str, prefix: str) -> bytes:
    found, content = bech32.decode(text)
    if found != prefix or len(content) != _POINT_BYTES:
        raise ValueError("another kind of key")
    return content


def _derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)
